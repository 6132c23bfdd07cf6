//! What the approver's side refuses, as a code, a line and a hint.

use crate::failure::{Exit, Failure};
use countersign_approver::RelayError;
use countersign_approver::desk::{AnswerError, InboxError};
use countersign_approver::history::HistoryError;
use countersign_approver::join::JoinError;
use countersign_approver::keyfile::KeyFileError;
use countersign_approver::sign::SignError;
use countersign_approver::unlock::{KeyringError, UnlockError};
use countersign_core::pairing::PairError;

impl From<UnlockError> for Failure {
    fn from(error: UnlockError) -> Self {
        match error {
            UnlockError::KeyFile(error) => error.into(),
            other => Self::new(Exit::Failed, "locked", other.to_string()),
        }
    }
}

impl From<KeyFileError> for Failure {
    fn from(error: KeyFileError) -> Self {
        let message = error.to_string();
        match error {
            KeyFileError::Home(error) => error.into(),
            KeyFileError::WrongPassphrase => Self::new(Exit::Failed, "wrong_passphrase", message)
                .hint("nothing was signed; try again"),
            _ => Self::new(Exit::Failed, "key", message).hint(
                "nothing was signed; restore the key file, or revoke the pairing and join again",
            ),
        }
    }
}

impl From<InboxError> for Failure {
    fn from(error: InboxError) -> Self {
        let message = error.to_string();
        match error {
            InboxError::Relay(error) => error.into(),
            InboxError::Home(error) => error.into(),
            InboxError::Endless => Self::new(Exit::Failed, "inbox", message)
                .hint("this gateway does not behave; nothing was signed"),
        }
    }
}

impl From<RelayError> for Failure {
    fn from(error: RelayError) -> Self {
        let message = error.to_string();
        match error {
            RelayError::Unreachable(_) => Self::new(Exit::NoRoute, "no_route", message)
                .hint("is `countersign gateway` running at that address?"),
            RelayError::UnknownKey(_) => Self::new(Exit::NoRoute, "no_route", message).hint(
                "this gateway does not know this device's key: does another one stand at its address?",
            ),
            RelayError::Refused { .. } => {
                Self::new(Exit::Failed, "gateway", message).hint("trying again does not help")
            }
        }
    }
}

impl From<AnswerError> for Failure {
    fn from(error: AnswerError) -> Self {
        let message = error.to_string();
        match error {
            AnswerError::NotSent(_) => Self::new(Exit::NoRoute, "not_sent", message)
                .hint("`countersign inbox` sends it when the gateway is back"),
            AnswerError::NotTaken(_) => Self::new(Exit::Failed, "not_taken", message)
                .hint("the request was answered, withdrawn or too old"),
            AnswerError::History(HistoryError::Home(error)) => error.into(),
            AnswerError::History(HistoryError::AlreadyAnswered(_)) => {
                Self::new(Exit::Failed, "already_answered", message)
                    .hint("an answer is final; `countersign history` shows it")
            }
            AnswerError::Sign(SignError::Expired(_)) => {
                Self::new(Exit::Expired, "HARP_ERR_EXPIRED", message)
                    .hint("nothing was signed; the agent may ask again")
            }
            AnswerError::Sign(SignError::ReasonMissing) => {
                Self::new(Exit::Usage, "reason_missing", message)
                    .hint("nothing was signed; say why with -m REASON")
            }
            AnswerError::Sign(SignError::NothingOffered | SignError::MoreThanOffered(_)) => {
                Self::new(Exit::Usage, "HARP_ERR_SCOPE", message)
                    .hint("nothing was signed; `countersign show` says what is on offer")
            }
            AnswerError::Sign(SignError::Items(error)) => {
                Self::new(Exit::Usage, error.code(), message)
                    .hint("nothing was signed; `countersign show` numbers the items of a batch")
            }
            _ => Self::new(Exit::Failed, "answer", message).hint("nothing was signed"),
        }
    }
}

impl From<JoinError> for Failure {
    fn from(error: JoinError) -> Self {
        let message = error.to_string();
        match error {
            JoinError::NoRelay => Self::new(Exit::Usage, "no_relay", message)
                .hint("countersign join CODE --relay URL, or join with the whole link"),
            JoinError::NameTaken(_) => {
                Self::new(Exit::Usage, "name_taken", message).hint("choose another with --name")
            }
            JoinError::Relay(error) => joining(error),
            JoinError::Home(error) => error.into(),
            JoinError::Key(error) => error.into(),
            JoinError::Pair(
                PairError::BadOrigin(_) | PairError::BadCode(_) | PairError::BadLink(_),
            ) => Self::new(Exit::Usage, "bad_invitation", message)
                .hint("copy the link, or the code and --relay, as `countersign pair` shows them"),
            JoinError::Pair(_) | JoinError::Refused => {
                Self::new(Exit::Verification, "pairing_refused", message)
                    .hint("nothing was pinned; start again with `countersign pair`")
            }
            JoinError::Expired => Self::new(Exit::Expired, "pairing_expired", message)
                .hint("nothing was pinned; start again with `countersign pair`"),
        }
    }
}

/// A gateway that refuses during a pairing does not know the code, or knows it as used.
fn joining(error: RelayError) -> Failure {
    let failure = Failure::from(error);
    match failure.exit {
        Exit::NoRoute => failure,
        _ => {
            failure.hint("a code is good once and for 10 minutes: `countersign pair` shows another")
        }
    }
}

impl From<KeyringError> for Failure {
    fn from(error: KeyringError) -> Self {
        Self::new(Exit::Failed, "keyring", error.to_string())
            .hint("leave --keyring out and type the passphrase")
    }
}

//! What each error of the parts below means for whoever called: its code, its hint, its exit code.

use super::{Exit, Failure, no_approver, uncertain};
use countersign_client::ClientError;
use countersign_core::keys::KeyError;
use countersign_core::verify::Refusal;
use countersign_enforcer::GateError;
use countersign_enforcer::amendment::AmendError;
use countersign_enforcer::child::PrepareError;
use countersign_enforcer::edge::NoEntropy;
use countersign_enforcer::home::HomeError;
use countersign_enforcer::pairing::PairingError;
use countersign_enforcer::policy::PolicyError;
use countersign_enforcer::question::QuestionError;
use countersign_enforcer::witness::Contradicted;
use countersign_store::error::StoreError;
use countersign_store::files::FileError;
use countersign_store::ledger::LedgerError;

/// Whether a file is one that takes with it, moved away, who may approve.
fn holds_keys(error: &FileError) -> bool {
    let (FileError::Corrupt { path, .. } | FileError::Io { path, .. }) = error else {
        return false;
    };
    path.ends_with("trust.json") || path.ends_with("keys/operator.json")
}

const RESTORE_KEYS: &str = "restore it from a backup, or begin a new home with --home DIR";

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let (exit, code, hint) = match &error {
            FileError::Io { .. } => {
                (Exit::Failed, "home", "check the disk and the permissions of the home")
            }
            FileError::Corrupt { path, .. } if path.ends_with("head.json") => (
                Exit::Failed,
                "home",
                "nothing is run; `countersign audit verify` checks the receipts without it, and \
                 says what to do then",
            ),
            FileError::Corrupt { .. } => {
                (Exit::Failed, "home", "restore the file from a backup, or move it away")
            }
            FileError::Exists(_) => {
                (Exit::Usage, "name_taken", "choose another name, or revoke the old one")
            }
            FileError::BadName { .. } => (Exit::Usage, "bad_name", "choose another name"),
        };
        Self::new(exit, code, error.to_string()).hint(hint)
    }
}

impl From<HomeError> for Failure {
    fn from(error: HomeError) -> Self {
        match error {
            HomeError::File(error) => {
                let keys = holds_keys(&error);
                let failure = Self::from(error);
                if keys { failure.hint(RESTORE_KEYS) } else { failure }
            }
            HomeError::Key {
                source: source @ (KeyError::Holder(_) | KeyError::BadSignature),
                ..
            } => crate::commands::key::init::unsigned(source.to_string()),
            HomeError::Held => Self::new(Exit::Failed, "key_held", error.to_string())
                .hint("make a home with a key of its own for the pipeline, and pair it"),
            error @ (HomeError::Trust { .. } | HomeError::Key { .. }) => {
                Self::new(Exit::Failed, "home", error.to_string()).hint(RESTORE_KEYS)
            }
            HomeError::Amend(error) => error.into(),
            HomeError::NoSuccessor(_) => Self::new(Exit::Failed, "no_successor", error.to_string())
                .hint("pair its successor first, or take the key back at once without --after"),
            HomeError::NotEarlier { .. } => {
                Self::new(Exit::Failed, "not_earlier", error.to_string())
                    .hint("nothing was changed; the earliest moment that was said counts")
            }
            HomeError::NoPairing(_) => Self::new(Exit::Failed, "no_pairing", error.to_string())
                .hint("`countersign list` shows the pairings"),
            HomeError::NotNew { .. } => {
                Self::new(Exit::Failed, "not_new", error.to_string()).hint(RESTORE_KEYS)
            }
            error => Self::new(Exit::Failed, "home", error.to_string())
                .hint("restore the file from a backup, or move it away"),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let (exit, code, hint) = match &error {
            StoreError::Unavailable(_) => (
                Exit::Failed,
                "store_unavailable",
                "nothing was run; free the disk or the lock and try again",
            ),
            StoreError::Corrupt(_) => (
                Exit::Verification,
                "store_corrupt",
                "nothing is run from it; keep the file for an auditor: of a ledger, `countersign \
                 audit verify` names the place",
            ),
            StoreError::Later(_) => (
                Exit::Failed,
                "store_newer",
                "nothing is run from it; use the `countersign` that wrote it, or a later one. \
                 Where none did, somebody edited the file: keep it for an auditor",
            ),
        };
        Self::new(exit, code, error.to_string()).hint(hint)
    }
}

impl From<GateError> for Failure {
    fn from(error: GateError) -> Self {
        let code = error.code().to_owned();
        let message = error.to_string();
        match error {
            GateError::Home(error) | GateError::Contradicted(Contradicted::Home(error)) => {
                error.into()
            }
            GateError::Ledger(LedgerError::Store(error))
            | GateError::Contradicted(Contradicted::Store(error)) => error.into(),
            GateError::Policy(error) => Self::from(error),
            GateError::Unrecorded(_) => uncertain(message),
            GateError::DeniedBefore(_) => Self::new(Exit::Denied, &code, message)
                .hint("nothing was run; say what changed with --description, or wait"),
            GateError::DeniedInARow(_) => Self::new(Exit::Denied, &code, message).hint(
                "nothing was run; do something else, ask a person, or wait until the time is over",
            ),
            GateError::HandedOn(_) => Self::new(Exit::Pending, &code, message)
                .hint("run that command again, and it asks whom it named"),
            GateError::NotOffered(_) => Self::new(Exit::Blocked, &code, message)
                .hint("nothing was granted; `countersign policy explain` says what is on offer"),
            GateError::Ledger(LedgerError::Frozen(_)) => Self::new(Exit::Blocked, &code, message)
                .hint("nothing is run until an approver allows `countersign thaw`"),
            GateError::Ledger(LedgerError::Full { .. }) => Self::new(Exit::Blocked, &code, message)
                .hint("nothing was asked; wait until what waits is answered"),
            GateError::Ledger(LedgerError::Contradicted(_)) => {
                Self::new(Exit::Verification, &code, message).hint(
                    "nothing was run; keep a copy of `ledger.db` for whoever audits it, and look \
                     at `countersign audit verify`",
                )
            }
            GateError::Question(QuestionError::Nobody) => no_approver(message),
            GateError::Question(QuestionError::TooFew { .. } | QuestionError::Assurance(_)) => {
                Self::new(Exit::Blocked, &code, message)
                    .hint("nobody was asked; nothing was run; `countersign list` shows who can be")
            }
            GateError::Question(_) => {
                Self::new(Exit::Usage, &code, message).hint("nobody was asked; nothing was run")
            }
            // The code stands beside the message already.
            GateError::Ledger(LedgerError::Void { message, .. }) => void(&code, message),
            GateError::Refused(_) => void(&code, message),
            GateError::Contradicted(Contradicted::NoWitness(_)) => {
                Self::new(Exit::NoRoute, &code, message)
                    .hint("nothing was run; run it again when the gateway is back")
            }
            GateError::Contradicted(Contradicted::Gone { .. }) => {
                Self::new(Exit::Verification, &code, message).hint(
                    "nothing was run; ask whoever runs the gateway, or revoke its pairings and \
                     pair through another",
                )
            }
            GateError::Contradicted(_) => Self::new(Exit::Verification, &code, message).hint(
                "nothing is run from this ledger; keep it for an auditor, then move `ledger.db` \
                 and `head.json` away to start another",
            ),
            GateError::Ledger(_) => {
                Self::new(Exit::Verification, &code, message).hint("run it again to ask anew")
            }
        }
    }
}

/// What was true at the approval is true no more, or what came back does not verify.
fn void(code: &str, message: String) -> Failure {
    Failure::new(Exit::Verification, code, message).hint("nothing was run; ask again")
}

impl From<PolicyError> for Failure {
    fn from(error: PolicyError) -> Self {
        let message = error.to_string();
        let (code, hint) = match error {
            PolicyError::Quorum { .. } => {
                ("policy_quorum", "nobody was asked; let one person answer, or leave it blocked")
            }
            PolicyError::Nobody { .. } => {
                ("policy_nobody", "nobody was asked; pair them, or name somebody who is paired")
            }
            PolicyError::Unreadable { .. } | PolicyError::Two(..) => {
                ("policy", "nothing is run until it can be read; see `countersign policy status`")
            }
            PolicyError::Mistakes { .. } | PolicyError::Json(_) => {
                ("policy", "nothing is run until it loads; see `countersign policy check`")
            }
        };
        Self::new(Exit::Blocked, code, message).hint(hint)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let message = error.to_string();
        if error.is_retryable() {
            return Self::new(Exit::NoRoute, "no_route", message)
                .hint("is `countersign gateway` running at that address?");
        }
        let hint = match error.is_unknown_key() {
            true => {
                "this gateway does not know this home's key: does another one stand at its address?"
            }
            false => "trying again does not help",
        };
        Self::new(Exit::Failed, "gateway", message).hint(hint)
    }
}

impl From<PairingError> for Failure {
    fn from(error: PairingError) -> Self {
        let message = error.to_string();
        match error {
            PairingError::Client(error) => error.into(),
            PairingError::Home(error) => error.into(),
            PairingError::Gate(error) => error.into(),
            PairingError::NobodyLeft(_) => Self::new(Exit::NoRoute, "no_approver", message)
                .hint("begin a new home with --home DIR; this one keeps its receipts"),
            PairingError::Expired => Self::new(Exit::Expired, "pairing_expired", message)
                .hint("nothing was pinned; a code is good for 10 minutes"),
            PairingError::NotAllowed(_) => Self::new(Exit::Denied, "pairing_not_allowed", message)
                .hint("an approver that is pinned already must allow it: see its inbox"),
            PairingError::NotInTime => Self::new(Exit::Expired, "HARP_ERR_EXPIRED", message)
                .hint("everything stays as it was"),
            PairingError::NoRoute(_) => Self::new(Exit::NoRoute, "HARP_ERR_TRANSPORT", message)
                .hint("everything stays as it was; is the gateway up?"),
            _ => Self::new(Exit::Verification, "pairing_refused", message)
                .hint("start again with `countersign pair`; nothing was pinned"),
        }
    }
}

impl From<AmendError> for Failure {
    fn from(error: AmendError) -> Self {
        let hint = "nothing was changed; `countersign trust show` shows what is pinned";
        let (exit, code) = match &error {
            AmendError::Nothing => (Exit::Failed, "nothing_to_change"),
            AmendError::Changed => (Exit::Failed, "changed_meanwhile"),
            AmendError::Name(_) => (Exit::Usage, "usage"),
            AmendError::NotCounting(_) => (Exit::Verification, "key_not_counting"),
            AmendError::Conflict(_) => (Exit::Verification, "key_conflict"),
            AmendError::Future(_) => (Exit::Verification, "past_not_over"),
            AmendError::Rotation(_) => (Exit::Verification, "rotation"),
            AmendError::Passkey(_) => (Exit::Verification, "passkey"),
            AmendError::NobodyLeft(_) => (Exit::Verification, "nobody_left"),
            AmendError::Local(_) => (Exit::Usage, "usage"),
        };
        Self::new(exit, code, error.to_string()).hint(hint)
    }
}

impl From<PrepareError> for Failure {
    fn from(error: PrepareError) -> Self {
        let message = error.to_string();
        match error {
            PrepareError::NotFound(_) => Self::new(Exit::RunNotFound, "not_found", message)
                .hint("nobody was asked; is it spelled right, and in PATH?"),
            PrepareError::NotExecutable(_) => {
                Self::new(Exit::RunRefused, "not_executable", message)
                    .hint("nobody was asked; `chmod +x` it, or name its interpreter")
            }
            PrepareError::VariableNotSet(_) | PrepareError::VariableName(_) => {
                Self::new(Exit::RunFailed, "unusable_variable", message)
                    .hint("nobody was asked; --env NAME passes on a variable that is set here")
            }
            _ => Self::new(Exit::RunFailed, "unusable_command", message)
                .hint("nobody was asked and nothing was run"),
        }
    }
}

impl From<NoEntropy> for Failure {
    fn from(error: NoEntropy) -> Self {
        Self::new(Exit::Failed, "entropy", error.to_string())
            .hint("nothing was made; the system gives no randomness")
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::new(Exit::Verification, refusal.code(), refusal.to_string())
            .hint("nothing was run; run it again to ask anew")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_said_once() {
        let (code, message) = ("HARP_ERR_POLICY_DENY".to_owned(), "the policy changed".to_owned());
        let failure = Failure::from(GateError::from(LedgerError::Void { code, message }));
        assert_eq!(
            (failure.code.as_str(), failure.message.as_str()),
            ("HARP_ERR_POLICY_DENY", "the policy changed")
        );
    }

    #[test]
    fn a_quorum_that_nobody_can_meet_is_a_refusal_and_no_wrong_use() {
        let few = QuestionError::TooFew { need: "3 people".into(), who: vec!["ann".into()] };
        let low = QuestionError::Assurance(countersign_core::artifact::Assurance::Device);
        for error in [few, low] {
            assert_eq!(Failure::from(GateError::from(error)).exit, Exit::Blocked);
        }
        assert_eq!(Failure::from(GateError::from(QuestionError::Ttl)).exit, Exit::Usage);
    }
}

//! The approver's side of a home: its desks, each with unlocked keys and a way to its gateway.

use crate::args::PassphraseArgs;
use crate::commands::Here;
use crate::failure::{Exit, Failure};
use crate::parties::{approver_root, clock};
use crate::secrets;
use countersign_approver::desk::{AnswerError, InboxError, pick};
use countersign_approver::history::HistoryError;
use countersign_approver::home::Home;
use countersign_approver::join::JoinError;
use countersign_approver::keyfile::KeyFileError;
use countersign_approver::pairings::{Pairings, Status};
use countersign_approver::sign::SignError;
use countersign_approver::unlock::{UnlockError, unlock};
use countersign_approver::{Desk, Item, RelayError};
use countersign_client::Client;
use countersign_core::keys::SecretKeys;
use countersign_enforcer::Edge;
use countersign_wire::pairing::Role;
use std::sync::Arc;

/// A connection to a gateway as an approver's device.
pub(crate) fn client(
    relay: &str,
    device_id: &str,
    keys: &Arc<SecretKeys>,
) -> Result<Client, Failure> {
    Ok(Client::new(relay, Role::Approver, device_id, Arc::clone(keys), clock())?)
}

/// The approver's home, where it was made.
pub(crate) fn home(here: &Here<'_>) -> Result<Home, Failure> {
    let root = approver_root(&here.root);
    if !root.exists() {
        let message = format!("no approver in `{}`", here.root.display());
        return Err(Failure::new(Exit::Failed, "no_pairing", message)
            .hint("`countersign join LINK` makes this home an approver's"));
    }
    Ok(Home::open(root)?)
}

/// Every pairing in use, unlocked with one passphrase.
pub(crate) fn desks(here: &Here<'_>, args: &PassphraseArgs) -> Result<Vec<Desk<Client>>, Failure> {
    let home = home(here)?;
    let pairings = Pairings::of(&home);
    let active = pairings.list()?.into_iter().filter(|p| p.status == Status::Active);
    let active: Vec<_> = active.collect();
    if active.is_empty() {
        return Err(Failure::new(Exit::Failed, "no_pairing", "this approver has no pairing")
            .hint("`countersign join LINK` makes one"));
    }
    let passphrase = secrets::existing(args)?;
    let mut source = |_: &countersign_approver::Pairing| Some(passphrase.clone());
    let mut desks = Vec::new();
    for pairing in active {
        let keys = Arc::new(unlock(&pairings, &pairing, &mut source)?);
        let gateway = client(pairing.relay.as_str(), &pairing.device_id, &keys)?;
        desks.push(Desk::new(&home, pairing, keys, gateway));
    }
    Ok(desks)
}

/// What waits at every desk, and which gateways could not be asked. Answers that were signed and
/// never arrived are sent first.
pub(crate) async fn waiting(
    here: &Here<'_>,
    desks: &[Desk<Client>],
) -> Result<Vec<(usize, Item)>, Failure> {
    let now = Edge::system().now();
    let (mut items, mut failed, mut reached) = (Vec::new(), None, 0);
    for (at, desk) in desks.iter().enumerate() {
        for answered in desk.resend(now).await?.into_iter().flatten() {
            here.output.progress(&format!("sent again: {}", answered.request_id));
        }
        match desk.list(now).await {
            Ok(list) => {
                reached += 1;
                items.extend(list.into_iter().map(|item| (at, item)));
            }
            Err(error) => {
                here.output.progress(&format!("{}: {error}", desk.pairing().name));
                failed = Some(error);
            }
        }
    }
    match failed {
        Some(error) if reached == 0 => Err(error.into()),
        _ => Ok(items),
    }
}

/// The one waiting item whose id is, or begins with, what was typed.
pub(crate) fn choose<'a>(
    items: &'a [(usize, Item)],
    typed: &str,
) -> Result<&'a (usize, Item), Failure> {
    let id = pick(items.iter().map(|(_, item)| item.request_id.as_str()), typed)
        .map_err(|e| {
            Failure::new(Exit::Failed, "no_request", e.to_string())
                .hint("`countersign inbox` lists what waits")
        })?
        .to_owned();
    let found = items.iter().find(|(_, item)| item.request_id == id);
    found.ok_or_else(|| Failure::new(Exit::Failed, "no_request", "no such request"))
}

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
            KeyFileError::WrongPassphrase => Self::new(Exit::Failed, "wrong_passphrase", message)
                .hint("nothing was signed; try again"),
            _ => Self::new(Exit::Failed, "key", message),
        }
    }
}

impl From<InboxError> for Failure {
    fn from(error: InboxError) -> Self {
        match error {
            InboxError::Relay(error) => error.into(),
            other => Self::new(Exit::Failed, "inbox", other.to_string()),
        }
    }
}

impl From<RelayError> for Failure {
    fn from(error: RelayError) -> Self {
        let message = error.to_string();
        match error {
            RelayError::Unreachable(_) => Self::new(Exit::NoRoute, "no_route", message)
                .hint("is `countersign gateway` running at that address?"),
            RelayError::Refused { .. } => Self::new(Exit::Failed, "gateway", message),
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
            AnswerError::History(HistoryError::AlreadyAnswered(_)) => {
                Self::new(Exit::Failed, "already_answered", message)
                    .hint("an answer is final; `countersign history` shows it")
            }
            AnswerError::Sign(SignError::Expired(_)) => {
                Self::new(Exit::Expired, "HARP_ERR_EXPIRED", message)
            }
            _ => Self::new(Exit::Failed, "answer", message),
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
            JoinError::Relay(error) => error.into(),
            JoinError::Pair(_) => Self::new(Exit::Verification, "pairing_refused", message)
                .hint("nothing was pinned; start again with `countersign pair`"),
            _ => Self::new(Exit::Failed, "join", message),
        }
    }
}

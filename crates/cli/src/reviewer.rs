//! The approver's side of a home: its desks, each with unlocked keys and a way to its gateway.

mod refusal;

use crate::args::PassphraseArgs;
use crate::commands::Here;
use crate::failure::{Exit, Failure};
use crate::parties::{approver_root, clock};
use crate::secrets;
use countersign_approver::desk::{PickError, pick};
use countersign_approver::history::{History, Past};
use countersign_approver::home::Home;
use countersign_approver::keyfile::KeyFileError;
use countersign_approver::pairings::{Pairings, Status};
use countersign_approver::unlock::{Keyring, UnlockError, unlock};
use countersign_approver::{Desk, Item, Pairing, Passphrase};
use countersign_client::{Client, Role};
use countersign_core::display::visible;
use countersign_core::keys::SecretKeys;
use countersign_enforcer::Edge;
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

/// Where the passphrases of one command come from: the keyring first where it was named, else a
/// file or the person, who is asked once.
struct Passphrases<'a> {
    args: &'a PassphraseArgs,
    keyring: Option<Keyring>,
    given: Option<Passphrase>,
}

impl<'a> Passphrases<'a> {
    fn new(args: &'a PassphraseArgs) -> Result<Self, Failure> {
        let keyring = args.keyring.then(secrets::keyring).transpose()?;
        Ok(Self { args, keyring, given: None })
    }

    /// The inner error is about this pairing only.
    fn unlock(
        &mut self,
        pairings: &Pairings,
        pairing: &Pairing,
    ) -> Result<Result<SecretKeys, UnlockError>, Failure> {
        if let Some(keys) = self.keyring.as_mut().and_then(|k| unlock(pairings, pairing, k).ok()) {
            return Ok(Ok(keys));
        }
        let given = match &self.given {
            Some(given) => given.clone(),
            None => self.given.insert(secrets::existing(self.args)?).clone(),
        };
        let opened = unlock(pairings, pairing, &mut |_: &Pairing| Some(given.clone()));
        if let (Ok(_), Some(keyring)) = (&opened, &self.keyring) {
            keyring.remember(pairing, &given)?;
        }
        Ok(opened)
    }
}

/// Every pairing in use that the passphrase opens; at least one.
pub(crate) fn desks(here: &Here<'_>, args: &PassphraseArgs) -> Result<Vec<Desk<Client>>, Failure> {
    let home = home(here)?;
    let pairings = Pairings::of(&home);
    let mut active = pairings.list()?;
    active.retain(|pairing| pairing.status == Status::Active);
    if active.is_empty() {
        return Err(Failure::new(Exit::Failed, "no_pairing", "this approver has no pairing")
            .hint("`countersign join LINK` makes one"));
    }
    let mut passphrases = Passphrases::new(args)?;
    let (mut desks, mut locked) = (Vec::new(), None);
    for pairing in active {
        match passphrases.unlock(&pairings, &pairing)? {
            Ok(keys) => {
                let keys = Arc::new(keys);
                let gateway = client(pairing.relay.as_str(), &pairing.device_id, &keys)?;
                desks.push(Desk::new(&home, pairing, keys, gateway));
            }
            Err(error @ UnlockError::KeyFile(KeyFileError::WrongPassphrase)) => {
                locked = Some((pairing.name, error));
            }
            Err(error) => return Err(error.into()),
        }
    }
    match locked {
        Some((_, error)) if desks.is_empty() => return Err(error.into()),
        Some((name, error)) => here.output.progress(&format!("{name}: {error}; left out")),
        None => {}
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
    let (mut items, mut failed) = (Vec::new(), Vec::new());
    for (at, desk) in desks.iter().enumerate() {
        for answered in desk.resend(now).await?.into_iter().flatten() {
            here.output.progress(&format!("sent again: {}", answered.request_id));
        }
        match desk.list(now).await {
            Ok(list) => items.extend(list.into_iter().map(|item| (at, item))),
            Err(error) => failed.push((&desk.pairing().name, error)),
        }
    }
    // Where nobody was reached the last of them is the error, which is not said twice.
    let nobody = failed.len() == desks.len();
    let last = if nobody { failed.pop() } else { None };
    for (name, error) in failed {
        here.output.progress(&format!("{name}: {error}"));
    }
    last.map_or(Ok(items), |(_, error)| Err(error.into()))
}

/// The one waiting item whose id is, or begins with, what was typed.
///
/// # Errors
/// What is known of it instead: answered before, over, never seen.
pub(crate) fn choose<'a>(
    here: &Here<'_>,
    items: &'a [(usize, Item)],
    typed: &str,
) -> Result<&'a (usize, Item), Failure> {
    let id = match pick(items.iter().map(|(_, item)| item.request_id.as_str()), typed) {
        Ok(id) => id,
        Err(error @ PickError::Ambiguous(..)) => return Err(no_request(&error)),
        Err(error @ PickError::Unknown(_)) => {
            return Err(past(here, typed)?.map_or_else(|| no_request(&error), |past| over(&past)));
        }
    };
    let found = items.iter().find(|(_, item)| item.request_id == id);
    found.ok_or_else(|| no_request(&PickError::Unknown(id.to_owned())))
}

/// The one request of this device's records whose id is, or begins with, what was typed.
pub(crate) fn past(here: &Here<'_>, typed: &str) -> Result<Option<Past>, Failure> {
    let entries = History::of(&home(here)?).list()?;
    let id = pick(entries.iter().map(|entry| entry.request_id.as_str()), typed).map(str::to_owned);
    Ok(id.ok().and_then(|id| entries.into_iter().find(|entry| entry.request_id == id)))
}

/// Whether a request was answered here, or its time is over.
pub(crate) fn is_over(past: &Past) -> bool {
    let now = Edge::system().now();
    let end = past.asked.as_ref().map(|asked| asked.review.expires_at.instant());
    past.answered.is_some() || end.is_some_and(|end| now >= end)
}

fn no_request(error: &PickError) -> Failure {
    let (code, hint) = match error {
        PickError::Unknown(_) => (
            "unknown_request",
            "`countersign inbox` shows the ids of this device: each approver sees one of its own, \
             which the asker's need not be; `history` lists what was",
        ),
        PickError::Ambiguous(..) => {
            ("ambiguous_request", "`countersign inbox` lists what waits, `history` what was")
        }
    };
    Failure::new(Exit::Failed, code, error.to_string()).hint(hint)
}

/// Why a request that this device knows can be answered no more.
fn over(past: &Past) -> Failure {
    let id = visible(&past.request_id, false);
    if let Some(answered) = past.answered.as_ref().filter(|answered| answered.submitted) {
        let word = answered.signed.verdict().word();
        let message = format!("{id} was answered already: {word} at {}", answered.answered_at);
        return Failure::new(Exit::Failed, "already_answered", message)
            .hint("an answer is final; `countersign history` shows it");
    }
    let end = past.asked.as_ref().map(|asked| &asked.review.expires_at);
    match end.filter(|end| Edge::system().now() >= end.instant()) {
        Some(end) => Failure::new(
            Exit::Expired,
            "HARP_ERR_EXPIRED",
            format!("too late: {id} ended at {end}"),
        )
        .hint("nothing was signed; the agent may ask again"),
        None => Failure::new(Exit::Failed, "no_longer_waits", format!("{id} waits no more"))
            .hint("it was withdrawn, or another approver answered; nothing was signed"),
    }
}

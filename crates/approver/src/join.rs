//! How this device becomes an approver: with a link, or with a typed code and six digits.

use crate::home::Home;
use crate::keyfile::{KeyFile, KeyFileEntropy, KeyFileError, Work};
use crate::pairings::{Pairing, PairingName, Pairings, RecordType, Status};
use crate::passphrase::Passphrase;
use crate::relay::{PairingRelay, RelayError};
use countersign_core::encoding::Fixed;
use countersign_core::keys::SecretKeys;
use countersign_core::pairing::{
    Code, Completion, Digits, Joining, Link, Origin, PairError, Paired, Resolved,
};
use countersign_core::time::Instant;
use countersign_store::files::FileError;
use countersign_wire::pairing::{Complete, Confirm, PairingState, PairingStatus, Role};
use std::future::Future;
use std::time::Duration;

/// How often a relay is asked for news while a pairing goes on.
const PAUSE: Duration = Duration::from_millis(300);
/// How long to wait for the other side; longer than a relay keeps a pairing.
const PATIENCE: Duration = Duration::from_secs(11 * 60);

/// How often a word to the other side is repeated while the relay is away.
const TRIES: usize = 10;

/// Why this device did not join.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// A typed code says nothing about where the relay is.
    #[error("a typed code needs the relay's address beside it")]
    NoRelay,
    /// The name is in use.
    #[error("a pairing named `{0}` exists already")]
    NameTaken(PairingName),
    /// A proof failed or a person said no: nothing was pinned.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// The relay failed.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The other side said no, or its time ran out.
    #[error("the enforcer refused the pairing")]
    Refused,
    /// The code ran out before both sides were done.
    #[error("the pairing ran out of time")]
    Expired,
    /// The key could not be sealed or written.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The home could not be read or written.
    #[error(transparent)]
    Home(#[from] FileError),
}

/// What a person was given to join with.
#[derive(Clone)]
pub enum Invitation {
    /// A link or QR code: it carries a secret, so nothing has to be compared.
    Link(Box<Link>),
    /// A code, and the relay at which it was announced.
    Code(Origin, Code),
}

impl Invitation {
    /// Reads a link, or a code with the relay that the person named.
    ///
    /// # Errors
    /// [`JoinError::NoRelay`], [`JoinError::Pair`].
    pub fn parse(text: &str, relay: Option<&Origin>) -> Result<Self, JoinError> {
        if text.contains("://") || text.contains('#') {
            return Ok(Self::Link(Box::new(Link::parse(text)?)));
        }
        let code = Code::parse(text.trim())?;
        Ok(Self::Code(relay.cloned().ok_or(JoinError::NoRelay)?, code))
    }

    /// Where the relay is.
    #[must_use]
    pub fn relay(&self) -> &Origin {
        match self {
            Self::Link(link) => &link.origin,
            Self::Code(origin, _) => origin,
        }
    }

    /// The code under which the enforcer waits.
    #[must_use]
    pub fn code(&self) -> &Code {
        match self {
            Self::Link(link) => &link.code,
            Self::Code(_, code) => code,
        }
    }
}

/// A device about to join. Keys and id are made for this pairing and used for no other, so that
/// two relays cannot tell that they belong to one person.
pub struct NewDevice<'a> {
    /// The name that the person gives to the pairing.
    pub name: PairingName,
    /// The device's id at the relay, random.
    pub device_id: String,
    /// The device's keys, random.
    pub keys: &'a SecretKeys,
    /// The device's part of the digits, random.
    pub r2: [u8; 32],
    /// Protects the keys at rest.
    pub passphrase: &'a Passphrase,
    /// How well.
    pub work: Work,
    /// Random.
    pub entropy: KeyFileEntropy,
}

/// Asks a person whether the digits on the other screen are the same.
///
/// Only a clear yes counts. Where the person went away the answer is no.
pub trait Compare: Send {
    /// Shows the digits and waits for an answer.
    fn same(&mut self, digits: Digits) -> impl Future<Output = bool> + Send;
}

/// Joins, and writes the new pairing down.
///
/// With a code, the pairing is written down after this device's yes and removed again when the
/// enforcer says no or nothing. A crash in between leaves at worst a pairing that the enforcer
/// does not know. How long a person may look at the digits is for `compare` to say.
///
/// # Errors
/// Every case of [`JoinError`].
pub async fn join(
    home: &Home,
    relay: &impl PairingRelay,
    invitation: &Invitation,
    device: NewDevice<'_>,
    compare: &mut impl Compare,
    now: Instant,
) -> Result<Pairing, JoinError> {
    let pairings = Pairings::of(home);
    if pairings.find(&device.name)?.is_some() {
        return Err(JoinError::NameTaken(device.name));
    }
    let found = relay.resolve(invitation.code()).await?;
    let call = Call { relay, nonce: found.nonce };
    let resolved =
        Resolved { enforcer_id: found.enforcer_id, keys: found.keys, commitment: found.commitment };
    match invitation {
        Invitation::Link(link) => {
            let paired = call.by_link(link, resolved, &device).await?;
            let pairing = write_down(&pairings, &device, &paired, now)?;
            // The enforcer had this device's keys before it sent its proof: this is a courtesy. Whether
            // it pins them is for those to say whom it has pinned before.
            call.say(true).await;
            Ok(pairing)
        }
        Invitation::Code(origin, code) => {
            let paired = call.by_code(origin, code, resolved, &device, compare).await?;
            let pairing = write_down(&pairings, &device, &paired, now)?;
            call.say(true).await;
            match call.agreed().await {
                Ok(()) => Ok(pairing),
                Err(refused) => {
                    pairings.discard(&pairing)?;
                    Err(refused)
                }
            }
        }
    }
}

/// One pairing in progress at a relay.
struct Call<'a, R> {
    relay: &'a R,
    nonce: String,
}

impl<R: PairingRelay> Call<'_, R> {
    async fn by_link(
        &self,
        link: &Link,
        resolved: Resolved,
        device: &NewDevice<'_>,
    ) -> Result<Paired, JoinError> {
        let (waiting, completion) = device.joining().by_link(link, resolved)?;
        self.complete(completion).await?;
        let mac = self.news(|status| status.enforcer_mac).await?;
        let finished = waiting.finish(&mac);
        if finished.is_err() {
            self.say(false).await;
        }
        Ok(finished?)
    }

    async fn by_code(
        &self,
        origin: &Origin,
        code: &Code,
        resolved: Resolved,
        device: &NewDevice<'_>,
        compare: &mut impl Compare,
    ) -> Result<Paired, JoinError> {
        let (waiting, completion) = device.joining().by_code(origin, code, resolved)?;
        self.complete(completion).await?;
        let r = self.news(|status| status.r).await?;
        let confirmed = match waiting.reveal(&r) {
            Ok(digits) => {
                let same = compare.same(digits.digits()).await;
                digits.confirm(same)
            }
            Err(refused) => Err(refused),
        };
        if confirmed.is_err() {
            self.say(false).await;
        }
        Ok(confirmed?)
    }

    /// Hands the keys over. A relay takes them once, so after a break its status says whether it
    /// has them.
    async fn complete(&self, completion: Completion) -> Result<(), JoinError> {
        let complete = Complete {
            nonce: self.nonce.clone(),
            approver_id: completion.approver_id,
            keys: completion.keys,
            r2: Some(completion.r2),
            mac: completion.mac,
        };
        let mut refused = JoinError::Expired;
        for _ in 0..TRIES {
            let error = match self.relay.complete(&complete).await {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            match self.relay.status(&self.nonce).await {
                Ok(status) if status.keys == Some(complete.keys) => return Ok(()),
                Ok(_) if !error.may_pass() => return Err(error.into()),
                _ => refused = error.into(),
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(refused)
    }

    /// Waits for the other side's yes.
    async fn agreed(&self) -> Result<(), JoinError> {
        self.news(|status| status.enforcer_confirmed.filter(|yes| *yes).map(|_| ())).await
    }

    /// Tells the other side. Where the relay does not pass it on, the other side's own time runs
    /// out: nothing here depends on it.
    async fn say(&self, accepted: bool) {
        let confirm = Confirm { role: Role::Approver, mac: None, accepted };
        for _ in 0..TRIES {
            match self.relay.confirm(&self.nonce, &confirm).await {
                Err(error) if error.may_pass() => tokio::time::sleep(PAUSE).await,
                _ => return,
            }
        }
    }

    /// Waits until the relay says something; what it says is a hint and is checked by the caller.
    async fn news<T>(&self, wanted: impl Fn(PairingStatus) -> Option<T>) -> Result<T, JoinError> {
        let waiting = async {
            loop {
                match self.relay.status(&self.nonce).await {
                    Err(error) if error.may_pass() => {}
                    other => {
                        if let Some(found) = wanted(still_open(other?)?) {
                            return Ok(found);
                        }
                    }
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap_or(Err(JoinError::Expired))
    }
}

fn still_open(status: PairingStatus) -> Result<PairingStatus, JoinError> {
    match status.state {
        PairingState::Refused => Err(JoinError::Refused),
        PairingState::Expired => Err(JoinError::Expired),
        PairingState::Open
        | PairingState::Completed
        | PairingState::Revealed
        | PairingState::Confirmed => Ok(status),
    }
}

impl NewDevice<'_> {
    fn joining(&self) -> Joining {
        Joining {
            approver_id: self.device_id.clone(),
            keys: *self.keys.public(),
            r2: Fixed(self.r2),
        }
    }
}

fn write_down(
    pairings: &Pairings,
    device: &NewDevice<'_>,
    paired: &Paired,
    now: Instant,
) -> Result<Pairing, JoinError> {
    let NewDevice { keys, passphrase, work, entropy, .. } = device;
    let key_file = KeyFile::seal(keys, passphrase, *work, *entropy)?;
    let pairing = Pairing {
        kind: RecordType::V1,
        name: device.name.clone(),
        pair_id: paired.pair_id().to_owned(),
        relay: paired.origin().clone(),
        enforcer_id: paired.peer_id().to_owned(),
        enforcer: *paired.keys(),
        device_id: device.device_id.clone(),
        device: *keys.public(),
        role: None,
        paired_at: now.timestamp(),
        status: Status::Active,
    };
    pairings.add(&pairing, &key_file)?;
    Ok(pairing)
}

#[cfg(test)]
mod tests;

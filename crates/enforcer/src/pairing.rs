//! How an approver's key arrives (PROTOCOL §8), and how it is taken back.
//!
//! Whether a key that arrived unchanged is pinned is decided in [`crate::admission`].

use crate::edge::Edge;
use crate::gate::{Enforcer, GateError};
use crate::home::{self, HomeError, Pairing};
use crate::question::{Grounds, Question, Way};
use crate::remembered::change;
use countersign_client::{Client, ClientError};
use countersign_core::action::{Action, Request};
use countersign_core::artifact::{Assurance, Context};
use countersign_core::json::{self, JsonError};
use countersign_core::keys::{KeyId, PublicKeys};
use countersign_core::pairing::{
    Answered as Completed, Code, Completion, Digits, Link, Offer, Origin, PairError, Paired,
};
use countersign_core::receipt::Event;
use countersign_core::time::Timestamp;
use countersign_core::trust::Approver;
use countersign_wire::pairing::{Initiate, PairingState, PairingStatus};
use serde_json::{Map, Value};
use std::time::Duration;

/// How often the gateway is asked whether somebody joined.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// Why a pairing did not come about. Nothing is pinned.
#[derive(Debug, thiserror::Error)]
pub enum PairingError {
    /// The proofs do not fit.
    #[error(transparent)]
    Proof(#[from] PairError),
    /// The gateway failed or refused.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The home failed.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The gate failed.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// Nobody joined in time.
    #[error("nobody joined before the code expired: run `pair` again")]
    Expired,
    /// The other side said no.
    #[error("the other side refused the pairing")]
    Refused,
    /// The gateway's message makes no sense.
    #[error("the gateway answered without `{0}`")]
    Incomplete(&'static str),
    /// Nobody is left who may allow another approver.
    #[error(
        "no approver of assurance `{}` is left to allow another, and this home has had one",
        .0.name()
    )]
    NobodyLeft(Assurance),
    /// The pinned approvers did not allow it.
    #[error("not allowed by the approvers that are pinned already: {0}")]
    NotAllowed(String),
    /// The pinned approvers did not answer.
    #[error("nobody allowed it in time")]
    NotInTime,
    /// The pinned approvers could not be asked.
    #[error("nobody could be asked: {0}")]
    NoRoute(String),
}

/// What the person at the enforcer sees and says.
pub trait Desk {
    /// Shows how to join.
    fn announce(&mut self, code: &Code, link: &Link);

    /// Shows six digits and asks whether the other screen shows the same.
    fn same_digits(&mut self, digits: &Digits) -> impl Future<Output = bool>;
}

/// Waits for an approver to join at a gateway, and checks that its keys arrived unchanged.
///
/// # Errors
/// Where they did not, or nobody came.
pub async fn meet(
    client: &Client,
    device_id: &str,
    keys: PublicKeys,
    relay: &str,
    edge: &Edge,
    desk: &mut impl Desk,
) -> Result<Paired, PairingError> {
    let random = |e| PairingError::Home(HomeError::Entropy(e));
    let (r, secret) = (edge.random().map_err(random)?, edge.random().map_err(random)?);
    let offer = Offer::new(device_id.to_owned(), keys, r, secret);
    let initiated = client
        .initiate(&Initiate {
            enforcer_id: device_id.to_owned(),
            enforcer_label: None,
            workspace_name: None,
            keys,
            commitment: offer.commitment(),
        })
        .await?;
    let waiting = offer.announced(Origin::parse(relay)?, initiated.code);
    desk.announce(waiting.code(), &waiting.link());
    let nonce = initiated.nonce;
    let status = until(client, &nonce, |s| s.state != PairingState::Open).await?;
    let completed = waiting.answer(completion(status)?);
    if completed.is_err() {
        // A courtesy: the other side need not wait until the code runs out.
        let _ = confirm(client, &nonce, None, false).await;
    }
    match completed? {
        Completed::Joined { paired, mac } => {
            confirm(client, &nonce, Some(mac), true).await?;
            Ok(paired)
        }
        Completed::Compare(compare) => {
            client.reveal(&nonce, compare.reveal()).await?;
            let same = desk.same_digits(&compare.digits()).await;
            confirm(client, &nonce, None, same).await?;
            let paired = compare.confirm(same)?;
            let answered = |s: &PairingStatus| s.approver_confirmed.is_some();
            match until(client, &nonce, answered).await?.approver_confirmed {
                Some(true) => Ok(paired),
                _ => Err(PairingError::Refused),
            }
        }
    }
}

async fn confirm(
    client: &Client,
    nonce: &str,
    mac: Option<countersign_core::pairing::Mac>,
    accepted: bool,
) -> Result<(), PairingError> {
    match client.confirm(nonce, mac, accepted).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_retryable() => Err(error.into()),
        Err(error) => {
            // The other side may have said no a moment before: then that is the answer.
            until(client, nonce, |_| true).await?;
            Err(error.into())
        }
    }
}

async fn until(
    client: &Client,
    nonce: &str,
    done: impl Fn(&PairingStatus) -> bool,
) -> Result<PairingStatus, PairingError> {
    loop {
        match client.pairing_status(nonce).await {
            Ok(status) if status.state == PairingState::Expired => {
                return Err(PairingError::Expired);
            }
            Ok(status) if status.state == PairingState::Refused => {
                return Err(PairingError::Refused);
            }
            Ok(status) if done(&status) => return Ok(status),
            Err(error) if !error.is_retryable() => return Err(error.into()),
            // A gateway that is away for a moment forgets nothing.
            Ok(_) | Err(_) => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

fn completion(status: PairingStatus) -> Result<Completion, PairingError> {
    let missing = PairingError::Incomplete;
    Ok(Completion {
        approver_id: status.approver_id.ok_or(missing("approverId"))?,
        keys: status.keys.ok_or(missing("keys"))?,
        r2: status.r2.ok_or(missing("r2"))?,
        mac: status.mac,
    })
}

/// A key that arrived unchanged and waits to be pinned.
pub struct Candidate {
    /// The way to it.
    pub pairing: Pairing,
    /// The record to pin.
    pub approver: Approver,
}

impl Candidate {
    /// The candidate that a pairing brought.
    #[must_use]
    pub fn new(
        paired: &Paired,
        name: &str,
        roles: Vec<String>,
        assurance: Assurance,
        edge: &Edge,
    ) -> Self {
        let pairing = Pairing {
            name: name.to_owned(),
            pair_id: paired.pair_id().to_owned(),
            relay: Some(paired.origin().as_str().to_owned()),
            approver_id: paired.peer_id().to_owned(),
            key_id: paired.keys().key_id(),
            paired_at: edge.now().timestamp(),
            witnessed: false,
        };
        let approver = home::approver(&pairing, *paired.keys(), roles, assurance);
        Self { pairing, approver }
    }

    /// The candidate that is a key on this machine, used at this terminal.
    #[must_use]
    pub fn local(keys: PublicKeys, name: &str, roles: Vec<String>, edge: &Edge) -> Self {
        let pairing = Pairing {
            name: name.to_owned(),
            pair_id: format!("local_{}", keys.key_id()),
            relay: None,
            approver_id: format!("local_{}", keys.key_id()),
            key_id: keys.key_id(),
            paired_at: edge.now().timestamp(),
            witnessed: false,
        };
        let approver = home::approver(&pairing, keys, roles, Assurance::Local);
        Self { pairing, approver }
    }

    /// The same key as another device of `person`, who counts once whatever device answers.
    #[must_use]
    pub fn of(mut self, person: &str) -> Self {
        person.clone_into(&mut self.approver.person);
        self
    }

    /// What the people are asked.
    pub(crate) const ACTION: &str = "countersign.pair";

    pub(crate) fn action(&self) -> Action {
        let approver = &self.approver;
        let parameters = serde_json::json!({
            "name": self.pairing.name,
            "person": approver.person,
            "keyId": approver.key_id,
            "fingerprint": approver.keys.fingerprint(),
            "roles": approver.roles,
            "assurance": approver.assurance,
            "relay": self.pairing.relay.clone().unwrap_or_else(|| "this machine".into()),
        });
        Action::Request(Request { action: Self::ACTION.to_owned(), parameters, verb: None })
    }

    /// What the receipt says: all of it, so that one that a crash cut off can be made.
    pub(crate) fn members(&self) -> Result<Vec<(&'static str, String)>, JsonError> {
        let Self { pairing, approver } = self;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let mut members = vec![
            ("change", change::PINNED.to_owned()),
            ("name", pairing.name.clone()),
            ("person", approver.person.clone()),
            ("keyId", approver.key_id.to_string()),
            ("keys", text(json::canonical(&approver.keys)?)),
            ("fingerprint", approver.keys.fingerprint().to_string()),
            ("assurance", approver.assurance.name().to_owned()),
            ("roles", text(json::canonical(&approver.roles)?)),
            ("device", pairing.approver_id.clone()),
            ("pairing", pairing.pair_id.clone()),
            ("pairedAt", pairing.paired_at.to_string()),
        ];
        members.extend(pairing.relay.clone().map(|relay| ("relay", relay)));
        Ok(members)
    }

    /// What a receipt says, read back.
    pub(crate) fn told(said: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| said.get(name).and_then(Value::as_str);
        let keys: PublicKeys = serde_json::from_str(text("keys")?).ok()?;
        let pairing = Pairing {
            name: text("name")?.to_owned(),
            pair_id: text("pairing")?.to_owned(),
            relay: text("relay").map(str::to_owned),
            approver_id: text("device")?.to_owned(),
            key_id: keys.key_id(),
            paired_at: Timestamp::parse(text("pairedAt")?)?,
            witnessed: false,
        };
        let roles = serde_json::from_str(text("roles")?).ok()?;
        let assurance = serde_json::from_value(said.get("assurance")?.clone()).ok()?;
        let approver = home::approver(&pairing, keys, roles, assurance);
        Some(Self { pairing, approver }.of(text("person")?))
    }

    pub(crate) fn question(&self, to: Vec<Way>, ttl_millis: i64) -> Question {
        Question {
            action: self.action(),
            disclosures: Vec::new(),
            context: Context {
                notes: vec!["allowing this lets the new key approve actions of this home".into()],
                ..Context::default()
            },
            grounds: Grounds::fixed(
                "admission",
                "a new approver is allowed by those that are pinned",
            )
            .of_admitters(&to),
            principal: "home".into(),
            session: "pairing".into(),
            workspace: "home".into(),
            ttl_millis,
            to,
        }
    }
}

impl Enforcer {
    /// The ways to every pinned approver that counts now.
    ///
    /// # Errors
    /// Where the home cannot be read.
    pub fn ways(&self) -> Result<Vec<Way>, HomeError> {
        self.ways_in(self.home().pairings()?)
    }

    /// The same for pairings that were read elsewhere; only pinned keys count.
    ///
    /// # Errors
    /// Where the home cannot be read.
    pub fn ways_in(&self, pairings: Vec<Pairing>) -> Result<Vec<Way>, HomeError> {
        let (trust, now) = (self.trust()?, self.now());
        let way = |p: Pairing| {
            let approver = trust.approver(&p.key_id).filter(|a| a.status.counts(now)).cloned();
            approver.map(|approver| Way { pairing: p.relay.is_some().then_some(p.name), approver })
        };
        Ok(pairings.into_iter().filter_map(way).collect())
    }

    /// Lets an approver's key run out after `millis`, because another takes over.
    ///
    /// # Errors
    /// Where there is no such pairing or no such other key, or it cannot be written down.
    pub async fn retire(&self, name: &str, millis: i64) -> Result<Pairing, GateError> {
        let until = self.now().plus_millis(millis).timestamp();
        let pairing = self.home().retire(self.identity(), name, &until)?;
        let (name, key_id) = (&pairing.name, &pairing.key_id.0);
        let members = [
            ("change", change::ROTATED),
            ("name", name),
            ("keyId", key_id),
            ("until", until.as_str()),
        ];
        self.record_key(Event::Key, &members).await?;
        Ok(pairing)
    }

    /// Takes an approver's keys back at once; approvals by them that are not yet claimed are void.
    /// `since`: from when on others may have had them.
    ///
    /// # Errors
    /// Where there is no such pairing, or it cannot be written down.
    pub async fn revoke(
        &self,
        name: &str,
        since: Option<&Timestamp>,
    ) -> Result<Pairing, GateError> {
        let at = self.now().timestamp();
        let (pairing, keys) = self.home().revoke(self.identity(), name, &at, since)?;
        for key in &keys {
            self.record_revoked(&pairing.name, key, &at, since).await?;
        }
        // The way to it stays until it is recorded: who was cut off does it once more.
        self.home().forget(&pairing.name)?;
        Ok(pairing)
    }

    /// Says of the keys of a pairing that was taken back since when others may have had them: ever
    /// earlier, never later. Who was cut off says it once more.
    ///
    /// # Errors
    /// Where no such pairing was taken back, an earlier moment was said already, or it cannot be
    /// written down.
    pub async fn backdate(&self, name: &str, since: &Timestamp) -> Result<(), GateError> {
        for (key, at) in self.home().backdate(self.identity(), name, since)? {
            self.record_revoked(name, &key, &at, Some(since)).await?;
        }
        Ok(())
    }

    async fn record_revoked(
        &self,
        name: &str,
        key: &KeyId,
        at: &Timestamp,
        since: Option<&Timestamp>,
    ) -> Result<(), GateError> {
        let mut members = vec![("change", change::REVOKED), ("name", name), ("keyId", &key.0)];
        members.push(("revokedAt", at.as_str()));
        members.extend(since.map(|since| ("compromisedSince", since.as_str())));
        self.record_key(Event::Revoked, &members).await?;
        Ok(())
    }
}

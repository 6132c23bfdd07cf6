//! What the ledger says became of keys.
//!
//! The trust store is a file, and a file of yesterday can be put back: it would count a key that was
//! taken back since. The ledger cannot be put back unseen (its head is remembered elsewhere), and it
//! has a receipt of every change, and a signed head that counts them: one that was deleted is missed.
//! So of what the two say of a key, the stricter holds.

use countersign_core::artifact::Assurance;
use countersign_core::checkpoint::Checkpoint;
use countersign_core::passkey::Passkey;
use countersign_core::receipt::Receipt;
use countersign_core::time::Timestamp;
use countersign_core::trust::{Approver, Past, Status, TrustStore};
use countersign_store::error::StoreError;
use countersign_store::ledger::read::Receipts;
use countersign_store::ledger::{Change, Proven};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The member of a receipt about a key that holds its passkey, as canonical JSON.
pub(crate) const PASSKEY: &str = "passkey";

/// The member of a receipt about a key that came out of a file with a past, as canonical JSON.
pub(crate) const PAST: &str = "past";

/// What a receipt about a key says happened to it.
pub(crate) mod change {
    /// It is about to be pinned.
    pub(crate) const PINNED: &str = "pinned";
    /// It was not pinned after all, or not as was said.
    pub(crate) const NOT_PINNED: &str = "not pinned";
    /// It counts until a date.
    pub(crate) const ROTATED: &str = "rotated";
    /// It counts no more.
    pub(crate) const REVOKED: &str = "revoked";
    /// It did not end after all.
    pub(crate) const NOT_ENDED: &str = "not ended";
    /// The key is new, or new as what it is pinned as.
    pub(super) const DESCRIBED: [&str; 4] = [PINNED, "set", "imported", "successor"];
}

/// What became of each key, as the receipts tell it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Remembered {
    keys: BTreeMap<String, Known>,
}

/// A key that the trust store counts for more than the ledger does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Revived {
    /// Its label in the trust store.
    pub label: String,
    /// The receipt that says less.
    pub seq: u64,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Known {
    /// What it was pinned as, the newest last.
    described: Vec<Described>,
    /// How it ended, the newest last.
    ends: Vec<End>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Described {
    seq: u64,
    at: Timestamp,
    person: Option<String>,
    roles: Option<Vec<String>>,
    assurance: Assurance,
    passkey: Option<Passkey>,
    /// The most that its answers could count as.
    reach: Assurance,
    /// What it was elsewhere, before it was pinned here.
    past: Vec<Past>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct End {
    seq: u64,
    status: Status,
}

/// The changes of a ledger, none of them missing or edited. `trust` pins whose head proves it.
///
/// # Errors
/// Where the ledger cannot be read; `Corrupt` where they are not those that its newest head counts.
pub async fn past(ledger: &dyn Receipts, trust: &TrustStore) -> Result<Proven, StoreError> {
    let pinned = |head: &Checkpoint| {
        let operator = trust.operator(&head.key_id);
        operator.is_some_and(|one| head.verify(&one.keys.signing()).is_ok())
    };
    ledger.past().await?.proven(pinned)
}

impl Remembered {
    /// Reads every receipt about a key. `trust` pins whose head proves that none is missing.
    ///
    /// # Errors
    /// As [`past`].
    pub async fn read(ledger: &dyn Receipts, trust: &TrustStore) -> Result<Self, StoreError> {
        Ok(Self::of(&past(ledger, trust).await?))
    }

    /// What became of each key, by what is proven.
    #[must_use]
    pub fn of(past: &Proven) -> Self {
        let mut remembered = Self::default();
        past.of(&[Change::Key, Change::Revoked]).for_each(|receipt| remembered.learn(receipt));
        remembered
    }

    /// The same before the receipt of this number.
    pub(crate) fn before(past: &Proven, seq: u64) -> Self {
        let mut remembered = Self::default();
        let earlier = past.of(&[Change::Key, Change::Revoked]);
        let earlier = earlier.filter(|receipt| receipt.content.seq < seq);
        earlier.for_each(|receipt| remembered.learn(receipt));
        remembered
    }

    fn learn(&mut self, receipt: &Receipt) {
        let Some(action) = &receipt.content.entry.action else { return };
        let text = |name: &str| action.get(name).and_then(Value::as_str);
        let (Some(key), Some(what)) = (text("keyId"), text("change")) else { return };
        let known = self.keys.entry(key.to_owned()).or_default();
        if change::DESCRIBED.contains(&what) {
            known.described.push(Described::of(receipt, action));
        }
        known.ends.extend(End::of(receipt, action, what));
        if what == change::NOT_PINNED {
            known.described.pop();
        } else if what == change::NOT_ENDED {
            known.ends.pop();
        }
    }

    /// The highest assurance that answers of any key could ever have.
    #[must_use]
    pub fn highest(&self) -> Option<Assurance> {
        self.keys.values().flat_map(|key| &key.described).map(|one| one.reach).max()
    }

    /// The pinned keys, none of them worth more than the ledger says, and each with what it says
    /// that it was pinned as before.
    #[must_use]
    pub fn over(&self, mut trust: TrustStore) -> TrustStore {
        for operator in &mut trust.operators {
            let ends = self.keys.get(&operator.key_id.0).into_iter().flat_map(|key| &key.ends);
            ends.for_each(|end| end.hold(&mut operator.status));
        }
        for approver in &mut trust.approvers {
            approver.past.clear();
            if let Some(known) = self.keys.get(&approver.key_id.0) {
                known.hold(approver);
                approver.past = known.past();
            }
        }
        trust
    }

    /// The keys that a trust store counts for more than the ledger does.
    #[must_use]
    pub fn revived(&self, trust: &TrustStore) -> Vec<Revived> {
        let held = self.over(trust.clone());
        let pairs = trust.approvers.iter().zip(&held.approvers);
        let approvers = pairs
            .filter(|(ours, held)| ours.newest() != held.newest())
            .map(|(a, _)| (&a.key_id, &a.label));
        let pairs = trust.operators.iter().zip(&held.operators);
        let operators =
            pairs.filter(|(ours, held)| ours != held).map(|(o, _)| (&o.key_id, &o.label));
        let told = |(id, label): (&countersign_core::keys::KeyId, &String)| {
            let seq = self.keys.get(&id.0).map_or(0, Known::newest);
            Revived { label: label.clone(), seq }
        };
        approvers.chain(operators).map(told).collect()
    }

    /// The keys whose end stands in the trust store and in no receipt: a crash came in between.
    pub(crate) fn untold<'a>(&self, trust: &'a TrustStore) -> Vec<&'a Approver> {
        let told = |a: &&Approver| {
            let mut said = Status::Active {};
            let ends = self.keys.get(&a.key_id.0).into_iter().flat_map(|key| &key.ends);
            ends.for_each(|end| end.hold(&mut said));
            match (&a.status, &said) {
                (Status::Active {}, _) | (_, Status::Revoked { .. }) => true,
                (Status::Rotated { until }, Status::Rotated { until: said }) => {
                    said.instant() <= until.instant()
                }
                _ => false,
            }
        };
        trust.approvers.iter().filter(|a| !told(a)).collect()
    }
}

impl Known {
    fn hold(&self, approver: &mut Approver) {
        self.ends.iter().for_each(|end| end.hold(&mut approver.status));
        let Some(said) = self.described.last() else { return };
        approver.assurance = approver.assurance.min(said.assurance);
        // One that nobody allowed lifts nothing.
        approver.passkey = approver.passkey.take().filter(|one| said.passkey.as_ref() == Some(one));
        if let Some(roles) = &said.roles {
            approver.roles.retain(|role| roles.contains(role));
        }
        // Whose it is cannot be joined: a key of two persons is nobody's.
        if said.person.as_ref().is_some_and(|person| *person != approver.person) {
            let status = Status::Revoked { at: said.at.clone(), compromised_since: None };
            End { seq: said.seq, status }.hold(&mut approver.status);
        }
    }

    /// What it was pinned as before the newest, oldest first: each until the receipt of the next. Of
    /// what a receipt does not tell whole, and before it, nothing is known.
    fn past(&self) -> Vec<Past> {
        let pairs = self.described.iter().zip(self.described.iter().skip(1)).rev();
        let here = pairs.map(|(one, next)| one.until(&next.at));
        let elsewhere = self.described.first().map_or(&[][..], |first| &first.past);
        let mut past: Vec<Past> = Vec::new();
        for one in here.chain(elsewhere.iter().rev().cloned().map(Some)) {
            let Some(mut one) = one else { break };
            // Where the clock was set back in between, the earlier date ended both.
            if let Some(later) = past.pop_if(|later| later.until.instant() <= one.until.instant()) {
                one.until = later.until;
            }
            past.push(one);
        }
        past.reverse();
        past
    }

    fn newest(&self) -> u64 {
        let described = self.described.iter().map(|one| one.seq);
        described.chain(self.ends.iter().map(|end| end.seq)).max().unwrap_or(0)
    }
}

impl Described {
    fn of(receipt: &Receipt, action: &Map<String, Value>) -> Self {
        let text = |name: &str| action.get(name).and_then(Value::as_str);
        let stated = action.get("assurance").cloned().unwrap_or_default();
        let assurance: Option<Assurance> = serde_json::from_value(stated).ok();
        let passkey = text(PASSKEY).map(|text| serde_json::from_str(text).ok());
        let lifted = passkey.is_some() && assurance != Some(Assurance::Local);
        // What cannot be read is taken for the most: it lowers nothing.
        let reach = match assurance {
            Some(stated) if !lifted => stated.min(Assurance::Device),
            _ => Assurance::Verified,
        };
        Self {
            seq: receipt.content.seq,
            at: receipt.content.recorded_at.clone(),
            person: text("person").map(str::to_owned),
            roles: text("roles").and_then(|roles| serde_json::from_str(roles).ok()),
            assurance: assurance.unwrap_or(Assurance::Verified),
            passkey: passkey.flatten(),
            reach,
            past: text(PAST).and_then(|past| serde_json::from_str(past).ok()).unwrap_or_default(),
        }
    }

    fn until(&self, next: &Timestamp) -> Option<Past> {
        Some(Past {
            until: next.clone(),
            person: self.person.clone()?,
            roles: self.roles.clone()?,
            assurance: self.assurance,
            passkey: self.passkey.clone(),
        })
    }
}

impl End {
    fn of(receipt: &Receipt, action: &Map<String, Value>, what: &str) -> Option<Self> {
        let time = |name: &str| {
            let text = action.get(name).and_then(Value::as_str)?;
            Timestamp::parse(text)
        };
        let (seq, at) = (receipt.content.seq, &receipt.content.recorded_at);
        let status = if what == change::REVOKED || action.contains_key("revokedAt") {
            let at = time("revokedAt").unwrap_or_else(|| at.clone());
            Status::Revoked { at, compromised_since: time("compromisedSince") }
        } else if what == change::ROTATED || action.contains_key("until") {
            // A date that cannot be read is over.
            Status::Rotated { until: time("until").unwrap_or_else(|| at.clone()) }
        } else {
            return None;
        };
        Some(Self { seq, status })
    }

    /// Lets a status be no better than this end.
    fn hold(&self, status: &mut Status) {
        if let (
            Status::Revoked { compromised_since: Some(said), .. },
            Status::Revoked { compromised_since: theirs, .. },
        ) = (&self.status, &mut *status)
        {
            // Said later, and earlier than before: what is void stays void.
            if theirs.as_ref().is_none_or(|theirs| said.instant() < theirs.instant()) {
                *theirs = Some(said.clone());
            }
            return;
        }
        let worse = match (&self.status, &*status) {
            (Status::Active {}, _) | (_, Status::Revoked { .. }) => false,
            (_, Status::Active {}) | (Status::Revoked { .. }, _) => true,
            (Status::Rotated { until }, Status::Rotated { until: theirs }) => {
                until.instant() < theirs.instant()
            }
        };
        if worse {
            status.clone_from(&self.status);
        }
    }
}

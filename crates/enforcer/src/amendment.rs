//! Changes of who is pinned as what, other than by pairing (PROTOCOL §8).
//!
//! Roles, persons and assurance that are changed, a key that follows another and keys out of a
//! file are one thing: records of the trust store that become others. Whoever may allow another
//! approver allows them too, sees each whole, before and after, and each leaves a receipt.
//!
//! # Rooms
//! * `draft`: made out of what somebody wants. `made`: asked about, made and recorded.

mod draft;
mod made;

use crate::home::Pairing;
use crate::remembered::change;
use countersign_core::artifact::Assurance;
use countersign_core::passkey::OfferError;
use countersign_core::trust::{Approver, Operator, TrustStore};
use serde::{Deserialize, Serialize};

/// Records of the trust store that become others, for one reason.
#[derive(Clone, PartialEq, Debug)]
pub struct Amendment {
    kind: Kind,
    edits: Vec<Edit>,
    operators: Vec<Operator>,
    pairing: Option<Pairing>,
}

/// Why records change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Set,
    Rotate,
    Import,
}

/// One record before and after. What is not as it was when it was asked about changes nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// As it is; `None` where it is new.
    pub before: Option<Approver>,
    /// As it will be.
    pub after: Approver,
}

/// What becomes of an approver; what is `None` stays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Particulars {
    /// Whose it is.
    pub person: Option<String>,
    /// What the person may answer for.
    pub roles: Option<Vec<String>>,
    /// How sure we are that it is the person.
    pub assurance: Option<Assurance>,
}

/// Why nothing was amended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmendError {
    /// Nothing would be different.
    #[error("nothing would change")]
    Nothing,
    /// A record is not as it was when people were asked.
    #[error("the pinned keys changed meanwhile: try again")]
    Changed,
    /// The key that speaks counts no more, or was replaced before.
    #[error("the key `{0}` was replaced or taken back, or is not pinned here")]
    NotCounting(String),
    /// A key is pinned here as something else.
    #[error("the key `{0}` is pinned here already, as somebody else or as something else")]
    Conflict(String),
    /// A name that no person or role can have.
    #[error("`{0}` is no name: use 1 to 64 of a-z, A-Z, 0-9, `.`, `_`, `@` and `-`")]
    Name(String),
    /// The statement of a key about its successor is not good.
    #[error(transparent)]
    Rotation(#[from] countersign_core::keys::rotation::RotationError),
    /// What a device says of its passkey is not good.
    #[error(transparent)]
    Passkey(#[from] OfferError),
    /// The key lives on this machine.
    #[error("`{0}` is a `local` key, which no passkey lifts: pair it with `web` or `device` first")]
    Local(String),
    /// A file tells of a past that is not over.
    #[error("the file says what the key `{0}` was until a date that is not over")]
    Future(String),
    /// Nobody would be left who may allow the next change.
    #[error(
        "nobody would be left at `{}`, the highest assurance that this home ever pinned, to allow any other change: \
         pair or lift another approver first",
        .0.name()
    )]
    NobodyLeft(Assurance),
}

/// Whether a text can name a person or a role: a policy can write it, and a screen show it.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._@-".contains(&b);
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

impl Amendment {
    /// What becomes of the approvers.
    #[must_use]
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// Which keys that sign receipts are pinned besides.
    #[must_use]
    pub fn operators(&self) -> &[Operator] {
        &self.operators
    }

    /// Changes the records, where all of them are as they were.
    pub(crate) fn apply(&self, store: &mut TrustStore) -> Result<(), AmendError> {
        for Edit { before, after } in &self.edits {
            if store.approver(&after.key_id).map(Approver::newest) != *before {
                return Err(AmendError::Changed);
            }
            match store.approvers.iter_mut().find(|a| a.key_id == after.key_id) {
                Some(record) => record.clone_from(after),
                None => store.approvers.push(after.clone()),
            }
        }
        for operator in &self.operators {
            if store.operator(&operator.key_id).is_some() {
                return Err(AmendError::Changed);
            }
            store.operators.push(operator.clone());
        }
        Ok(())
    }

    /// Whether the store has all of it already.
    pub(crate) fn is_in(&self, store: &TrustStore) -> bool {
        let mut edits = self.edits.iter().map(|edit| &edit.after);
        let mut operators = self.operators.iter().map(|one| &one.key_id);
        edits.all(|after| {
            store.approver(&after.key_id).map(Approver::newest) == Some(after.newest())
        }) && operators.all(|id| store.operator(id).is_some())
    }

    /// The way to the successor.
    pub(crate) fn pairing(&self) -> Option<&Pairing> {
        self.pairing.as_ref()
    }

    /// The ways to approvers once it is made.
    pub(crate) fn ways(&self, mut ways: Vec<Pairing>) -> Vec<Pairing> {
        let Some(new) = &self.pairing else { return ways };
        ways.iter_mut().filter(|way| way.name == new.name).for_each(|way| way.clone_from(new));
        ways
    }
}

impl Edit {
    /// What its receipt says happened.
    fn change(&self, kind: Kind) -> &'static str {
        match (kind, &self.before, &self.after.status) {
            (Kind::Import, Some(_), _) => change::REVOKED,
            (Kind::Import, None, _) => "imported",
            (Kind::Rotate, None, _) => "successor",
            (Kind::Rotate, Some(_), _) => change::ROTATED,
            (Kind::Set, ..) => "set",
        }
    }
}

/// Whether a device would bear a person's name and be another's, so that a policy which names the
/// person would be answered by the device.
pub(crate) fn mixes_names(trust: &TrustStore, new: &Approver) -> bool {
    let other = |a: &&Approver| a.person != new.person && a.key_id != new.key_id;
    trust.approvers.iter().filter(other).any(|a| a.person == new.label || a.label == new.person)
}

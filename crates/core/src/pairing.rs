//! Two devices that get to know each other through a relay that neither trusts (PROTOCOL §8).
//!
//! What has to come out is that each side pins the other's 64 key bytes and nobody else's. Two
//! ways lead there. A **link** (or the same as a QR code) carries a secret past the relay: both
//! sides prove with a MAC that they know it, and nobody has to compare anything. A **typed code**
//! carries no secret, so two people, or one person with two screens, compare six digits.
//!
//! # Rooms, in the order of a pairing
//! * `origin`, `code`, `link`: what a person types, scans or clicks.
//! * `proof`: the commitment, the digits and the MACs, each over one canonical object.
//! * `enforcer` and `approver`: the steps of each side. Every step consumes the one before it, so
//!   that an order of events other than the safe one does not compile.
//!
//! # Why six digits are enough
//! A relay in the middle runs two pairings, one towards each side, with keys of its own. It wins
//! if both show the same digits, so it would like to try keys and nonces until they do
//! (`attack_37`). Knowing the enforcer's keys early does not help it: the digits also depend on
//! `r`, to which the enforcer commits at the start and which it reveals only when the approver's
//! keys and `r2` are fixed.
//! * Towards the enforcer the relay must fix its approver keys and `r2` *before* it learns `r`.
//! * Towards the approver it must commit to its own enforcer keys and `r` *before* it learns the
//!   approver's keys and `r2`, and can open that commitment in one way only.
//!
//! Whichever it does first, the digits of the other side are then beyond its choice: one try with
//! a chance of one in a million, and the code is used up by it.

mod approver;
mod code;
mod enforcer;
mod link;
mod origin;
mod proof;

pub use approver::{ApproverCompare, AwaitingMac, AwaitingReveal, Joining};
pub use code::Code;
pub use enforcer::{Answered, EnforcerCompare, Offer, Waiting};
pub use link::{Link, LinkSecret};
pub use origin::Origin;
pub use proof::{Digits, Mac, Side};

use crate::encoding::{Fixed, Hash};
use crate::json::JsonError;
use crate::keys::PublicKeys;
use serde::{Deserialize, Serialize};

/// Why a pairing step was refused. Nothing is pinned by a step that fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairError {
    /// Not the address of a relay.
    #[error("`{0}` is not the origin of a relay: expected `https://host` or `http://host:port`")]
    BadOrigin(String),
    /// Not a pairing code.
    #[error("`{0}` is not a pairing code: expected eight letters and digits such as `7K3M-Q9TD`")]
    BadCode(String),
    /// Not a pairing link; the text says which part is wrong and never quotes the secret.
    #[error("not a pairing link: {0}")]
    BadLink(&'static str),
    /// The relay offers other enforcer keys than the link names.
    #[error("the relay showed other enforcer keys than the link names")]
    WrongFingerprint,
    /// What was revealed is not what was committed to: somebody changed keys or the nonce.
    #[error("what the enforcer revealed is not what it committed to")]
    WrongCommitment,
    /// The other side does not know the secret of the link, or speaks of other keys.
    #[error("the other side did not prove that it knows the secret of the link")]
    WrongMac,
    /// A person said that the digits differ, or did not say yes.
    #[error("the digits were not confirmed")]
    DigitsRefused,
    /// Both sides have the same keys: a message was reflected.
    #[error("the other side has our own keys")]
    Reflected,
    /// Something has no canonical form.
    #[error(transparent)]
    Json(#[from] JsonError),
}

/// What the relay tells an approver about an enforcer that waits. All of it is a claim.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Resolved {
    /// The enforcer's device id.
    pub enforcer_id: String,
    /// The enforcer's keys.
    pub keys: PublicKeys,
    /// SHA-256 of the enforcer's 64 key bytes and `r`.
    pub commitment: Hash,
}

/// What an approver sends to complete a pairing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Completion {
    /// The approver's device id.
    pub approver_id: String,
    /// The approver's keys, made for this pairing.
    pub keys: PublicKeys,
    /// The approver's part of the digits, 32 random bytes.
    pub r2: Fixed<32>,
    /// The proof of the link's secret. Without it the digits must be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<Mac>,
}

/// Proof that the other side's keys arrived unchanged.
///
/// Only the last step of a flow makes one: the keys inside are the ones to pin.
#[must_use = "a pairing that is not written down has to be done again"]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Paired {
    pair_id: String,
    origin: Origin,
    peer_id: String,
    keys: PublicKeys,
}

impl Paired {
    /// Names the pairing, the same on both sides and without asking the relay: 16 bytes of the
    /// SHA-256 of the enforcer's and the approver's 64 key bytes, as base64url.
    #[must_use]
    pub fn pair_id(&self) -> &str {
        &self.pair_id
    }

    /// The relay through which the two met.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The other side's device id.
    #[must_use]
    pub fn peer_id(&self) -> &str {
        &self.peer_id
    }

    /// The other side's keys.
    #[must_use]
    pub fn keys(&self) -> &PublicKeys {
        &self.keys
    }
}

#[cfg(test)]
mod tests;

//! A signed head of the ledger: how long it was, and what its newest receipt said.

use crate::encoding::Hash;
use crate::keys::{Domain, KeyError, KeyId, SecretKeys, Signature, verify_domain_known};
use crate::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

/// A head and the operator's signature over it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Checkpoint {
    /// What is signed.
    pub head: Head,
    /// The operator's key.
    pub key_id: KeyId,
    /// In the domain `countersign-checkpoint/v1`.
    pub signature: Signature,
}

/// Names one receipt as the newest of a ledger.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Head {
    /// The ledger.
    pub ledger: String,
    /// The number of its newest receipt, from 1.
    pub seq: u64,
    /// That receipt's content hash.
    pub content_hash: Hash,
    /// When the head was signed.
    pub time: Timestamp,
    /// Which changes the ledger holds up to there. Versions before it was counted wrote none, and a
    /// head over a part of the ledger has none.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// What may still be used: the digest of what the ledger keeps of it. Versions before it was
    /// kept wrote none, and a head over a part of the ledger has none.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub usable: Option<Hash>,
}

/// `null` is no second form of what is absent.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// One digest over the receipts that change who may do what, or what may happen at all: of keys, of
/// policies, of what was taken back, of stops and of holds. An enforcer looks back for these, and
/// for nothing else; with the digest it knows that none of them is missing, at a cost that does not
/// grow with the ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Changes(Hash);

impl Default for Changes {
    fn default() -> Self {
        Self::NONE
    }
}

impl Changes {
    /// Before the first of them.
    pub const NONE: Self = Self(Hash([0; 32]));

    /// With the next one: SHA-256 over the digest so far and the content hash of its receipt.
    #[must_use]
    pub fn and(self, change: Hash) -> Self {
        Self(Hash::of(&[self.0.0, change.0].concat()))
    }
}

/// How a ledger compares with a head that somebody remembers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// The ledger contains the head.
    Consistent,
    /// The ledger is shorter: its tail was cut, or a backup was restored.
    Truncated,
    /// Another receipt stands at the same place: a copy went on by itself.
    Forked,
}

impl Checkpoint {
    /// Signs a head.
    ///
    /// # Errors
    /// Where the head has no canonical form.
    pub fn sign(head: Head, operator: &SecretKeys) -> Result<Self, KeyError> {
        let signature = operator.sign(Domain::Checkpoint, &head)?;
        Ok(Self { head, key_id: operator.key_id(), signature })
    }

    /// Checks the signature under the operator's key.
    ///
    /// # Errors
    /// Where it does not verify.
    pub fn verify(&self, operator: &[u8; 32]) -> Result<(), KeyError> {
        verify_domain_known(operator, Domain::Checkpoint, &self.head, &self.signature)
    }
}

impl Head {
    /// Compares a ledger with this remembered head. `newest` is the number of the ledger's newest
    /// receipt, `at` the content hash that the ledger has at this head's number.
    #[must_use]
    pub fn standing(&self, newest: u64, at: Option<Hash>) -> Standing {
        match at {
            _ if newest < self.seq => Standing::Truncated,
            Some(hash) if hash == self.content_hash => Standing::Consistent,
            _ => Standing::Forked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_39_a_restored_or_copied_ledger_is_told_apart() {
        let time = Timestamp::parse("2026-02-21T12:00:00Z").unwrap();
        let head = Head {
            ledger: "l".into(),
            seq: 5,
            content_hash: Hash([5; 32]),
            time,
            changes: None,
            usable: None,
        };
        assert_eq!(head.standing(4, None), Standing::Truncated);
        assert_eq!(head.standing(5, Some(Hash([6; 32]))), Standing::Forked);
        assert_eq!(head.standing(9, Some(Hash([5; 32]))), Standing::Consistent);
        assert_eq!(head.standing(9, None), Standing::Forked);
    }

    #[test]
    fn changes_are_told_apart_by_what_is_there_and_in_which_order() {
        let [one, two] = [Hash([1; 32]), Hash([2; 32])];
        let both = Changes::NONE.and(one).and(two);
        let others = [Changes::NONE, Changes::NONE.and(one), Changes::NONE.and(two)];
        assert!(!others.contains(&both) && both != Changes::NONE.and(two).and(one));
    }
}

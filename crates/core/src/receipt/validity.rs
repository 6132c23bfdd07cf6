//! When the keys of an old receipt are looked at (PROTOCOL §9).
//!
//! A date inside a receipt is its operator's word: whoever holds a stolen key writes any. So an
//! old receipt is judged at its date only where somebody else saw a head of the ledger that
//! contains it, before the key stopped counting. Every other is judged as of now.

use super::Receipt;
use crate::checkpoint::Checkpoint;
use crate::encoding::Hash;
use crate::time::Instant;
use crate::trust::{Status, TrustStore};
use std::collections::BTreeSet;

/// Proof that receipts stood in a ledger when somebody else saw a head of it.
///
/// Private fields: only [`Witnessed::over`] makes one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Witnessed {
    receipts: BTreeSet<Hash>,
    seen: Instant,
}

impl Witnessed {
    /// What a head covers that a witness, not the operator, saw at `seen`: the receipts that are
    /// chained to it. `chain` is in order and ends in the head's receipt; it may begin anywhere.
    /// `None` where they do not belong together, or the head is nobody's who is pinned.
    #[must_use]
    pub fn over(
        head: &Checkpoint,
        seen: Instant,
        chain: &[Receipt],
        trust: &TrustStore,
    ) -> Option<Self> {
        let operator = trust.operator(&head.key_id)?;
        head.verify(&operator.keys.signing()).ok()?;
        let last = chain.last()?;
        let named = last.content.ledger == head.head.ledger
            && last.content.seq == head.head.seq
            && last.content_hash == head.head.content_hash;
        let hashed = chain.iter().all(|r| r.content.hash().ok() == Some(r.content_hash));
        let linked = chain.iter().zip(chain.iter().skip(1)).all(|(prev, next)| next.follows(prev));
        let receipts = chain.iter().map(|r| r.content_hash).collect();
        (named && hashed && linked).then_some(Self { receipts, seen })
    }
}

/// When a receipt is judged, and what is known of its age.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The time.
    pub now: Instant,
    /// What others saw of the ledger.
    pub witnessed: &'a [Witnessed],
}

impl Moment<'_> {
    /// Now, with no witness.
    #[must_use]
    pub fn now(now: Instant) -> Self {
        Self { now, witnessed: &[] }
    }

    /// Whether a key of this status counts for what a receipt records.
    #[must_use]
    pub fn counts(&self, status: &Status, receipt: &Hash, recorded: Instant) -> bool {
        let end = match status {
            Status::Active {} => return true,
            Status::Rotated { until } => until.instant(),
            // From when on others may have had it, where that is known: never later than `at`.
            Status::Revoked { at, compromised_since } => {
                let since = compromised_since.as_ref().unwrap_or(at).instant();
                since.min(at.instant())
            }
        };
        let seen = |w: &Witnessed| w.seen < end && w.receipts.contains(receipt);
        let before = recorded < end && self.witnessed.iter().any(seen);
        before || status.counts(self.now)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Head;
    use crate::receipt::check::Verdict;
    use crate::receipt::{Basis, Boundary, Content, Entry, Event, Level};
    use crate::time::Timestamp;
    use crate::trust::tests::{operator, secret};

    const NOW: Instant = Instant(1_770_000_000_000);

    fn receipt(seq: u64, prev: Option<Hash>) -> Receipt {
        let entry = Entry {
            boundary: Boundary::Unprotected,
            binding: None,
            event: Event::Observed,
            request_id: None,
            action_hash: None,
            action: None,
            items: None,
            artifacts: vec![],
            policy: None,
            decisions: vec![],
            approver_decision: None,
            multi_approval: None,
            basis: Basis::Policy,
            grant: None,
            trust_level: Level::L0,
            outcome: None,
        };
        let recorded_at = NOW.timestamp();
        let content = Content { ledger: "l1".into(), seq, prev, recorded_at, entry };
        Receipt::sign(content, &secret(1)).unwrap()
    }

    fn at(minutes: i64) -> Timestamp {
        NOW.plus_millis(minutes * 60_000).timestamp()
    }

    fn trust(status: Status) -> TrustStore {
        let mut operator = operator(&secret(1));
        operator.status = status;
        TrustStore { operators: vec![operator], ..TrustStore::default() }
    }

    fn revoked(at: Timestamp, compromised_since: Option<Timestamp>) -> TrustStore {
        trust(Status::Revoked { at, compromised_since })
    }

    fn witnessed(chain: &[Receipt], minutes: i64, trust: &TrustStore) -> Option<Witnessed> {
        let last = chain.last().unwrap();
        let (ledger, seq) = (last.content.ledger.clone(), last.content.seq);
        let head = Head { ledger, seq, content_hash: last.content_hash, time: at(minutes) };
        let head = Checkpoint::sign(head, &secret(1)).unwrap();
        Witnessed::over(&head, at(minutes).instant(), chain, trust)
    }

    fn verdict(receipt: &Receipt, trust: &TrustStore, seen: &[Witnessed]) -> Verdict {
        let now = NOW.plus_millis(86_400_000);
        receipt.check_at(trust, &Moment { now, witnessed: seen })
    }

    #[test]
    fn an_old_receipt_stays_valid_where_somebody_saw_it_before_the_key_ended() {
        let first = receipt(1, None);
        let chain = [first.clone(), receipt(2, Some(first.content_hash))];
        for trust in [revoked(at(10), None), trust(Status::Rotated { until: at(10) })] {
            let seen = witnessed(&chain, 9, &trust).unwrap();
            for receipt in &chain {
                let good = verdict(receipt, &trust, std::slice::from_ref(&seen));
                assert!(matches!(good, Verdict::Valid { .. }), "{good:?}");
                assert_eq!(verdict(receipt, &trust, &[]), Verdict::Revoked);
            }
        }
    }

    #[test]
    fn attack_10_a_head_that_was_seen_later_proves_no_age() {
        let chain = [receipt(1, None)];
        let trust = revoked(at(10), None);
        let late = witnessed(&chain, 10, &trust).unwrap();
        assert_eq!(verdict(&chain[0], &trust, &[late]), Verdict::Revoked);
    }

    #[test]
    fn attack_10_receipts_since_the_compromise_are_void_whatever_date_they_bear() {
        let chain = [receipt(1, None)];
        for (since, good) in [(6, true), (5, false), (-1, false)] {
            let trust = revoked(at(10), Some(at(since)));
            let seen = witnessed(&chain, 5, &trust).unwrap();
            let valid = matches!(verdict(&chain[0], &trust, &[seen]), Verdict::Valid { .. });
            assert_eq!(valid, good, "{since}");
        }
        // A later date of the compromise than the revocation's widens nothing.
        let trust = revoked(at(4), Some(at(9)));
        let seen = witnessed(&chain, 5, &trust).unwrap();
        assert_eq!(verdict(&chain[0], &trust, &[seen]), Verdict::Revoked);
    }

    #[test]
    fn attack_39_a_head_covers_only_what_is_chained_to_it() {
        let trust = revoked(at(10), None);
        let (first, other) = (receipt(1, None), receipt(1, Some(Hash([9; 32]))));
        let second = receipt(2, Some(first.content_hash));
        assert!(witnessed(&[other.clone(), second.clone()], 5, &trust).is_none());
        let seen = witnessed(&[first, second], 5, &trust).unwrap();
        assert_eq!(verdict(&other, &trust, &[seen]), Verdict::Revoked);
        // A head that a stranger signed is no witness's.
        assert!(witnessed(&[other], 5, &TrustStore::default()).is_none());
    }
}

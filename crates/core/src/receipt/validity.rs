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
/// Private fields: only [`Chain::under`] and [`Witnessed::presumed`] make one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Witnessed {
    covered: Covered,
    seen: Instant,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Covered {
    /// These, which are chained to the head.
    Chained(BTreeSet<Hash>),
    /// All of a ledger up to a number, if its chain leads to the head.
    Presumed { ledger: String, seq: u64 },
}

impl Witnessed {
    /// What a head would cover that a witness, not the operator, saw at `seen`: every receipt up to
    /// it, **if** the chain leads there. For whoever follows the whole chain anyway, and then
    /// compares the head with it: where the two differ, nothing that was judged so counts.
    /// `None` where the head is nobody's who is pinned.
    #[must_use]
    pub fn presumed(head: &Checkpoint, seen: Instant, trust: &TrustStore) -> Option<Self> {
        signed(head, trust)?;
        let (ledger, seq) = (head.head.ledger.clone(), head.head.seq);
        Some(Self { covered: Covered::Presumed { ledger, seq }, seen })
    }

    fn covers(&self, place: &Place<'_>) -> bool {
        match &self.covered {
            Covered::Chained(receipts) => receipts.contains(place.hash),
            Covered::Presumed { ledger, seq } => ledger == place.ledger && place.seq <= *seq,
        }
    }
}

/// Receipts in order, each of which follows the one before; it may begin anywhere.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    hashes: Vec<Hash>,
    last: Option<(String, u64)>,
    broken: bool,
}

impl Chain {
    /// Takes the next receipt. One that does not follow ends the chain for good.
    pub fn push(&mut self, receipt: &Receipt) {
        let content = &receipt.content;
        let follows = match (&self.last, self.hashes.last()) {
            (Some((ledger, seq)), Some(hash)) => {
                content.ledger == *ledger
                    && seq.checked_add(1) == Some(content.seq)
                    && content.prev == Some(*hash)
            }
            _ => true,
        };
        self.broken |= !follows || content.hash().ok() != Some(receipt.content_hash);
        self.hashes.push(receipt.content_hash);
        self.last = Some((content.ledger.clone(), content.seq));
    }

    /// What of this chain a head covers that a witness, not the operator, saw at `seen`. `None`
    /// where the chain is broken or does not lead to the head, or the head is nobody's who is pinned.
    #[must_use]
    pub fn under(&self, head: &Checkpoint, seen: Instant, trust: &TrustStore) -> Option<Witnessed> {
        signed(head, trust)?;
        let (ledger, newest) = self.last.as_ref().filter(|_| !self.broken)?;
        let back = usize::try_from(newest.checked_sub(head.head.seq)?).ok()?;
        let covered = self.hashes.get(..self.hashes.len().checked_sub(back)?)?;
        let leads = *ledger == head.head.ledger && covered.last() == Some(&head.head.content_hash);
        let covered = Covered::Chained(covered.iter().copied().collect());
        leads.then_some(Witnessed { covered, seen })
    }
}

/// Whether a pinned operator signed a head, whatever became of its key: a witness saw it before.
fn signed(head: &Checkpoint, trust: &TrustStore) -> Option<()> {
    head.verify(&trust.operator(&head.key_id)?.keys.signing()).ok()
}

/// When a receipt is judged, and what is known of its age.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The time.
    pub now: Instant,
    /// What others saw of the ledger.
    pub witnessed: &'a [Witnessed],
}

/// Where a receipt stands.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Its ledger.
    pub ledger: &'a str,
    /// Its number.
    pub seq: u64,
    /// Its content hash, worked out.
    pub hash: &'a Hash,
    /// The date that it bears.
    pub recorded: Instant,
}

impl Moment<'_> {
    /// Now, with no witness.
    #[must_use]
    pub fn now(now: Instant) -> Self {
        Self { now, witnessed: &[] }
    }

    /// Whether a key of this status counts for what a receipt records.
    #[must_use]
    pub fn counts(&self, status: &Status, place: &Place<'_>) -> bool {
        let Some(end) = end(status) else { return true };
        let seen = |w: &Witnessed| w.seen < end && w.covers(place);
        let before = place.recorded < end && self.witnessed.iter().any(seen);
        before || status.counts(self.now)
    }
}

/// When a key stops counting for what was seen before; `None` where it does not.
#[must_use]
pub fn end(status: &Status) -> Option<Instant> {
    match status {
        Status::Active {} => None,
        Status::Rotated { until } => Some(until.instant()),
        // From when on others may have had it, where that is known: never later than `at`.
        Status::Revoked { at, compromised_since } => {
            let since = compromised_since.as_ref().unwrap_or(at).instant();
            Some(since.min(at.instant()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Head;
    use crate::receipt::check::Verdict;
    use crate::receipt::{Boundary, Content, Entry, Event};
    use crate::time::Timestamp;
    use crate::trust::tests::{operator, secret};

    const NOW: Instant = Instant(1_770_000_000_000);

    fn receipt(seq: u64, prev: Option<Hash>) -> Receipt {
        let entry = Entry::bare(Event::Observed, Boundary::Unprotected);
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
        let head = Head {
            ledger,
            seq,
            content_hash: last.content_hash,
            time: at(minutes),
            changes: None,
            usable: None,
        };
        let head = Checkpoint::sign(head, &secret(1)).unwrap();
        let mut whole = Chain::default();
        chain.iter().for_each(|receipt| whole.push(receipt));
        whole.under(&head, at(minutes).instant(), trust)
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
        // A head in the middle covers what stands before it.
        let chain = [receipt(1, None), receipt(2, Some(receipt(1, None).content_hash))];
        let mut whole = Chain::default();
        chain.iter().for_each(|receipt| whole.push(receipt));
        let head = Head {
            ledger: "l1".into(),
            seq: 1,
            content_hash: chain[0].content_hash,
            time: at(5),
            changes: None,
            usable: None,
        };
        let head = Checkpoint::sign(head, &secret(1)).unwrap();
        let seen = [whole.under(&head, at(5).instant(), &trust).unwrap()];
        assert!(matches!(verdict(&chain[0], &trust, &seen), Verdict::Valid { .. }));
        assert_eq!(verdict(&chain[1], &trust, &seen), Verdict::Revoked);
        let presumed = [Witnessed::presumed(&head, at(5).instant(), &trust).unwrap()];
        assert!(matches!(verdict(&chain[0], &trust, &presumed), Verdict::Valid { .. }));
        assert_eq!(verdict(&chain[1], &trust, &presumed), Verdict::Revoked);
        // A head that a stranger signed is no witness's.
        assert!(witnessed(&[other], 5, &TrustStore::default()).is_none());
    }
}

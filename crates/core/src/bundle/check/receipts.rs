//! The receipts of a bundle: each by itself, its place in the chain, and the heads inside it.

use super::Checker;
use crate::bundle::heads::Says;
use crate::bundle::under::named;
use crate::receipt::check::Verdict;
use crate::receipt::course::Step;
use crate::receipt::{Event, Receipt};

impl Checker<'_> {
    pub(super) fn before(&mut self, receipt: &Receipt) {
        let (seq, event) = (receipt.content.seq, receipt.content.entry.event);
        if self.cover.as_ref().and_then(|c| c.range).is_some_and(|range| seq >= range.first) {
            self.about(seq, Verdict::Malformed, "an earlier receipt that is not earlier");
        }
        if !matches!(event, Event::Key | Event::Revoked | Event::Policy) {
            self.about(seq, Verdict::Malformed, "an earlier receipt that changes nothing");
        }
        self.earlier += 1;
        self.last_earlier = Some((seq, receipt.content_hash));
        self.holds(receipt, false);
    }

    pub(super) fn receipt(&mut self, receipt: &Receipt) {
        self.report.receipts += 1;
        self.linked(receipt);
        self.holds(receipt, true);
        self.heads_inside(receipt);
        if let Err(why) = self.course.follow(&Step::of(&receipt.content)) {
            self.about(receipt.content.seq, Verdict::Contradicted, &why);
        }
        if self.report.receipts == 1 {
            self.begins_in_time(receipt);
        }
    }

    fn begins_in_time(&mut self, receipt: &Receipt) {
        let since = self.cover.as_ref().and_then(|cover| cover.since.clone());
        let recorded = receipt.content.recorded_at.instant();
        if since.is_some_and(|since| recorded < since.instant()) {
            self.about(receipt.content.seq, Verdict::Malformed, "from before the time it covers");
        }
    }

    /// Whether the receipt is the next one, and follows the one before it.
    fn linked(&mut self, receipt: &Receipt) {
        let (seq, hash) = (receipt.content.seq, receipt.content_hash);
        let neighbour = self.last_earlier.filter(|(before, _)| before.checked_add(1) == Some(seq));
        let (expected, newest) = (self.expected, self.chain.newest().or(neighbour));
        let last = self.cover.as_ref().and_then(|cover| cover.range).map_or(0, |range| range.last);
        if seq > last {
            self.about(seq, Verdict::ChainBroken { seq }, "outside the range of the cover");
        } else if seq != expected {
            let missing = format!("receipts {expected} to {} are missing", seq.saturating_sub(1));
            self.about(seq, Verdict::ChainBroken { seq: expected }, &missing);
        } else if newest.is_some_and(|(_, before)| receipt.content.prev != Some(before)) {
            self.about(seq, Verdict::ChainBroken { seq }, "it does not follow the one before it");
        }
        self.expected = seq.saturating_add(1);
        self.chain.push(seq, hash, receipt.content.prev);
    }

    fn holds(&mut self, receipt: &Receipt, counts: bool) {
        let seq = receipt.content.seq;
        if Some(&receipt.content.ledger) != self.report.ledger.as_ref() {
            self.about(seq, Verdict::Forked, "a receipt of another ledger");
        }
        match receipt.check(self.trust, self.now) {
            Verdict::Valid { level, event, .. } => {
                if counts {
                    self.report.holds(level, event.name());
                    self.under.compare(receipt);
                }
                self.accepts(receipt);
            }
            verdict => self.about(seq, verdict, ""),
        }
    }

    /// Remembers which text a receipt accepts.
    fn accepts(&mut self, receipt: &Receipt) {
        let entry = &receipt.content.entry;
        if entry.event != Event::Policy || entry.request_id.is_some() {
            return;
        }
        if let Some(action) = &entry.action
            && let Some(hash) = named(action)
        {
            self.accepted.entry(hash).or_insert(receipt.content.seq);
            self.under.accept(action, hash);
        }
    }

    /// The heads that artifacts carry: each was signed by the operator, and by whoever answered.
    fn heads_inside(&mut self, receipt: &Receipt) {
        let seq = receipt.content.seq;
        for artifact in receipt.content.whole_artifacts() {
            // What cannot be read is no receipt, and was told.
            let Ok(Some(head)) = artifact.checkpoint() else { continue };
            if let Err(verdict) = self.signatures.check(&head, self.trust) {
                self.about(seq, verdict, "the head inside an artifact");
            }
            match self.chain.compare(&head.head) {
                Says::Agrees => self.witnessed += 1,
                Says::Before | Says::After => self.outside += 1,
                Says::Differs => {
                    self.about(seq, Verdict::Forked, "a head inside an artifact says otherwise");
                }
            }
        }
    }
}

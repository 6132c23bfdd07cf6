//! The whole ledger, checked from its first receipt to the heads that anybody remembers.
//!
//! It reads what is stored, row by row, and believes nothing that stands there: every hash and
//! signature is worked out again, on every core, while the next page is read. The chain itself is
//! followed in order. What is found is named by the first place that does not hold.
//!
//! # Rooms
//! * `pages`: what is stored, page by page, each row checked by itself (`link`). `chain`: one after
//!   the other. `filing`: under whom they are found.
//! * `heads`: what remembers how far the ledger was. [`seen`]: what others saw of it before a key ended.
//! * `parts`: segments, and rows that stayed. `changes`: what the gate looks back for.
//! * `beside`, `requests`: what is kept beside the receipts. `report`: what was found.

mod beside;
mod chain;
mod changes;
mod filing;
mod heads;
mod link;
mod pages;
mod parts;
mod report;
mod requests;
pub mod seen;

use crate::remembered::past;
use chain::Chain;
use countersign_core::receipt::check::Verdict;
use countersign_core::receipt::course::Course;
use countersign_core::time::Instant;
use countersign_core::trust::TrustStore;
use countersign_store::error::StoreError;
use countersign_store::ledger::read::{Person, Receipts};
use filing::Filing;
use link::Link;
use pages::{Grounds, Links, Pages};
use parts::Parts;
pub use report::{Broken, Report, Witnessed};
use seen::Seen;
use std::sync::Arc;

/// Rounds in which others may go on writing before the check settles for what it has read.
const ROUNDS: usize = 8;

/// A check that goes on.
pub struct Audit {
    source: Arc<dyn Receipts>,
    trust: Arc<TrustStore>,
    now: Instant,
    seen: Arc<Vec<Seen>>,
    chain: Chain,
    course: Course,
    parts: Parts,
    report: Report,
    /// Whether the receipts that tell what keys were before are those that the newest head counts.
    is_past_proven: bool,
    /// The first receipt that fails by that past, where it is not proven: most likely not what is
    /// wrong.
    doubt: Option<Broken>,
}

impl Audit {
    /// Begins to check a ledger that calls itself `ledger`, against pinned keys, at `now`.
    #[must_use]
    pub fn new(source: Arc<dyn Receipts>, ledger: &str, trust: TrustStore, now: Instant) -> Self {
        let report = Report { ledger: ledger.to_owned(), ..Report::default() };
        let (trust, seen) = (Arc::new(trust), Arc::default());
        let (chain, course, parts) = (Chain::new(ledger), Course::default(), Parts::default());
        let (is_past_proven, doubt) = (true, None);
        Self { source, trust, now, seen, chain, course, parts, report, is_past_proven, doubt }
    }

    /// The same where others saw heads of it: a key that ended later is looked at as of the date of
    /// each receipt that they cover. Their heads are compared when the chain was followed.
    #[must_use]
    pub fn seen_by(self, seen: Vec<Seen>) -> Self {
        Self { seen: Arc::new(seen), ..self }
    }

    /// What was found so far.
    #[must_use]
    pub fn report(self) -> Report {
        let Self { chain, mut report, doubt, .. } = self;
        report.newest = chain.newest();
        report.broken = report.broken.or(doubt);
        report
    }

    /// Whether everything holds so far.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.report.broken.is_none()
    }

    /// Says that something was not looked at.
    pub fn not_checked(&mut self, what: String) {
        self.report.not_checked.push(what);
    }

    /// Says that what remembers a head of this ledger holds none: somebody changed it.
    pub fn forgot(&mut self, because: String) {
        self.found(Broken::new(None, Verdict::Malformed, because));
    }

    /// Follows the chain to its end and compares it with the signed head beside it. `passed` hears
    /// how many receipts hold. Where something does not, and somebody rotated the ledger meanwhile,
    /// it is looked at again.
    ///
    /// # Errors
    /// `Unavailable` where the store does not answer. A damaged store is a finding.
    pub async fn walk(&mut self, passed: &(dyn Fn(u64) + Sync)) -> Result<(), StoreError> {
        let not_checked = self.report.not_checked.clone();
        self.is_past_proven = past(&*self.source, &self.trust).await.is_ok();
        for _ in 1..ROUNDS {
            self.once(passed).await?;
            // Rows that go into a file, or a file that goes, while it is read, look like damage.
            if self.holds() || !self.was_rotated().await.unwrap_or(false) {
                return Ok(());
            }
            let ledger = std::mem::take(&mut self.report.ledger);
            (self.chain, self.course) = (Chain::new(&ledger), Course::default());
            (self.parts, self.doubt) = (Parts::default(), None);
            let not_checked = not_checked.clone();
            self.report = Report { ledger, not_checked, ..Report::default() };
        }
        self.once(passed).await
    }

    /// The same, with what is found by one look.
    async fn once(&mut self, passed: &(dyn Fn(u64) + Sync)) -> Result<(), StoreError> {
        match self.walked(passed).await {
            Err(StoreError::Corrupt(why)) => {
                let next = self.chain.newest().map_or(1, |(seq, _)| seq + 1);
                let at = i64::try_from(next).ok();
                self.found(Broken::new(at, Verdict::Malformed, why));
                Ok(())
            }
            other => other,
        }?;
        let seen = Arc::clone(&self.seen);
        for seen in seen.iter().take(if self.holds() { usize::MAX } else { 0 }) {
            if self.is_dropped(seen.head.head.seq) {
                continue;
            }
            let found = self.compared(&seen.who, &seen.head, Some(seen.at)).await?;
            self.compared_with(&seen.who, &seen.head, found);
        }
        if self.holds() { self.is_sound().await } else { Ok(()) }
    }

    async fn walked(&mut self, passed: &(dyn Fn(u64) + Sync)) -> Result<(), StoreError> {
        self.begin_parts().await?;
        for _ in 0..ROUNDS {
            if !self.holds() {
                return Ok(());
            }
            self.rows(passed).await?;
            let ended = !self.holds() || !self.has_grown().await? && self.is_beside().await?;
            if ended {
                return self.end_parts().await;
            }
        }
        self.not_checked("what stands beside the receipts: others went on writing".to_owned());
        self.end_parts().await
    }

    /// Follows what is stored until nothing more is.
    async fn rows(&mut self, passed: &(dyn Fn(u64) + Sync)) -> Result<(), StoreError> {
        let last = self.chain.newest().and_then(|(seq, _)| i64::try_from(seq).ok());
        let mut pages = Pages::after(Arc::clone(&self.source), self.grounds(), last);
        let mut filing = Filing::default();
        loop {
            let page = pages.next().await;
            // Of the page before: it was looked up meanwhile.
            self.is_filed(filing.end().await?).await?;
            if !self.holds() {
                return Ok(());
            }
            let page = page?;
            if page.is_empty() {
                return Ok(());
            }
            match self.follow_all(page) {
                Ok(persons) => filing = Filing::begin(&self.source, persons),
                Err(broken) => {
                    self.found(broken);
                    return Ok(());
                }
            }
            (self.report.receipts, self.report.levels) = self.chain.counted();
            passed(self.report.receipts);
            self.older_heads().await?;
        }
    }

    /// What each row is checked against.
    fn grounds(&self) -> Grounds {
        let witnessed = self.seen.iter().filter_map(|s| s.presumed(&self.trust)).collect();
        Grounds { trust: Arc::clone(&self.trust), now: self.now, witnessed }
    }

    /// Takes a page into the chain; by whom its receipts must be found.
    fn follow_all(&mut self, page: Links) -> Result<Vec<Person>, Broken> {
        let mut persons = Vec::new();
        for one in page {
            let one = one.and_then(|one| self.follow(one))?;
            persons.extend(self.parts.pass(one));
        }
        Ok(persons)
    }

    /// Takes the next receipt into the chain, and what it changes into what came before.
    fn follow(&mut self, mut link: Link) -> Result<Link, Broken> {
        if self.is_past_proven {
            link = link.sure()?;
        } else if self.doubt.is_none() {
            self.doubt = link.doubt.take();
        }
        self.chain.follow(&link)?;
        let contradicted = |why| Broken::new(link.at(), Verdict::Contradicted, why);
        self.course.follow(&link.step).map_err(contradicted)?;
        Ok(link)
    }

    /// The first thing found is the one that is told.
    fn found(&mut self, broken: Broken) {
        (self.report.receipts, self.report.levels) = self.chain.counted();
        self.report.broken.get_or_insert(broken);
    }
}

#[cfg(test)]
mod tests;

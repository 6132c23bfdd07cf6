//! The whole ledger, checked from its first receipt to the heads that anybody remembers.
//!
//! It reads what is stored, row by row, and believes nothing that stands there: every hash and
//! signature is worked out again, on every core, while the next page is read. The chain itself is
//! followed in order. What is found is named by the first place that does not hold.

mod beside;
mod chain;
mod changes;
mod filing;
mod link;
mod pages;
mod parts;
mod requests;
pub mod seen;

use chain::Chain;
use countersign_core::checkpoint::{Checkpoint, Standing};
use countersign_core::encoding::Hash;
use countersign_core::json;
use countersign_core::receipt::Level;
use countersign_core::receipt::check::Verdict;
use countersign_core::receipt::course::Course;
use countersign_core::receipt::validity::end;
use countersign_core::time::Instant;
use countersign_core::trust::{Status, TrustStore};
use countersign_store::error::StoreError;
use countersign_store::ledger::read::{Person, Receipts};
use filing::Filing;
use link::Link;
use pages::{Grounds, Links, Pages};
use parts::Parts;
use seen::Seen;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rounds in which others may go on writing before the check settles for what it has read.
const ROUNDS: usize = 8;

/// The first thing that does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broken {
    /// The number under which it is stored, where it is one receipt.
    pub at: Option<i64>,
    /// What it is.
    pub verdict: Verdict,
    /// The same in words.
    pub because: String,
}

impl Broken {
    fn new(at: Option<i64>, verdict: Verdict, because: impl Into<String>) -> Self {
        Self { at, verdict, because: because.into() }
    }
}

/// A head that was compared with the ledger.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Witnessed {
    /// Who remembers it.
    pub who: String,
    /// The receipt that it names.
    pub seq: u64,
    /// Whether the ledger holds it.
    pub holds: bool,
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// The ledger, as its receipts call it.
    pub ledger: String,
    /// Receipts that hold.
    pub receipts: u64,
    /// How many of them reach which level.
    pub levels: BTreeMap<Level, u64>,
    /// The newest of them.
    pub newest: Option<(u64, Hash)>,
    /// Heads that were compared.
    pub witnesses: Vec<Witnessed>,
    /// Segments that were checked.
    pub segments: u64,
    /// The last receipt of those that were dropped by rule.
    pub dropped: Option<u64>,
    /// What was not looked at, and why.
    pub not_checked: Vec<String>,
    /// What does not hold; none where all does.
    pub broken: Option<Broken>,
}

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
}

impl Audit {
    /// Begins to check a ledger that calls itself `ledger`, against pinned keys, at `now`.
    #[must_use]
    pub fn new(source: Arc<dyn Receipts>, ledger: &str, trust: TrustStore, now: Instant) -> Self {
        let report = Report { ledger: ledger.to_owned(), ..Report::default() };
        let (trust, seen) = (Arc::new(trust), Arc::default());
        let (chain, course, parts) = (Chain::new(ledger), Course::default(), Parts::default());
        Self { source, trust, now, seen, chain, course, parts, report }
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
        let Self { chain, mut report, .. } = self;
        report.newest = chain.newest();
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
        for _ in 1..ROUNDS {
            self.once(passed).await?;
            // Rows that go into a file, or a file that goes, while it is read, look like damage.
            if self.holds() || !self.was_rotated().await.unwrap_or(false) {
                return Ok(());
            }
            let ledger = std::mem::take(&mut self.report.ledger);
            (self.chain, self.course) = (Chain::new(&ledger), Course::default());
            self.parts = Parts::default();
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
    fn follow(&mut self, link: Link) -> Result<Link, Broken> {
        self.chain.follow(&link)?;
        let contradicted = |why| Broken::new(link.at(), Verdict::Contradicted, why);
        self.course.follow(&link.step).map_err(contradicted)?;
        Ok(link)
    }

    /// Compares the heads inside artifacts that name receipts from long ago.
    async fn older_heads(&mut self) -> Result<(), StoreError> {
        for (at, head) in self.chain.older() {
            if !self.is_dropped(head.seq)
                && self.hash_at(head.seq).await? != Some(head.content_hash)
            {
                let because = format!(
                    "an approver was shown another receipt {} than the ledger holds",
                    head.seq
                );
                self.found(Broken::new(Some(at), Verdict::Forked, because));
                break;
            }
        }
        Ok(())
    }

    /// Judges the head beside the receipts; whether it is ahead of what was read.
    async fn has_grown(&mut self) -> Result<bool, StoreError> {
        let who = "the head in the database";
        let newest = self.chain.newest();
        let Some(text) = self.source.head_text().await? else {
            if newest.is_some() {
                let because = "no signed head is left beside the receipts";
                self.found(Broken::new(None, Verdict::Truncated, because));
            }
            return Ok(false);
        };
        let Ok(head) = json::read::<Checkpoint>(&text, json::limit::MESSAGE) else {
            let because = format!("{who} cannot be read");
            self.found(Broken::new(None, Verdict::Malformed, because));
            return Ok(false);
        };
        self.parts.kept.count(&head.head);
        let seq = newest.map_or(0, |(seq, _)| seq);
        if head.head.seq > seq {
            let there = i64::try_from(seq).ok();
            if !self.source.rows_after(there, 1).await?.is_empty() {
                return Ok(true);
            }
        }
        self.witness(who, &head).await?;
        if self.holds() && head.head.seq < seq {
            let at = head.head.seq + 1;
            let because = format!("receipt {at} and those after it are under no signed head");
            let verdict = Verdict::ChainBroken { seq: at };
            self.found(Broken::new(i64::try_from(at).ok(), verdict, because));
        }
        Ok(false)
    }

    /// Compares the ledger with a head that `who` remembers.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn witness(&mut self, who: &str, head: &Checkpoint) -> Result<(), StoreError> {
        let found = self.compared(who, head, None).await?;
        self.compared_with(who, head, found);
        Ok(())
    }

    fn compared_with(&mut self, who: &str, head: &Checkpoint, found: Option<Broken>) {
        let (who, seq) = (who.to_owned(), head.head.seq);
        self.report.witnesses.push(Witnessed { who, seq, holds: found.is_none() });
        found.into_iter().for_each(|broken| self.found(broken));
    }

    async fn compared(
        &self,
        who: &str,
        checkpoint: &Checkpoint,
        seen: Option<Instant>,
    ) -> Result<Option<Broken>, StoreError> {
        let (head, key_id) = (&checkpoint.head, &checkpoint.key_id);
        let broken = |verdict, because| Ok(Some(Broken::new(None, verdict, because)));
        let Some(operator) = self.trust.operator(key_id) else {
            let verdict = Verdict::Untrusted { key_id: key_id.clone() };
            return broken(verdict, format!("{who} is signed by a key that nobody pinned"));
        };
        let before = end(&operator.status).zip(seen).is_some_and(|(end, seen)| seen < end);
        if matches!(operator.status, Status::Revoked { .. }) && !before {
            return broken(Verdict::Revoked, format!("{who} is signed by a key taken back"));
        }
        if checkpoint.verify(&operator.keys.signing()).is_err() {
            return broken(
                Verdict::BadSignature,
                format!("the signature of {who} does not verify"),
            );
        }
        let (newest, seq) = (self.chain.newest().map_or(0, |(seq, _)| seq), head.seq);
        if head.ledger == self.report.ledger && self.is_dropped(seq) {
            // Nothing is left to compare it with; what follows holds.
            return Ok(None);
        }
        let at = self.hash_at(seq).await?;
        match head.standing(newest, at) {
            _ if head.ledger != self.report.ledger => {
                broken(Verdict::Forked, format!("{who} is of another ledger"))
            }
            Standing::Consistent => Ok(None),
            Standing::Truncated => broken(
                Verdict::Truncated,
                format!("{who} names receipt {seq}, and the ledger ends at {newest}"),
            ),
            Standing::Forked => broken(
                Verdict::Forked,
                format!("{who} names another receipt {seq} than the ledger holds"),
            ),
        }
    }

    /// The content hash of a receipt that was followed already.
    async fn hash_at(&self, seq: u64) -> Result<Option<Hash>, StoreError> {
        if let Some(hash) = self.chain.recent(seq).or_else(|| self.parts.dropped_at(seq)) {
            return Ok(Some(hash));
        }
        let Some(before) = seq.checked_sub(1).and_then(|seq| i64::try_from(seq).ok()) else {
            return Ok(None);
        };
        let row = self.source.rows_after(Some(before), 1).await?.pop();
        let row = row.filter(|row| u64::try_from(row.seq) == Ok(seq));
        // The row was compared with its text as it was passed.
        Ok(row.and_then(|row| row.content_hash.try_into().ok()).map(Hash))
    }

    /// The first thing found is the one that is told.
    fn found(&mut self, broken: Broken) {
        (self.report.receipts, self.report.levels) = self.chain.counted();
        self.report.broken.get_or_insert(broken);
    }
}

#[cfg(test)]
mod tests;

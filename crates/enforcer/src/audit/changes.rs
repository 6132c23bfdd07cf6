//! Whether what the gate looks back for is where it looks: among the rows, whatever went into a
//! segment, and whatever was dropped with one.

use super::link::{Link, link};
use super::pages::{Grounds, Links};
use super::parts::broken;
use super::{Audit, Broken};
use countersign_core::checkpoint::{Changes, Head};
use countersign_core::display::counted;
use countersign_core::encoding::Hash;
use countersign_core::receipt::check::Verdict;
use countersign_core::receipt::validity::end;
use countersign_core::time::Instant;
use countersign_core::trust::{Status, TrustStore};
use countersign_store::error::StoreError;
use countersign_store::ledger::read::Row;
use std::collections::BTreeMap;

/// What must be there.
#[derive(Default)]
pub(super) struct Kept {
    /// Changes: of dropped parts those that are left, then all that were followed.
    changes: Vec<(u64, Hash)>,
    /// The receipt with the latest time, against which grants run out.
    latest: Option<(Instant, u64)>,
    /// What the newest head counts, and the receipt that it names.
    counted: Option<(u64, Option<Changes>)>,
}

impl Kept {
    /// Takes a receipt that holds.
    pub(super) fn pass(&mut self, link: &Link) {
        self.latest = self.latest.max(Some((link.written, link.seq)));
        if link.is_change {
            self.changes.push((link.seq, link.hash));
        }
    }

    /// Takes the newest signed head.
    pub(super) fn count(&mut self, head: &Head) {
        self.counted = Some((head.seq, head.changes));
    }

    /// The first receipt up to `last` that is looked back for and not among the copies.
    fn missing(&self, last: u64, copies: &BTreeMap<u64, Hash>) -> Option<u64> {
        let latest = self.latest.map(|(_, seq)| seq);
        let changes = self.changes.iter().map(|(seq, _)| *seq);
        changes.chain(latest).find(|seq| *seq <= last && !copies.contains_key(seq))
    }

    fn digest(&self) -> Changes {
        self.changes.iter().fold(Changes::NONE, |so_far, (_, hash)| so_far.and(*hash))
    }
}

impl Audit {
    /// Takes what is left of receipts that were dropped up to `last`: what they stopped, held or
    /// took back is known. That nothing of it is missing, the newest head says.
    pub(super) async fn recall(&mut self, last: u64) -> Result<(), StoreError> {
        let mut by_their_dates = 0;
        for copy in self.copies().await? {
            match copy {
                Ok(copy) if copy.seq <= last => {
                    by_their_dates += u64::from(copy.by_its_date);
                    self.course.recall(&copy.step);
                    self.parts.kept.pass(&copy);
                }
                Ok(_) => {}
                Err(broken) => {
                    self.found(broken);
                    break;
                }
            }
        }
        if by_their_dates > 0 {
            self.not_checked(format!(
                "the age of the copies of {}: they rest on keys taken back since",
                counted(by_their_dates, "dropped receipt")
            ));
        }
        Ok(())
    }

    /// Rows that stayed, each checked by itself, oldest first.
    pub(super) async fn copies(&self) -> Result<Links, StoreError> {
        let (rows, grounds) = (self.source.copies().await?, self.grounds());
        let links = rows.iter().zip(grounds.links(&rows));
        let by_its_date = |(row, one): (&Row, Result<Link, Broken>)| {
            one.or_else(|broken| self.by_its_date(row, broken, &grounds)).and_then(Link::sure)
        };
        Ok(links.map(by_its_date).collect())
    }

    /// Judges a copy of a dropped receipt as of the date that it bears, where it failed for a key
    /// that was taken back: what told its age may have been dropped with it, by rule. Its operator's
    /// key has to count all the same.
    fn by_its_date(&self, row: &Row, broken: Broken, grounds: &Grounds) -> Result<Link, Broken> {
        let seq = u64::try_from(row.seq).ok();
        let is_dropped = seq.zip(self.report.dropped).is_some_and(|(seq, last)| seq <= last);
        if !is_dropped || broken.verdict != Verdict::Revoked {
            return Err(broken);
        }
        // That the row bears the date of its receipt is compared again.
        let trust = as_of(&grounds.trust, Instant(row.recorded_at));
        let one = link(row, &trust, &grounds.at())?;
        Ok(Link { by_its_date: true, ..one })
    }

    /// Nothing that the gate looks back for is missing among the copies, and the changes are those
    /// that the newest head counts.
    pub(super) fn are_kept(&mut self, copies: &BTreeMap<u64, Hash>) {
        let last = self.parts.boundary();
        if let Some(seq) = self.parts.kept.missing(last, copies) {
            let because =
                format!("the row of receipt {seq}, for which the gate looks back, is gone");
            self.found(broken(seq, Verdict::HashMismatch, because));
            return;
        }
        let newest = self.chain.newest().map(|(seq, _)| seq);
        match self.parts.kept.counted.filter(|(seq, _)| Some(*seq) == newest) {
            Some((_, Some(counted))) if counted != self.parts.kept.digest() => {
                let because = "receipts of keys, policies, stops or holds are not those that the \
                     newest head counts";
                self.found(Broken::new(None, Verdict::HashMismatch, because));
            }
            Some((_, None)) if self.report.dropped.is_some() => {
                let what = "changes that were dropped: an earlier version signed the newest head";
                self.not_checked(what.to_owned());
            }
            _ => {}
        }
    }
}

/// The trust store in which approvers' keys count that ended after `at`. An operator's do not: the
/// date is its own word.
fn as_of(trust: &TrustStore, at: Instant) -> TrustStore {
    let mut trust = trust.clone();
    for approver in &mut trust.approvers {
        if end(&approver.status).is_some_and(|end| at < end) {
            approver.status = Status::Active {};
        }
    }
    trust
}

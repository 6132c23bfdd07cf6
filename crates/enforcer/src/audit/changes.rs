//! Whether what the gate looks back for is where it looks: among the rows, whatever went into a
//! segment, and whatever was dropped with one.

use super::link::Link;
use super::parts::broken;
use super::{Audit, Broken};
use countersign_core::checkpoint::{Changes, Head};
use countersign_core::encoding::Hash;
use countersign_core::receipt::check::Verdict;
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
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
        for copy in self.copies().await? {
            match copy {
                Ok(copy) if copy.seq <= last => {
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
        Ok(())
    }

    /// Rows that stayed, each checked by itself, oldest first.
    pub(super) async fn copies(&self) -> Result<Vec<Result<Link, Broken>>, StoreError> {
        let rows = self.source.copies().await?;
        Ok(self.grounds().links(&rows))
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

//! What stands in segments, what was dropped, and what is beside the receipts: filed persons, and
//! rows that stayed.

use super::changes::Kept;
use super::filing::Filing;
use super::link::Link;
use super::{Audit, Broken};
use crate::segments::note::Note;
use countersign_core::encoding::Hash;
use countersign_core::receipt::check::Verdict;
use countersign_core::receipt::course::Course;
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::ledger::read::Person;
use countersign_store::ledger::segments::Segment;
use std::collections::BTreeMap;

/// What was gathered on the way.
#[derive(Default)]
pub(super) struct Parts {
    segments: Vec<Segment>,
    /// What receipts say of segments.
    notes: Vec<Note>,
    /// How many persons must be filed.
    persons: u64,
    /// When the newest receipt of each segment was written, by the segment's first.
    newest_at: BTreeMap<u64, Instant>,
    /// What the gate looks back for.
    pub(super) kept: Kept,
}

impl Parts {
    /// The hash of a receipt with which a dropped segment ended.
    pub(super) fn dropped_at(&self, seq: u64) -> Option<Hash> {
        let mut dropped = self.segments.iter().filter(|segment| segment.dropped);
        dropped.find(|segment| segment.last == seq).map(|segment| segment.head)
    }

    /// The last receipt that is in a segment.
    pub(super) fn boundary(&self) -> u64 {
        self.segments.last().map_or(0, |segment| segment.last)
    }

    /// Takes a receipt that holds, and says by whom it must be found.
    pub(super) fn pass(&mut self, link: Link) -> Vec<Person> {
        self.kept.pass(&link);
        let place = self.segments.partition_point(|segment| segment.last < link.seq);
        if let Some(segment) = self.segments.get(place) {
            let newest = self.newest_at.entry(segment.first).or_insert(link.written);
            *newest = link.written.max(*newest);
        }
        self.notes.extend(link.note);
        self.persons += link.persons.len() as u64;
        link.persons
    }
}

impl Audit {
    /// Looks at which parts there are, and goes on after what was dropped.
    pub(super) async fn begin_parts(&mut self) -> Result<(), StoreError> {
        self.parts.segments = self.source.segments().await?;
        let mut next = 1;
        for segment in &self.parts.segments.clone() {
            if segment.first != next || segment.last < segment.first {
                let because = format!("the list of segments has no receipt {next}");
                self.found(broken(next, Verdict::ChainBroken { seq: next }, because));
                return Ok(());
            }
            next = segment.last.saturating_add(1);
            let later = self.report.dropped.is_some_and(|last| last + 1 == segment.first);
            if segment.dropped && (segment.first == 1 || later) {
                self.report.dropped = Some(segment.last);
                self.chain.resume(segment.last, segment.head);
                self.course = Course::partial();
            } else if self.source.digest(segment).await?.is_none() {
                let (seq, name) = (segment.first, segment.file_name());
                let because = format!("the segment `{name}` is gone");
                self.found(broken(seq, Verdict::ChainBroken { seq }, because));
                return Ok(());
            }
        }
        match self.report.dropped {
            Some(last) => self.recall(last).await,
            None => Ok(()),
        }
    }

    /// Whether a receipt was dropped, and nothing is left but its place in the chain.
    pub(super) fn is_dropped(&self, seq: u64) -> bool {
        self.report.dropped.is_some_and(|last| seq < last)
    }

    /// Compares what stands beside the receipts, once all of them hold.
    pub(super) async fn end_parts(&mut self) -> Result<(), StoreError> {
        if self.holds() {
            self.are_sealed().await?;
        }
        if self.holds() {
            self.are_copies().await?;
        }
        if self.holds() {
            self.are_no_more_filed().await?;
        }
        Ok(())
    }

    /// Each segment is the file that a receipt names; what is gone, a receipt says so.
    async fn are_sealed(&mut self) -> Result<(), StoreError> {
        let dropped = self.report.dropped;
        for segment in self.parts.segments.clone() {
            let seq = segment.first;
            let told = |dropped| self.parts.notes.contains(&Note::of(&segment, dropped));
            if dropped.is_some_and(|last| segment.last <= last) {
                // Who dropped the last of them dropped those before it, whose own receipts may be
                // gone with a later one.
                if Some(segment.last) == dropped && !told(true) {
                    let because =
                        format!("receipts 1 to {} are gone, and no receipt says so", segment.last);
                    self.found(broken(1, Verdict::ChainBroken { seq: 1 }, because));
                }
                continue;
            }
            let because = match self.source.digest(&segment).await? {
                Some(digest) if digest == segment.sha256 && told(false) => {
                    self.report.segments += 1;
                    if self.parts.newest_at.get(&segment.first) == Some(&segment.newest_at) {
                        continue;
                    }
                    "its newest receipt is of another time than the list of segments says"
                        .to_owned()
                }
                Some(digest) if digest == segment.sha256 => "no receipt names it".to_owned(),
                _ => "the file is not the one that was sealed".to_owned(),
            };
            let because = format!("the segment `{}`: {because}", segment.file_name());
            self.found(broken(seq, Verdict::HashMismatch, because));
        }
        Ok(())
    }

    /// Rows that stayed say what the segments say.
    async fn are_copies(&mut self) -> Result<(), StoreError> {
        let (mut persons, mut found) = (Vec::new(), BTreeMap::new());
        for copy in self.copies().await? {
            let one = match copy {
                Ok(one) => one,
                Err(broken) => {
                    self.found(broken);
                    return Ok(());
                }
            };
            if !self.is_dropped(one.seq) && self.hash_at(one.seq).await? != Some(one.hash) {
                let because = format!("row {} is not the receipt in its segment", one.seq);
                self.found(broken(one.seq, Verdict::HashMismatch, because));
                return Ok(());
            }
            found.insert(one.seq, one.hash);
            self.parts.persons += one.persons.len() as u64;
            persons.extend(one.persons);
        }
        self.are_kept(&found);
        self.are_filed(persons).await
    }

    /// Each of these persons is filed.
    async fn are_filed(&mut self, persons: Vec<Person>) -> Result<(), StoreError> {
        let missing = Filing::begin(&self.source, persons).end().await?;
        self.is_filed(missing).await
    }

    /// Names the first person who is not filed, where there is one.
    pub(super) async fn is_filed(&mut self, missing: Option<Person>) -> Result<(), StoreError> {
        if let Some(one) = missing
            && !self.was_rotated().await?
        {
            let because = format!("receipt {} is not filed under who decided", one.seq);
            self.found(broken(one.seq, Verdict::HashMismatch, because));
        }
        Ok(())
    }

    /// Whether receipts went into a segment, or were dropped, since this check began.
    pub(super) async fn was_rotated(&self) -> Result<bool, StoreError> {
        Ok(self.source.segments().await? != self.parts.segments)
    }

    /// And nobody else is.
    async fn are_no_more_filed(&mut self) -> Result<(), StoreError> {
        let newest = self.chain.newest().map_or(0, |(seq, _)| seq);
        let filed = self.source.persons_up_to(newest).await?;
        let differs = filed.is_some_and(|filed| filed != self.parts.persons);
        if differs && self.was_rotated().await? {
            let what = "under whom receipts are filed: somebody rotated the ledger meanwhile";
            self.not_checked(what.to_owned());
        } else if differs {
            let because = "persons are filed under receipts that do not name them";
            self.found(Broken::new(None, Verdict::HashMismatch, because));
        }
        Ok(())
    }
}

pub(super) fn broken(seq: u64, verdict: Verdict, because: String) -> Broken {
    Broken::new(i64::try_from(seq).ok(), verdict, because)
}

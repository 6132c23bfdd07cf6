//! The chain, followed in order.

use super::Broken;
use super::link::Link;
use countersign_core::checkpoint::Head;
use countersign_core::encoding::Hash;
use countersign_core::receipt::Level;
use countersign_core::receipt::check::Verdict;
use std::collections::{BTreeMap, VecDeque};

/// Hashes that stay in memory: the heads that approvers are shown are mostly of a moment ago.
const RECENT: usize = 4_096;

/// What was followed so far.
pub(super) struct Chain {
    ledger: String,
    newest: Option<(u64, Hash)>,
    /// The hashes of the newest receipts, oldest first.
    recent: VecDeque<Hash>,
    /// Heads that name receipts before those, each with the row in which it was found.
    older: Vec<(i64, Head)>,
    receipts: u64,
    levels: BTreeMap<Level, u64>,
}

impl Chain {
    pub(super) fn new(ledger: &str) -> Self {
        Self {
            ledger: ledger.to_owned(),
            newest: None,
            recent: VecDeque::new(),
            older: Vec::new(),
            receipts: 0,
            levels: BTreeMap::new(),
        }
    }

    pub(super) fn newest(&self) -> Option<(u64, Hash)> {
        self.newest
    }

    /// Goes on after receipts that were dropped.
    pub(super) fn resume(&mut self, seq: u64, hash: Hash) {
        self.newest = Some((seq, hash));
        self.recent = VecDeque::from([hash]);
    }

    /// How many receipts hold, and how many reach which level.
    pub(super) fn counted(&self) -> (u64, BTreeMap<Level, u64>) {
        (self.receipts, self.levels.clone())
    }

    /// The heads that were not compared yet.
    pub(super) fn older(&mut self) -> Vec<(i64, Head)> {
        std::mem::take(&mut self.older)
    }

    /// The hash of one of the newest receipts.
    pub(super) fn recent(&self, seq: u64) -> Option<Hash> {
        let (newest, _) = self.newest?;
        let back = usize::try_from(newest.checked_sub(seq)?).ok()?;
        let place = self.recent.len().checked_sub(1)?.checked_sub(back)?;
        self.recent.get(place).copied()
    }

    /// Takes the next receipt.
    pub(super) fn follow(&mut self, link: &Link) -> Result<(), Broken> {
        self.is_next(link)?;
        for head in &link.heads {
            self.compare(link, head)?;
        }
        self.newest = Some((link.seq, link.hash));
        self.recent.push_back(link.hash);
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        self.receipts += 1;
        *self.levels.entry(link.level).or_default() += 1;
        Ok(())
    }

    fn is_next(&self, link: &Link) -> Result<(), Broken> {
        let seq = self.newest.map_or(1, |(seq, _)| seq + 1);
        let broken = |seq: u64, because| {
            let at = i64::try_from(seq).ok();
            Err(Broken::new(at, Verdict::ChainBroken { seq }, because))
        };
        if link.seq != seq {
            let because = format!("receipt {seq} is missing, {} follows", link.seq);
            return broken(seq, because);
        }
        if link.ledger != self.ledger {
            return broken(seq, format!("receipt {seq} is of another ledger"));
        }
        if link.prev != self.newest.map(|(_, hash)| hash) {
            return broken(seq, format!("receipt {seq} does not name the one before it"));
        }
        Ok(())
    }

    fn compare(&mut self, link: &Link, head: &Head) -> Result<(), Broken> {
        match (self.recent(head.seq), link.at()) {
            (Some(hash), _) if hash == head.content_hash => Ok(()),
            (None, Some(at)) if self.newest.is_some_and(|(newest, _)| head.seq < newest) => {
                self.older.push((at, head.clone()));
                Ok(())
            }
            (_, at) => {
                let because = format!(
                    "an approver was shown another receipt {} than the ledger holds",
                    head.seq
                );
                Err(Broken::new(at, Verdict::Forked, because))
            }
        }
    }
}

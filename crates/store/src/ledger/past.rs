//! What the gate looks back for, and how it knows that nothing of it is missing.

use super::{Change, Frozen, GrantRecord};
use crate::error::StoreError;
use countersign_core::checkpoint::{Changes, Checkpoint};
use countersign_core::encoding::Hash;
use countersign_core::receipt::Receipt;
use countersign_core::receipt::course::GRANT;
use std::collections::BTreeSet;

/// The changes of a ledger and what is kept of them beside the receipts, as all of it stood at one
/// moment. It proves nothing before [`Past::proven`].
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Past {
    /// The newest signed head.
    pub head: Option<Checkpoint>,
    /// The number and content hash of the newest receipt.
    pub newest: Option<(u64, Hash)>,
    /// The receipts of every [`Change`], oldest first.
    pub changes: Vec<Receipt>,
    /// Who stopped everything.
    pub frozen: Option<Frozen>,
    /// What forbids that receipts are dropped.
    pub holds: BTreeSet<String>,
}

/// Changes of which none is missing, edited or added.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Proven(Past);

impl Past {
    /// The changes, where they are exactly those that the newest head counts, and the stop that
    /// they say holds is the one that is kept. `is_ours` tells whether a pinned operator signed a head.
    ///
    /// A head that an earlier version signed counts none: then they are what is stored. Nobody can
    /// make one, as it must name the newest receipt.
    ///
    /// # Errors
    /// `Corrupt` where they are not.
    pub fn proven(self, is_ours: impl Fn(&Checkpoint) -> bool) -> Result<Proven, StoreError> {
        let Some(head) = &self.head else {
            let empty = self.newest.is_none() && self.changes.is_empty();
            return if empty { Ok(Proven(self)) } else { Err(damaged("no signed head is left")) };
        };
        if !is_ours(head) {
            return Err(damaged("its newest head is not signed by this home's operator"));
        }
        if self.newest != Some((head.head.seq, head.head.content_hash)) {
            return Err(damaged("its newest head names another receipt than the newest"));
        }
        if head.head.changes.is_some_and(|counted| digest(&self.changes) != Some(counted)) {
            return Err(damaged(
                "receipts of keys, policies, stops or holds are not those that its head counts",
            ));
        }
        let proven = Proven(self);
        match proven.stop() {
            // What stops more than receipts say is no danger.
            Some(stop) if proven.0.frozen != stopped(stop) => {
                let seq = stop.content.seq;
                Err(damaged(&format!("the stop of receipt {seq} is gone, or was changed")))
            }
            _ => Ok(proven),
        }
    }
}

impl Proven {
    /// The receipts of changes of some kinds, oldest first.
    pub fn of<'a>(&'a self, kinds: &'a [Change]) -> impl Iterator<Item = &'a Receipt> {
        let kind = |receipt: &Receipt| Change::of(&receipt.content.entry);
        self.0.changes.iter().filter(move |one| kind(one).is_some_and(|one| kinds.contains(&one)))
    }

    /// The receipt that stopped everything, where none lets go again.
    #[must_use]
    pub fn stop(&self) -> Option<&Receipt> {
        self.of(&[Change::Stop]).last().filter(|receipt| said(receipt, "change") == Some("frozen"))
    }

    /// Who stopped everything, as it is kept: what stops more than receipts say is no danger.
    #[must_use]
    pub fn frozen(&self) -> Option<&Frozen> {
        self.0.frozen.as_ref()
    }

    /// The receipt that took back a grant, by its name or the request that gave it.
    #[must_use]
    pub fn taken_back(&self, grant: &GrantRecord) -> Option<u64> {
        let names = |receipt: &&Receipt| {
            said(receipt, "kind") == Some(GRANT)
                && (said(receipt, "grant") == Some(&grant.id)
                    || said(receipt, "request") == Some(&grant.request_id))
        };
        self.of(&[Change::Revoked]).find(names).map(|receipt| receipt.content.seq)
    }

    /// What forbids that receipts are dropped, by what is stored and by what receipts say.
    #[must_use]
    pub fn held(&self) -> BTreeSet<String> {
        let mut held = BTreeSet::new();
        for receipt in self.of(&[Change::Hold]) {
            let Some(hold) = said(receipt, "hold") else { continue };
            match said(receipt, "change") {
                Some("held") => held.insert(hold.to_owned()),
                _ => held.remove(hold),
            };
        }
        held.union(&self.0.holds).cloned().collect()
    }
}

/// The digest over receipts, each hashed anew; `None` where one cannot be.
fn digest(changes: &[Receipt]) -> Option<Changes> {
    let mut hashes = changes.iter().map(|receipt| receipt.content.hash().ok());
    hashes.try_fold(Changes::NONE, |so_far, hash| Some(so_far.and(hash?)))
}

/// The stop that a receipt says it is.
fn stopped(receipt: &Receipt) -> Option<Frozen> {
    let (by, why) = (said(receipt, "by")?.to_owned(), said(receipt, "why").map(str::to_owned));
    Some(Frozen { by, why, since: receipt.content.recorded_at.clone() })
}

fn said<'a>(receipt: &'a Receipt, member: &str) -> Option<&'a str> {
    receipt.content.entry.action.as_ref()?.get(member)?.as_str()
}

fn damaged(why: &str) -> StoreError {
    let next = "`countersign audit verify` names the place";
    StoreError::Corrupt(format!("the ledger was edited: {why}; {next}"))
}

#[cfg(test)]
mod tests;

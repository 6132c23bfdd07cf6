//! Hidden values taken away for good. The receipts stay, with the commitments in them, and one more
//! says what was erased, by whom and why.

use super::Kept;
use crate::entry;
use crate::gate::{Enforcer, GateError};
use countersign_core::action::ActionHash;
use countersign_core::receipt::{Event, Receipt};
use countersign_core::time::Instant;
use std::collections::BTreeSet;

/// Whose values are erased, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Erasure {
    /// These calls; empty is every call.
    pub calls: BTreeSet<ActionHash>,
    /// Only those that were made before.
    pub before: Option<Instant>,
    /// Who erases, as the system knows them.
    pub by: String,
    /// Why, in their words.
    pub reason: String,
}

/// What was erased.
#[derive(Debug)]
pub struct Erased {
    /// One receipt for each call.
    pub receipts: Vec<Receipt>,
    /// How many values.
    pub values: usize,
    /// Calls that still wait for an answer, of which nothing was erased.
    pub waiting: Vec<ActionHash>,
}

impl Enforcer {
    /// Erases hidden values. The receipt is durable first: what is gone without one would be a
    /// gap, and one that comes again is erased again.
    ///
    /// # Errors
    /// Where something cannot be read, written down or removed.
    pub async fn erase(&self, what: &Erasure) -> Result<Erased, GateError> {
        let mut erased = Erased { receipts: Vec::new(), values: 0, waiting: Vec::new() };
        let open = self.ledger().open_requests().await?;
        let open: BTreeSet<_> = open.iter().map(|request| request.key.action_hash.0).collect();
        for kept in Kept::all(self.home()).map_err(crate::home::HomeError::from)? {
            if !what.names(&kept) {
                continue;
            }
            // An answer is judged by what was asked about.
            if open.contains(&kept.action_hash().0) {
                erased.waiting.push(kept.action_hash());
                continue;
            }
            erased.receipts.push(self.erase_one(&kept, what).await?);
            erased.values += kept.values().len();
        }
        Ok(erased)
    }

    async fn erase_one(&self, kept: &Kept, what: &Erasure) -> Result<Receipt, GateError> {
        let (hash, count) = (kept.action_hash().to_string(), kept.values().len().to_string());
        let places: Vec<&str> = kept.values().iter().map(|value| value.0.as_str()).collect();
        let places = places.join(" ");
        let members = [
            ("change", "erased"),
            ("call", hash.as_str()),
            ("values", count.as_str()),
            ("places", places.as_str()),
            ("by", what.by.as_str()),
            ("reason", what.reason.as_str()),
        ];
        let receipt =
            self.record_change(Event::Observed, entry::note("disclosure", &members)).await?;
        kept.remove(self.home()).map_err(crate::home::HomeError::from)?;
        Ok(receipt)
    }
}

impl Erasure {
    fn names(&self, kept: &Kept) -> bool {
        (self.calls.is_empty() || self.calls.contains(&kept.action_hash()))
            && self.before.is_none_or(|before| kept.kept_at().instant() < before)
    }
}

//! The ledger from one receipt to the next, a page at a time.

use countersign_core::receipt::Receipt;
use countersign_store::error::StoreError;
use countersign_store::ledger::LedgerStore;
use std::collections::VecDeque;

/// So many receipts are in memory at once. Few, since one may be large.
const PAGE: usize = 32;

/// A reader of the ledger that goes forward.
pub struct Walk<'a> {
    ledger: &'a dyn LedgerStore,
    next: u64,
    page: VecDeque<Receipt>,
}

impl<'a> Walk<'a> {
    /// Begins with the receipt of a number.
    #[must_use]
    pub fn from(ledger: &'a dyn LedgerStore, seq: u64) -> Self {
        Self { ledger, next: seq, page: VecDeque::new() }
    }

    /// The next receipt; none at the end.
    ///
    /// # Errors
    /// Where the ledger cannot be read, and `Corrupt` where a number is missing: what is carried
    /// away must not look whole.
    pub async fn next(&mut self) -> Result<Option<Receipt>, StoreError> {
        if self.page.is_empty() {
            self.page = self.ledger.receipts_from(self.next, PAGE).await?.into();
        }
        let Some(receipt) = self.page.pop_front() else { return Ok(None) };
        if receipt.content.seq > self.next {
            self.next = self.after_what_was_dropped(self.next).await?;
        }
        if receipt.content.seq != self.next {
            let missing = format!("receipt {} is missing from the ledger", self.next);
            return Err(StoreError::Corrupt(missing));
        }
        self.next = self.next.saturating_add(1);
        Ok(Some(receipt))
    }

    /// Receipts that were dropped by rule are not missing.
    async fn after_what_was_dropped(&self, seq: u64) -> Result<u64, StoreError> {
        let segments = self.ledger.segments().await?;
        let dropped = segments.iter().filter(|segment| segment.dropped).map(|segment| segment.last);
        Ok(dropped.max().map_or(seq, |last| seq.max(last.saturating_add(1))))
    }
}

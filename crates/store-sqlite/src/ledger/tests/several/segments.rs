//! Segments and holds through handles that take turns.

use super::Several;
use async_trait::async_trait;
use countersign_core::receipt::{Entry, Receipt};
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::ledger::segments::{Hold, Sealing, Segment, SegmentError, Segments};

#[async_trait]
impl Segments for Several {
    async fn seal(&self, sealing: Sealing) -> Result<Receipt, SegmentError> {
        self.next().seal(sealing).await
    }
    async fn drop_oldest(
        &self,
        segment: &Segment,
        denied_since: Instant,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, SegmentError> {
        self.next().drop_oldest(segment, denied_since, entry, now).await
    }
    async fn hold(&self, hold: Hold, entry: Entry) -> Result<Receipt, SegmentError> {
        self.next().hold(hold, entry).await
    }
    async fn release(
        &self,
        name: &str,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, SegmentError> {
        self.next().release(name, entry, now).await
    }
    async fn holds(&self) -> Result<Vec<Hold>, StoreError> {
        self.next().holds().await
    }
}

//! Holds in memory. What is gone with the process has no files, so nothing is sealed or dropped.

use super::MemoryLedger;
use crate::error::StoreError;
use crate::ledger::segments::{Hold, Sealing, Segment, SegmentError, Segments};
use async_trait::async_trait;
use countersign_core::receipt::{Entry, Receipt};
use countersign_core::time::Instant;

fn no_files() -> SegmentError {
    SegmentError::Store(StoreError::Unavailable("a ledger in memory has no files".to_owned()))
}

#[async_trait]
impl Segments for MemoryLedger {
    async fn seal(&self, _: Sealing) -> Result<Receipt, SegmentError> {
        Err(no_files())
    }

    async fn drop_oldest(
        &self,
        _: &Segment,
        _: Instant,
        _: Entry,
        _: Instant,
    ) -> Result<Receipt, SegmentError> {
        Err(no_files())
    }

    async fn hold(&self, hold: Hold, entry: Entry) -> Result<Receipt, SegmentError> {
        if self.holds().await?.iter().any(|other| other.name == hold.name) {
            return Err(SegmentError::Exists(hold.name));
        }
        let now = hold.since;
        Ok(self.commit(|inner| {
            inner.holds.push(hold);
            Ok(self.append(inner, entry, now)?)
        })?)
    }

    async fn release(
        &self,
        name: &str,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, SegmentError> {
        if !self.holds().await?.iter().any(|hold| hold.name == name) {
            return Err(SegmentError::Unknown(name.to_owned()));
        }
        Ok(self.commit(|inner| {
            inner.holds.retain(|hold| hold.name != name);
            Ok(self.append(inner, entry, now)?)
        })?)
    }

    async fn holds(&self) -> Result<Vec<Hold>, StoreError> {
        Ok(self.read().holds.clone())
    }
}

//! Notes on their way, in memory.

use super::MemoryRelay;
use crate::error::StoreError;
use crate::relay::note::{NoteStore, Noted};
use async_trait::async_trait;
use countersign_core::time::Instant;

#[async_trait]
impl NoteStore for MemoryRelay {
    async fn keep_note(
        &self,
        enforcer_id: &str,
        request_id: &str,
        note: String,
        now: Instant,
    ) -> Result<Noted, StoreError> {
        Ok(self.tables()?.exchanges.note(enforcer_id, request_id, note, now))
    }
}

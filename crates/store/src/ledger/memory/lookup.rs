//! Requests found by the beginning of their ids, and by their call.

use super::MemoryLedger;
use crate::error::StoreError;
use crate::ledger::{Lookup, RequestKey};
use async_trait::async_trait;
use countersign_core::time::Instant;

#[async_trait]
impl Lookup for MemoryLedger {
    async fn named(&self, prefix: &str, most: usize) -> Result<Vec<String>, StoreError> {
        let inner = self.read();
        let ids = inner.requests.keys().filter(|id| id.starts_with(prefix));
        Ok(ids.take(most).cloned().collect())
    }

    async fn waits(&self, key: &RequestKey, now: Instant) -> Result<bool, StoreError> {
        let inner = self.read();
        let mut open = inner.requests.values().filter(|request| !request.state.is_final());
        Ok(open.any(|request| request.key == *key && now < request.expires_at))
    }
}

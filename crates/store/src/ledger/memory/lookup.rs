//! Requests found by the beginning of their ids.

use super::MemoryLedger;
use crate::error::StoreError;
use crate::ledger::Lookup;
use async_trait::async_trait;

#[async_trait]
impl Lookup for MemoryLedger {
    async fn named(&self, prefix: &str, most: usize) -> Result<Vec<String>, StoreError> {
        let inner = self.read();
        let ids = inner.requests.keys().filter(|id| id.starts_with(prefix));
        Ok(ids.take(most).cloned().collect())
    }
}

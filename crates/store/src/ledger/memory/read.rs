//! The receipts in memory, in their order.

use super::MemoryLedger;
use crate::error::StoreError;
use crate::ledger::read::{Receipts, Row};
use async_trait::async_trait;
use countersign_core::receipt::Receipt;

#[async_trait]
impl Receipts for MemoryLedger {
    async fn receipts_from(&self, seq: u64, limit: usize) -> Result<Vec<Receipt>, StoreError> {
        let inner = self.read();
        let from = inner.receipts.iter().filter(|r| r.content.seq >= seq);
        Ok(from.take(limit).cloned().collect())
    }

    async fn rows_after(&self, seq: Option<i64>, limit: usize) -> Result<Vec<Row>, StoreError> {
        let inner = self.read();
        let rows = inner.receipts.iter().map(row);
        let after = rows.filter(|row| match (row, seq) {
            (Ok(row), Some(seq)) => row.seq > seq,
            _ => true,
        });
        after.take(limit).collect()
    }
}

fn row(receipt: &Receipt) -> Result<Row, StoreError> {
    let content = &receipt.content;
    let text = serde_json::to_vec(receipt).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    Ok(Row {
        seq: i64::try_from(content.seq).unwrap_or(i64::MAX),
        content_hash: receipt.content_hash.0.to_vec(),
        recorded_at: content.recorded_at.instant().0,
        request_id: content.entry.request_id.clone(),
        text,
    })
}

//! The receipts in their order, and the rows as they stand there.

use super::{SqliteLedger, receipts};
use crate::column::rows;
use crate::db::Db;
use async_trait::async_trait;
use countersign_core::receipt::Receipt;
use countersign_store::error::StoreError;
use countersign_store::ledger::read::{Receipts, Row};

#[async_trait]
impl Receipts for SqliteLedger {
    async fn receipts_from(&self, seq: u64, limit: usize) -> Result<Vec<Receipt>, StoreError> {
        self.writer.read(move |db| page(db, seq, limit)).await
    }

    async fn rows_after(&self, seq: Option<i64>, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.writer.read(move |db| raw(db, seq, limit)).await
    }
}

fn page(db: &Db, seq: u64, limit: usize) -> Result<Vec<Receipt>, StoreError> {
    let sql = "SELECT body FROM receipt WHERE seq >= ?1 ORDER BY seq LIMIT ?2";
    let texts = db.all(sql, (receipts::number(seq), rows(limit)), receipts::body)?;
    texts.iter().map(|text| receipts::read(db, text)).collect()
}

/// Reads bytes and not text: what is no UTF-8 is for the reader to name.
fn raw(db: &Db, seq: Option<i64>, limit: usize) -> Result<Vec<Row>, StoreError> {
    // The smallest number is nobody's: a row that bears it would be the one before the first.
    let sql = "SELECT seq, content_hash, recorded_at, request_id, CAST(body AS BLOB) FROM receipt
        WHERE seq > ?1 ORDER BY seq LIMIT ?2";
    db.all(sql, (seq.unwrap_or(i64::MIN), rows(limit)), |row| {
        Ok(Row {
            seq: row.get(0)?,
            content_hash: row.get(1)?,
            recorded_at: row.get(2)?,
            request_id: row.get(3)?,
            text: row.get(4)?,
        })
    })
}

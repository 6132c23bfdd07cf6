//! Requests found by the beginning of their ids.

use super::SqliteLedger;
use crate::db::Db;
use async_trait::async_trait;
use countersign_store::error::StoreError;
use countersign_store::ledger::Lookup;
use rusqlite::params;

#[async_trait]
impl Lookup for SqliteLedger {
    async fn named(&self, prefix: &str, most: usize) -> Result<Vec<String>, StoreError> {
        let prefix = prefix.to_owned();
        self.writer.read(move |db| beginning(db, &prefix, most)).await
    }
}

fn beginning(db: &Db, prefix: &str, most: usize) -> Result<Vec<String>, StoreError> {
    // The primary key is in this order, so what comes before is not looked at.
    let sql = "SELECT id FROM request WHERE id >= ?1 AND substr(id, 1, length(?1)) = ?1
         ORDER BY id LIMIT ?2";
    db.all(sql, params![prefix, i64::try_from(most).unwrap_or(i64::MAX)], |row| row.get(0))
}

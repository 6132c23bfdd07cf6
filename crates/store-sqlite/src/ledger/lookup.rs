//! Requests found by the beginning of their ids, and by their call.

use super::SqliteLedger;
use super::requests::OPEN;
use crate::column::{At, Digest};
use crate::db::Db;
use async_trait::async_trait;
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::ledger::{Lookup, RequestKey};
use rusqlite::params;

#[async_trait]
impl Lookup for SqliteLedger {
    async fn named(&self, prefix: &str, most: usize) -> Result<Vec<String>, StoreError> {
        let prefix = prefix.to_owned();
        self.writer.read(move |db| beginning(db, &prefix, most)).await
    }

    async fn waits(&self, key: &RequestKey, now: Instant) -> Result<bool, StoreError> {
        let key = key.clone();
        self.writer.read(move |db| waits(db, &key, now)).await
    }
}

fn waits(db: &Db, key: &RequestKey, now: Instant) -> Result<bool, StoreError> {
    let sql = format!(
        "SELECT 1 FROM request WHERE action_hash = ?1 AND principal = ?2 AND session = ?3
            AND workspace = ?4 AND expires_at > ?5 AND {OPEN}"
    );
    let RequestKey { principal, session, workspace, action_hash } = key;
    let call = params![Digest(action_hash.0), principal, session, workspace, At(now)];
    Ok(db.one(&sql, call, |_| Ok(()))?.is_some())
}

fn beginning(db: &Db, prefix: &str, most: usize) -> Result<Vec<String>, StoreError> {
    // The primary key is in this order, so what comes before is not looked at.
    let sql = "SELECT id FROM request WHERE id >= ?1 AND substr(id, 1, length(?1)) = ?1
         ORDER BY id LIMIT ?2";
    db.all(sql, params![prefix, i64::try_from(most).unwrap_or(i64::MAX)], |row| row.get(0))
}

//! Notes beside exchanges that wait, in SQLite.

use super::{SqliteRelay, exchanges};
use crate::db::Db;
use async_trait::async_trait;
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::relay::note::{NoteStore, Noted};
use rusqlite::params;

/// Keeps a note in place of the one before.
pub(super) fn put(db: &Db, exchange: i64, content: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO note (exchange, content) VALUES (?1, ?2)
         ON CONFLICT (exchange) DO UPDATE SET content = excluded.content";
    db.run(sql, params![exchange, content]).map(|_| ())
}

/// Drops the note of an exchange that ends.
pub(super) fn drop_of(db: &Db, exchange: i64) -> Result<(), StoreError> {
    db.run("DELETE FROM note WHERE exchange = ?1", [exchange]).map(|_| ())
}

#[async_trait]
impl NoteStore for SqliteRelay {
    async fn keep_note(
        &self,
        enforcer_id: &str,
        request_id: &str,
        note: String,
        now: Instant,
    ) -> Result<Noted, StoreError> {
        let (enforcer, request) = (enforcer_id.to_owned(), request_id.to_owned());
        self.writer.write(move |db| exchanges::note(db, &enforcer, &request, &note, now)).await
    }
}

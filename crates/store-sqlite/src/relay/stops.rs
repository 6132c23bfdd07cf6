//! Stops on their way, in SQLite.

use super::SqliteRelay;
use crate::db::Db;
use async_trait::async_trait;
use countersign_store::error::StoreError;
use countersign_store::relay::stop::{STOPS_TOLD, Stop, StopStore};
use rusqlite::{Row, params};

/// Keeps a stop where a route is open; that and the write are one statement.
fn keep(db: &Db, stop: &Stop) -> Result<bool, StoreError> {
    let sql = "INSERT INTO stop (enforcer_id, approver_id, stop_id, content)
         SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM route
             WHERE enforcer_id = ?1 AND approver_id = ?2 AND is_open = 1)
         ON CONFLICT (enforcer_id, approver_id)
         DO UPDATE SET stop_id = excluded.stop_id, content = excluded.content";
    let kept = params![stop.enforcer_id, stop.approver_id, stop.stop_id, stop.content];
    Ok(db.run(sql, kept)? > 0)
}

fn waiting(db: &Db, enforcer_id: &str) -> Result<Vec<Stop>, StoreError> {
    let sql = "SELECT stop_id, enforcer_id, approver_id, content FROM stop
         WHERE enforcer_id = ?1 ORDER BY approver_id LIMIT ?2";
    let most = i64::try_from(STOPS_TOLD).unwrap_or(i64::MAX);
    db.all(sql, params![enforcer_id, most], record)
}

fn record(row: &Row<'_>) -> rusqlite::Result<Stop> {
    Ok(Stop {
        stop_id: row.get(0)?,
        enforcer_id: row.get(1)?,
        approver_id: row.get(2)?,
        content: row.get(3)?,
    })
}

#[async_trait]
impl StopStore for SqliteRelay {
    async fn keep_stop(&self, stop: Stop) -> Result<bool, StoreError> {
        self.writer.write(move |db| keep(db, &stop)).await
    }

    async fn stops(&self, enforcer_id: &str) -> Result<Vec<Stop>, StoreError> {
        let enforcer_id = enforcer_id.to_owned();
        self.writer.read(move |db| waiting(db, &enforcer_id)).await
    }

    async fn drop_stop(&self, enforcer_id: &str, stop_id: &str) -> Result<(), StoreError> {
        let (enforcer_id, stop_id) = (enforcer_id.to_owned(), stop_id.to_owned());
        let sql = "DELETE FROM stop WHERE enforcer_id = ?1 AND stop_id = ?2";
        let dropped = self.writer.write(move |db: &Db| db.run(sql, [&enforcer_id, &stop_id]));
        dropped.await.map(|_| ())
    }
}

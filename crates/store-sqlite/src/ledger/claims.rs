//! Claims: the rights to start an action once.

use crate::column::At;
use crate::db::Db;
use countersign_store::error::StoreError;
use countersign_store::ledger::{ClaimRecord, LedgerError};
use rusqlite::{Row, params};

pub(super) fn insert(db: &Db, claim: &ClaimRecord) -> Result<(), StoreError> {
    let ClaimRecord { id, request_id, owner, claimed_at, open } = claim;
    let sql = "INSERT INTO claim (id, request_id, owner, claimed_at, is_open)
         VALUES (?1, ?2, ?3, ?4, ?5)";
    db.run(sql, params![id, request_id, owner, At(*claimed_at), open]).map(|_| ())
}

/// Ends a claim, once.
pub(super) fn end(db: &Db, id: &str) -> Result<(), LedgerError> {
    if db.run("UPDATE claim SET is_open = 0 WHERE id = ?1 AND is_open = 1", [id])? > 0 {
        return Ok(());
    }
    let known = db.one("SELECT 1 FROM claim WHERE id = ?1", [id], |_| Ok(()))?;
    let id = id.to_owned();
    Err(if known.is_some() { LedgerError::Ended(id) } else { LedgerError::Unknown(id) })
}

/// Claims without an outcome, oldest first.
pub(super) fn open(db: &Db) -> Result<Vec<ClaimRecord>, StoreError> {
    let sql = "SELECT id, request_id, owner, claimed_at, is_open FROM claim
         WHERE is_open = 1 ORDER BY claimed_at, id";
    db.all(sql, [], claim)
}

/// The first request of a claim without an outcome that is not kept.
pub(super) fn lost(db: &Db) -> Result<Option<String>, StoreError> {
    let sql = "SELECT request_id FROM claim WHERE is_open = 1
         AND NOT EXISTS (SELECT 1 FROM request WHERE request.id = claim.request_id)
         ORDER BY claimed_at, id LIMIT 1";
    db.one(sql, [], |row| row.get(0))
}

fn claim(row: &Row<'_>) -> rusqlite::Result<ClaimRecord> {
    Ok(ClaimRecord {
        id: row.get(0)?,
        request_id: row.get(1)?,
        owner: row.get(2)?,
        claimed_at: row.get::<_, At>(3)?.0,
        open: row.get(4)?,
    })
}

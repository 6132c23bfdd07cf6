//! The chain of receipts and its head, as they are read.

use crate::column::{At, Digest, Json};
use crate::db::Db;
use countersign_core::checkpoint::Checkpoint;
use countersign_core::encoding::Hash;
use countersign_core::receipt::Receipt;
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::ledger::Change;
use rusqlite::Row;

pub(super) fn newest(db: &Db) -> Result<Option<(u64, Hash)>, StoreError> {
    Ok(tail(db)?.map(|(seq, hash, _)| (seq, hash)))
}

/// The newest receipt's number, content hash and time.
pub(super) fn tail(db: &Db) -> Result<Option<(u64, Hash, Instant)>, StoreError> {
    let sql = "SELECT seq, content_hash, recorded_at FROM receipt ORDER BY seq DESC LIMIT 1";
    db.one(sql, [], |row| {
        let (seq, hash) = place(row)?;
        Ok((seq, hash, row.get::<_, At>(2)?.0))
    })
}

fn place(row: &Row<'_>) -> rusqlite::Result<(u64, Hash)> {
    Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, Digest>(1)?.0))
}

pub(super) fn content_hash_at(db: &Db, seq: u64) -> Result<Option<Hash>, StoreError> {
    let hash = |row: &Row<'_>| row.get::<_, Digest>(0).map(|hash| hash.0);
    let row = db.one("SELECT content_hash FROM receipt WHERE seq = ?1", [number(seq)], hash)?;
    match row {
        // The hash of a receipt stays where its row went.
        None => db.one("SELECT content_hash FROM sealed WHERE seq = ?1", [number(seq)], hash),
        row => Ok(row),
    }
}

pub(super) fn checkpoint(db: &Db) -> Result<Option<Checkpoint>, StoreError> {
    let body = |row: &Row<'_>| row.get::<_, Json<_>>(0).map(|json| json.0);
    let found = db.one("SELECT body FROM checkpoint WHERE only = 1", [], body)?;
    // It is written in the commit of its receipts: one that is gone was taken.
    if found.is_none() && tail(db)?.is_some() {
        return Err(db.damaged("no signed head is left beside the receipts"));
    }
    Ok(found)
}

/// The receipt with a number; `None` names the newest.
pub(super) fn one(db: &Db, seq: Option<u64>) -> Result<Option<Receipt>, StoreError> {
    let text = match seq {
        Some(seq) => db.one("SELECT body FROM receipt WHERE seq = ?1", [number(seq)], body)?,
        None => db.one("SELECT body FROM receipt ORDER BY seq DESC LIMIT 1", [], body)?,
    };
    text.map(|text| read(db, &text)).transpose()
}

/// The receipts of a request, oldest first.
pub(super) fn of_request(db: &Db, request_id: &str) -> Result<Vec<Receipt>, StoreError> {
    let sql = "SELECT body FROM receipt WHERE request_id = ?1 ORDER BY seq";
    db.all(sql, [request_id], body)?.iter().map(|text| read(db, text)).collect()
}

/// The receipts of all changes, oldest first. Each kind is one step into the index.
pub(super) fn changes(db: &Db) -> Result<Vec<Receipt>, StoreError> {
    let sql = "SELECT body FROM receipt WHERE change = ?1 ORDER BY seq";
    let mut changes = Vec::new();
    for kind in Change::ALL {
        for text in db.all(sql, [kind.name()], body)? {
            changes.push(read(db, &text)?);
        }
    }
    changes.sort_by_key(|receipt| receipt.content.seq);
    Ok(changes)
}

pub(super) fn body(row: &Row<'_>) -> rusqlite::Result<String> {
    row.get(0)
}

pub(super) fn read(db: &Db, text: &str) -> Result<Receipt, StoreError> {
    read_bytes(db, text.as_bytes())
}

pub(super) fn read_bytes(db: &Db, text: &[u8]) -> Result<Receipt, StoreError> {
    Receipt::parse(text).map_err(|error| db.damaged(error))
}

/// A number no ledger reaches stands for those that do not fit.
pub(super) fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

//! The chain of receipts and the head that is signed over it.

use crate::column::{At, Digest, Json};
use crate::db::Db;
use countersign_core::checkpoint::{Checkpoint, Head};
use countersign_core::encoding::Hash;
use countersign_core::receipt::{Content, Entry, Receipt};
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::ledger::Notary;
use rusqlite::{Row, params};
use std::sync::Arc;

/// Writes receipts: knows the ledger's name, and who signs.
#[derive(Clone)]
pub(super) struct Registrar {
    pub(super) ledger: Arc<str>,
    pub(super) notary: Arc<dyn Notary>,
}

impl Registrar {
    /// Numbers, chains, signs and writes one receipt.
    pub(super) fn append(
        &self,
        db: &Db,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, StoreError> {
        let tail = newest(db)?;
        let content = Content {
            ledger: self.ledger.to_string(),
            seq: tail.map_or(1, |(seq, _)| seq + 1),
            prev: tail.map(|(_, hash)| hash),
            recorded_at: now.timestamp(),
            entry,
        };
        let receipt = self.notary.receipt(content)?;
        db.run(
            "INSERT INTO receipt (seq, content_hash, recorded_at, request_id, body)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                receipt.content.seq as i64,
                Digest(receipt.content_hash),
                At(now),
                receipt.content.entry.request_id,
                Json(&receipt)
            ],
        )?;
        Ok(receipt)
    }

    /// Signs the head over the receipts of a group, once.
    ///
    /// The chain must still hold the head that was signed before: a tail that was cut, or a row
    /// that was changed, is not signed over.
    pub(super) fn seal(&self, db: &Db) -> Result<(), StoreError> {
        let Some((seq, content_hash, time)) = tail(db)? else { return Ok(()) };
        if let Some((signed, hash)) = signed(db)? {
            if content_hash_at(db, signed)? != Some(hash) {
                return Err(db.damaged("the receipts do not hold the head that was signed last"));
            }
            if signed == seq {
                return Ok(());
            }
        }
        let head =
            Head { ledger: self.ledger.to_string(), seq, content_hash, time: time.timestamp() };
        let checkpoint = self.notary.checkpoint(head)?;
        db.run(
            "INSERT INTO checkpoint (only, seq, content_hash, body) VALUES (1, ?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET seq = ?1, content_hash = ?2, body = ?3",
            params![seq as i64, Digest(content_hash), Json(checkpoint)],
        )
        .map(|_| ())
    }
}

pub(super) fn newest(db: &Db) -> Result<Option<(u64, Hash)>, StoreError> {
    Ok(tail(db)?.map(|(seq, hash, _)| (seq, hash)))
}

fn tail(db: &Db) -> Result<Option<(u64, Hash, Instant)>, StoreError> {
    let sql = "SELECT seq, content_hash, recorded_at FROM receipt ORDER BY seq DESC LIMIT 1";
    db.one(sql, [], |row| {
        let (seq, hash) = place(row)?;
        Ok((seq, hash, row.get::<_, At>(2)?.0))
    })
}

fn signed(db: &Db) -> Result<Option<(u64, Hash)>, StoreError> {
    db.one("SELECT seq, content_hash FROM checkpoint", [], place)
}

fn place(row: &Row<'_>) -> rusqlite::Result<(u64, Hash)> {
    Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, Digest>(1)?.0))
}

pub(super) fn content_hash_at(db: &Db, seq: u64) -> Result<Option<Hash>, StoreError> {
    let sql = "SELECT content_hash FROM receipt WHERE seq = ?1";
    db.one(sql, [number(seq)], |row| row.get::<_, Digest>(0).map(|hash| hash.0))
}

pub(super) fn checkpoint(db: &Db) -> Result<Option<Checkpoint>, StoreError> {
    db.one("SELECT body FROM checkpoint", [], |row| row.get::<_, Json<_>>(0).map(|json| json.0))
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

fn body(row: &Row<'_>) -> rusqlite::Result<String> {
    row.get(0)
}

fn read(db: &Db, text: &str) -> Result<Receipt, StoreError> {
    Receipt::parse(text.as_bytes()).map_err(|error| db.damaged(error))
}

/// A number no ledger reaches stands for those that do not fit.
fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

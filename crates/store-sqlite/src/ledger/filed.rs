//! Whether persons are filed as the receipts say. Asked by those who check, and by nobody else.

use super::receipts::number;
use crate::column::At;
use crate::db::Db;
use countersign_store::error::StoreError;
use countersign_store::ledger::read::Person;
use rusqlite::params;

/// Whether this version of the ledger files persons.
fn files(db: &Db) -> Result<bool, StoreError> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'receipt_person'";
    Ok(db.number(sql, [])? > 0)
}

/// The first that is not filed.
pub(super) fn missing(db: &Db, persons: Vec<Person>) -> Result<Option<Person>, StoreError> {
    if !files(db)? {
        return Ok(None);
    }
    let sql = "SELECT count(*) FROM receipt_person WHERE person = ?1 AND event = ?2 AND risk = ?3
        AND recorded_at = ?4 AND seq = ?5";
    for one in persons {
        let (event, risk) = (&one.filed.event, &one.filed.risk);
        if db.number(sql, params![one.person, event, risk, At(one.at), number(one.seq)])? == 0 {
            return Ok(Some(one));
        }
    }
    Ok(None)
}

/// How many are filed under receipts up to a number.
pub(super) fn count(db: &Db, seq: u64) -> Result<Option<u64>, StoreError> {
    if !files(db)? {
        return Ok(None);
    }
    let sql = "SELECT count(*) FROM receipt_person WHERE seq <= ?1";
    Ok(Some(db.number(sql, [number(seq)])?.unsigned_abs()))
}

//! The ids of sessions, found by their names, which are kept nowhere.
//!
//! A name is the caller's, and may be one that a policy hides elsewhere. Under the ledger's secret it
//! leads to the same id always, and nobody who lacks the secret can try likely ones.

use crate::column::Digest;
use crate::db::Db;
use countersign_core::encoding::Hash;
use countersign_core::redact::commit;
use countersign_store::error::StoreError;
use rusqlite::params;
use serde_json::json;

/// A session's name and whose it is, as the ledger keeps it.
#[derive(Clone, Copy)]
pub(super) struct Name(Hash);

impl Name {
    pub(super) fn of(secret: &[u8; 32], owner: &str, label: &str) -> Result<Self, StoreError> {
        // No place of a hidden value is called so: those begin with a slash.
        let committed = commit(secret, "session", json!([owner, label]));
        let (commitment, _) = committed.map_err(|e| StoreError::Unavailable(e.to_string()))?;
        Ok(Self(commitment.sd))
    }
}

/// The id that was drawn first under a name.
pub(super) fn id(db: &Db, name: Name, fresh: &str) -> Result<String, StoreError> {
    let sql = "INSERT INTO session (name, id) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    db.run(sql, params![Digest(name.0), fresh])?;
    known(db, name)?.ok_or_else(|| db.damaged("a session did not stay"))
}

pub(super) fn known(db: &Db, name: Name) -> Result<Option<String>, StoreError> {
    let sql = "SELECT id FROM session WHERE name = ?1";
    db.one(sql, params![Digest(name.0)], |row| row.get(0))
}

/// Moves the names that an older version kept in clear. What the pages of the file, its copies and
/// the disk remember of removed rows is theirs.
pub(super) fn hide_clear(db: &Db, secret: &[u8; 32]) -> Result<(), StoreError> {
    let sql = "SELECT owner, label, value FROM name WHERE kind = 'session'";
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let clear: Vec<(String, String, String)> = db.all(sql, [], row)?;
    if clear.is_empty() {
        return Ok(());
    }
    for (owner, label, value) in &clear {
        id(db, Name::of(secret, owner, label)?, value)?;
    }
    db.run("DELETE FROM name WHERE kind = 'session'", []).map(|_| ())
}

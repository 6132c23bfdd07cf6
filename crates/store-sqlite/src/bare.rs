//! What SQLite itself does at best on a disk, to measure the stores against.

use crate::db::Db;
use crate::private_file;
use crate::schema::Schema;
use countersign_store::error::StoreError;
use rusqlite::params;
use std::path::Path;

/// One table, one column, no index: nothing of ours.
const SCHEMA: Schema = Schema {
    // "CSba"
    application_id: 0x4353_6261,
    log_pages: 1_000,
    steps: &["CREATE TABLE line (seq INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;"],
};

/// A database into which lines are written and nothing else, under the same promises as the
/// stores: a commit is on the disk before it returns.
pub struct BareTable(Db);

impl BareTable {
    /// Makes it at `path`, or opens it again. No other process may have it open.
    ///
    /// # Errors
    /// Where the disk fails.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = |error| crate::fault::unavailable(path, error);
        private_file::make_room_for(path).map_err(failed)?;
        private_file::make_database(path).map_err(failed)?;
        Db::writer(path, &SCHEMA).map(Self)
    }

    /// Writes `line` as often as said, in one commit with one sync.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn commit(&self, line: &str, times: usize) -> Result<(), StoreError> {
        self.0.whole(|db| {
            for _ in 0..times {
                db.run("INSERT INTO line (body) VALUES (?1)", params![line])?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bare.db");
        let table = BareTable::open(&path).unwrap();
        table.commit("a line", 3).unwrap();
        table.commit("a line", 1).unwrap();
        drop(table);
        let again = BareTable::open(&path).unwrap();
        assert_eq!(again.0.number("SELECT count(*) FROM line", []).unwrap(), 4);
    }
}

//! One connection, in which every error already is a [`StoreError`].

use crate::fault::{self, Reach};
use crate::private_file::{self, beside};
use crate::schema::Schema;
use countersign_store::error::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Params, Row, Statement};
use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Statements that stay prepared in each connection.
const PREPARED: usize = 96;

/// What the connection that writes keeps of the database in memory.
const CACHE_KIB: usize = 16_384;

/// Writers wait at the file lock, so this is for strangers who look into the file, and for the
/// moment in which another process recovers it.
const PATIENCE: Duration = Duration::from_secs(2);

/// A connection to the database at a path.
pub(crate) struct Db {
    connection: Connection,
    path: PathBuf,
    /// The furthest-reaching error since [`Db::begin`].
    worst: RefCell<Option<(Reach, StoreError)>>,
    part: Cell<Part>,
    #[cfg(test)]
    pub(crate) effort: Effort,
}

/// A part of a transaction that can be taken back by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// There is none.
    None,
    /// It has begun and changed nothing.
    Announced,
    /// It began to change rows at a savepoint.
    Marked,
}

impl Db {
    /// The connection that writes. Brings the schema up to date; the caller holds the file lock.
    pub(crate) fn writer(path: &Path, schema: &Schema) -> Result<Self, StoreError> {
        let db = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        schema.judge(&db)?;
        let mode = db.one("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0))?;
        if mode.as_deref() != Some("wal") {
            return Err(db.unavailable("the file system allows no write-ahead log"));
        }
        db.batch(&format!(
            "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;
             PRAGMA wal_autocheckpoint = {}; PRAGMA cache_size = -{CACHE_KIB};",
            schema.log_pages
        ))?;
        schema.bring_up(&db)?;
        Ok(db)
    }

    /// A connection that only reads, and that leaves the log alone when it closes.
    pub(crate) fn reader(path: &Path) -> Result<Self, StoreError> {
        let db = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        db.leave_log()?;
        Ok(db)
    }

    /// A connection to a database that is nowhere else and ends with it.
    pub(crate) fn in_memory() -> Result<Self, StoreError> {
        Self::connect(Path::new(":memory:"), OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    /// Leaves the log alone when it closes.
    pub(crate) fn leave_log(&self) -> Result<(), StoreError> {
        self.configure(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
    }

    /// How long the log is, as a file; none is as long as can be.
    pub(crate) fn log_bytes(&self) -> u64 {
        std::fs::metadata(beside(&self.path, "-wal")).map_or(u64::MAX, |log| log.len())
    }

    fn connect(path: &Path, access: OpenFlags) -> Result<Self, StoreError> {
        private_file::demand_files(path).map_err(|e| fault::unavailable(path, e))?;
        // No URI names: a path with a question mark is a path.
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(path, flags).map_err(|e| fault::told(path, &e))?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        let db = Self {
            connection,
            path: path.to_owned(),
            worst: RefCell::default(),
            part: Cell::new(Part::None),
            #[cfg(test)]
            effort: Effort::default(),
        };
        db.check(db.connection.busy_timeout(PATIENCE))?;
        db.configure(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        db.configure(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        // One plan for each statement, whatever is bound to it; it is not prepared anew either.
        db.configure(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        db.batch("PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON;")?;
        Ok(db)
    }

    fn configure(&self, what: DbConfig, on: bool) -> Result<(), StoreError> {
        self.check(self.connection.set_db_config(what, on)).map(|_| ())
    }

    /// Runs one statement that changes rows; returns how many.
    pub(crate) fn run(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        if self.part.get() == Part::Announced {
            self.part.set(Part::Marked);
            self.prepared("SAVEPOINT part", |statement| statement.execute([]))?;
        }
        self.prepared(sql, |statement| statement.execute(params))
    }

    /// The first row of a query, if it has one.
    pub(crate) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        self.prepared(sql, |statement| statement.query(params)?.next()?.map(row).transpose())
    }

    /// The one number that a query gives.
    pub(crate) fn number(&self, sql: &str, params: impl Params) -> Result<i64, StoreError> {
        let number = self.one(sql, params, |row| row.get(0))?;
        number.ok_or_else(|| self.damaged("a number is missing"))
    }

    /// All rows of a query.
    pub(crate) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.prepared(sql, |statement| statement.query_map(params, row)?.collect())
    }

    /// Runs several statements that take and give nothing; not in a part of a transaction.
    pub(crate) fn batch(&self, sql: &str) -> Result<(), StoreError> {
        self.check(self.connection.execute_batch(sql))
    }

    /// Whether a transaction is open. SQLite ends one by itself after some errors.
    pub(crate) fn in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// Does all of `work` in a transaction of its own, or nothing of it.
    pub(crate) fn whole<T>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.begin("BEGIN IMMEDIATE")?;
        let done = work(self).and_then(|value| self.run("COMMIT", []).map(|_| value));
        if done.is_err() && self.in_transaction() {
            self.part.set(Part::None);
            self.run("ROLLBACK", [])?;
        }
        done
    }

    /// From here on changes can be taken back without those before. Costs nothing until then.
    pub(crate) fn begin_part(&self) {
        self.part.set(Part::Announced);
    }

    /// Keeps or takes back the changes since [`Db::begin_part`].
    pub(crate) fn end_part(&self, keep: bool) -> Result<(), StoreError> {
        if self.part.replace(Part::None) == Part::Marked {
            if !keep {
                self.run("ROLLBACK TO part", [])?;
            }
            self.run("RELEASE part", [])?;
        }
        Ok(())
    }

    /// Opens a transaction, and forgets the errors of the one before.
    pub(crate) fn begin(&self, sql: &str) -> Result<(), StoreError> {
        self.worst.take();
        self.part.set(Part::None);
        self.run(sql, []).map(|_| ())
    }

    /// The furthest-reaching error since [`Db::begin`].
    pub(crate) fn worst(&self) -> Option<(Reach, StoreError)> {
        self.worst.borrow().clone()
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// This database holds what this product does not write.
    pub(crate) fn damaged(&self, why: impl Display) -> StoreError {
        fault::damaged(&self.path, why)
    }

    /// This database says that a later version wrote it.
    pub(crate) fn later(&self, why: impl Display) -> StoreError {
        fault::later(&self.path, why)
    }

    /// This database does not answer.
    pub(crate) fn unavailable(&self, why: impl Display) -> StoreError {
        fault::unavailable(&self.path, why)
    }

    fn prepared<T>(
        &self,
        sql: &str,
        work: impl FnOnce(&mut Statement<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.check(self.connection.prepare_cached(sql).and_then(|mut statement| {
            let outcome = work(&mut statement);
            #[cfg(test)]
            self.effort.weigh(&statement);
            outcome
        }))
    }

    fn check<T>(&self, result: rusqlite::Result<T>) -> Result<T, StoreError> {
        result.map_err(|error| {
            let (reach, told) = (fault::reach(&error), fault::told(&self.path, &error));
            let mut worst = self.worst.borrow_mut();
            if worst.as_ref().is_none_or(|(before, _)| *before < reach) {
                *worst = Some((reach, told.clone()));
            }
            told
        })
    }
}

/// What statements cost, in steps of SQLite's machine: the same on every computer.
#[cfg(test)]
#[derive(Default)]
pub(crate) struct Effort(Cell<(i32, i32, i32)>);

#[cfg(test)]
impl Effort {
    fn weigh(&self, statement: &Statement<'_>) {
        use rusqlite::StatementStatus::{FullscanStep, RePrepare, VmStep};
        let (steps, scanned, again) = self.0.get();
        let more = |status| statement.reset_status(status);
        self.0.set((steps + more(VmStep), scanned + more(FullscanStep), again + more(RePrepare)));
    }

    /// The steps since the last call; how many of them read a table from end to end; and how many
    /// statements were prepared anew.
    pub(crate) fn take(&self) -> (i32, i32, i32) {
        self.0.take()
    }
}

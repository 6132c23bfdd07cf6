//! Which database this is, and how its tables came to be.

use crate::db::Db;
use crate::sound::strange;
use countersign_store::error::StoreError;

/// The tables of one kind of database. Steps are only ever added at the end.
pub(crate) struct Schema {
    /// Marks the file: a database of another kind is refused.
    pub(crate) application_id: i32,
    /// Pages that the log gathers before they are copied into the database.
    pub(crate) log_pages: u32,
    /// SQL of each version, the first one from nothing.
    pub(crate) steps: &'static [&'static str],
}

impl Schema {
    /// Refuses a file that is not this kind of database, or from a later version of the product.
    pub(crate) fn judge(&self, db: &Db) -> Result<(), StoreError> {
        let id = db.number("PRAGMA application_id", [])?;
        let version = db.number("PRAGMA user_version", [])?;
        let tables = db.number("SELECT count(*) FROM sqlite_schema", [])?;
        if (id, version, tables) == (0, 0, 0) {
            return Ok(());
        }
        if id != i64::from(self.application_id) || version < 1 {
            return Err(db.damaged("a database of another kind"));
        }
        if version > self.newest() {
            let known = self.newest();
            return Err(db.later(format!(
                "its version {version} is newer than {known}, the newest that this program knows"
            )));
        }
        Ok(())
    }

    /// Takes the steps that are missing, all or none. Only what is as the steps before them made it
    /// is brought up: else its version is a lie.
    pub(crate) fn bring_up(&self, db: &Db) -> Result<(), StoreError> {
        let version = db.number("PRAGMA user_version", [])?;
        if version == self.newest() {
            return Ok(());
        }
        match strange(self, db)? {
            Some(why) => Err(db.damaged(why)),
            None => db.whole(|db| self.take_steps(db, version)),
        }
    }

    fn take_steps(&self, db: &Db, version: i64) -> Result<(), StoreError> {
        let done = usize::try_from(version).unwrap_or(0);
        self.steps.iter().skip(done).try_for_each(|step| db.batch(step))?;
        let (id, newest) = (self.application_id, self.newest());
        db.batch(&format!("PRAGMA application_id = {id}; PRAGMA user_version = {newest}"))
    }

    /// An empty database in memory, as the steps up to a version make it.
    pub(crate) fn as_of(&self, version: i64) -> Result<Db, StoreError> {
        let db = Db::in_memory()?;
        let steps = usize::try_from(version).unwrap_or(0);
        self.steps.iter().take(steps).try_for_each(|step| db.batch(step))?;
        Ok(db)
    }

    pub(crate) fn newest(&self) -> i64 {
        i64::try_from(self.steps.len()).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests;

//! The writer's thread: everything that waits becomes one transaction and one sync.

use crate::db::Db;
use crate::fault::Reach;
use crate::writer::{Around, Job};
use countersign_store::error::StoreError;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::mpsc::Receiver;

/// Jobs in one transaction. More would make the first caller wait for the last one's work.
const TOGETHER: usize = 512;

/// The longest log that a process which writes a line and ends leaves to the next one. That one
/// reads it from end to end before it begins.
const SHORT_LOG: u64 = 512 * 1024;

/// What a process does with its log when it is done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// It copies the log into the database, where nobody else has that open, and removes it.
    Tidied,
    /// It leaves a short log where it is. What is in it was synced when it was written, so nothing
    /// is lost by it; to make a log and to tidy it up costs four syncs more than to write into it.
    Log,
}

/// Commits groups of jobs, one group at a time in all processes.
pub(crate) struct Committer {
    db: Db,
    lock: File,
    around: Box<dyn Around>,
    leaving: Leaving,
    /// Why nothing is written any more. After a failed sync the disk and the memory of it may
    /// differ, and only opening the file anew tells what is there.
    poison: Option<StoreError>,
}

impl Committer {
    pub(crate) fn new(db: Db, lock: File, around: Box<dyn Around>, leaving: Leaving) -> Self {
        Self { db, lock, around, leaving, poison: None }
    }

    /// Works until every sender is gone.
    pub(crate) fn serve(mut self, mut queue: Receiver<Box<dyn Job>>) {
        let mut group = Vec::with_capacity(TOGETHER);
        while queue.blocking_recv_many(&mut group, TOGETHER) > 0 {
            let outcome = self.write(&mut group, &mut queue);
            group.drain(..).for_each(|job| job.answer(&outcome));
        }
        self.close();
    }

    fn write(
        &mut self,
        group: &mut Vec<Box<dyn Job>>,
        queue: &mut Receiver<Box<dyn Job>>,
    ) -> Result<(), StoreError> {
        if let Some(poison) = &self.poison {
            return Err(poison.clone());
        }
        let db = &self.db;
        hold(&self.lock).map_err(|error| db.unavailable(error))?;
        while group.len() < TOGETHER
            && let Ok(late) = queue.try_recv()
        {
            group.push(late);
        }
        let outcome = db.whole(|db| jobs(db, group, self.around.as_mut()));
        self.around.over(outcome.is_ok());
        self.poison = lost(db);
        if let Err(error) = self.lock.unlock() {
            self.poison = Some(db.unavailable(error));
        }
        apart_from_all(|| self.around.after());
        outcome
    }

    /// The last connection of all processes tidies up as it closes; nobody may open meanwhile.
    fn close(mut self) {
        apart_from_all(|| self.around.rest());
        // Without the lock it closes all the same: what was promised is in the log already.
        let _ = hold(&self.lock);
        if self.leaving == Leaving::Log && self.db.log_bytes() <= SHORT_LOG {
            // Where it cannot be left, it is tidied up.
            let _ = self.db.leave_log();
        }
        drop(self.db);
    }
}

/// What is written stays written, whatever follows from it.
fn apart_from_all(work: impl FnOnce()) {
    // Sound: nothing that a panic leaves half-done is looked at again but to be replaced.
    let _ = catch_unwind(AssertUnwindSafe(work));
}

fn hold(lock: &File) -> io::Result<()> {
    loop {
        match lock.lock() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

fn jobs(db: &Db, group: &mut [Box<dyn Job>], around: &mut dyn Around) -> Result<(), StoreError> {
    let mut any = false;
    for job in group.iter_mut().filter(|job| !job.is_withdrawn()) {
        let kept = apart(db, job.as_mut())?;
        around.settle(kept)?;
        any |= kept;
    }
    if !any {
        return Ok(());
    }
    // Sound: after a panic the group is rolled back and told to be over.
    let ended = catch_unwind(AssertUnwindSafe(|| around.end(db)));
    ended.unwrap_or_else(|_| Err(db.unavailable("a group's end panicked")))?;
    sound(db)
}

/// Runs one job so that a failure takes back nothing but its own rows.
fn apart(db: &Db, job: &mut dyn Job) -> Result<bool, StoreError> {
    db.begin_part();
    let kept = job.run(db);
    sound(db)?;
    db.end_part(kept)?;
    Ok(kept)
}

/// Ends the group where an error reached further than one statement, whatever its job made of it.
fn sound(db: &Db) -> Result<(), StoreError> {
    match db.worst() {
        Some((reach, error)) if reach > Reach::Statement => Err(error),
        _ if db.in_transaction() => Ok(()),
        _ => Err(db.unavailable("the transaction ended too early")),
    }
}

/// Why the connection cannot be trusted after a group, if so.
fn lost(db: &Db) -> Option<StoreError> {
    match db.worst() {
        Some((Reach::Connection, error)) => Some(error),
        _ if db.in_transaction() => Some(db.unavailable("a transaction does not end")),
        _ => None,
    }
}

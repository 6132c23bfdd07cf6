//! One thread that writes, for everyone in this process.
//!
//! A synced commit costs far more than the rows in it, so whoever waits is written together
//! with everyone else who waits (the room below, `group`). Nobody hears of success before it is
//! on the disk.

use crate::db::Db;
use crate::fault;
use crate::group::{Committer, Leaving};
use crate::private_file::{self, beside};
use crate::readers::Readers;
use crate::schema::Schema;
use countersign_store::error::StoreError;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use tokio::sync::{mpsc, oneshot};

/// Jobs that may wait. More wait at the door, without memory of their own.
const WAITING: usize = 1024;

/// What the writing thread may use of its stack.
const STACK: usize = 2 * 1024 * 1024;

/// What a kind of database does around the jobs of a group, in the same transaction.
pub(crate) trait Around: Send {
    /// A job ended: what it asked for is to be kept, or to be dropped. An error takes the whole
    /// group back.
    fn settle(&mut self, kept: bool) -> Result<(), StoreError>;

    /// The last writes of a group that keeps something. An error takes the whole group back.
    fn end(&mut self, db: &Db) -> Result<(), StoreError>;

    /// The group is over, written or not; the next one starts afresh.
    fn over(&mut self, written: bool);

    /// Nobody is kept out any more, and the callers of the group still wait.
    fn after(&mut self) {}

    /// There will be no more groups.
    fn rest(&mut self) {}
}

/// Nothing.
impl Around for () {
    fn settle(&mut self, _kept: bool) -> Result<(), StoreError> {
        Ok(())
    }

    fn end(&mut self, _db: &Db) -> Result<(), StoreError> {
        Ok(())
    }

    fn over(&mut self, _written: bool) {}
}

/// An open database: one thread that writes, and a few connections that read.
///
/// Clones share the thread. The last one to go waits until everything handed in is written and
/// the file is closed.
#[derive(Clone)]
pub(crate) struct Writer {
    path: Arc<Path>,
    readers: Readers,
    thread: Arc<Thread>,
}

impl Writer {
    /// Opens the database at `path`, made with its directory if it is missing. Before anybody else
    /// `first` looks at it, may write, and says what goes on around groups.
    ///
    /// # Errors
    /// `Corrupt` for a file that is no such database, damaged, or newer than this program.
    pub(crate) fn open<T>(
        path: &Path,
        schema: &Schema,
        leaving: Leaving,
        first: impl FnOnce(&Db) -> Result<(T, Box<dyn Around>), StoreError>,
    ) -> Result<(Self, T), StoreError> {
        let failed = |error: io::Error| fault::unavailable(path, error);
        private_file::make_room_for(path).map_err(failed)?;
        let lock = private_file::lock_file(&beside(path, ".lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;
        private_file::make_database(path).map_err(failed)?;
        let db = Db::writer(path, schema)?;
        let (found, around) = db.whole(first)?;
        lock.unlock().map_err(failed)?;
        let (jobs, queue) = mpsc::channel(WAITING);
        let committer = Committer::new(db, lock, around, leaving);
        let thread = thread::Builder::new()
            .name("store-writer".into())
            // The environment may name another size.
            .stack_size(STACK)
            .spawn(move || committer.serve(queue))
            .map_err(failed)?;
        let thread = Arc::new(Thread { jobs: Some(jobs), thread: Some(thread) });
        Ok((Self { path: path.into(), readers: Readers::new(path), thread }, found))
    }

    /// Writes all that `job` writes, or nothing where it returns an error or panics; returns
    /// when that is durable.
    ///
    /// Jobs run one after the other, also between processes, so a job may look and then write.
    /// It must not wait for anything: everyone else waits for it. Dropping the future before the
    /// job began withdraws it; afterwards nobody can tell whether it was written.
    ///
    /// # Errors
    /// The job's own, or [`StoreError`] where the group could not be committed.
    pub(crate) async fn write<T, E>(
        &self,
        job: impl FnOnce(&Db) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let task = Task { work: Some(job), done: None, caller };
        let jobs = self.thread.jobs.as_ref().ok_or_else(|| self.gone())?;
        jobs.send(Box::new(task)).await.map_err(|_| self.gone())?;
        answer.await.map_err(|_| self.gone())?
    }

    /// Looks at what is committed, without waiting for those who write.
    ///
    /// # Errors
    /// Those of `look`, or [`StoreError`] where the database cannot be read.
    pub(crate) async fn read<T, E>(
        &self,
        look: impl FnOnce(&Db) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.readers.read(look).await
    }

    fn gone(&self) -> StoreError {
        fault::unavailable(&self.path, "its writer has ended")
    }
}

/// The thread, and the way to it.
struct Thread {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Thread {
    fn drop(&mut self) {
        // Without a sender the thread ends once it has written what waits.
        self.jobs = None;
        if let Some(thread) =
            self.thread.take().filter(|t| t.thread().id() != thread::current().id())
        {
            // A thread that panicked has nothing more to say: its callers saw its channel close.
            let _ = thread.join();
        }
    }
}

/// One caller's part of a group.
pub(crate) trait Job: Send {
    /// Whether nobody waits for it any more.
    fn is_withdrawn(&self) -> bool;
    /// Does the work; says whether what it wrote is to be kept.
    fn run(&mut self, db: &Db) -> bool;
    /// Tells the caller what became of it: its own result where the group was committed.
    fn answer(self: Box<Self>, group: &Result<(), StoreError>);
}

struct Task<F, T, E> {
    work: Option<F>,
    done: Option<Result<T, E>>,
    caller: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Job for Task<F, T, E>
where
    F: FnOnce(&Db) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn is_withdrawn(&self) -> bool {
        self.caller.is_closed()
    }

    fn run(&mut self, db: &Db) -> bool {
        let Some(work) = self.work.take() else { return false };
        // Sound: what a panic leaves half-done in the database is rolled back, and the closure
        // is gone.
        let done = catch_unwind(AssertUnwindSafe(|| work(db)));
        let done = done.unwrap_or_else(|_| Err(db.unavailable("a write panicked").into()));
        self.done.insert(done).is_ok()
    }

    fn answer(self: Box<Self>, group: &Result<(), StoreError>) {
        let answer = match (group, self.done) {
            // Also a refusal may rest on rows of this group that are not there.
            (Err(error), _) => Err(error.clone().into()),
            (Ok(()), Some(own)) => own,
            (Ok(()), None) => Err(StoreError::Unavailable("the write was not begun".into()).into()),
        };
        // A caller who has left hears nothing.
        let _ = self.caller.send(answer);
    }
}

#[cfg(test)]
mod tests;

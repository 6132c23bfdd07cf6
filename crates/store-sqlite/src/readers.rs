//! Connections that only read, so that nobody who looks waits for those who write.

use crate::db::Db;
use crate::fault;
use countersign_store::error::StoreError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Reads at the same time; more wait.
const MOST: usize = 4;

/// A few connections to one database. A read sees one moment, with only what was committed.
#[derive(Clone)]
pub(crate) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Db>>>,
    slots: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Arc::default(), slots: Arc::new(Semaphore::new(MOST)) }
    }

    /// Runs `look` against one moment of the database, on a thread of its own where the program
    /// has several.
    pub(crate) async fn read<T, E>(
        &self,
        look: impl FnOnce(&Db) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let slot = self.slots.clone().acquire_owned().await;
        let slot = slot.map_err(|error| fault::unavailable(&self.path, error))?;
        let readers = self.clone();
        if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
            // A program with one thread is a command: it has nothing else to do meanwhile, and a
            // second thread would cost it more than the read.
            let seen = catch_unwind(AssertUnwindSafe(|| readers.look(look)));
            return seen
                .unwrap_or_else(|_| Err(fault::unavailable(&self.path, "a read panicked").into()));
        }
        let reading = spawn_blocking(move || {
            let _slot = slot;
            readers.look(look)
        });
        reading.await.map_err(|error| fault::unavailable(&self.path, error))?
    }

    fn look<T, E: From<StoreError>>(&self, look: impl FnOnce(&Db) -> Result<T, E>) -> Result<T, E> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let db = idle.map_or_else(|| Db::reader(&self.path), Ok)?;
        db.begin("BEGIN")?;
        let seen = look(&db);
        db.run("ROLLBACK", [])?;
        // A connection that failed, or whose reader panicked, does not come back.
        if db.worst().is_none() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(db);
        }
        seen
    }
}

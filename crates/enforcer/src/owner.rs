//! Which process made a claim, and whether it is still alive.
//!
//! A process holds a lock on a file of its own for as long as it lives. The kernel lets go of it
//! when the process ends in whatever way, so a lock that can be taken belongs to the dead. Unlike
//! a process id, a name is never used again.

use crate::edge::Edge;
use crate::home::{Home, HomeError};
use countersign_store::files;
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// This process's name among claims. Dropping it gives the name up.
pub struct Owner {
    name: String,
    path: PathBuf,
    _lock: File,
}

impl Owner {
    /// Takes a fresh name and locks it.
    ///
    /// # Errors
    /// Where the lock file cannot be made.
    pub fn new(home: &Home, edge: &Edge) -> Result<Self, HomeError> {
        loop {
            let name = edge.id()?;
            let path = home.owners().join(&name);
            let lock = files::lock_file(&path)?;
            let failed =
                |source| files::FileError::Io { doing: "lock", path: path.clone(), source };
            lock.lock().map_err(failed)?;
            // Until it was locked it looked dead, and another process may have removed it.
            if lock.metadata().map_err(failed)?.nlink() > 0 {
                return Ok(Self { name, path, _lock: lock });
            }
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // A file that stays behind is removed by whoever finds its owner dead.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether the process with this name is gone. What cannot be told counts as alive: a claim is
/// called uncertain only when nobody can still be running it.
#[must_use]
pub fn is_gone(home: &Home, name: &str) -> bool {
    match left_behind(&home.owners().join(name)) {
        Ok(lock) => lock.is_some(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Removes the lock files of the dead.
pub fn sweep(home: &Home) {
    let Ok(entries) = std::fs::read_dir(home.owners()) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        // Removed while it is locked: whoever made it a moment ago finds out once it has the lock.
        if let Ok(Some(_lock)) = left_behind(&path) {
            let _ = std::fs::remove_file(&path);
        }
    }
}

/// The lock of a process that is gone; `None` where it lives.
fn left_behind(path: &Path) -> io::Result<Option<File>> {
    let file = File::options().read(true).write(true).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_alive_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(dir.path()).unwrap();
        let owner = Owner::new(&home, &Edge::system()).unwrap();
        let name = owner.name().to_owned();
        assert!(!is_gone(&home, &name));
        sweep(&home);
        assert!(!is_gone(&home, &name));
        drop(owner);
        assert!(is_gone(&home, &name));
    }

    #[test]
    fn attack_18_a_name_that_was_swept_before_it_was_locked_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(dir.path()).unwrap();
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|threads| {
            threads.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    sweep(&home);
                }
            });
            let owners: Vec<Owner> =
                (0..500).map(|_| Owner::new(&home, &Edge::system()).unwrap()).collect();
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            let gone: Vec<&str> =
                owners.iter().map(Owner::name).filter(|name| is_gone(&home, name)).collect();
            assert!(gone.is_empty(), "alive and called dead: {gone:?}");
        });
    }
}

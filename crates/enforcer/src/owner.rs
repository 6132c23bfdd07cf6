//! Which process made a claim, and whether it is still alive.
//!
//! A process holds a lock on a file of its own for as long as it lives. The kernel lets go of it
//! when the process ends in whatever way, so a lock that can be taken belongs to the dead. Unlike
//! a process id, a name is never used again.

use crate::edge::Edge;
use crate::home::{Home, HomeError};
use countersign_store::files;
use std::fs::{File, TryLockError};
use std::path::PathBuf;

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
        let name = edge.id()?;
        let path = home.owners().join(&name);
        let lock = files::lock_file(&path)?;
        lock.lock().map_err(|source| files::FileError::Io {
            doing: "lock",
            path: path.clone(),
            source,
        })?;
        Ok(Self { name, path, _lock: lock })
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
    let path = home.owners().join(name);
    let lock = match File::options().read(true).write(true).open(&path) {
        Ok(file) => file.try_lock(),
        Err(error) => return error.kind() == std::io::ErrorKind::NotFound,
    };
    match lock {
        Ok(()) => true,
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
    }
}

/// Removes the lock files of the dead.
pub fn sweep(home: &Home) {
    let Ok(entries) = std::fs::read_dir(home.owners()) else { return };
    for entry in entries.flatten() {
        if is_gone(home, &entry.file_name().to_string_lossy()) {
            let _ = std::fs::remove_file(entry.path());
        }
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
}

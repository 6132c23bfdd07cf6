//! Files that nobody but their owner reads.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

const FILE: u32 = 0o600;
const DIRECTORY: u32 = 0o700;

/// `path` with `end` hung on to its last part: `ledger.db` and `.lock` make `ledger.db.lock`.
pub(crate) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut text = path.as_os_str().to_owned();
    text.push(end);
    text.into()
}

/// Makes the directory of `path`, and those above it, where they are missing.
///
/// A directory that exists keeps its permissions: it may be one that others rely on.
pub(crate) fn make_room_for(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => {
            DirBuilder::new().recursive(true).mode(DIRECTORY).create(parent)
        }
        _ => Ok(()),
    }
}

/// Opens a lock file, made if it is missing.
pub(crate) fn lock_file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE)
        .open(path)?;
    tighten(path)?;
    Ok(file)
}

/// Makes a database file if it is missing, and takes everyone else's permissions off it and the
/// files that SQLite keeps beside it.
///
/// INVARIANT: a database that exists is never opened here. POSIX drops all locks that a process
/// holds on a file when any descriptor of it is closed, those of SQLite included.
pub(crate) fn make_database(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(FILE).open(path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    ["", "-wal", "-shm"].iter().try_for_each(|end| tighten(&beside(path, end)))
}

/// Demands that a database, and what SQLite keeps beside it, are regular files where they are
/// there: SQLite would wait for a pipe without end. They are not opened for that, as
/// [`make_database`] says.
pub(crate) fn demand_files(path: &Path) -> io::Result<()> {
    for end in ["", "-wal", "-shm", "-journal"] {
        let path = beside(path, end);
        if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
            let shown = path.display();
            return Err(io::Error::other(format!("`{shown}` is no regular file")));
        }
    }
    Ok(())
}

fn tighten(path: &Path) -> io::Result<()> {
    let mode = match fs::metadata(path) {
        Ok(found) if found.is_file() => found.permissions().mode(),
        Ok(_) => return Err(io::Error::other("not a plain file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if mode & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(FILE))
}

//! Private files that a crash leaves either old or new, never half.
//!
//! Directories are 0700, files 0600. A file is written beside its place, synced, and moved there;
//! then the directory is synced.

use countersign_core::json;
use rustix::fs::{Mode, OFlags};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// No record is larger.
const MAX_FILE: usize = 16 * 1024 * 1024;

/// Why a file could not be read or written. Every case names the file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system refused.
    #[error("cannot {doing} `{path}`: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The file is there and is not what it should be.
    #[error("`{path}` is damaged or not ours: {why}")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file is there already, and must not be replaced.
    #[error("`{0}` exists already")]
    Exists(PathBuf),
    /// A name that cannot be a file's name here.
    #[error("`{name}` cannot be used as a name: {rule}")]
    BadName {
        /// The name, made safe to show.
        name: String,
        /// What is allowed.
        rule: &'static str,
    },
}

/// Whether a text that somebody else chose may be a file's name, but for its ending.
#[must_use]
pub fn is_stem(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    (1..=128).contains(&text.len()) && !text.starts_with('.') && text.bytes().all(plain)
}

/// What a write may find at its target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// Nothing; another process that writes first wins.
    New,
    /// Anything; it is replaced whole.
    Replace,
    /// The same at half the price, for what may be the older file again after power was lost:
    /// the directory is not synced. It is one of the two, whole.
    ReplaceSoon,
}

/// Whether a symbolic link may lead to a file that is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Links {
    /// To another place, as the owner of a home may arrange it.
    Followed,
    /// It could lead elsewhere than who named it means.
    Refused,
}

/// What is there is no regular file.
#[derive(Debug, thiserror::Error)]
#[error("it is no regular file")]
struct Odd;

/// Opens a regular file for reading. A pipe, a device, a directory or a link that is not followed is
/// refused at once: it could be waited for, or never end.
///
/// # Errors
/// The system's; [`is_odd`] tells that it is no regular file.
pub fn open(path: &Path, links: Links) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let flags = if links == Links::Refused { flags | OFlags::NOFOLLOW } else { flags };
    regular(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

/// The file that was opened, where it is a regular one.
///
/// # Errors
/// As [`open`].
pub fn regular(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other(Odd)) }
}

/// Whether a file was not opened because it is no regular one, or a link that is not followed.
#[must_use]
pub fn is_odd(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|why| why.is::<Odd>())
        || error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

/// Reads a record strictly; `None` where there is no such file.
///
/// # Errors
/// [`FileError::Corrupt`] where it is not a `T`.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, FileError> {
    let Some(bytes) = read_bytes(path)? else { return Ok(None) };
    json::read(&bytes, MAX_FILE)
        .map(Some)
        .map_err(|e| FileError::Corrupt { path: path.to_owned(), why: e.to_string() })
}

/// Writes a record's canonical bytes durably: temporary file, sync, rename, sync of the directory.
///
/// # Errors
/// [`FileError::Exists`] with [`Target::New`], else [`FileError::Io`].
pub fn write(path: &Path, record: &impl Serialize, onto: Target) -> Result<(), FileError> {
    let bytes = json::canonical(record)
        .map_err(|e| FileError::Corrupt { path: path.to_owned(), why: e.to_string() })?;
    write_bytes(path, &bytes, onto)
}

/// The same for what is no record of ours.
///
/// # Errors
/// As [`write()`].
pub fn write_bytes(path: &Path, bytes: &[u8], onto: Target) -> Result<(), FileError> {
    let temp = temp_path(path);
    let done = fill(&temp, bytes).and_then(|()| put(&temp, path, onto));
    // After a rename there is nothing left to remove; after anything else there is.
    let _ = std::fs::remove_file(&temp);
    done?;
    if onto == Target::ReplaceSoon { Ok(()) } else { sync_dir(dir_of(path)) }
}

/// Removes a file for good; one that is not there is fine.
///
/// # Errors
/// [`FileError::Io`].
pub fn remove(path: &Path) -> Result<(), FileError> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(e)),
        _ => sync_dir(dir_of(path)),
    }
}

/// Moves a file onto another, durably.
///
/// # Errors
/// [`FileError::Io`].
pub fn replace(from: &Path, to: &Path) -> Result<(), FileError> {
    std::fs::rename(from, to).map_err(failed("replace", to))?;
    sync_dir(dir_of(to))
}

/// Opens a file to take locks on, made private where it is missing.
///
/// # Errors
/// [`FileError::Io`].
pub fn lock_file(path: &Path) -> Result<File, FileError> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)
        .map(File::from)
        .map_err(|e| failed("open", path)(e.into()))
}

/// The names of a directory's records, without `.json`, sorted.
///
/// # Errors
/// [`FileError::Io`].
pub fn names(dir: &Path) -> Result<Vec<String>, FileError> {
    let entries = std::fs::read_dir(dir).map_err(failed("list", dir))?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed("list", dir))?.file_name();
        let name = name.to_string_lossy();
        // A name with a leading dot is a temporary file that a crash left behind.
        if let Some(stem) = name.strip_suffix(".json").filter(|stem| !stem.starts_with('.')) {
            names.push(stem.to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn read_bytes(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    let file = match open(path, Links::Followed) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(failed("read", path)(e)),
    };
    let mut bytes = Vec::new();
    file.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes).map_err(failed("read", path))?;
    Ok(Some(bytes))
}

fn fill(temp: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let fd = rustix::fs::open(temp, flags, Mode::RUSR | Mode::WUSR)
        .map_err(|e| failed("create", temp)(e.into()))?;
    let mut file = File::from(fd);
    file.write_all(bytes).map_err(failed("write", temp))?;
    file.sync_all().map_err(failed("sync", temp))
}

fn put(temp: &Path, path: &Path, onto: Target) -> Result<(), FileError> {
    match onto {
        Target::Replace | Target::ReplaceSoon => {
            std::fs::rename(temp, path).map_err(failed("replace", path))
        }
        // A hard link is the rename that refuses to overwrite.
        Target::New => std::fs::hard_link(temp, path).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => FileError::Exists(path.to_owned()),
            _ => failed("create", path)(e),
        }),
    }
}

/// The directory of a file; a bare name stands in the current one.
#[must_use]
pub fn dir_of(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_dir(dir: &Path) -> Result<(), FileError> {
    File::open(dir).and_then(|d| d.sync_all()).map_err(failed("sync", dir))
}

/// Makes a directory that only its owner can enter, and those above it, where they are missing.
///
/// # Errors
/// [`FileError::Io`].
pub fn private_dir(dir: &Path) -> Result<(), FileError> {
    use std::os::unix::fs::DirBuilderExt as _;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(dir).map_err(failed("create", dir))
}

/// Unique among the processes and threads that write to one home.
fn temp_path(path: &Path) -> PathBuf {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let count = NEXT.fetch_add(1, Ordering::Relaxed);
    path.with_file_name(format!(".{name}.{}.{count}.tmp", std::process::id()))
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileError {
    let path = path.to_owned();
    move |source| FileError::Io { doing, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::os::unix::fs::PermissionsExt as _;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn attack_31_files_and_directories_are_private() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("home").join("keys");
        private_dir(&inner).unwrap();
        let path = inner.join("x.json");
        write(&path, &json!({"a": 1}), Target::New).unwrap();
        assert_eq!((mode(&path), mode(&inner)), (0o600, 0o700));
    }

    #[test]
    fn a_new_file_never_replaces_an_old_one_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.json");
        write(&path, &1, Target::New).unwrap();
        assert!(matches!(write(&path, &2, Target::New), Err(FileError::Exists(_))));
        assert_eq!(read::<Value>(&path).unwrap(), Some(json!(1)));
        write(&path, &3, Target::Replace).unwrap();
        assert_eq!(read::<Value>(&path).unwrap(), Some(json!(3)));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_bare_name_stands_in_the_current_directory() {
        assert_eq!(dir_of(Path::new("x.json")), Path::new("."));
        assert_eq!(dir_of(Path::new("a/x.json")), Path::new("a"));
        assert_eq!(dir_of(Path::new("/x.json")), Path::new("/"));
    }

    #[test]
    fn damaged_and_missing_files_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.json");
        assert!(read::<Value>(&path).unwrap().is_none());
        std::fs::write(&path, "{\"a\":1,").unwrap();
        let error = read::<Value>(&path).unwrap_err();
        assert!(error.to_string().contains("x.json"), "{error}");
    }

    #[test]
    fn names_skip_what_a_crash_left_behind() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.json", "a.json", ".a.json.1.0.tmp", ".c.json", "notes.txt"] {
            std::fs::write(dir.path().join(name), "1").unwrap();
        }
        assert_eq!(names(dir.path()).unwrap(), ["a", "b"]);
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_an_error_with_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("missing").join("x.json");
        let error = write(&path, &1, Target::New).unwrap_err();
        assert!(error.to_string().contains("missing"), "{error}");
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert!(private_dir(&dir.path().join("file")).is_err());
    }
}

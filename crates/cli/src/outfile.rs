//! Files that a person names for a result.
//!
//! Written beside their place and moved there, so that they are whole or not there; never through
//! a symbolic link, and never into the home, whose files decide who may approve.

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

/// A file that is being written beside its place.
pub(crate) struct OutFile {
    /// The directory, held, so that a link put into its path later leads nowhere.
    dir: OwnedFd,
    name: OsString,
    temp: String,
    file: File,
}

impl OutFile {
    /// Begins a file at `path`, unless something other than a file is there or it is in `home`.
    ///
    /// # Errors
    /// Why nothing can be written there, in words.
    pub(crate) fn beside(path: &Path, home: &Path) -> Result<Self, String> {
        let name = path.file_name().ok_or("it names no file")?.to_owned();
        let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = rustix::fs::open(parent.unwrap_or(Path::new(".")), flags, Mode::empty())
            .map_err(|e| format!("its directory: {e}"))?;
        if is_within(&dir, home)? {
            return Err("it is in the home, where only the enforcer writes".into());
        }
        replaceable(&dir, &name)?;
        let (temp, file) = begin(&dir)?;
        Ok(Self { dir, name, temp, file })
    }

    /// Removes what is there from before: while this one is not written, it would be misread.
    pub(crate) fn forget_old(&self) -> Result<(), String> {
        match rustix::fs::unlinkat(&self.dir, &self.name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(e) => Err(format!("the old one: {e}")),
        }
    }

    /// Writes it and puts it in its place, durably.
    pub(crate) fn put(mut self, text: &str) -> Result<(), String> {
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_all());
        written.map_err(|e| e.to_string())?;
        rustix::fs::renameat(&self.dir, &self.temp, &self.dir, &self.name)
            .and_then(|()| rustix::fs::fsync(&self.dir))
            .map_err(|e| e.to_string())
    }
}

impl Drop for OutFile {
    fn drop(&mut self) {
        // After it was put in its place there is nothing left to remove.
        let _ = rustix::fs::unlinkat(&self.dir, &self.temp, AtFlags::empty());
    }
}

/// Whether an open directory is the home or below it, whatever path led there.
fn is_within(dir: &OwnedFd, home: &Path) -> Result<bool, String> {
    let real = std::fs::read_link(format!("/proc/self/fd/{}", dir.as_raw_fd()));
    let real: PathBuf = real.map_err(|e| format!("its directory: {e}"))?;
    let home = std::fs::canonicalize(home).unwrap_or_else(|_| home.to_owned());
    Ok(real.starts_with(home))
}

fn replaceable(dir: &OwnedFd, name: &OsStr) -> Result<(), String> {
    let there = match rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => FileType::from_raw_mode(stat.st_mode),
        Err(Errno::NOENT) => return Ok(()),
        Err(e) => return Err(e.to_string()),
    };
    match there {
        FileType::RegularFile => Ok(()),
        FileType::Symlink => Err("it is a symbolic link".into()),
        FileType::Directory => Err("it is a directory".into()),
        _ => Err("it is no regular file".into()),
    }
}

fn begin(dir: &OwnedFd) -> Result<(String, File), String> {
    // The process has at most one at a time in one place; a leftover of a dead one is replaced.
    let temp = format!(".countersign.{}.tmp", std::process::id());
    let _ = rustix::fs::unlinkat(dir, &temp, AtFlags::empty());
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(0o666);
    let file = rustix::fs::openat(dir, &temp, flags, mode).map_err(|e| e.to_string())?;
    Ok((temp, File::from(file)))
}

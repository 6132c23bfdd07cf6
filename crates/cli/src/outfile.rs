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

/// A place where a file can be put.
pub(crate) struct OutFile {
    /// The directory, held, so that a link put into its path later leads nowhere.
    dir: OwnedFd,
    name: OsString,
}

impl OutFile {
    /// Finds out whether a file can be put at `path`: not where something other than a file is, nor
    /// in `home`. Nothing is left there until then, since what runs meanwhile may look.
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
        let place = Self { dir, name };
        let (temp, _) = place.begin()?;
        place.forget(&temp);
        Ok(place)
    }

    /// Removes what is there from before: while this one is not written, it would be misread.
    pub(crate) fn forget_old(&self) -> Result<(), String> {
        match rustix::fs::unlinkat(&self.dir, &self.name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(e) => Err(format!("the old one: {e}")),
        }
    }

    /// Writes it beside its place and puts it there, durably.
    pub(crate) fn put(self, text: &str) -> Result<(), String> {
        let (temp, mut file) = self.begin()?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        let put = written.map_err(|e| e.to_string()).and_then(|()| {
            rustix::fs::renameat(&self.dir, &temp, &self.dir, &self.name)
                .and_then(|()| rustix::fs::fsync(&self.dir))
                .map_err(|e| e.to_string())
        });
        if put.is_err() {
            self.forget(&temp);
        }
        put
    }

    fn begin(&self) -> Result<(String, File), String> {
        let temp = format!(".countersign.{}.tmp", std::process::id());
        // Of a dead process that had this number.
        self.forget(&temp);
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o666);
        let file = rustix::fs::openat(&self.dir, &temp, flags, mode).map_err(|e| e.to_string())?;
        Ok((temp, File::from(file)))
    }

    fn forget(&self, temp: &str) {
        let _ = rustix::fs::unlinkat(&self.dir, temp, AtFlags::empty());
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

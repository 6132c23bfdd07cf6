//! Files that a person names for a result.
//!
//! Written beside their place and moved there, so that they are whole or not there; never through
//! a symbolic link, and never into the home, whose files decide who may approve.

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A place where a file can be put.
pub(crate) struct OutFile {
    /// The directory, held, so that a link put into its path later leads nowhere.
    dir: OwnedFd,
    name: OsString,
    mode: u32,
}

/// A file that is being written beside its place.
pub(crate) struct Filling {
    place: OutFile,
    temp: String,
    file: BufWriter<File>,
}

impl Write for Filling {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Filling {
    /// Puts the file in its place, durably.
    pub(crate) fn put(mut self) -> Result<(), String> {
        let synced = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        synced.map_err(|e| e.to_string())?;
        let OutFile { dir, name, .. } = &self.place;
        rustix::fs::renameat(dir, &self.temp, dir, name)
            .and_then(|()| rustix::fs::fsync(dir))
            .map_err(|e| e.to_string())
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        // After it was put there is nothing left of this name.
        self.place.forget(&self.temp);
    }
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
        let place = Self { dir, name, mode: 0o666 };
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

    /// Begins a file that only its owner may read and that is written bit by bit. It is in its place
    /// once [`Filling::put`] was called, and nowhere before.
    pub(crate) fn fill(mut self) -> Result<Filling, String> {
        self.mode = 0o600;
        let (temp, file) = self.begin()?;
        Ok(Filling { place: self, temp, file: BufWriter::new(file) })
    }

    fn begin(&self) -> Result<(String, File), String> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let count = NEXT.fetch_add(1, Ordering::Relaxed);
        let temp = format!(".countersign.{}.{count}.tmp", std::process::id());
        // Of a dead process that had this number.
        self.forget(&temp);
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(self.mode);
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

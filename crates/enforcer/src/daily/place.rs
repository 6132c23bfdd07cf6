//! Where the daily files stand.

use super::{Cursor, DailyError, Effort};
use crate::home::Home;
use countersign_core::encoding::Hash;
use countersign_store::files::{self, FileError, Links, Target};
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// What is needed of the file system, so that a test can let each step of it fail.
pub(super) trait Disk: Send {
    /// The cursor; none where there was never one.
    fn cursor(&self) -> Result<Option<Cursor>, FileError>;

    /// Replaces the cursor durably.
    fn save(&mut self, cursor: &Cursor) -> Result<(), FileError>;

    /// The days that have a file, sorted.
    fn days(&self) -> Result<Vec<String>, FileError>;

    /// Removes the file of a day for good.
    fn remove(&mut self, day: &str) -> Result<(), FileError>;

    /// How long a day's file is with the lines of receipts up to `seq`, and without the others.
    fn length_up_to(&self, day: &str, seq: u64) -> Result<u64, FileError>;

    /// What the last line of ours in a day's file is from, after its first `from` bytes. What is torn
    /// or nobody's is passed over.
    fn last_after(&self, day: &str, from: u64) -> Result<Option<Told>, FileError>;

    /// Lets `bytes` be what stands in a day's file after its first `from` bytes. What stands there
    /// already is left alone, so that whoever follows the file sees it grow. Unless `durably`, a
    /// machine that loses power may lose it.
    fn put(&mut self, day: &str, from: u64, bytes: &[u8], durably: bool) -> Result<(), FileError>;
}

/// The receipt that a line is from.
#[derive(serde::Deserialize)]
pub(super) struct Told {
    pub(super) ledger: String,
    pub(super) seq: u64,
    pub(super) receipt: Hash,
}

/// The directory `audit` of a home.
pub(super) struct Files {
    dir: PathBuf,
}

/// The lock that lets one process write at a time. It is let go for good: a child of this process
/// that is on its way to its own program has the descriptor for a moment, and would keep it.
pub(super) struct Lock(pub(super) File);

impl Drop for Lock {
    fn drop(&mut self) {
        // What fails here is let go when the last descriptor is closed.
        let _ = self.0.unlock();
    }
}

impl Files {
    /// Opens it, with its lock. None where another process writes and is not waited for.
    pub(super) fn open(home: &Home, effort: Effort) -> Result<Option<(Lock, Self)>, DailyError> {
        let dir = home.root().join("audit");
        files::private_dir(&dir)?;
        let path = dir.join("lock");
        let lock = files::lock_file(&path)?;
        match effort {
            Effort::Some(_) => match lock.try_lock() {
                Ok(()) => {}
                Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
                Err(std::fs::TryLockError::Error(e)) => return Err(failed("lock", &path)(e).into()),
            },
            Effort::All | Effort::Rebuild => lock.lock().map_err(failed("lock", &path))?,
        }
        Ok(Some((Lock(lock), Self { dir })))
    }

    fn path(&self, day: &str) -> PathBuf {
        self.dir.join(format!("{day}.jsonl"))
    }

    fn cursor_path(&self) -> PathBuf {
        self.dir.join("cursor.json")
    }
}

impl Disk for Files {
    fn cursor(&self) -> Result<Option<Cursor>, FileError> {
        files::read(&self.cursor_path())
    }

    fn save(&mut self, cursor: &Cursor) -> Result<(), FileError> {
        files::write(&self.cursor_path(), cursor, Target::Replace)
    }

    fn days(&self) -> Result<Vec<String>, FileError> {
        let entries = std::fs::read_dir(&self.dir).map_err(failed("list", &self.dir))?;
        let mut days = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed("list", &self.dir))?.file_name();
            let name = name.to_string_lossy();
            days.extend(name.strip_suffix(".jsonl").filter(|d| is_day(d)).map(str::to_owned));
        }
        days.sort_unstable();
        Ok(days)
    }

    fn remove(&mut self, day: &str) -> Result<(), FileError> {
        files::remove(&self.path(day))
    }

    fn length_up_to(&self, day: &str, seq: u64) -> Result<u64, FileError> {
        let path = self.path(day);
        let file = match files::open(&path, Links::Followed) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(e) => return Err(failed("open", &path)(e)),
        };
        let (mut reader, mut length, mut line) = (BufReader::new(file), 0, Vec::new());
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line).map_err(failed("read", &path))?;
            // Receipts follow one another, so the first line that is too new ends the search, and so
            // does one that is torn.
            if line.last() != Some(&b'\n') || number(&line).is_none_or(|found| found > seq) {
                return Ok(length);
            }
            length += read as u64;
        }
    }

    fn last_after(&self, day: &str, from: u64) -> Result<Option<Told>, FileError> {
        let path = self.path(day);
        let mut file = match files::open(&path, Links::Followed) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(failed("open", &path)(e)),
        };
        file.seek(SeekFrom::Start(from)).map_err(failed("read", &path))?;
        let (mut reader, mut line, mut last) = (BufReader::new(file), Vec::new(), None);
        while reader.read_until(b'\n', &mut line).map_err(failed("read", &path))? > 0 {
            last = serde_json::from_slice(&line).ok().or(last);
            line.clear();
        }
        Ok(last)
    }

    fn put(&mut self, day: &str, from: u64, bytes: &[u8], durably: bool) -> Result<(), FileError> {
        let path = self.path(day);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let flags = flags | OFlags::NONBLOCK | OFlags::NOCTTY;
        let fd = rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR)
            .map_err(|e| failed("open", &path)(e.into()))?;
        let mut file = files::regular(File::from(fd)).map_err(failed("write", &path))?;
        let there = file.metadata().map_err(failed("read", &path))?.len();
        if there < from {
            let why = "it is shorter than what was written: `audit export --rebuild`".to_owned();
            return Err(FileError::Corrupt { path, why });
        }
        replace_from(&mut file, from, bytes).map_err(failed("write", &path))?;
        if !durably {
            return Ok(());
        }
        file.sync_all().map_err(failed("sync", &path))?;
        if from == 0 {
            let dir = File::open(&self.dir).and_then(|dir| dir.sync_all());
            dir.map_err(failed("sync", &self.dir))?;
        }
        Ok(())
    }
}

/// Writes `bytes` after the first `from` bytes of a file, but for those that stand there already.
fn replace_from(file: &mut File, from: u64, bytes: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(from))?;
    let mut there = Vec::new();
    (&*file).take(bytes.len() as u64).read_to_end(&mut there)?;
    let same = there.iter().zip(bytes).take_while(|(old, new)| old == new).count();
    let end = from + same as u64;
    if file.metadata()?.len() > end {
        file.set_len(end)?;
    }
    file.seek(SeekFrom::Start(end))?;
    file.write_all(bytes.get(same..).unwrap_or_default())
}

/// The number of the receipt that a line of ours is from.
fn number(line: &[u8]) -> Option<u64> {
    let line: serde_json::Value = serde_json::from_slice(line).ok()?;
    line.get("seq")?.as_u64()
}

/// `YYYY-MM-DD`, as far as a name can say it: no file of anybody else's is ever removed.
fn is_day(text: &str) -> bool {
    let shape = |(at, b): (usize, u8)| match at {
        4 | 7 => b == b'-',
        _ => b.is_ascii_digit(),
    };
    text.len() == 10 && text.bytes().enumerate().all(shape)
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileError {
    let path = path.to_owned();
    move |source| FileError::Io { doing, path, source }
}

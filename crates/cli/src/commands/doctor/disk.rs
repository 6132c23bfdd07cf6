//! Whether there is room for receipts: where none can be written, nothing runs.

use super::check::{Check, quoted};
use rustix::fs::{Mode, OFlags};
use std::io::Write as _;
use std::path::Path;

const MEGABYTE: u64 = 1024 * 1024;

/// Below this it warns.
const LITTLE: u64 = 100 * MEGABYTE;

/// Below this it fails.
const NONE: u64 = 10 * MEGABYTE;

/// What the disk below a home says.
#[derive(Debug)]
pub(super) struct Facts {
    /// Whether there is no home.
    absent: bool,
    /// Bytes that this user may still write.
    free: Result<u64, String>,
    /// Why nothing can be written.
    refuses: Option<String>,
}

/// Looks at the disk, and writes a block into a file without a name, which nothing is left of.
pub(super) fn facts(root: &Path) -> Facts {
    let free = rustix::fs::statvfs(root).map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    let absent = free == Err(rustix::io::Errno::NOENT);
    Facts { absent, free: free.map_err(|e| e.to_string()), refuses: refuses(root) }
}

fn refuses(root: &Path) -> Option<String> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = match rustix::fs::open(root, flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => file,
        // A file system without nameless files: whether it may be written to is all there is.
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::ISDIR) => {
            return rustix::fs::access(root, rustix::fs::Access::WRITE_OK)
                .err()
                .map(|e| e.to_string());
        }
        Err(e) => return Some(e.to_string()),
    };
    let mut file = std::fs::File::from(file);
    file.write_all(&[0; 4096]).and_then(|()| file.sync_all()).err().map(|e| e.to_string())
}

/// The judgement.
pub(super) fn judge(root: &Path, facts: &Facts) -> Check {
    let fix = format!("free space where it lies: df -h {}", quoted(root));
    if facts.absent {
        return Check::skipped("disk", "there is no home on it");
    }
    if let Some(why) = &facts.refuses {
        return Check::fail("disk", format!("`{}` cannot be written: {why}", root.display()), fix);
    }
    match &facts.free {
        Err(why) => Check::fail("disk", format!("its free space is not known: {why}"), fix),
        Ok(free) if *free < NONE => Check::fail("disk", left(*free), fix),
        Ok(free) if *free < LITTLE => Check::warn("disk", left(*free), fix),
        Ok(free) => Check::ok("disk", left(*free)),
    }
}

fn left(free: u64) -> String {
    format!("{} MB free", free / MEGABYTE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::check::State;

    fn state(free: Result<u64, String>, refuses: Option<String>) -> State {
        judge(Path::new("/h"), &Facts { absent: false, free, refuses }).state
    }

    #[test]
    fn little_room_warns_and_none_fails() {
        assert_eq!(state(Ok(LITTLE), None), State::Ok);
        assert_eq!(state(Ok(LITTLE - 1), None), State::Warn);
        assert_eq!(state(Ok(NONE - 1), None), State::Fail);
        assert_eq!(state(Ok(u64::MAX), Some("read-only".into())), State::Fail);
        assert_eq!(state(Err("no".into()), None), State::Fail);
    }

    #[test]
    fn trying_to_write_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(facts(dir.path()).refuses, None);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_home_that_is_not_there_is_no_full_disk() {
        let dir = tempfile::tempdir().unwrap();
        let none = dir.path().join("none");
        assert_eq!(judge(&none, &facts(&none)).state, State::Skipped);
    }
}

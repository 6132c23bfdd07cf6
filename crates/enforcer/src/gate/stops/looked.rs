//! When somebody looked for stops the last time.
//!
//! A file in the home says it to short processes. A long one remembers it, so that it reads no file
//! before every call; it forgets it with the first change of the home's pairings.

use crate::home::Home;
use countersign_core::time::Instant;
use countersign_store::files::{self, Links};
use rustix::fs::OFlags;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// How long an answer about stops is good where nobody must answer.
const GOOD_MILLIS: i64 = 10_000;

const MARK: &str = "stops.looked";

/// A number is no longer.
const LONGEST: u64 = 32;

/// What this process remembers: when it was looked, and how old the pairings were then.
#[derive(Default)]
pub(crate) struct Looked(Mutex<Option<(Instant, SystemTime)>>);

impl Looked {
    /// Whether it was looked a moment ago, as this process or the file remembers.
    pub(super) fn lately(&self, home: &Home, now: Instant) -> bool {
        let Some(age) = age(home) else { return marked(home, now).is_some() };
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_some_and(|(then, before)| before == age && is_fresh(then, now)) {
            return true;
        }
        let marked = marked(home, now);
        marked.into_iter().for_each(|then| self.keep(then, age));
        marked.is_some()
    }

    /// Says that it is looked now, at pairings of an age: to this process, and where there is
    /// somebody to ask to others as well.
    pub(super) fn now(&self, home: &Home, (now, age): (Instant, Option<SystemTime>), any: bool) {
        age.into_iter().for_each(|age| self.keep(now, age));
        if any {
            // Whoever loses this only looks once more.
            let _ = write_private(&home.root().join(MARK), &now.0.to_string());
        }
    }

    fn keep(&self, then: Instant, age: SystemTime) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((then, age));
    }
}

/// When a pairing came or went last; `None` where that cannot be told.
pub(super) fn age(home: &Home) -> Option<SystemTime> {
    home.root().join("pairings").metadata().and_then(|dir| dir.modified()).ok()
}

fn marked(home: &Home, now: Instant) -> Option<Instant> {
    let file = files::open(&home.root().join(MARK), Links::Followed).ok()?;
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text).ok()?;
    text.parse().ok().map(Instant).filter(|then| is_fresh(*then, now))
}

fn is_fresh(then: Instant, now: Instant) -> bool {
    then <= now && now.0.saturating_sub(then.0) < GOOD_MILLIS
}

/// It need not reach the disk.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new();
    // A pipe would be waited for until somebody reads it.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = file.custom_flags(flags.bits().cast_signed()).write(true).create(true).mode(0o600);
    let mut file = files::regular(file.open(path)?)?;
    file.set_len(0)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::time::Duration;

    const NOW: Instant = Instant(1_770_000_000_000);

    fn home() -> (tempfile::TempDir, Home) {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(dir.path()).unwrap();
        (dir, home)
    }

    /// As a pairing does that comes or goes.
    fn change(home: &Home) {
        let dir = File::open(home.root().join("pairings")).unwrap();
        dir.set_modified(age(home).unwrap() + Duration::from_millis(1)).unwrap();
    }

    #[test]
    fn what_was_looked_for_is_good_for_ten_seconds_and_no_longer() {
        let ((_dir, home), looked) = (home(), Looked::default());
        assert!(!looked.lately(&home, NOW));
        looked.now(&home, (NOW, age(&home)), false);
        assert!(looked.lately(&home, NOW) && looked.lately(&home, NOW.plus_millis(9_999)));
        assert!(!looked.lately(&home, NOW.plus_millis(GOOD_MILLIS)));
        // A clock that was set back makes nothing newer than it is.
        assert!(!looked.lately(&home, NOW.plus_millis(-1)));
        assert!(!home.root().join(MARK).exists(), "nobody was asked");
    }

    #[test]
    fn what_is_remembered_of_other_pairings_is_not_good() {
        let ((_dir, home), looked) = (home(), Looked::default());
        looked.now(&home, (NOW, age(&home)), false);
        change(&home);
        assert!(!looked.lately(&home, NOW));
        // What changed while it was looked may not have been seen.
        let before = age(&home);
        change(&home);
        looked.now(&home, (NOW, before), false);
        assert!(!looked.lately(&home, NOW));
    }

    #[test]
    fn one_process_hears_of_another() {
        let ((_dir, home), [one, other]) = (home(), [Looked::default(), Looked::default()]);
        one.now(&home, (NOW, age(&home)), true);
        assert!(other.lately(&home, NOW.plus_millis(1)));
        std::fs::remove_file(home.root().join(MARK)).unwrap();
        assert!(other.lately(&home, NOW.plus_millis(9_999)), "it remembers what it read");
        assert!(!other.lately(&home, NOW.plus_millis(GOOD_MILLIS)), "and when that was");
    }
}

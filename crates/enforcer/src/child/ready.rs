//! A pinned file, opened and compared right before the run, and once more right after.

use super::owner;
use super::pin::{self, Pin};
use super::seal::{self, Use};
use super::start::{StartError, io_error};
use countersign_core::receipt::Binding;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;

/// A file that was compared, in the form in which it will be used.
pub(super) struct Ready<'a> {
    pub(super) pin: &'a Pin,
    /// It is executed itself; other files are read by path, unless they are sealed.
    pub(super) executed: bool,
    pub(super) file: File,
    seen: Seen,
}

/// What a file looked like before it was hashed: device, inode and time of change.
///
/// Putting another file in the place for a moment moves the time too.
type Seen = (u64, u64, i64, i64);

impl<'a> Ready<'a> {
    /// Opens a pinned file and compares it; what is to be sealed is sealed first.
    pub(super) fn open(pin: &'a Pin, executed: bool, user: u32) -> Result<Self, StartError> {
        let refuse = |e| io_error(&pin.path, e);
        let changed = || StartError::Changed { path: pin.path.display().to_string() };
        // What was out of reach at the review and is not any more would need another binding.
        let reachable = || owner::could_write(user, &pin.path).map_err(refuse);
        if pin.binding == Binding::Descriptor && reachable()? {
            return Err(changed());
        }
        let file = pin::open_regular(&pin.path).map_err(refuse)?;
        let seen = seen(&file).map_err(refuse)?;
        let same = match pin.binding {
            Binding::Sealed => {
                let purpose = if executed { Use::Execute } else { Use::Read };
                seal::copy(&file, pin.sha256, purpose).map_err(refuse)?
            }
            Binding::Descriptor | Binding::Rehashed => {
                let sha256 = pin::digest(&file, |_| Ok(())).map_err(refuse)?;
                (sha256 == pin.sha256).then_some(file)
            }
        };
        Ok(Self { pin, executed, file: same.ok_or_else(changed)?, seen })
    }

    /// For a file that is only hashed again: whether what was just used is still the pinned one.
    pub(super) fn still_holds(&self) -> bool {
        self.pin.binding != Binding::Rehashed || self.used_again().unwrap_or(false)
    }

    /// The bytes of a running binary cannot be written; a script was opened by its path.
    fn used_again(&self) -> io::Result<bool> {
        if self.executed {
            return Ok(pin::digest(&self.file, |_| Ok(()))? == self.pin.sha256);
        }
        let file = pin::open_regular(&self.pin.path)?;
        Ok(seen(&file)? == self.seen && pin::digest(&file, |_| Ok(()))? == self.pin.sha256)
    }
}

fn seen(file: &File) -> io::Result<Seen> {
    let metadata = file.metadata()?;
    Ok((metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::encoding::Hash;
    use std::fs;

    const GOOD: &str = "#!/bin/sh\n: $0\n";

    /// A rehashed file in a directory of its own.
    fn scene() -> (tempfile::TempDir, Pin) {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("script");
        fs::write(&path, GOOD).unwrap();
        let pin = Pin { path, sha256: Hash::of(GOOD.as_bytes()), binding: Binding::Rehashed };
        (home, pin)
    }

    #[test]
    fn attack_01_a_script_swapped_between_hash_and_exec_is_noticed_even_if_it_is_put_back() {
        let (home, pin) = scene();
        let other = home.path().join("other");
        fs::write(&other, GOOD).unwrap();
        let ready = Ready::open(&pin, false, 0).unwrap();
        assert!(ready.still_holds());
        fs::rename(&other, &pin.path).unwrap();
        assert!(!ready.still_holds(), "the same text in another file");
        let ready = Ready::open(&pin, false, 0).unwrap();
        fs::write(&pin.path, "evil").unwrap();
        assert!(!ready.still_holds());
        fs::remove_file(&pin.path).unwrap();
        assert!(!ready.still_holds());
    }

    #[test]
    fn attack_01_a_binary_written_between_hash_and_exec_is_noticed_behind_its_descriptor() {
        let (home, pin) = scene();
        let ready = Ready::open(&pin, true, 0).unwrap();
        fs::rename(&pin.path, home.path().join("aside")).unwrap();
        assert!(ready.still_holds(), "what runs is the file that was opened");
        fs::write(home.path().join("aside"), "evil").unwrap();
        fs::write(&pin.path, GOOD).unwrap();
        assert!(!ready.still_holds());
    }
}

//! Copies in memory that nobody can change any more.

use super::pin;
use countersign_core::encoding::Hash;
use rustix::fs::{MemfdFlags, Mode, OFlags, SealFlags, fcntl_add_seals, memfd_create, open};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};

/// What a sealed copy is for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Use {
    Execute,
    Read,
}

/// A sealed copy of a whole file, or `None` if its content is not the expected one.
pub(super) fn copy(file: &File, expected: Hash, purpose: Use) -> io::Result<Option<File>> {
    seal(expected, purpose, |memory| pin::digest(file, |chunk| memory.write_all(chunk)).map(drop))
}

/// A sealed copy of `bytes`, open for reading from its start.
pub(super) fn input(bytes: &[u8]) -> io::Result<File> {
    seal(Hash::of(bytes), Use::Read, |memory| memory.write_all(bytes))?
        .ok_or_else(|| io::Error::other("the copy of standard input was changed"))
}

/// The hash is taken after the seal: until then another process of our user could write through
/// `/proc`.
fn seal(
    expected: Hash,
    purpose: Use,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<Option<File>> {
    let mut memory = File::from(create(purpose)?);
    fill(&mut memory)?;
    let all = SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE;
    fcntl_add_seals(&memory, all)?;
    let sealed = reopen(&memory)?;
    Ok((pin::digest(&sealed, |_| Ok(()))? == expected).then_some(sealed))
}

/// Kernels before 6.3 know neither of the flags that say whether it may be executed.
fn create(purpose: Use) -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let precise = match purpose {
        Use::Execute => MemfdFlags::EXEC,
        Use::Read => MemfdFlags::NOEXEC_SEAL,
    };
    match memfd_create("countersign", flags | precise) {
        Err(Errno::INVAL) => Ok(memfd_create("countersign", flags)?),
        other => Ok(other?),
    }
}

/// A descriptor of its own that can only read: a file open for writing is not executed, and the
/// child gets nothing to write to.
fn reopen(memory: &File) -> io::Result<File> {
    let path = format!("/proc/self/fd/{}", memory.as_raw_fd());
    Ok(File::from(open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn attack_41_a_sealed_copy_takes_no_more_writes() {
        let mut sealed = input(b"approved").unwrap();
        let path = format!("/proc/self/fd/{}", sealed.as_raw_fd());
        if let Ok(mut writer) = std::fs::OpenOptions::new().write(true).open(&path) {
            assert!(writer.write_all(b"rewritten").is_err());
            assert!(writer.set_len(0).is_err());
        }
        let mut text = String::new();
        sealed.read_to_string(&mut text).unwrap();
        assert_eq!(text, "approved");
    }

    #[test]
    fn attack_41_other_content_than_the_pinned_one_is_not_sealed() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        std::fs::write(&path, "rewritten").unwrap();
        let file = pin::open_regular(&path).unwrap();
        assert!(copy(&file, Hash::of(b"approved"), Use::Execute).unwrap().is_none());
        assert!(copy(&file, Hash::of(b"rewritten"), Use::Execute).unwrap().is_some());
    }
}

//! One pipe emptied into one descriptor, and a digest of what went through.

use countersign_core::encoding::Hash;
use countersign_core::receipt::OutputDigest;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionread, read, write};
use sha2::{Digest as _, Sha256};
use std::io::{self, PipeReader};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How much is held at once: what a pipe holds, so that a quick child is not slowed down.
const CHUNK: usize = 64 * 1024;

/// What was passed on so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    hash: Sha256,
    bytes: u64,
    whole: bool,
}

impl Tally {
    fn add(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
    }

    /// Of everything only where the end was seen.
    pub(super) fn digest(&self) -> OutputDigest {
        let sha256 = Hash(self.hash.clone().finalize().into());
        OutputDigest { bytes: self.bytes, sha256, cut: !self.whole }
    }
}

/// A tally is whole after each write: a thread that ended badly leaves nothing half done.
pub(super) fn locked(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Empties `from` into `to` until its end, or until `stop` is closed.
///
/// Dropping it closes `from`: whoever still writes there is told by a signal or an error.
pub(super) struct Copier {
    pub(super) from: PipeReader,
    pub(super) to: OwnedFd,
    pub(super) stop: PipeReader,
    pub(super) tally: Arc<Mutex<Tally>>,
}

/// What there is to do next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Next {
    Copy,
    Stop,
    /// Nobody reads what we write, so nobody should write it.
    ReaderGone,
}

impl Copier {
    /// # Errors
    /// Where it could not be passed on; the tally holds what was.
    pub(super) fn run(self) -> io::Result<()> {
        let mut buffer = vec![0; CHUNK];
        loop {
            match self.next()? {
                Next::ReaderGone => return Ok(()),
                Next::Stop => return self.rest(&mut buffer),
                Next::Copy if self.copied(&mut buffer)? == 0 => return Ok(()),
                Next::Copy => {}
            }
        }
    }

    /// Waits for something to do. The reader's end is noticed although nothing is written.
    fn next(&self) -> io::Result<Next> {
        let mut watched = [
            PollFd::new(&self.from, PollFlags::IN),
            PollFd::new(&self.stop, PollFlags::IN),
            PollFd::new(&self.to, PollFlags::empty()),
        ];
        wait(&mut watched, None)?;
        let [from, stop, to] = watched.map(|one| one.revents());
        Ok(match () {
            () if to.intersects(PollFlags::ERR | PollFlags::HUP) => Next::ReaderGone,
            () if !stop.is_empty() => Next::Stop,
            () if !from.is_empty() => Next::Copy,
            () => return Err(io::Error::other("woken for nothing")),
        })
    }

    /// What is in the pipe now, and no more: everything that the child wrote is there, and what it
    /// left running may write for ever.
    fn rest(&self, buffer: &mut [u8]) -> io::Result<()> {
        let mut owed = usize::try_from(ioctl_fionread(&self.from)?).unwrap_or(usize::MAX);
        while owed > 0 {
            let most = owed.min(buffer.len());
            let part = buffer.get_mut(..most).unwrap_or_default();
            match self.copied(part)? {
                0 => return Ok(()),
                copied => owed = owed.saturating_sub(copied),
            }
        }
        let mut from = [PollFd::new(&self.from, PollFlags::IN)];
        wait(&mut from, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
        let [from] = from.map(|one| one.revents());
        let ended = from.contains(PollFlags::HUP) && !from.contains(PollFlags::IN);
        locked(&self.tally).whole |= ended;
        Ok(())
    }

    /// Passes on what can be read at once; 0 is the end.
    fn copied(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = again(|| read(&self.from, &mut *buffer))?;
        let bytes = buffer.get(..count).unwrap_or_default();
        match bytes {
            [] => locked(&self.tally).whole = true,
            bytes => self.pass_on(bytes)?,
        }
        Ok(count)
    }

    fn pass_on(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match again(|| write(&self.to, bytes)) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    let (written, rest) = bytes.split_at_checked(count).unwrap_or((bytes, &[]));
                    locked(&self.tally).add(written);
                    bytes = rest;
                }
                // Somebody who shares it with us does not want to wait; we do.
                Err(Errno::AGAIN) => wait(&mut [PollFd::new(&self.to, PollFlags::OUT)], None)?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

fn wait(watched: &mut [PollFd<'_>], longest: Option<&Timespec>) -> io::Result<()> {
    again(|| poll(watched, longest).map(drop)).map_err(io::Error::from)
}

/// Calls it until no signal interrupts it.
fn again<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> rustix::io::Result<T> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            other => return other,
        }
    }
}

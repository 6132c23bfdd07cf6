//! What a child writes, passed on as it comes and hashed on the way.
//!
//! Each output of the child is a pipe that a thread of ours empties into our own descriptor. The
//! digest is of what was passed on. Where our reader goes away or the disk is full, the child's
//! pipe is closed, so that it is told by its next write, as it would be without us.

mod copy;
#[cfg(test)]
mod tests;

use super::running::Signals;
use copy::{Copier, Tally};
use countersign_core::receipt::OutputDigest;
use std::io::{self, PipeReader, PipeWriter, pipe};
use std::os::fd::{AsFd, OwnedFd};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long what a child leaves behind may go on writing after its end.
const GRACE: Duration = Duration::from_millis(500);

/// Both outputs of a child, while they are copied.
#[derive(Debug)]
pub(super) struct Outputs {
    stdout: Copying,
    stderr: Copying,
    /// Closing it tells both threads to take what is there, and to stop.
    stop: PipeWriter,
}

/// One output, while a thread copies it.
#[derive(Debug)]
struct Copying {
    tally: Arc<Mutex<Tally>>,
    /// Closed by the thread at its end.
    done: oneshot::Receiver<()>,
}

impl Outputs {
    /// Gives the command pipes for outputs, and begins to copy what will come out of them to our
    /// own standard output and error.
    pub(super) fn begin(command: &mut Command) -> io::Result<Self> {
        let stdout = io::stdout().as_fd().try_clone_to_owned()?;
        Self::into(command, stdout, io::stderr().as_fd().try_clone_to_owned()?)
    }

    /// As [`Outputs::begin`], to other descriptors.
    fn into(command: &mut Command, stdout: OwnedFd, stderr: OwnedFd) -> io::Result<Self> {
        let (stopped, stop) = pipe()?;
        let (from, writer) = pipe()?;
        command.stdout(writer);
        let stdout = Copying::begin("stdout", from, stdout, stopped.try_clone()?)?;
        let (from, writer) = pipe()?;
        command.stderr(writer);
        let stderr = Copying::begin("stderr", from, stderr, stopped)?;
        Ok(Self { stdout, stderr, stop })
    }

    /// What the child wrote; called after its end.
    ///
    /// What it wrote is passed on to its end, however slow our reader is. What it left running can
    /// write for [`GRACE`] more. A signal that asks us to end, now or before (`asked`), gives a
    /// reader no longer than that either: else a stuck one would keep us from ending.
    pub(super) async fn end(self, signals: &mut Signals, asked: bool) -> [OutputDigest; 2] {
        let Self { stdout, stderr, stop } = self;
        let tallies = [stdout.tally, stderr.tally];
        let done = async {
            let _ended = tokio::join!(stdout.done, stderr.done);
        };
        tokio::pin!(done);
        let asked = tokio::select! {
            biased;
            () = &mut done => return digests(&tallies),
            () = tokio::time::sleep(GRACE) => asked,
            _ = signals.next() => true,
        };
        drop(stop);
        let enough = async {
            match asked {
                true => tokio::time::sleep(GRACE).await,
                false => drop(signals.next().await),
            }
        };
        tokio::select! { biased; () = &mut done => {}, () = enough => {} }
        digests(&tallies)
    }
}

impl Copying {
    /// A thread and no task of the runtime's: one that waits for a reader who never reads must not
    /// keep this process from ending.
    fn begin(name: &str, from: PipeReader, to: OwnedFd, stop: PipeReader) -> io::Result<Self> {
        let tally = Arc::default();
        let (ended, done) = oneshot::channel();
        let copier = Copier { from, to, stop, tally: Arc::clone(&tally) };
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            // Whatever went wrong, the tally says that it is not whole.
            let _failed = copier.run();
            drop(ended);
        })?;
        Ok(Self { tally, done })
    }
}

fn digests(tallies: &[Arc<Mutex<Tally>>; 2]) -> [OutputDigest; 2] {
    tallies.each_ref().map(|tally| copy::locked(tally).digest())
}

//! A child that runs, and how it ended.

use super::output::Outputs;
use super::start::StartError;
use countersign_core::receipt::OutputDigest;
use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, getpgrp, kill_process};
use rustix::termios::tcgetpgrp;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus};
use tokio::process::Child;
use tokio::signal::unix::{self, SignalKind};

/// How a child ended: exactly one of the first two is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// What it passed to `exit`.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What it wrote to standard output and error, where digests were asked for.
    pub outputs: Option<[OutputDigest; 2]>,
}

/// A child that was started. Dropping it does not stop the child.
#[derive(Debug)]
pub struct Running {
    child: Child,
    pid: Option<Pid>,
    signals: Signals,
    outputs: Option<Outputs>,
}

/// The signals that ask a process to end: an interrupt, a request to terminate, a lost terminal.
///
/// For a child they are taken from before it exists until after its end.
#[derive(Debug)]
pub struct Signals {
    interrupt: Option<unix::Signal>,
    terminate: Option<unix::Signal>,
    hang_up: Option<unix::Signal>,
}

impl Running {
    /// Starts a command that is fully dressed. The error comes before anything of it has run.
    pub(super) fn spawn(
        command: Command,
        signals: Signals,
        outputs: Option<Outputs>,
    ) -> io::Result<Self> {
        let child = tokio::process::Command::from(command).spawn()?;
        let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        Ok(Self { child, pid, signals, outputs })
    }

    /// The process id; `None` once the child has been waited for.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for the end. Signals that ask us to end are passed on to the child meanwhile.
    ///
    /// # Errors
    /// `Lost` where the system does not tell how it ended: the outcome is then uncertain.
    pub async fn wait(mut self) -> Result<Outcome, StartError> {
        let mut asked = false;
        let status = loop {
            tokio::select! {
                status = self.child.wait() => break status.map_err(StartError::Lost)?,
                signal = self.signals.next() => {
                    asked = true;
                    self.pass_on(signal);
                }
            }
        };
        let outputs = match self.outputs.take() {
            Some(outputs) => Some(outputs.end(&mut self.signals, asked).await),
            None => None,
        };
        Ok(Outcome { outputs, ..Outcome::from(status) })
    }

    /// Ends the child at once.
    pub(super) fn kill(&mut self) {
        // A child that is gone already is as good as killed.
        let _gone = self.child.start_kill();
    }

    fn pass_on(&self, signal: Signal) {
        // The terminal has sent its interrupt to the child as well. A second one would make many
        // programs give up cleaning up.
        let twice = signal == Signal::INT && is_in_foreground();
        if let Some(pid) = self.pid.filter(|_| !twice && self.child.id().is_some()) {
            // A child that is gone already needs no signal.
            let _gone = kill_process(pid, signal);
        }
    }
}

impl Signals {
    /// Begins to take the signals that are not ignored on purpose, as under `nohup`.
    ///
    /// # Errors
    /// Outside a runtime, and where the system does not let us.
    pub fn watch() -> Result<Self, StartError> {
        tokio::runtime::Handle::try_current().map_err(|_| StartError::NoRuntime)?;
        let ignored = ignored();
        let take = |kind: SignalKind| match ignored >> (kind.as_raw_value() - 1) & 1 {
            0 => unix::signal(kind).map(Some),
            _ => Ok(None),
        };
        let all = || -> io::Result<Self> {
            Ok(Self {
                interrupt: take(SignalKind::interrupt())?,
                terminate: take(SignalKind::terminate())?,
                hang_up: take(SignalKind::hangup())?,
            })
        };
        all().map_err(|source| StartError::Io { path: "signals".to_owned(), source })
    }

    /// Waits for the next one; for ever where all of them are ignored.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            () = receive(&mut self.interrupt) => Signal::INT,
            () = receive(&mut self.terminate) => Signal::TERM,
            () = receive(&mut self.hang_up) => Signal::HUP,
        }
    }
}

async fn receive(signal: &mut Option<unix::Signal>) {
    let received = match signal {
        Some(signal) => signal.recv().await,
        None => None,
    };
    if received.is_none() {
        std::future::pending().await
    }
}

/// The signals that this process ignores, one bit each from signal 1 on.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

/// Whether the keyboard's interrupt goes to our process group, and so to the child as well.
fn is_in_foreground() -> bool {
    let terminal =
        open("/dev/tty", OFlags::RDONLY | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty());
    terminal.is_ok_and(|tty| tcgetpgrp(tty).is_ok_and(|group| group == getpgrp()))
}

impl From<ExitStatus> for Outcome {
    fn from(status: ExitStatus) -> Self {
        Self { exit_code: status.code(), signal: status.signal(), outputs: None }
    }
}

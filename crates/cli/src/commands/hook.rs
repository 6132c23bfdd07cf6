//! `hook`: what an agent host starts before a tool runs. It answers in the host's own words.
//!
//! A host that hears nothing it understands runs the tool. So the main thread only waits: for the
//! judging thread's answer, for its death, or for the moment before the host's patience ends; each
//! of these becomes an answer, and all but one of them a refusal.

mod gated;
mod shell;
mod words;

use super::Here;
use crate::failure::{Exit, Failure, Outcome};
use countersign_enforcer::Edge;
use countersign_hosts::call::MAX_BYTES;
use countersign_hosts::{Answer, Call, Host, Said, answer, read};
use rustix::event::{PollFd, PollFlags};
use rustix::fs::FileType;
use std::io::Read as _;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Answer an agent host about the tool that it is about to run.
///
/// Reads the host's message on standard input, and writes the verdict in that host's format. It is
/// started by the host, under the settings that `countersign install` writes.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign hook claude-code --home ~/.countersign --timeout 600 < call.json\n  \
    countersign hook codex --home ~/.countersign --timeout 600 < call.json\n\n\
    --home must be written out: the environment is not asked. The exit code is 0 with a verdict on\n\
    standard output, or 2 with the reason on standard error, which every host takes for a refusal.")]
pub(crate) struct Hook {
    /// The host that asks
    #[arg(value_name = "HOST", value_parser = host)]
    host: Host,

    /// How long the host waits for this hook, in seconds, as its settings say; the answer comes
    /// before
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u64).range(5..=86_400))]
    timeout: u64,
}

/// Bytes that are written at once: the least that a pipe takes whole.
const PIECE: usize = 512;

/// What the judging thread may use of its stack.
const STACK: usize = 4 * 1024 * 1024;

/// A host by its name.
pub(crate) fn host(text: &str) -> Result<Host, String> {
    let known = || Host::ALL.map(Host::name).join(", ");
    let found = Host::ALL.into_iter().find(|host| host.name() == text);
    found.ok_or_else(|| format!("`{text}` is no host that is known here: {}", known()))
}

/// By when what must have happened.
#[derive(Clone, Copy)]
struct Times {
    /// People are waited for until then.
    patience: Instant,
    /// Something is answered by then, whatever happens.
    end: Instant,
}

impl Times {
    fn of(timeout: u64, began: Instant) -> Self {
        let whole = Duration::from_secs(timeout);
        // The host counts from before this process began, and hears the answer after it was said.
        let margin = (whole / 10).clamp(Duration::from_secs(1), Duration::from_secs(10));
        Self { patience: began + (whole - margin * 2), end: began + (whole - margin) }
    }
}

impl Hook {
    pub(crate) fn run(self, here: &Here<'_>) -> Outcome {
        let times = Times::of(self.timeout, Instant::now());
        let said = match home(std::env::args_os(), &here.root) {
            Ok(root) => heard(self.host, times, move |seen| judged(self.host, &root, times, seen)),
            Err(why) => answer::refused(self.host, &why),
        };
        speak(&said, times.end)
    }
}

/// The home that the installed line names. One that the environment names is none.
fn home(
    words: impl IntoIterator<Item = std::ffi::OsString>,
    root: &Path,
) -> Result<PathBuf, String> {
    let named = words.into_iter().any(|word| {
        let word = word.to_string_lossy();
        word == "--home" || word.starts_with("--home=")
    });
    match (named, root.is_dir()) {
        (false, _) => {
            Err("no --home was given, so nothing runs: `countersign install` writes the line"
                .into())
        }
        (true, false) => Err(format!(
            "the home `{}` is not there, so nothing runs: `countersign doctor` says what to do",
            root.display()
        )),
        (true, true) => Ok(root.to_owned()),
    }
}

/// Judges on another thread, and answers for it where it cannot.
fn heard(
    host: Host,
    times: Times,
    judge: impl FnOnce(&OnceLock<Call>) -> Said + Send + 'static,
) -> Said {
    let (tell, hear) = channel();
    let known: Arc<OnceLock<Call>> = Arc::default();
    let seen = Arc::clone(&known);
    // Nobody hears it where the time was over before.
    let judging = move || drop(tell.send(judge(&seen)));
    // The size is said here, since the host's environment may name another.
    let thread = std::thread::Builder::new().name("hook".into()).stack_size(STACK);
    let started = thread.spawn(judging);
    let left = times.end.saturating_duration_since(Instant::now());
    let why = match started.map(|_| hear.recv_timeout(left)) {
        Ok(Ok(said)) => return said,
        Ok(Err(RecvTimeoutError::Timeout)) => words::LATE,
        Ok(Err(RecvTimeoutError::Disconnected)) | Err(_) => words::BROKEN,
    };
    match known.get() {
        Some(call) => Answer::Deny(why.to_owned()).said(call),
        None => answer::refused(host, why),
    }
}

fn judged(host: Host, root: &Path, times: Times, seen: &OnceLock<Call>) -> Said {
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX) + 1;
    if let Err(error) = std::io::stdin().lock().take(limit).read_to_end(&mut bytes) {
        return answer::refused(host, &words::unheard(&error.to_string()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return answer::refused(host, &words::unheard(&error.to_string())),
    };
    super::outlive_limits(&runtime);
    match read(host, &bytes) {
        Ok(call) => {
            let call = seen.get_or_init(|| call);
            runtime.block_on(gated::answer(call, root, until(times))).said(call)
        }
        Err(unread) => {
            runtime.block_on(gated::unread(host, &bytes, &unread, root));
            answer::refused(host, &words::unheard(&unread.to_string()))
        }
    }
}

/// When people are waited for no longer, on the clock that requests live by.
fn until(times: Times) -> countersign_core::time::Instant {
    let left = times.patience.saturating_duration_since(Instant::now());
    Edge::system().now().plus_millis(super::millis(left))
}

/// Says it whole, or refuses.
fn speak(said: &Said, end: Instant) -> Outcome {
    let (out, errors) = (std::io::stdout(), std::io::stderr());
    let heard = if is_heard() { Ok(()) } else { Err(std::io::Error::other("nobody reads it")) };
    let written = heard.and_then(|()| write_until(&out, said.stdout.as_bytes(), end));
    // The reason is less than the exit code, which every host takes for a refusal.
    let _ = write_until(&errors, said.stderr.as_bytes(), end);
    match (written, said.exit) {
        (Ok(()), 0) => Ok(Exit::Ok),
        // Nothing of ours is waited for: another thread may still hang.
        (Ok(()), code) => std::process::exit(i32::from(code)),
        (Err(_), 2) => std::process::exit(2),
        (Err(error), _) => Err(Failure::new(Exit::Usage, "output", error.to_string())
            .hint("the verdict could not be said, so nothing runs")),
    }
}

/// Writes all of it by then: a pipe that nobody empties is not waited for any longer.
fn write_until(to: &impl AsFd, mut bytes: &[u8], end: Instant) -> std::io::Result<()> {
    while !bytes.is_empty() {
        let left = end.saturating_duration_since(Instant::now());
        let left = rustix::event::Timespec::try_from(left).map_err(std::io::Error::other)?;
        let mut ready = [PollFd::new(to, PollFlags::OUT)];
        if rustix::event::poll(&mut ready, Some(&left))? == 0 {
            return Err(std::io::Error::other("nobody reads it in time"));
        }
        // A pipe that is ready has room for as much as this.
        let (now, _) = bytes.split_at(bytes.len().min(PIECE));
        let written = rustix::io::write(to, now)?;
        bytes = bytes.get(written..).unwrap_or_default();
    }
    Ok(())
}

/// Whether standard output leads anywhere. Where it was closed, the null device stands in its place,
/// and takes every word without an error.
fn is_heard() -> bool {
    let nowhere = std::fs::metadata("/dev/null").map(|null| null.rdev());
    let is_null = |out: rustix::fs::Stat| {
        FileType::from_raw_mode(out.st_mode) == FileType::CharacterDevice
            && nowhere.as_ref().is_ok_and(|null| *null == out.st_rdev)
    };
    rustix::fs::fstat(std::io::stdout()).is_ok_and(|out| !is_null(out))
}

#[cfg(test)]
mod tests;

//! One file for each command: its arguments, their help and its function.

pub(crate) mod apply;
pub(crate) mod audit;
pub(crate) mod bench;
pub(crate) mod checkpoint;
pub(crate) mod ci;
pub(crate) mod console;
pub(crate) mod decide;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod freeze;
pub(crate) mod gateway;
pub(crate) mod git_hooks;
pub(crate) mod grant;
pub(crate) mod harp;
pub(crate) mod history;
pub(crate) mod hook;
pub(crate) mod inbox;
pub(crate) mod install;
pub(crate) mod join;
pub(crate) mod key;
pub(crate) mod list;
pub(crate) mod pair;
pub(crate) mod policy;
pub(crate) mod receipt;
pub(crate) mod request;
pub(crate) mod revoke;
pub(crate) mod run;
pub(crate) mod shell;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod trust;
pub(crate) mod uninstall;
pub(crate) mod up;
pub(crate) mod wait;

use crate::args::{Args, Command};
use crate::ephemeral;
use crate::failure::{Exit, Failure, Outcome};
use crate::output::Output;
use crate::parties;
use rustix::process::Signal;
use std::path::PathBuf;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// What every command gets besides its own arguments.
pub(crate) struct Here<'a> {
    /// The home.
    pub(crate) root: PathBuf,
    /// Where to write.
    pub(crate) output: &'a Output,
    /// The home's directory where it is only for this call.
    pub(crate) only_now: Option<ephemeral::OneJob>,
}

impl Here<'_> {
    /// Removes what is only for this call, before a process ends without looking back.
    pub(crate) fn end(&self) {
        if let Some(job) = &self.only_now {
            job.end();
        }
    }
}

/// Runs the command that was named.
pub(crate) fn dispatch(args: Args, output: &Output) -> Outcome {
    let hook = matches!(args.command, Command::Hook(_));
    obeyed(args, output).map_err(|failure| if hook { failure.of_hook() } else { failure })
}

fn obeyed(args: Args, output: &Output) -> Outcome {
    let is_run = matches!(args.command, Command::Run(_));
    let only_now = ephemeral::home(&args.command, args.home.as_deref())
        .map_err(|failure| if is_run { failure.of_run() } else { failure })?;
    let root = match &only_now {
        Some(job) => job.root().to_owned(),
        None => parties::root(args.home)?,
    };
    let here = Here { root, output, only_now };
    match args.command {
        Command::Completions(command) => command.run(&here),
        Command::Man(command) => command.run(&here),
        // It brings its own threads: one that hangs must not keep it from answering.
        Command::Hook(command) => command.run(&here),
        Command::Doctor(command) => {
            let runtime = runtime()?;
            let outcome = runtime.block_on(command.run(&here));
            // What hangs does not hold it.
            runtime.shutdown_background();
            outcome
        }
        command => runtime()?.block_on(asynchronous(command, &here)),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let built = builder.worker_threads(2).enable_all().build();
    let runtime = built.map_err(|e| Failure::new(Exit::Failed, "runtime", e.to_string()))?;
    outlive_limits(&runtime);
    Ok(runtime)
}

/// Lets a write past the limit of a file's size fail as on a full disk, where its signal would end
/// this process without a word. It is caught and not ignored, so that a child has its default.
pub(crate) fn outlive_limits(runtime: &tokio::runtime::Runtime) {
    let _inside = runtime.enter();
    // Where it cannot be caught, it is as before.
    let _ = signal(SignalKind::from_raw(Signal::XFSZ.as_raw()));
}

async fn asynchronous(command: Command, here: &Here<'_>) -> Outcome {
    // `run` does it by itself, before it ends as its child did.
    let at_rest = matches!(
        command,
        Command::Pair(_)
            | Command::Up(_)
            | Command::Request(_)
            | Command::Wait(_)
            | Command::Revoke(_)
            | Command::Policy(_)
            | Command::Status(_)
            | Command::Receipt(_)
    );
    let outcome = carried_out(command, here).await;
    if at_rest {
        audit::catch_up_quietly(here).await;
    }
    outcome
}

async fn carried_out(command: Command, here: &Here<'_>) -> Outcome {
    // The demo and the benchmark have homes of their own.
    match &command {
        Command::Demo(_) | Command::Bench(_) => {}
        Command::Run(_) => parties::usable(&here.root).map_err(Failure::of_run)?,
        _ => parties::usable(&here.root)?,
    }
    match command {
        Command::Demo(c) => c.run(here).await,
        Command::Status(c) => c.run(here).await,
        Command::Gateway(c) => c.run(here).await,
        Command::Up(c) => c.run(here).await,
        Command::Console(c) => c.run(here).await,
        Command::Pair(c) => c.run(here).await,
        Command::Join(c) => c.run(here).await,
        Command::List(c) => c.run(here).await,
        Command::Revoke(c) => c.run(here).await,
        Command::Apply(c) => c.run(here).await,
        Command::Ci(c) => c.run(here).await,
        Command::Checkpoint(c) => c.run(here).await,
        Command::Run(c) => c.run(here).await.map_err(Failure::of_run),
        Command::Request(c) => c.run(here).await,
        Command::Wait(c) => c.run(here).await,
        Command::Policy(c) => c.run(here).await,
        Command::Grant(c) => c.run(here).await,
        Command::Freeze(c) => c.run(here).await,
        Command::Thaw(c) => c.run(here).await,
        Command::Inbox(c) => c.run(here).await,
        Command::Show(c) => c.run(here).await,
        Command::Approve(c) => c.run(here).await,
        Command::Deny(c) => c.run(here).await,
        Command::Escalate(c) => c.run(here).await,
        Command::History(c) => c.run(here).await,
        Command::Harp(c) => c.run(here).await,
        Command::Receipt(c) => c.run(here).await,
        Command::Key(c) => c.run(here).await,
        Command::Trust(c) => c.run(here).await,
        Command::Audit(c) => c.run(here).await,
        Command::Bench(c) => c.run(here).await,
        Command::Doctor(c) => c.run(here).await,
        Command::Completions(c) => c.run(here),
        Command::Man(c) => c.run(here),
        Command::Hook(c) => c.run(here),
        Command::Install(c) => c.run(here).await,
        Command::Uninstall(c) => c.run(here).await,
    }
}

/// A duration as people write it: `90`, `90s`, `5m`, `8h`; at most a day.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let (digits, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
        None => (text, 1),
        Some(at) => {
            let (digits, unit) = text.split_at(at);
            let unit = match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                _ => return Err(format!("`{text}` is no duration: write 90, 90s, 5m or 8h")),
            };
            (digits, unit)
        }
    };
    let seconds = digits.parse::<u64>().ok().and_then(|n| n.checked_mul(unit));
    match seconds {
        Some(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err(format!("`{text}` is not between 1 second and 24 hours")),
    }
}

/// Milliseconds of a duration that [`duration`] read.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Waits for the first signal that asks this process to end.
pub(crate) fn asked_to_end() -> impl Future<Output = ()> {
    // At once, and not when it is first waited for: a signal in between is none that ends us unheard.
    let watching = countersign_enforcer::child::Signals::watch();
    async move {
        match watching {
            Ok(mut signals) => drop(signals.next().await),
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_documented() {
        for (text, seconds) in
            [("90", 90), ("90s", 90), ("5m", 300), ("8h", 28_800), ("24h", 86_400)]
        {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for bad in ["", "0", "s", "5d", "-1", "1.5h", "25h", "99999999999999999999h", "5 m"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}

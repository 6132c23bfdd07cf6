//! The whole process of a hook that lets a harmless call through, with its durable receipt, beside
//! a process that does nothing.

use super::ground::Ground;
use super::row::{Better, Row};
use super::samples::{millis, quantile};
use super::{Effort, failed};
use crate::failure::Failure;
use crate::parties;
use serde_json::json;
use std::ffi::OsString;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Instant;

pub(super) const ROWS: &[&str] = &["hook-p50", "hook-p99", "hook-memory"];

/// Processes whose memory is watched; the greediest counts.
const WATCHED: usize = 20;

pub(super) async fn measure(ground: &Ground, effort: Effort) -> Result<Vec<Row>, Failure> {
    let home = ground.path("hook");
    // What `install` does: a home with a key, and nobody paired.
    drop(parties::enforcer(&home).await?);
    let work = ground.path("");
    let message = json!({
        "session_id": "bench", "transcript_path": "/dev/null", "cwd": work,
        "permission_mode": "default", "hook_event_name": "PreToolUse", "tool_name": "Bash",
        "tool_input": {"command": "git status", "description": "look around"},
        "tool_use_id": "bench",
    });
    let args = ["--home".into(), home.into_os_string(), "hook".into(), "claude-code".into()];
    let program = std::env::current_exe().map_err(failed)?;
    let hook = Process { program: program.into(), args: args.into(), input: message.to_string() };
    // It waits for the end of nothing, and ends.
    let idle = Process { program: "cat".into(), args: Vec::new(), input: String::new() };
    let (mut hooks, mut nothings) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds * effort.releases {
        hooks.push(hook.time()?);
        nothings.push(idle.time()?);
    }
    let row = |name, part: f64, budget| Row {
        name,
        value: quantile(&hooks, part),
        unit: "ms",
        better: Better::Lower,
        limit: quantile(&nothings, part),
        against: "a process that does nothing".into(),
        budget: Some(budget),
    };
    let memory = Row {
        name: "hook-memory",
        value: hook.peak()?,
        unit: "MB",
        better: Better::Lower,
        limit: idle.peak()?,
        against: "a process that does nothing".into(),
        budget: Some(20.0),
    };
    Ok(vec![row("hook-p50", 0.5, 10.0), row("hook-p99", 0.99, 25.0), memory])
}

/// A process that is started again and again.
struct Process {
    program: OsString,
    args: Vec<OsString>,
    input: String,
}

impl Process {
    fn start(&self) -> Result<std::process::Child, Failure> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(Stdio::piped()).spawn().map_err(failed)
    }

    /// From before it is started until it has ended and was heard, in milliseconds.
    fn time(&self) -> Result<f64, Failure> {
        let began = Instant::now();
        let mut child = self.start()?;
        if let Some(mut stdin) = child.stdin.take() {
            // One that does nothing may have ended before it is spoken to.
            let _ = stdin.write_all(self.input.as_bytes());
        }
        let output = child.wait_with_output().map_err(failed)?;
        let took = millis(began);
        let allowed = String::from_utf8_lossy(&output.stdout).contains("\"allow\"");
        if !self.input.is_empty() && !allowed {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(failed(format!("the hook did not allow `git status`: {said}")));
        }
        Ok(took)
    }

    /// The most memory that it held, in megabytes of 1,000,000 bytes, as the system tells while it
    /// lives.
    fn peak(&self) -> Result<f64, Failure> {
        let mut most = 0.0_f64;
        for _ in 0..WATCHED {
            let mut child = self.start()?;
            let path = format!("/proc/{}/status", child.id());
            let mut look = || {
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                most = most.max(high_water(&text).unwrap_or(0.0));
            };
            // It waits for its input: whatever it is, there is something to see.
            look();
            if let Some(mut stdin) = child.stdin.take() {
                let _ = stdin.write_all(self.input.as_bytes());
            }
            while child.try_wait().map_err(failed)?.is_none() {
                look();
            }
        }
        Ok(most)
    }
}

/// `VmHWM:     1234 kB`, where a kB has 1,024 bytes.
fn high_water(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1_024.0 / 1_000_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_own_figure_is_read() {
        let status = "Name:\tx\nVmPeak:\t  9 kB\nVmHWM:\t   15625 kB\n";
        assert_eq!(high_water(status), Some(16.0));
        assert_eq!(high_water("VmPeak: 1 kB"), None);
    }
}

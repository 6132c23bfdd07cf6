//! The host's own program: where it is, which version, and what that version knows.

use super::place::shown;
use super::program::{Running, command, find};
use countersign_core::display::visible;
use countersign_hosts::{Event, Host, Version};
use std::path::PathBuf;
use std::time::Duration;

/// How long a host may take to say its version.
const PATIENCE: Duration = Duration::from_secs(10);

/// A host, as far as it was found.
pub(crate) struct Found {
    pub(crate) host: Host,
    pub(crate) program: Option<PathBuf>,
    /// What it says, on one line.
    pub(crate) version: Option<String>,
    numbers: Option<Version>,
}

impl Found {
    /// Looks for the host in `PATH`, and asks it for its version.
    pub(crate) async fn look(host: Host) -> Self {
        let program = find(name(host));
        let version = match &program {
            Some(program) => version(program).await,
            None => None,
        };
        let numbers = version.as_deref().and_then(Version::read);
        Self { host, program, version, numbers }
    }

    /// Whether the entry is to say what happens where it fails.
    pub(crate) fn closes(&self) -> bool {
        self.host.closes(self.numbers)
    }

    /// The events before which the entry is to stand.
    pub(crate) fn events(&self) -> &'static [Event] {
        self.host.events(self.numbers)
    }

    /// What the person is told of it.
    pub(crate) fn line(&self) -> String {
        let title = title(self.host);
        match (&self.program, &self.version) {
            (Some(program), Some(version)) => {
                format!("{title}: {} at {}", visible(version, false), shown(program))
            }
            (Some(program), None) => format!("{title}: {}, which tells no version", shown(program)),
            (None, _) => format!("{title}: no `{}` in PATH", name(self.host)),
        }
    }

    /// What is weaker than it should be.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut all: Vec<&str> = Vec::new();
        match (self.host, &self.version) {
            (Host::Codex, _) => all.push(CODEX),
            (Host::ClaudeCode, None) => all.push(UNKNOWN),
            (Host::ClaudeCode, Some(_)) => {
                all.extend((!self.closes()).then_some(OPEN));
                all.extend((self.events() != self.host.events(None)).then_some(SKILLS));
            }
        }
        all.into_iter().map(str::to_owned).collect()
    }
}

const OPEN: &str = "this version knows no `onFailure` (2.1.295 and later do): where the shell \
    itself fails, or the time is over, the tool runs; update Claude Code and install again";

const SKILLS: &str = "this version asks no hook about the shell lines in a skill's text (2.1.332 \
    and later do): they run unasked; update Claude Code and install again";

const UNKNOWN: &str = "the version is not known: one before 2.1.332 asks no hook about the shell \
    lines in a skill's text, one before 2.1.295 passes over `onFailure`";

const CODEX: &str = "Codex has no word for a hook that fails: where the shell itself fails, or \
    the time is over, the tool runs";

fn name(host: Host) -> &'static str {
    match host {
        Host::ClaudeCode => "claude",
        Host::Codex => "codex",
    }
}

/// A host's name for people.
pub(crate) fn title(host: Host) -> &'static str {
    match host {
        Host::ClaudeCode => "Claude Code",
        Host::Codex => "Codex",
    }
}

async fn version(program: &PathBuf) -> Option<String> {
    let running = Running::start(command(program, &["--version"])).ok()?;
    let output = running.output(b"", PATIENCE).await.ok().filter(|o| o.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next().map(str::trim).filter(|line| !line.is_empty())?;
    Some(line.chars().take(80).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warnings(host: Host, version: Option<&str>) -> usize {
        let numbers = version.and_then(Version::read);
        let version = version.map(Into::into);
        Found { host, program: None, version, numbers }.warnings().len()
    }

    #[test]
    fn what_a_version_does_not_know_is_told() {
        for (version, many) in [
            (Some("2.1.332 (Claude Code)"), 0),
            (Some("2.1.331 (Claude Code)"), 1),
            (Some("2.1.294 (Claude Code)"), 2),
            (Some("Claude Code, some build"), 0),
            (None, 1),
        ] {
            assert_eq!(warnings(Host::ClaudeCode, version), many, "{version:?}");
        }
        assert_eq!(warnings(Host::Codex, Some("codex-cli 0.171.0")), 1);
    }
}

//! The host's own program: where it is, which version, and what that version knows.

use super::place::shown;
use crate::hosts::program::{self, find};
use crate::hosts::{program_of, title};
use countersign_core::display::visible;
use countersign_hosts::{Event, Host, Version};
use std::path::PathBuf;

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
        let program = find(program_of(host), std::env::var_os("PATH").as_deref());
        let version = match &program {
            Some(program) => program::version(program).await.ok(),
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
            (None, _) => format!("{title}: no `{}` in PATH", program_of(self.host)),
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

//! The host's own program: where it is, which version, and what that version knows.

use super::place::shown;
use super::program::{Running, command, find};
use countersign_core::display::visible;
use countersign_hosts::Host;
use std::path::PathBuf;
use std::time::Duration;

/// How long a host may take to say its version.
const PATIENCE: Duration = Duration::from_secs(10);

/// Since when Claude Code knows `onFailure`.
const KNOWS_ON_FAILURE: [u64; 3] = [2, 1, 295];

/// A host, as far as it was found.
pub(crate) struct Found {
    pub(crate) host: Host,
    pub(crate) program: Option<PathBuf>,
    /// What it says, on one line.
    pub(crate) version: Option<String>,
    numbers: Option<[u64; 3]>,
}

impl Found {
    /// Looks for the host in `PATH`, and asks it for its version.
    pub(crate) async fn look(host: Host) -> Self {
        let program = find(name(host));
        let version = match &program {
            Some(program) => version(program).await,
            None => None,
        };
        let numbers = version.as_deref().and_then(numbers);
        Self { host, program, version, numbers }
    }

    /// Whether the entry is to say what happens where it fails. A version that does not know the
    /// word passes over it, so only one that is known not to know it goes without.
    pub(crate) fn closes(&self) -> bool {
        self.host == Host::ClaudeCode && self.numbers.is_none_or(|n| n >= KNOWS_ON_FAILURE)
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
    pub(crate) fn warning(&self) -> Option<String> {
        match (self.host, self.closes(), &self.version) {
            (Host::ClaudeCode, false, _) => Some(
                "this version knows no `onFailure` (2.1.295 and later do): where the shell itself \
                 fails, or the time is over, the tool runs; update Claude Code and install again"
                    .into(),
            ),
            (Host::ClaudeCode, true, None) => {
                Some("the version is not known: one before 2.1.295 passes over `onFailure`".into())
            }
            (Host::Codex, ..) => Some(
                "Codex has no word for a hook that fails: where the shell itself fails, or the \
                 time is over, the tool runs"
                    .into(),
            ),
            _ => None,
        }
    }
}

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

/// The first `X.Y.Z` of a text.
fn numbers(text: &str) -> Option<[u64; 3]> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
        let parts: Vec<u64> = word.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
        parts.try_into().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(version: Option<&str>) -> Found {
        let numbers = version.and_then(numbers);
        Found { host: Host::ClaudeCode, program: None, version: version.map(Into::into), numbers }
    }

    #[test]
    fn the_word_is_left_out_only_where_the_version_is_known_not_to_know_it() {
        for (version, closes) in [
            (Some("2.1.332 (Claude Code)"), true),
            (Some("2.1.295"), true),
            (Some("10.0.0"), true),
            (Some("2.1.294 (Claude Code)"), false),
            (Some("1.99.999"), false),
            (Some("Claude Code, some build"), true),
            (Some("2.1"), true),
            (Some("99999999999999999999.1.1"), true),
            (None, true),
        ] {
            assert_eq!(found(version).closes(), closes, "{version:?}");
        }
        let codex = Found { host: Host::Codex, ..found(Some("codex-cli 0.171.0")) };
        assert!(!codex.closes() && codex.warning().is_some());
        assert!(found(Some("2.1.294")).warning().is_some_and(|w| w.contains("update")));
        assert!(found(Some("2.1.332")).warning().is_none());
    }
}

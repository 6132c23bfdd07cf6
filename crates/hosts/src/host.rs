//! Which hosts there are, and what the versions that were looked at know.
//!
//! The names and forms here and in the rooms above are those of Claude Code 2.1.332 and Codex
//! 0.171.0, as their own programs sent and took them (`tests/golden`).

use crate::Event;

/// An agent host whose hook this is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Host {
    /// Claude Code.
    ClaudeCode,
    /// Codex.
    Codex,
}

impl Host {
    /// Every host.
    pub const ALL: [Self; 2] = [Self::ClaudeCode, Self::Codex];

    /// Its name on our command line, and the server of its own tools: `claude-code`, `codex`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
        }
    }
}

/// Since when Claude Code knows `onFailure`.
const ON_FAILURE: Version = Version([2, 1, 295]);

/// Since when Claude Code asks about the shell lines of a skill.
const SKILL_LINES: Version = Version([2, 1, 332]);

/// What a version knows. `None` is one that is not known, and is taken for a new one: more is asked
/// of it, and not less.
impl Host {
    /// Whether it refuses where a hook fails, if the hook's entry says so (`onFailure`). One that
    /// does not know the word passes over it.
    #[must_use]
    pub fn closes(self, version: Option<Version>) -> bool {
        self == Self::ClaudeCode && version.is_none_or(|v| v >= ON_FAILURE)
    }

    /// The events before which it asks, no two about the same. One that it does not know it passes
    /// over, and a very old one may pass over the whole file with it.
    #[must_use]
    pub fn events(self, version: Option<Version>) -> &'static [Event] {
        match self {
            Self::ClaudeCode if version.is_none_or(|v| v >= SKILL_LINES) => {
                &[Event::PreToolUse, Event::PreSkillShellCommand]
            }
            Self::ClaudeCode | Self::Codex => &[Event::PreToolUse],
        }
    }
}

/// A version of a host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Version([u64; 3]);

impl Version {
    /// The first `X.Y.Z` in what a host's program says of itself.
    #[must_use]
    pub fn read(said: &str) -> Option<Self> {
        said.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
            let parts: Vec<u64> = word.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
            parts.try_into().ok().map(Self)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_version_that_is_known_to_be_old_is_asked_for_less() {
        for (said, closes, events) in [
            ("2.1.332 (Claude Code)", true, 2),
            ("2.1.331 (Claude Code)", true, 1),
            ("2.1.295", true, 1),
            ("2.1.294 (Claude Code)", false, 1),
            ("1.99.999", false, 1),
            ("10.0.0", true, 2),
            ("Claude Code, some build", true, 2),
            ("2.1", true, 2),
            ("99999999999999999999.1.1", true, 2),
            ("", true, 2),
        ] {
            let version = Version::read(said);
            assert_eq!(Host::ClaudeCode.closes(version), closes, "{said}");
            assert_eq!(Host::ClaudeCode.events(version).len(), events, "{said}");
            assert!(!Host::Codex.closes(version));
            assert_eq!(Host::Codex.events(version), [Event::PreToolUse]);
        }
    }
}

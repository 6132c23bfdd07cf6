//! Which hosts there are, and what the versions that were looked at know.
//!
//! The names and forms here and in the rooms above are those of Claude Code 2.1.332 and Codex
//! 0.171.0, as their own programs sent and took them (`tests/golden`).

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

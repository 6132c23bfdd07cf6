//! Which hosts there are, and what a found version of one knows.

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

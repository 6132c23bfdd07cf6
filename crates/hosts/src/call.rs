//! What a host says before a tool runs.

use crate::Host;
use countersign_core::action::{Action, PinnedFile};
use serde_json::{Map, Value};

/// The longest message of a host that is read: 4 MiB.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// When a host asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Before a tool runs.
    PreToolUse,
    /// Before the host asks its own user (Codex).
    PermissionRequest,
}

/// A tool call that a host is about to make.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// Who says so.
    pub host: Host,
    /// When.
    pub event: Event,
    /// The host's name for its session. A label.
    pub session: String,
    /// The host's name for a sub-agent, and its kind. Labels.
    pub agent: Option<SubAgent>,
    /// The absolute directory in which the tool runs, as the host names it.
    pub cwd: String,
    /// The tool, by the host's whole name for it.
    pub tool: String,
    /// All that the tool is given, as it came: what an allowing answer names.
    pub input: Map<String, Value>,
    /// What the host or its model says that it is for. Nobody checks it.
    pub description: Option<String>,
    /// What a person should know and the action does not say, in our words: that it runs in the
    /// background, the host's mode of permissions.
    pub notes: Vec<String>,
}

/// A helper of the host's agent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubAgent {
    /// Its id.
    pub id: String,
    /// Its kind, where the host says.
    pub kind: Option<String>,
}

/// Why what a host said is refused unread.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unread {
    /// More than [`MAX_BYTES`].
    #[error("the host's message is larger than {} MiB", MAX_BYTES / 1024 / 1024)]
    TooLarge,
    /// It is no JSON object with the members that this event has.
    #[error("the host's message cannot be read: {0}")]
    Malformed(String),
    /// An event that no tool waits for, or that nobody here knows.
    #[error("the event `{0}` is none that this hook answers")]
    Event(String),
}

/// Reads what a host says.
///
/// # Errors
/// Where it is no call of a tool that this hook knows how to hold.
pub fn read(host: Host, bytes: &[u8]) -> Result<Call, Unread> {
    let _ = (host, bytes);
    Err(Unread::TooLarge)
}

impl Call {
    /// The line that a shell is given, where the tool is the host's shell and is given nothing else
    /// that changes what runs.
    #[must_use]
    pub fn shell_line(&self) -> Option<&str> {
        None
    }

    /// What would run. A shell's line is a command of `shell` (`[shell, "-c", line]`, empty
    /// environment: the host's own is not known) in `cwd`, which the caller resolved; everything
    /// else is a tool with all its arguments but the host's wording.
    #[must_use]
    pub fn action(&self, shell: &PinnedFile, cwd: &str) -> Action {
        let _ = (shell, cwd);
        Action::Request(countersign_core::action::Request {
            action: String::new(),
            parameters: Value::Null,
            verb: None,
        })
    }
}

//! What a host says before a tool runs.

mod name;
mod notes;
mod place;
mod read;
mod shell;

pub use read::read;

use crate::Host;
use countersign_core::action::{Action, Command, PinnedFile, Tool};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The longest message of a host that is read: 4 MiB.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// When a host asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Before a tool runs.
    PreToolUse,
    /// Before the host asks its own user (Codex).
    PermissionRequest,
    /// Before the shell line that stands in the text of a skill runs (Claude Code, which does not
    /// say `PreToolUse` for it).
    PreSkillShellCommand,
}

impl Event {
    /// The host's name for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PreToolUse => "PreToolUse",
            Self::PermissionRequest => "PermissionRequest",
            Self::PreSkillShellCommand => "PreSkillShellCommand",
        }
    }
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
    /// The MCP server that serves the tool, where the host says so.
    pub server: Option<McpServer>,
    /// All that the tool is given, as it came: what an allowing answer names.
    pub input: Map<String, Value>,
    /// What the host or its model says that it is for, at most 2000 characters. Nobody checks it.
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

/// An MCP server as the host knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct McpServer {
    /// Its key in the settings where it stands.
    pub name: String,
    /// Whose settings those are: `user`, `project`, `plugin`, … Letters, digits, `_` and `-`.
    pub source: String,
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

impl Call {
    /// The line that a shell is given, where the tool is the host's shell and is given nothing else
    /// that changes what runs.
    ///
    /// A line with a NUL is none: no program can be given one.
    #[must_use]
    pub fn shell_line(&self) -> Option<&str> {
        shell::line(self)
    }

    /// What would run. A shell's line is a command of `shell` (`[shell, "-c", line]`, empty
    /// environment: the host's own is not known) in `cwd`, which the caller resolved; everything
    /// else is a tool with all its arguments but the host's wording.
    ///
    /// The server of a tool is `HOST`; of an MCP tool `HOST/SOURCE/SERVER` where the host names the
    /// server, else `HOST/SERVER` by the tool's name `mcp__SERVER__TOOL`. A name that can be split
    /// in two ways stays whole, as server and as tool, so that what is allowed of one server fits
    /// none that only begins like it.
    #[must_use]
    pub fn action(&self, shell: &PinnedFile, cwd: &str) -> Action {
        match self.shell_line() {
            Some(line) => Action::Command(Box::new(command(shell, line, cwd))),
            None => Action::Tool(self.tool_action(cwd)),
        }
    }

    fn tool_action(&self, cwd: &str) -> Tool {
        let (server, tool) = name::of(self);
        let mut arguments = self.input.clone();
        if shell::wording(self).is_some() {
            arguments.remove(shell::WORDING);
        }
        place::add(self, &server, &mut arguments, cwd);
        let arguments = Value::Object(arguments);
        Tool { server, description_sha256: None, tool, arguments, verb: None }
    }
}

fn command(shell: &PinnedFile, line: &str, cwd: &str) -> Command {
    Command {
        argv: vec![shell.path.as_str().into(), "-c".into(), line.into()],
        cwd: cwd.to_owned(),
        env: BTreeMap::new(),
        program: shell.clone(),
        files: Vec::new(),
        stdin_sha256: None,
        verb: None,
    }
}

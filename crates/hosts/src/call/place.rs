//! Where relative paths begin: the host says it beside the tool's input, and who judges the tool sees
//! its arguments alone.

use super::Call;
use crate::Host;
use serde_json::{Map, Value, json};

/// The argument that names the directory. No host has one of this name.
const SESSION_CWD: &str = "session_cwd";

/// Tools of Claude Code that take paths or lines.
const CLAUDE: [&str; 13] = [
    "Read",
    "NotebookRead",
    "LS",
    "Grep",
    "Glob",
    "LSP",
    "Edit",
    "MultiEdit",
    "Write",
    "NotebookEdit",
    "EnterWorktree",
    "Bash",
    "Monitor",
];
/// The same of Codex, whose patches name paths of the session's directory.
const CODEX: [&str; 3] = ["apply_patch", "view_image", "Bash"];

/// Adds the directory to what a tool of the host is given. Where its input holds an argument of that
/// name, both stand there in a form that no directory has, so that nobody takes the one for the other.
pub(super) fn add(call: &Call, server: &str, arguments: &mut Map<String, Value>, cwd: &str) {
    let tools: &[&str] = match call.host {
        Host::ClaudeCode => &CLAUDE,
        Host::Codex => &CODEX,
    };
    if server != call.host.name() || !tools.contains(&call.tool.as_str()) {
        return;
    }
    let place = match arguments.remove(SESSION_CWD) {
        Some(sent) => json!({"sent": sent, "session": cwd}),
        None => cwd.into(),
    };
    arguments.insert(SESSION_CWD.to_owned(), place);
}

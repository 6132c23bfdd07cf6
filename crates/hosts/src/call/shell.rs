//! The hosts' shells: which tools they are, and which of their members do not change what runs.

use super::{Call, Event};
use crate::Host;
use serde_json::Value;

/// The member with the model's words.
pub(super) const WORDING: &str = "description";

/// Codex puts the target of a connection where the model's words stand otherwise.
const TARGET: &str = "network-access ";

/// The line, where nothing but the line decides what runs. A member that nobody here knows decides.
pub(super) fn line(call: &Call) -> Option<&str> {
    if !is_host_tool(call) || call.tool != "Bash" {
        return None;
    }
    let known =
        call.input.iter().all(|(name, value)| name == "command" || is_idle(call, name, value));
    let line = call.input.get("command").and_then(Value::as_str)?;
    (known && !line.contains('\0')).then_some(line)
}

/// Whether a member leaves open only how long, how watched or why.
fn is_idle(call: &Call, name: &str, value: &Value) -> bool {
    match (call.host, name) {
        (_, WORDING) => wording(call).is_some(),
        (Host::ClaudeCode, "timeout") => value.is_number(),
        (Host::ClaudeCode, "run_in_background") => value.is_boolean(),
        _ => false,
    }
}

/// The words of the model for a line of its shell.
pub(super) fn wording(call: &Call) -> Option<&str> {
    let is_shell = is_host_tool(call) && matches!(call.tool.as_str(), "Bash" | "PowerShell");
    let words = call.input.get(WORDING).and_then(Value::as_str).filter(|_| is_shell)?;
    let is_target = call.event == Event::PermissionRequest && words.starts_with(TARGET);
    (!is_target).then_some(words)
}

/// A tool that another program serves may have any name.
fn is_host_tool(call: &Call) -> bool {
    call.server.is_none()
}

//! What a person should know and the action does not say.

use super::Event;
use crate::Host;
use countersign_core::display::visible;
use serde_json::{Map, Value};

/// The longest word of a host inside a note, in characters.
const MAX_WORD: usize = 100;

pub(super) fn of(
    host: Host,
    event: Event,
    message: &Map<String, Value>,
    input: &Map<String, Value>,
) -> Vec<String> {
    let word = |name: &str| message.get(name).and_then(Value::as_str).map(quoted);
    let mut notes = Vec::new();
    if input.get("run_in_background") == Some(&Value::Bool(true)) {
        notes.push("it runs in the background".to_owned());
    }
    notes.extend(mode(message));
    notes.extend(word("agent_type").map(|kind| match message.get("agent_id") {
        Some(Value::String(_)) => format!("a sub-agent of the kind {kind} makes the call"),
        _ => format!("an agent of the kind {kind} makes the call"),
    }));
    notes.extend(of_event(host, event, message));
    if host == Host::Codex && message.get("tool_name") == Some(&"Bash".into()) {
        // `workdir` stays with Codex.
        notes.push("the model may have chosen another directory than the one shown".to_owned());
    }
    notes
}

/// The usual mode needs no word.
fn mode(message: &Map<String, Value>) -> Option<String> {
    match message.get("permission_mode")?.as_str()? {
        "default" => None,
        "bypassPermissions" => Some(
            "the host asks nobody itself: its mode of permissions is `bypassPermissions`"
                .to_owned(),
        ),
        mode => Some(format!("the host's mode of permissions is {}", quoted(mode))),
    }
}

fn of_event(host: Host, event: Event, message: &Map<String, Value>) -> Option<String> {
    let word = |name: &str| message.get(name).and_then(Value::as_str).map(quoted);
    match (host, event) {
        (_, Event::PreSkillShellCommand) => {
            let name = word("command_name").unwrap_or_else(|| "without a name".to_owned());
            let by = word("invoked_by").unwrap_or_else(|| "nobody that is named".to_owned());
            Some(format!("the line stands in the text of the skill {name}, started by {by}"))
        }
        (_, Event::PermissionRequest) => {
            Some("the host would ask its user: it goes beyond its sandbox or its rules".to_owned())
        }
        (Host::Codex, Event::PreToolUse) if message.get("tool_name") == Some(&"Bash".into()) => {
            // `shell`, `login`, `tty` and `sandbox_permissions` stay with Codex, and `write_stdin`
            // comes past no hook.
            Some(
                "the host does not say whether it runs outside its sandbox, nor what is typed \
                 into it later"
                    .to_owned(),
            )
        }
        _ => None,
    }
}

/// A word of the host, short, visible and in backticks.
fn quoted(word: &str) -> String {
    let short: String = word.chars().take(MAX_WORD).collect();
    let more = if short.len() < word.len() { "…" } else { "" };
    format!("`{}{more}`", visible(&short, false).replace('`', "'"))
}

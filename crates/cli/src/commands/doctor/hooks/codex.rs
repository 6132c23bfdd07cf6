//! What Codex itself says of its hooks: whether it takes one for its user's.

use super::program;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Codex's name for the event before a tool, where it lists hooks.
pub(crate) const BEFORE_TOOLS: &str = "preToolUse";

/// A hook as Codex lists it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Listed {
    pub(crate) command: String,
    /// The file in which it stands.
    pub(crate) path: PathBuf,
    pub(crate) event: String,
    pub(crate) enabled: bool,
    /// `trusted`, `managed`, `untrusted`, `modified`.
    pub(crate) trust: String,
}

impl Listed {
    /// Whether Codex takes it for its user's.
    pub(crate) fn is_trusted(&self) -> bool {
        matches!(self.trust.as_str(), "trusted" | "managed")
    }

    /// Whether Codex runs it before tools.
    pub(crate) fn runs(&self) -> bool {
        self.event == BEFORE_TOOLS && self.enabled && self.is_trusted()
    }
}

/// Asks Codex for the hooks that it knows in a workspace.
///
/// # Errors
/// Where it does not answer.
pub(super) async fn ask(program: &Path, workspace: &str) -> Result<Vec<Listed>, String> {
    let hello =
        json!({"clientInfo": {"name": "countersign", "version": env!("CARGO_PKG_VERSION")}});
    let lines = [
        json!({"id": 1, "method": "initialize", "params": hello}),
        json!({"method": "initialized"}),
        json!({"id": 2, "method": "hooks/list", "params": {"cwds": [workspace]}}),
    ];
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    program::converse(program, &["app-server"], &text, answer).await?
}

/// The answer to our question, where a line is it.
fn answer(line: &str) -> Option<Result<Vec<Listed>, String>> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message.get("id") != Some(&json!(2)) {
        return None;
    }
    let Some(places) = message.pointer("/result/data").and_then(Value::as_array) else {
        return Some(Err("`codex app-server` does not know `hooks/list`".to_owned()));
    };
    let hooks = places.iter().filter_map(|place| place.get("hooks")?.as_array());
    Some(Ok(hooks.flatten().map(listed).collect()))
}

fn listed(hook: &Value) -> Listed {
    let text = |name| hook.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Listed {
        command: text("command"),
        path: text("sourcePath").into(),
        event: text("eventName"),
        enabled: hook.get("enabled").and_then(Value::as_bool).unwrap_or(false),
        trust: text("trustStatus"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_is_read_and_what_it_does_not_say_is_no_trust() {
        assert!(answer("not json").is_none());
        assert!(answer(r#"{"id":1,"result":{}}"#).is_none());
        assert!(answer(r#"{"id":2,"error":{"code":-1}}"#).unwrap().is_err());
        let hooks = answer(r#"{"id":2,"result":{"data":[{"hooks":[{"command":"x"}]}]}}"#);
        let hooks = hooks.unwrap().unwrap();
        assert_eq!((hooks[0].enabled, hooks[0].trust.as_str()), (false, ""));
    }
}

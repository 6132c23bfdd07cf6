//! Actions and a place for them.

use countersign_core::action::Action;
use countersign_policy::classify::classify;
use countersign_policy::facts::{Class, Place};
use serde_json::{Value, json};

/// A home, a workspace in it, and state of ours apart.
pub(crate) fn place() -> Place {
    Place {
        user_home: Some("/home/ann".into()),
        own_state: vec!["/home/ann/.countersign".into(), "/opt/gate/state".into()],
        workspace: Some("/home/ann/work".into()),
        ..Place::default()
    }
}

/// What is found out about an action.
pub(crate) fn class(action: &Action, place: &Place) -> Class {
    classify(action, place)
}

/// An action, by its payload.
pub(crate) fn action(payload: Value) -> Action {
    Action::from_payload(&payload).unwrap_or_else(|| panic!("{payload}"))
}

/// A program with its arguments, in the workspace.
pub(crate) fn argv(words: &[&str]) -> Action {
    let program = words.first().unwrap_or(&"");
    let path =
        if program.contains('/') { (*program).to_owned() } else { format!("/usr/bin/{program}") };
    action(json!({
        "kind": "command", "argv": words, "cwd": "/home/ann/work", "env": {},
        "program": {"path": path, "sha256": "ab".repeat(32)},
    }))
}

/// A shell line.
pub(crate) fn line(text: &str) -> Action {
    argv(&["bash", "-c", text])
}

//! What must hold for any message.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a property that panics failed")]

use countersign_core::action::{Action, PinnedFile};
use countersign_core::encoding::Hash;
use countersign_hosts::{Answer, Call, Host, answer, read};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(|n| json!(n)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(member(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn member() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("command".to_owned()),
        Just("description".to_owned()),
        Just("timeout".to_owned()),
        Just("run_in_background".to_owned()),
        any::<String>(),
    ]
}

fn input() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(member(), json_value(), 0..5)
        .prop_map(|members| members.into_iter().collect())
}

fn host() -> impl Strategy<Value = Host> {
    prop_oneof![Just(Host::ClaudeCode), Just(Host::Codex)]
}

fn tool() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("Bash".to_owned()),
        Just("ExitPlanMode".to_owned()),
        "mcp__[a-z_]{0,8}".prop_map(String::from),
        "[ -~]{1,12}".prop_map(String::from),
    ]
}

fn event() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("PreToolUse"), Just("PermissionRequest"), Just("PreSkillShellCommand")]
}

fn message() -> impl Strategy<Value = Value> {
    (event(), tool(), input(), any::<String>(), json_value()).prop_map(
        |(event, tool, input, mode, new)| {
            json!({
                "session_id": "s", "cwd": "/w", "hook_event_name": event, "tool_name": tool,
                "tool_input": input, "permission_mode": mode, "new": new,
            })
        },
    )
}

/// One document, which the host takes for this decision.
fn decides(call: &Call, answer: &Answer, decision: &str) -> Value {
    let said = answer.said(call);
    match answer {
        Answer::Allow(_) => assert_eq!((said.exit, said.stderr.as_str()), (0, "")),
        Answer::Deny(_) => assert!(said.exit == 2 && !said.stderr.trim().is_empty()),
    }
    assert!(said.stdout.ends_with('\n') && !said.stdout.trim_end().contains('\n'));
    let document: Value = serde_json::from_str(&said.stdout).unwrap();
    let output = &document["hookSpecificOutput"];
    assert_eq!(output["hookEventName"], call.event.name());
    let found = output.get("permissionDecision").unwrap_or(&output["decision"]["behavior"]);
    assert_eq!(found, decision);
    document
}

fn holds(call: &Call, reason: &str) {
    let denied = decides(call, &Answer::Deny(reason.to_owned()), "deny");
    let output = &denied["hookSpecificOutput"];
    let said = output.get("permissionDecisionReason").unwrap_or(&output["decision"]["message"]);
    assert!(!said.as_str().unwrap().trim().is_empty());
    let allowed = decides(call, &Answer::Allow(reason.to_owned()), "allow");
    if let Some(named) = allowed["hookSpecificOutput"].get("updatedInput") {
        assert_eq!(named, &Value::Object(call.input.clone()));
    }
    let shell = PinnedFile { path: "/bin/sh".into(), sha256: Hash([0; 32]) };
    let action = call.action(&shell, "/w");
    assert_eq!(action.kind() == "command", call.shell_line().is_some());
    action.hash().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn attack_32_any_bytes_are_refused_or_can_be_denied(
        host in host(),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        reason in any::<String>(),
    ) {
        if let Ok(call) = read(host, &bytes) {
            holds(&call, &reason);
        }
        let said = answer::refused(host, &reason);
        prop_assert!(said.exit == 2 && said.stdout.is_empty() && !said.stderr.trim().is_empty());
    }

    #[test]
    fn attack_32_any_message_is_refused_or_can_be_denied(
        host in host(),
        message in message(),
        reason in any::<String>(),
    ) {
        if let Ok(call) = read(host, message.to_string().as_bytes()) {
            holds(&call, &reason);
        }
    }

    #[test]
    fn attack_02_nothing_but_words_and_waiting_is_left_out(
        host in host(),
        message in message(),
    ) {
        let Ok(call) = read(host, message.to_string().as_bytes()) else { return Ok(()) };
        let shell = PinnedFile { path: "/bin/sh".into(), sha256: Hash([0; 32]) };
        match call.action(&shell, "/w") {
            Action::Command(command) => {
                let idle = ["command", "description", "timeout", "run_in_background"];
                prop_assert!(call.input.keys().all(|name| idle.contains(&name.as_str())));
                prop_assert_eq!(command.argv[2].plain(), call.input["command"].as_str());
            }
            Action::Tool(tool) => {
                let mut arguments = tool.arguments;
                if !call.input.contains_key("session_cwd") {
                    let place = arguments.as_object_mut().unwrap().remove("session_cwd");
                    prop_assert!(place.is_none_or(|place| place == "/w"));
                }
                if let Some(words) = call.input.get("description").filter(|_| call.tool == "Bash") {
                    arguments["description"] = words.clone();
                }
                prop_assert_eq!(arguments, Value::Object(call.input));
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }
}

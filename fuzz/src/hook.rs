//! What a host says before a tool runs, for each host.

use countersign_core::action::{Action, PinnedFile};
use countersign_core::encoding::Hash;
use countersign_hosts::{Answer, Call, Host, answer, read};
use serde_json::Value;

/// Messages of hosts: what is read has an action with a hash and can be denied and allowed in one
/// document; what is not read is refused with a reason.
pub fn hook(data: &[u8]) {
    for host in Host::ALL {
        match read(host, data) {
            Ok(call) => answered(&call, &String::from_utf8_lossy(data)),
            Err(unread) => {
                let said = answer::refused(host, &unread.to_string());
                assert!(said.exit == 2 && !said.stderr.trim().is_empty(), "a refusal says why");
            }
        }
    }
}

fn answered(call: &Call, reason: &str) {
    let shell = PinnedFile { path: "/bin/sh".into(), sha256: Hash([0; 32]) };
    let action = call.action(&shell, &call.cwd);
    action.hash().expect("what was read has a hash");
    assert!(matches!(action, Action::Command(_)) == call.shell_line().is_some());
    decides(call, &Answer::Deny(reason.to_owned()), "deny");
    decides(call, &Answer::Allow(reason.to_owned()), "allow");
}

fn decides(call: &Call, answer: &Answer, decision: &str) {
    let said = answer.said(call);
    assert!(said.exit == 0 && said.stdout.lines().count() == 1, "one line");
    let document: Value = serde_json::from_str(&said.stdout).expect("one document");
    let output = &document["hookSpecificOutput"];
    assert!(output["hookEventName"] == call.event.name(), "without it the tool runs");
    let found = output.get("permissionDecision").unwrap_or(&output["decision"]["behavior"]);
    assert!(found == decision, "the host takes it for another decision");
    if let Some(named) = output.get("updatedInput") {
        assert!(named.as_object() == Some(&call.input), "another input than was judged");
    }
}

//! Every kind, its members, and what is none of them.

use super::*;
use serde_json::json;

fn tool(arguments: Value) -> Action {
    let (server, tool) = ("https://bank.example".into(), "transfer".into());
    Action::Tool(Tool { server, description_sha256: None, tool, arguments, verb: None })
}

#[test]
fn a_payload_that_is_not_ours_is_foreign() {
    assert!(Action::from_payload(&json!({"kind": "plan", "title": "x"})).is_none());
    assert!(Action::from_payload(&json!({"kind": "tool", "tool": "x", "extra": 1})).is_none());
    let ours = tool(json!({}));
    assert_eq!(Action::from_payload(&ours.to_payload().unwrap()), Some(ours));
}

const REVISION: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b";

/// One payload of each kind, with every optional member.
fn samples() -> Vec<Value> {
    let digest = "ab".repeat(32);
    let file = json!({"path": "/bin/sh", "sha256": digest});
    let moved = |operation: &str| {
        json!({
            "kind": "checkpoint", "operation": operation, "target": "production",
            "revision": format!("sha256:{digest}"), "verb": "ship",
        })
    };
    vec![
        json!({"kind": "command", "argv": ["sh", {"_sd": digest}], "cwd": "/", "env": {"A": "b"},
            "program": file, "files": [file], "stdinSha256": digest, "verb": "delete"}),
        json!({"kind": "tool", "server": "https://bank.example", "descriptionSha256": digest,
            "tool": "transfer", "arguments": {"to": [1, null]}, "verb": "pay"}),
        json!({"kind": "http", "method": "POST", "url": "https://api.example/v1?x=1",
            "headers": {"content-type": "text/plain", "x-key": {"_sd": digest}}, "body": "hi",
            "credential": "api", "verb": "post"}),
        json!({"kind": "http", "method": "PUT", "url": "http://api.example", "headers": {},
            "bodySha256": digest}),
        json!({"kind": "patch", "diff": "--- a\n+++ b\n", "baseRevision": REVISION, "verb": "edit"}),
        json!({"kind": "checkpoint", "operation": "commit", "tree": REVISION, "parents": [REVISION],
            "message": "Fix it", "verb": "commit"}),
        json!({"kind": "checkpoint", "operation": "push", "remote": "https://git.example/r.git",
            "refs": [{"name": "refs/heads/main", "old": REVISION, "new": digest},
                {"name": "refs/heads/gone", "old": REVISION}, {"name": "refs/heads/new", "new": digest}],
            "force": false, "verb": "push"}),
        moved("tag"),
        moved("deploy"),
        moved("release"),
        moved("migration"),
        json!({"kind": "plan", "title": "Refactor", "steps": ["one", "two"], "verb": "plan"}),
        json!({"kind": "task", "title": "Refactor", "steps": []}),
        json!({"kind": "request", "action": "pair", "parameters": {"x": 1}, "verb": "pair"}),
        json!({"kind": "batch", "items": [tool(json!({})), {"kind": "task", "title": "t", "steps": []}],
            "verb": "many"}),
    ]
}

#[test]
fn every_kind_is_read_and_written_back() {
    let mut kinds = std::collections::BTreeSet::new();
    for sample in samples() {
        let action = Action::from_payload(&sample).unwrap_or_else(|| panic!("{sample}"));
        assert_eq!(action.to_payload().unwrap(), sample);
        assert_eq!(sample["kind"], action.kind());
        kinds.insert(action.kind());
    }
    assert_eq!(kinds.len(), 9);
}

#[test]
fn a_member_too_many_too_few_or_of_another_type_makes_a_payload_foreign() {
    let optional = ["verb", "files", "stdinSha256", "descriptionSha256", "credential"];
    for sample in samples() {
        let mut more = sample.clone();
        more["extra"] = json!(1);
        assert!(Action::from_payload(&more).is_none(), "{more}");
        for name in sample.as_object().unwrap().keys() {
            let mut fewer = sample.clone();
            fewer.as_object_mut().unwrap().remove(name);
            let still = optional.contains(&name.as_str());
            assert_eq!(Action::from_payload(&fewer).is_some(), still, "{fewer}");
            // A tool's arguments and a request's parameters are whatever they are.
            for other in [json!(5), Value::Null].iter().filter(|_| !is_free(name)) {
                let mut changed = sample.clone();
                changed[name] = other.clone();
                assert!(Action::from_payload(&changed).is_none(), "{changed}");
            }
        }
    }
}

fn is_free(member: &str) -> bool {
    matches!(member, "arguments" | "parameters")
}

fn foreign(sample: &Value, pointer: &str, value: Value) {
    let mut changed = sample.clone();
    *changed.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    assert!(Action::from_payload(&changed).is_none(), "{changed}");
}

#[test]
fn a_request_that_two_programs_could_send_differently_is_foreign() {
    let http = &samples()[2];
    for url in [
        "api.example/v1",
        "ftp://api.example/",
        "https://",
        "https:///v1",
        "https://bank.example@evil.example/",
        "https://bank.example\\@evil.example/",
        "https://api.example/a b",
        "https://b\u{e4}nk.example/",
    ] {
        foreign(http, "/url", json!(url));
    }
    for method in ["", "post", "POST ", "P\u{d6}ST"] {
        foreign(http, "/method", json!(method));
    }
    foreign(http, "/headers", json!({"Content-Type": "a"}));
    foreign(http, "/headers", json!({"a\r\nb": "a"}));
    let mut both = http.clone();
    both["bodySha256"] = json!("ab".repeat(32));
    assert!(Action::from_payload(&both).is_none());
}

#[test]
fn what_can_move_after_it_was_approved_is_no_revision() {
    let samples = samples();
    for name in ["main", "v1.2.3", "HEAD", "9f86d08", &REVISION.to_uppercase(), ""] {
        foreign(&samples[5], "/tree", json!(name));
        foreign(&samples[7], "/revision", json!(name));
    }
    foreign(&samples[7], "/revision", json!(format!("sha256:{REVISION}")));
    foreign(&samples[7], "/target", json!(""));
    foreign(&samples[7], "/operation", json!("format"));
}

#[test]
fn a_push_says_of_each_ref_once_where_it_goes() {
    let push = &samples()[6];
    foreign(push, "/refs", json!([]));
    foreign(push, "/refs/1/name", json!("refs/heads/main"));
    foreign(push, "/refs/1", json!({"name": "refs/heads/gone"}));
    foreign(push, "/refs/1", json!({"name": "refs/heads/gone", "old": REVISION, "new": null}));
}

#[test]
fn a_batch_holds_actions_and_no_batch() {
    let batch = samples().pop().unwrap();
    assert_eq!(Action::from_payload(&batch).unwrap().items().map(<[_]>::len), Some(2));
    foreign(&batch, "/items", json!([]));
    foreign(&batch, "/items/0", batch.clone());
    foreign(&batch, "/items/0", json!({"kind": "poem"}));
    let inner = Action::from_payload(&batch).unwrap();
    assert!(Batch::new(vec![inner], None).is_err());
}

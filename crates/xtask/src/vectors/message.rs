//! The messages of HARP beside artifact and decision: one good one of each type, and its faults.

mod good;

use serde_json::{Map, Value, json};

use super::object::{self, object};
use super::{File, Made, Vector};

pub(super) fn file() -> Made<File> {
    let mut vectors = good::vectors()?;
    vectors.extend(faults()?);
    vectors.extend(buttons()?);
    vectors.extend(texts()?);
    Ok(File {
        path: "message/messages.json",
        kind: "message",
        note: "Messages by their type; prompts and snapshots with the hash worked out of them, not the one that they claim.",
        vectors,
    })
}

/// Each fault in the good message of its type: where, which member, and what it becomes.
fn faults() -> Made<Vec<Vector>> {
    let prompt = "prompt.send";
    let cases = [
        ("prompt-with-unknown-member", prompt, "", "priority", json!(1)),
        ("prompt-without-words", prompt, "", "text", json!("")),
        ("prompt-in-numbers", prompt, "", "text", json!(1)),
        ("prompt-to-nowhere", prompt, "", "target", json!("terminal")),
        ("prompt-of-another-type", prompt, "", "artifactType", json!("prompt.ack")),
        ("prompt-with-weak-hash", prompt, "", "promptHashAlg", json!("MD5")),
        ("prompt-with-hash-in-capitals", prompt, "", "promptHash", json!("AB".repeat(32))),
        ("prompt-session-null", prompt, "", "sessionId", Value::Null),
        ("prompt-metadata-as-list", prompt, "", "metadata", json!([])),
        ("prompt-made-in-small-letters", prompt, "", "createdAt", json!("2026-02-02t02:40:00z")),
        ("prompt-made-in-a-leap-second", prompt, "", "createdAt", json!("2026-12-31T23:59:60Z")),
        ("ack-of-unknown-status", "prompt.ack", "", "status", json!("seen")),
        ("ack-with-unknown-member", "prompt.ack", "", "note", json!("")),
        ("ack-details-as-text", "prompt.ack", "", "details", json!("x")),
        ("start-with-unknown-member", "session.start", "", "user", json!("ann")),
        ("start-named-as-end", "session.start", "", "eventType", json!("session.end")),
        ("start-host-as-number", "session.start", "", "agentHost", json!(1)),
        ("status-unknown-state", "session.status", "", "state", json!("sleeping")),
        ("status-state-in-camel-case", "session.status", "", "state", json!("waitingApproval")),
        ("status-details-null", "session.status", "", "details", Value::Null),
        ("snapshot-unknown-view", "session.snapshot", "", "snapshotType", json!("video")),
        ("snapshot-payload-as-list", "session.snapshot", "", "payload", json!([])),
        ("snapshot-with-unknown-member", "session.snapshot", "", "sealed", json!(false)),
        ("snapshot-weak-hash", "session.snapshot", "", "snapshotHashAlg", json!("SHA-1")),
        ("end-for-no-known-reason", "session.end", "", "reason", json!("crash")),
        ("end-with-unknown-member", "session.end", "", "exitCode", json!(0)),
        ("error-of-unknown-code", "error", "", "code", json!("HARP_ERR_OTHER")),
        ("error-retryable-as-text", "error", "", "retryable", json!("no")),
        ("error-with-unknown-member", "error", "", "stack", json!("")),
        ("error-details-as-list", "error", "", "details", json!([])),
        ("envelope-with-unknown-member", "core.envelope", "", "priority", json!(1)),
        ("envelope-of-unknown-type", "core.envelope", "", "msgType", json!("ack.submit")),
        ("envelope-body-as-text", "core.envelope", "", "body", json!("{}")),
        ("envelope-trace-null", "core.envelope", "", "trace", Value::Null),
        ("envelope-from-nobody-known", "core.envelope", "/sender", "actor", json!("XX")),
        ("envelope-sender-with-more", "core.envelope", "/sender", "name", json!("x")),
        ("envelope-body-of-another-shape", "core.envelope", "/body", "code", json!("E")),
    ];
    let fault = |(name, kind, pointer, member, value): (_, _, &str, &str, Value)| {
        let mut message = Value::Object(good::of(kind)?);
        let members = message.pointer_mut(pointer).and_then(Value::as_object_mut);
        members.ok_or("no object there")?.insert(member.into(), value);
        vector(name, "Shape", kind, object::text(&message)?)
    };
    let mut vectors = cases.into_iter().map(fault).collect::<Made<Vec<_>>>()?;
    for (name, kind, member) in [
        ("prompt-without-hash", prompt, "promptHash"),
        ("prompt-without-target", prompt, "target"),
        ("ack-without-time", "prompt.ack", "ackAt"),
        ("start-without-session", "session.start", "sessionId"),
        ("status-without-state", "session.status", "state"),
        ("snapshot-without-id", "session.snapshot", "snapshotId"),
        ("end-without-reason", "session.end", "reason"),
        ("error-without-message", "error", "message"),
        ("envelope-without-recipient", "core.envelope", "recipient"),
        ("actions-without-version", "requested-actions", "version"),
    ] {
        let mut message = good::of(kind)?;
        message.remove(member);
        vectors.push(vector(name, "Shape", kind, object::text(&message)?)?);
    }
    Ok(vectors)
}

/// Buttons that may not stand together.
fn buttons() -> Made<Vec<Vector>> {
    let button = |id: &str| json!({"id": id, "caption": "Go", "decision": "approve"});
    let with = |member: &str, value: Value| {
        let mut one = object(button("a"));
        one.insert(member.into(), value);
        json!([one])
    };
    let six: Vec<Value> = ["a", "b", "c", "d", "e", "f"].map(button).into();
    let cases = [
        ("actions-none", json!([])),
        ("actions-six", json!(six)),
        ("actions-of-one-id", json!([button("a"), button("a")])),
        ("actions-of-one-id-but-for-capitals", json!([button("a"), button("A")])),
        ("action-without-id", json!([button("")])),
        ("action-without-caption", with("caption", json!(""))),
        ("action-with-blank-caption", with("caption", json!(" \t"))),
        ("action-of-unknown-style", with("style", json!("blink"))),
        ("action-of-unknown-word", with("decision", json!("always"))),
        ("action-with-unknown-member", with("default", json!(true))),
        ("action-style-null", with("style", Value::Null)),
    ];
    let kind = "requested-actions";
    let mut vectors = Vec::new();
    for (name, actions) in cases {
        let text = object::text(&json!({"version": 1, "actions": actions}))?;
        vectors.push(vector(name, "Shape", kind, text)?);
    }
    let later = object::text(&json!({"version": 2, "actions": [button("a")]}))?;
    vectors.push(vector("actions-of-a-later-version", "Shape", kind, later)?);
    Ok(vectors)
}

fn texts() -> Made<Vec<Vector>> {
    let prompt = object::text(&good::of("prompt.send")?)?;
    let status = object::text(&good::of("session.status")?)?;
    let error = object::text(&good::of("error")?)?;
    let envelope = object::text(&good::of("core.envelope")?)?;
    let twice = |text: &str, member: &str| text.replacen('{', &format!("{{\"{member}\":\"\","), 1);
    let huge = |times: u32| json!({"text": " ", "times": times, "before": "", "after": "{}"});
    let large = |name, kind: &str, times| {
        Vector::new(name, "TooLarge").with("type", kind).with("repeat", huge(times))
    };
    Ok(vec![
        vector("prompt-empty", "Syntax", "prompt.send", String::new())?,
        vector("prompt-with-trailing-data", "Syntax", "prompt.send", format!("{prompt}1"))?,
        vector("prompt-member-twice", "DuplicateKey", "prompt.send", twice(&prompt, "text"))?,
        vector("status-member-twice", "DuplicateKey", "session.status", twice(&status, "state"))?,
        vector("error-member-twice", "DuplicateKey", "error", twice(&error, "code"))?,
        vector("envelope-member-twice", "DuplicateKey", "core.envelope", twice(&envelope, "body"))?,
        vector("error-as-list", "Shape", "error", format!("[{error}]"))?,
        large("prompt-too-large", "prompt.send", 262_143),
        large("snapshot-too-large", "session.snapshot", 5_242_879),
        large("error-too-large", "error", 65_535),
    ])
}

fn vector(name: &'static str, expect: &'static str, kind: &str, text: String) -> Made<Vector> {
    Ok(Vector::new(name, expect).with("type", kind).with("text", text))
}

/// The members of a message that is an object.
type Members = Map<String, Value>;

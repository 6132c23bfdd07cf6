//! One good message of each type, and what is special about some.

use countersign_core::encoding::Hash;
use countersign_core::json;
use serde_json::json;

use super::super::object::{self, object};
use super::super::{Made, Vector};
use super::{Members, vector};

const TIME: &str = "2026-02-02T02:40:00Z";

/// The good message of a type.
pub(super) fn of(kind: &str) -> Made<Members> {
    let hash = "ab".repeat(32);
    let value = match kind {
        "prompt.send" => json!({"requestId": "req-1", "artifactType": kind, "createdAt": TIME,
            "target": "agentChat", "text": "Go on.", "promptHashAlg": "SHA-256",
            "promptHash": hash}),
        "prompt.ack" => json!({"requestId": "req-1", "promptHash": hash, "status": "queued",
            "ackAt": TIME}),
        "session.start" => json!({"sessionId": "s-1", "eventType": kind, "createdAt": TIME,
            "agentHost": "editor"}),
        "session.status" => json!({"sessionId": "s-1", "eventType": kind,
            "state": "waiting_approval", "updatedAt": TIME}),
        "session.snapshot" => json!({"sessionId": "s-1", "eventType": kind, "snapshotId": "n-1",
            "snapshotType": "summary", "createdAt": TIME, "payload": {"files": ["a", null]},
            "snapshotHashAlg": "SHA-256", "snapshotHash": hash}),
        "session.end" => json!({"sessionId": "s-1", "eventType": kind, "endedAt": TIME,
            "reason": "timeout"}),
        "requested-actions" => json!({"version": 1, "actions": [
            {"id": "go", "caption": "Go", "decision": "approve", "style": "primary"},
            {"id": "no", "caption": "No", "decision": "reject"}]}),
        "error" => json!({"code": "HARP_ERR_REPLAY", "message": "used before",
            "retryable": false}),
        "core.envelope" => json!({"envelopeId": "e-1", "msgType": "error", "createdAt": TIME,
            "sender": {"actor": "HE", "deviceId": "d-1"},
            "recipient": {"actor": "MA", "deviceId": "d-2"},
            "body": of("error")?}),
        other => return Err(format!("no message `{other}`").into()),
    };
    Ok(object(value))
}

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let mut vectors = Vec::new();
    for (name, kind) in [
        ("prompt", "prompt.send"),
        ("prompt-ack", "prompt.ack"),
        ("session-start", "session.start"),
        ("session-status", "session.status"),
        ("session-snapshot", "session.snapshot"),
        ("session-end", "session.end"),
        ("requested-actions", "requested-actions"),
        ("error", "error"),
        ("core-envelope", "core.envelope"),
    ] {
        vectors.push(accepted(name, kind, &of(kind)?)?);
    }
    let mut full = of("prompt.send")?;
    full.extend(object(json!({"sessionId": "s-1", "repoRef": "repo-1", "metadata": {"a": null},
        "extensions": {"org.example": [1.5]}})));
    vectors.push(accepted("prompt-with-everything", "prompt.send", &full)?);
    let mut told = of("error")?;
    told.insert("details".into(), json!({"reason": "revoked"}));
    vectors.push(accepted("error-with-details", "error", &told)?);
    let one = json!([{"id": "only", "caption": "\u{e9}", "decision": "deny", "style": "danger"}]);
    let one = object(json!({"version": 1, "actions": one}));
    vectors.push(accepted("one-action", "requested-actions", &one)?);
    Ok(vectors)
}

fn accepted(name: &'static str, kind: &str, message: &Members) -> Made<Vector> {
    let vector = vector(name, "accepted", kind, object::text(message)?)?;
    let member = match kind {
        "prompt.send" => "promptHash",
        "session.snapshot" => "snapshotHash",
        _ => return Ok(vector),
    };
    let mut rest = message.clone();
    rest.remove(member);
    Ok(vector.with("hash", Hash(json::sha256(&rest)?).to_string()))
}

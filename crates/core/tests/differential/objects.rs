//! Objects of every kind, good ones but for what chance changes before they are signed.

use super::mutate::Chance;
use countersign_core::artifact::{Artifact, Assurance, Statement};
use countersign_core::checkpoint::{Checkpoint, Head};
use countersign_core::decision::{Choice, Decision, Word};
use countersign_core::encoding::{Fixed, Hash};
use countersign_core::json;
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::{Content, Receipt};
use countersign_core::redact::commit;
use countersign_core::time::Instant;
use countersign_core::trust::{Approver, Operator, Status, TrustStore};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

pub(crate) const NOW: i64 = 1_770_000_000_000;

/// Keys by number: 1 is the operator's, 2 to 4 are people's, 5 is a stranger's.
pub(crate) fn secret(n: u8) -> &'static SecretKeys {
    // To make one costs more than to sign with it, and each is named tens of thousands of times.
    static MADE: LazyLock<[SecretKeys; 6]> = LazyLock::new(|| {
        std::array::from_fn(|n| SecretKeys::from_bytes(&[u8::try_from(n).unwrap(); 64]).unwrap())
    });
    &MADE[usize::from(n)]
}

pub(crate) fn person(n: u8) -> &'static str {
    ["", "", "ann", "bob", "ann", "eve"][usize::from(n)]
}

pub(crate) fn at(millis: i64) -> Value {
    json!(Instant(NOW + millis).timestamp())
}

pub(crate) fn trust(chance: &mut Chance) -> TrustStore {
    let mut status = || match chance.below(24) {
        0 => Status::Revoked { at: Instant(NOW).timestamp(), compromised_since: None },
        1 => Status::Rotated { until: Instant(NOW + 1).timestamp() },
        2 => Status::Rotated { until: Instant(NOW).timestamp() },
        _ => Status::Active {},
    };
    let operator = Operator {
        key_id: secret(1).key_id(),
        keys: *secret(1).public(),
        label: "operator".into(),
        created_at: Instant(0).timestamp(),
        status: status(),
    };
    let approver = |n: u8, status: Status, assurance: Assurance| Approver {
        key_id: secret(n).key_id(),
        keys: *secret(n).public(),
        device_id: format!("dev-{n}"),
        person: person(n).into(),
        label: "phone".into(),
        roles: vec!["ops".into()],
        assurance,
        passkey: None,
        created_at: Instant(0).timestamp(),
        status,
        pair_id: format!("pair_{n}"),
        past: Vec::new(),
    };
    let approvers = vec![
        approver(2, status(), Assurance::Device),
        approver(3, status(), Assurance::Local),
        approver(4, status(), Assurance::Verified),
    ];
    TrustStore { operators: vec![operator], approvers, ..TrustStore::default() }
}

/// One of our actions, or a foreign payload.
pub(crate) fn payload(chance: &mut Chance, inner: &Value) -> Map<String, Value> {
    let hash = Hash(chance.bytes());
    let (commitment, _) = commit(&chance.bytes(), "/env/T", json!("v")).unwrap();
    let file = json!({"path": "/bin/x", "sha256": hash});
    let revision = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b";
    let texts = json!({"a": "b", "T": commitment});
    let payload = match chance.below(12) {
        0 => json!({"kind": "command", "argv": ["x", commitment], "cwd": "/", "env": texts,
            "program": file, "files": [file], "stdinSha256": hash}),
        1 => {
            json!({"kind": "command", "argv": [], "cwd": "/", "env": {}, "program": file, "verb": "v"})
        }
        2 => json!({"kind": "tool", "server": "s", "tool": "t", "arguments": inner}),
        3 => json!({"kind": "request", "action": "deploy", "parameters": inner}),
        4 => {
            json!({"kind": "http", "method": "POST", "url": "https://h/?x#@", "headers": {"x-k": commitment},
            "body": commitment, "credential": "c"})
        }
        5 => {
            json!({"kind": "http", "method": chance.pick(&["GET", "get", "G\u{c9}T"]), "headers": {"a": "b"},
            "url": chance.pick(&["http://h", "https://a@h/", "https:///x", "HTTP://h", "https://h\\"]),
            "bodySha256": hash})
        }
        6 => json!({"kind": "patch", "diff": "d", "baseRevision": "b"}),
        7 => {
            json!({"kind": "checkpoint", "operation": "commit", "tree": revision, "parents": [hash], "message": ""})
        }
        8 => json!({"kind": "checkpoint", "operation": "push", "remote": "r", "force": true,
            "refs": [{"name": "a", "old": revision}, {"name": chance.pick(&["a", "b"]), "new": format!("sha256:{hash}")}]}),
        9 => {
            json!({"kind": "checkpoint", "operation": chance.pick(&["tag", "deploy", "release", "format"]),
            "target": "t", "revision": revision})
        }
        10 => {
            json!({"kind": chance.pick(&["plan", "task"]), "title": "t", "steps": ["s"], "verb": "v"})
        }
        _ => json!({"kind": "batch", "items": [{"kind": "task", "title": "t", "steps": []},
            {"kind": "tool", "server": "s", "tool": "t", "arguments": inner}]}),
    };
    payload.as_object().unwrap().clone()
}

pub(crate) fn route(chance: &mut Chance) -> Value {
    let seats = [2, 3, 4].map(|n| json!({"person": person(n), "keyId": secret(n).key_id()}));
    let seats = &seats[..seats.len() - usize::from(chance.one_in(6))];
    json!({
        "round": chance.below(3), "ruleId": "default", "risk": chance.pick(&["low", "critical"]),
        "policyHash": Hash([0; 32]), "roster": seats,
        "threshold": chance.pick(&[0, 1, 1, 1, 2, 3]),
        "minAssurance": chance.pick(&["local", "local", "web", "device", "verified"]),
        "reasonRequired": chance.one_in(8),
        "scopes": chance.pick(&[json!(["once"]), json!(["once", "session"]), json!(["once", "timebox"])]),
        "maxUses": 1,
    })
}

pub(crate) fn artifact(
    chance: &mut Chance,
    payload: Map<String, Value>,
    route: &Value,
) -> Artifact {
    let mut extensions = json!({
        "org.countersign.salt": Fixed::<32>(chance.bytes()),
        "org.countersign.context": {"agent": "a", "notes": ["n"]},
    });
    if !chance.one_in(20) {
        extensions["org.countersign.route"] = route.clone();
    }
    if chance.one_in(3) {
        extensions["org.countersign.head"] = json!(checkpoint(chance));
    }
    let mut value = json!({
        "requestId": "r1", "artifactType": chance.pick(&["command.review", "plan.review"]),
        "repoRef": "repo", "createdAt": at(*chance.pick(&[0, 0, 0, 0, 0, 61_000])),
        "expiresAt": at(*chance.pick(&[300_000, 300_000, 300_000, -59_000, -61_000])),
        "artifactHashAlg": "SHA-256", "artifactHash": Hash([0; 32]), "payload": payload,
        "extensions": extensions,
    });
    if chance.one_in(3) {
        value["sessionId"] = json!("s1");
    }
    if chance.one_in(3) {
        value["metadata"] = json!({"m": null});
    }
    let unhashed = Artifact::from_value(value).unwrap();
    Artifact::build(unhashed.head, unhashed.payload).unwrap()
}

/// One that a reference file can hold: without extensions, and alive.
pub(crate) fn plain_artifact(chance: &mut Chance, payload: Map<String, Value>) -> Artifact {
    let value = json!({
        "requestId": "r1", "artifactType": chance.pick(&["command.review", "task.review"]),
        "repoRef": "repo", "createdAt": at(0), "expiresAt": at(300_000),
        "artifactHashAlg": "SHA-256", "artifactHash": Hash([0; 32]), "payload": payload,
    });
    let unhashed = Artifact::from_value(value).unwrap();
    Artifact::build(unhashed.head, unhashed.payload).unwrap()
}

pub(crate) fn decision(chance: &mut Chance, about: &Artifact, n: u8) -> Decision {
    let mut hints = Map::new();
    if chance.one_in(4) {
        let hash = chance.pick(&[json!(Hash([1; 32])), json!("because"), json!(null)]).clone();
        hints.insert("reasonHash".into(), hash);
    }
    if chance.one_in(4) {
        hints.insert(
            "sessionId".into(),
            chance.pick(&[json!("s1"), json!("s1"), json!("s2"), json!(1)]).clone(),
        );
    }
    if chance.one_in(16) {
        hints.insert((*chance.pick(&["items", "escalate"])).into(), json!([0]));
    }
    let word = *chance.pick(&[
        Word::Allow,
        Word::Allow,
        Word::Allow,
        Word::Approve,
        Word::Deny,
        Word::Reject,
    ]);
    let choice = Choice {
        word,
        scope: serde_json::from_value(json!(
            chance.pick(&["once", "once", "once", "session", "timebox"])
        ))
        .unwrap(),
        expires_at: Instant(NOW + *chance.pick(&[200_000, 200_000, 200_000, -59_000, -61_000]))
            .timestamp(),
        nonce: Fixed(chance.bytes()),
        hints: (!hints.is_empty()).then_some(hints),
    };
    Decision::sign(about, choice, secret(n)).unwrap()
}

pub(crate) fn checkpoint(chance: &mut Chance) -> Checkpoint {
    let head = Head {
        ledger: (*chance.pick(&["l1", "l1", "l1", "l2"])).into(),
        seq: chance.next() % 3,
        content_hash: Hash(chance.bytes()),
        time: Instant(NOW).timestamp(),
        changes: None,
        usable: None,
    };
    Checkpoint::sign(head, secret(1)).unwrap()
}

pub(crate) fn statement(chance: &mut Chance, about: Artifact) -> Statement {
    let (_, disclosure) = commit(&chance.bytes(), "/env/T", json!("v")).unwrap();
    let disclosures = if chance.one_in(2) { vec![disclosure] } else { vec![] };
    Statement::sign(about, disclosures, secret(1)).unwrap()
}

/// A receipt of one request, put to one or two people.
pub(crate) fn receipt(chance: &mut Chance, payload: Map<String, Value>) -> Receipt {
    let route = route(chance);
    let artifacts: Vec<Artifact> =
        (0..=chance.below(2)).map(|_| artifact(chance, payload.clone(), &route)).collect();
    let voters = [2, 2, 3, 4, 5, 1];
    let mut decisions = Vec::new();
    for _ in 0..chance.below(4) {
        let (about, n) = (artifacts[chance.below(artifacts.len())].clone(), *chance.pick(&voters));
        decisions.push(decision(chance, &about, n));
    }
    let event = *chance.pick(&["approved", "executed", "denied", "suspended", "failed"]);
    let heads: Vec<Value> = artifacts.iter().map(|a| json!(a.head)).collect();
    let mut content = json!({
        "ledger": "l1", "seq": 2, "prev": Hash([9; 32]), "recordedAt": at(6_000),
        "boundary": "unprotected", "event": event, "requestId": "r1",
        "actionHash": Hash(json::sha256(&payload).unwrap()), "action": payload, "artifacts": heads,
        "basis": if chance.one_in(12) { "policy" } else { "decision" },
        "trustLevel": if matches!(event, "denied" | "suspended") { "L0" } else { "L1" },
    });
    if !decisions.is_empty() {
        content["decisions"] = json!(decisions);
    }
    if event == "executed" || event == "failed" {
        content["outcome"] = json!({"claimedAt": at(*chance.pick(&[5_000, 5_000, 900_000, -900_000])), "exitCode": -1});
    }
    if route["threshold"].as_u64() > Some(1) || chance.one_in(8) {
        content["multi_approval"] = json!({"threshold": route["threshold"], "roster": route["roster"], "approvers": ["ann"]});
    }
    if chance.one_in(6) {
        let said = json!({"verdict": "approved", "person": "ann", "keyId": secret(2).key_id()});
        content["approver_decision"] = said;
        if chance.one_in(2) {
            content["approver_decision"]["reason"] = json!("because");
        }
    }
    let content: Content = serde_json::from_value(content).unwrap();
    Receipt::sign(content, secret(if chance.one_in(20) { 5 } else { 1 })).unwrap()
}

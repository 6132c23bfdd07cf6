//! Our schemas, the published ones and our parsers, on the same documents.
//!
//! The corpus is every document of `samples`, and every one that differs from it in one place: a
//! member left out, one too many, a value of another type, a word that is none. On each of them our
//! schema answers as the published one, and our parser refuses what the published one refuses.
//! Where we go another way it is written down below, and each line there must be needed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise, also in its helpers"
)]

use countersign_core::action::Action;
use countersign_core::artifact::Artifact;
use countersign_core::bundle::Line;
use countersign_core::decision::Decision;
use countersign_core::error::ErrorObject;
use countersign_core::message::Message;
use countersign_core::prompt::{Prompt, PromptAck};
use countersign_core::requested_actions::RequestedActions;
use countersign_core::session;
use countersign_wire::artifact::{ApprovalRequest, ArtifactSubmit};
use countersign_wire::decision::DecisionSubmit;
use countersign_wire::exchange::{AckSubmit, ExchangeStatus, InboxPage, Withdrawn};
use countersign_wire::{Envelope, ErrorBody, limit};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

type Parser = fn(&[u8]) -> Option<Vec<u8>>;

/// Both word pairs are read (PROTOCOL §3), so our schemas say four words where the published say two.
const FOUR_WORDS: [(&str, &str); 4] = [
    ("harp-core-decision", "/decision"),
    ("harp-gateway-decision-submit", "/decision"),
    ("harp-requested-actions", "/actions/0/decision"),
    ("harp-requested-actions", "/actions/1/decision"),
];

/// What our parser reads although the published schema refuses it, beside the words.
const WIDER: [(&str, &str, &str); 1] = [(
    "harp-gateway-exchange-status",
    "/state",
    "a state that begins with a capital is read and never written (PROTOCOL §7)",
)];

/// Where our parser refuses although the published schema accepts. Everything below a place counts.
const STRICTER: [(&str, &str, &str); 10] = [
    ("harp-core-decision", "/signature", "64 bytes as base64url without padding (PROTOCOL §3)"),
    ("harp-core-artifact", "/extensions/org.countersign.context", "our extensions have a shape"),
    ("harp-core-artifact", "/extensions/org.countersign.route", "our extensions have a shape"),
    ("harp-requested-actions", "/actions/0/id", "the ids of buttons differ"),
    ("harp-requested-actions", "/actions/0/caption", "a caption is not blank"),
    ("harp-requested-actions", "/actions/1/caption", "a caption is not blank"),
    ("harp-gateway-envelope", "/requestId", "an id can stand in a path and a log line"),
    ("harp-gateway-envelope", "/msgId", "an id can stand in a path and a log line"),
    ("harp-gateway-inbox-page", "/items", "an item is an envelope around an approval request"),
    ("*", "At", "a moment is RFC 3339 in capitals, and no leap second"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn load(path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(root().join(path)).unwrap()).unwrap()
}

fn validator(path: &str) -> Validator {
    jsonschema::options().should_validate_formats(true).build(&load(path)).unwrap()
}

fn message<M: Message>(bytes: &[u8]) -> Option<Vec<u8>> {
    M::parse(bytes).ok().map(|message| message.canonical_bytes().unwrap())
}

/// A published schema, the parser of its object, and documents that both accept.
fn published() -> Vec<(&'static str, Parser, Vec<Value>)> {
    let decision: Parser = |b| Decision::parse(b).ok().map(|d| d.canonical_bytes().unwrap());
    let artifact: Parser = |b| Artifact::parse(b).ok().map(|a| a.canonical_bytes().unwrap());
    let envelope: Parser = |b| {
        let envelope = Envelope::parse(b, limit::MESSAGE).ok()?;
        Some(countersign_core::json::canonical(&envelope).unwrap())
    };
    vec![
        ("harp-core-artifact", artifact, artifacts()),
        ("harp-core-decision", decision, vec![a_decision()]),
        (
            "harp-core-envelope",
            message::<countersign_core::envelope::Envelope>,
            vec![core_envelope()],
        ),
        ("harp-prompt-prompt-send", message::<Prompt>, vec![prompt()]),
        ("harp-prompt-prompt-ack", message::<PromptAck>, vec![prompt_ack()]),
        ("harp-session-session-start", message::<session::Start>, vec![start()]),
        ("harp-session-session-status", message::<session::Status>, vec![status()]),
        ("harp-session-session-snapshot", message::<session::Snapshot>, vec![snapshot()]),
        ("harp-session-session-end", message::<session::End>, vec![end()]),
        ("harp-requested-actions", message::<RequestedActions>, vec![buttons()]),
        ("harp-gateway-envelope", envelope, envelopes()),
        (
            "harp-gateway-artifact-submit",
            message::<ArtifactSubmit>,
            vec![body("01_artifact_submit")],
        ),
        (
            "harp-gateway-decision-submit",
            message::<DecisionSubmit>,
            vec![body("03_decision_submit")],
        ),
        ("harp-gateway-ack-submit", message::<AckSubmit>, vec![body("05_ack_submit")]),
        ("harp-gateway-exchange-status", message::<ExchangeStatus>, vec![exchange()]),
        ("harp-gateway-inbox-page", message::<InboxPage>, pages()),
        ("harp-gateway-error", message::<ErrorBody>, vec![gateway_error()]),
    ]
}

/// Schemas of ours that nobody published.
fn ours() -> Vec<(&'static str, Parser, Vec<Value>)> {
    let action: Parser = |b| {
        let value = countersign_core::json::parse(b, limit::MESSAGE).ok()?;
        Action::from_payload(&value).map(|a| countersign_core::json::canonical(&a).unwrap())
    };
    let withdrawn = json!({"state": "withdrawn", "withdrawnAt": AT, "reason": "r"});
    let error = json!({"code": "HARP_ERR_SCOPE", "message": "m", "retryable": true, "details": {}});
    vec![
        ("countersign-action", action, actions()),
        ("countersign-bundle-line", bundle_line, bundle_lines()),
        ("harp-core-error", message::<ErrorObject>, vec![error]),
        (
            "harp-gateway-approval-request",
            message::<ApprovalRequest>,
            vec![body("02_approval_request_sse_or_ws")],
        ),
        ("harp-gateway-exchange-withdrawn", message::<Withdrawn>, vec![withdrawn]),
    ]
}

fn bundle_line(bytes: &[u8]) -> Option<Vec<u8>> {
    let value = countersign_core::json::parse(bytes, countersign_core::bundle::MAX_LINE).ok()?;
    let canonical = countersign_core::json::canonical(&value).ok()?;
    let line = Line::parse(&canonical).ok()?;
    Some(countersign_core::json::canonical(&line).unwrap())
}

fn bundle_lines() -> Vec<Value> {
    let whole = std::fs::read_to_string(root().join("fuzz/seeds/bundle/honest")).unwrap();
    whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn our_schemas_answer_as_the_published_ones() {
    let mut documents = 0;
    for (name, _, samples) in published() {
        let ours = validator(&format!("schemas/{name}.schema.json"));
        let theirs = validator(&format!("schemas/published/{name}.schema.json"));
        for sample in samples {
            assert!(theirs.is_valid(&sample), "{name}: the sample itself: {sample}");
            for (place, document) in changed(&sample) {
                documents += 1;
                let (ours, theirs) = (ours.is_valid(&document), theirs.is_valid(&document));
                let word =
                    FOUR_WORDS.contains(&(name, &place)) && says_allow_or_deny(&document, &place);
                assert_eq!(ours, theirs || word, "{name} {place}: {document}");
            }
        }
    }
    assert!(documents > 2_000, "{documents} documents");
}

#[test]
fn our_parsers_refuse_what_the_published_schemas_refuse_and_little_else() {
    let needed: RefCell<BTreeSet<&str>> = RefCell::default();
    let mut wrong = Vec::new();
    let listed = |list: &[(&str, &'static str, &str)], name: &str, place: &str| {
        let at = |of: &str, p: &str| match of {
            "*" => place.ends_with(p),
            of => of == name && (place == p || place.starts_with(&format!("{p}/"))),
        };
        let found = list.iter().find(|(of, p, _)| at(of, p));
        found.inspect(|(_, p, _)| _ = needed.borrow_mut().insert(p)).is_some()
    };
    for (name, parser, samples) in published() {
        let theirs = validator(&format!("schemas/published/{name}.schema.json"));
        for sample in samples {
            assert!(parser(sample.to_string().as_bytes()).is_some(), "{name}: {sample}");
            for (place, document) in changed(&sample) {
                let (read, valid) = (reads(parser, &document), theirs.is_valid(&document));
                let agreed = read == valid
                    || (read && FOUR_WORDS.contains(&(name, &place)))
                    || (read && listed(&WIDER, name, &place))
                    || (valid && listed(&STRICTER, name, &place));
                if !agreed {
                    wrong.push(format!("{name} {place}: read {read}, valid {valid}: {document}"));
                }
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
    let all: BTreeSet<&str> = STRICTER.iter().chain(&WIDER).map(|(_, place, _)| *place).collect();
    assert_eq!(needed.into_inner(), all, "every exception is needed");
}

#[test]
fn our_own_schemas_accept_whatever_our_parsers_read() {
    for (name, parser, samples) in ours() {
        let schema = validator(&format!("schemas/{name}.schema.json"));
        for sample in samples {
            assert!(reads(parser, &sample) && schema.is_valid(&sample), "{name}: {sample}");
            for (place, document) in changed(&sample) {
                let read = reads(parser, &document);
                let state = name.ends_with("withdrawn") && place == "/state";
                assert!(!read || state || schema.is_valid(&document), "{name} {place}: {document}");
            }
        }
    }
}

#[test]
fn every_schema_is_in_the_corpus() {
    let names = |folder: &str| -> BTreeSet<String> {
        let entries = std::fs::read_dir(root().join(folder)).unwrap();
        let files = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        files.filter_map(|file| file.strip_suffix(".schema.json").map(str::to_owned)).collect()
    };
    let known = |list: Vec<(&str, Parser, Vec<Value>)>| -> BTreeSet<String> {
        list.into_iter().map(|(name, _, _)| name.to_owned()).collect()
    };
    assert_eq!(names("schemas/published"), known(published()));
    let all = known(published()).union(&known(ours())).cloned().collect();
    assert_eq!(names("schemas"), all);
}

/// Whether the parser reads the document; if so, it writes the same object again.
fn reads(parser: Parser, document: &Value) -> bool {
    let Some(written) = parser(document.to_string().as_bytes()) else { return false };
    let again: Value = serde_json::from_slice(&written).unwrap();
    let state = |value: &Value| value["state"].as_str().map(str::to_lowercase);
    let same = again == *document || state(&again) == state(document);
    assert!(same, "read {document}, written {again}");
    true
}

fn says_allow_or_deny(document: &Value, place: &str) -> bool {
    matches!(document.pointer(place).and_then(Value::as_str), Some("allow" | "deny"))
}

/// The sample changed in one place, with the place.
fn changed(sample: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for place in places(sample, String::new()) {
        let here = sample.pointer(&place).unwrap();
        for value in others(here) {
            let mut document = sample.clone();
            *document.pointer_mut(&place).unwrap() = value;
            found.push((place.clone(), document));
        }
        if let Some(members) = here.as_object() {
            let mut more = sample.clone();
            more.pointer_mut(&place).unwrap()["zz"] = json!(1);
            found.push((format!("{place}/zz"), more));
            for name in members.keys() {
                let mut fewer = sample.clone();
                fewer.pointer_mut(&place).unwrap().as_object_mut().unwrap().remove(name);
                found.push((format!("{place}/{}", name.replace('/', "~1")), fewer));
            }
        }
    }
    found
}

fn places(value: &Value, place: String) -> Vec<String> {
    let inner: Vec<String> = match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, item)| places(item, format!("{place}/{}", name.replace('/', "~1"))))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(i, item)| places(item, format!("{place}/{i}")))
            .collect(),
        _ => vec![],
    };
    std::iter::once(place).chain(inner).collect()
}

/// Other values for one place: of every type, and texts that are nearly the one there.
fn others(here: &Value) -> Vec<Value> {
    let mut values = vec![
        json!(null),
        json!(true),
        json!(5),
        json!(1.5),
        json!(""),
        json!(" "),
        json!("x"),
        json!("allow"),
        json!("deny"),
        json!([]),
        json!([1]),
        json!({}),
        json!({"x": null}),
        json!({ here.as_str().unwrap_or("x"): null }),
        json!("2026-02-24t10:00:00z"),
        json!("2026-02-24T10:00:00"),
        json!("2026-02-30T10:00:00Z"),
        json!("2026-02-24T10:00:00+01"),
    ];
    if let Some(text) = here.as_str() {
        values.extend([
            json!(text.to_uppercase()),
            json!(format!("{text}x")),
            json!(text[..text.len() - 1]),
            json!(text[..1].to_uppercase() + &text[1..]),
        ]);
    }
    if let Some(items) = here.as_array() {
        values.push(json!([items.clone(), items.clone(), items.clone()].concat()));
        values.push(json!(items.iter().cloned().chain([json!(1)]).collect::<Vec<_>>()));
    }
    if let Some(members) = here.as_object() {
        values.push(json!(members.values().collect::<Vec<_>>()));
    }
    values
}

const AT: &str = "2026-02-24T10:00:00Z";
const LATER: &str = "2026-02-24T10:10:00.5+01:00";

fn hash() -> String {
    "0a".repeat(32)
}

fn published_object(name: &str, member: &str, from: &str) -> Value {
    let core = load("vectors/harp-0.2/core.json");
    let mut object: Value =
        serde_json::from_str(core[name]["canonical"].as_str().unwrap()).unwrap();
    object[member] = core[name][from].clone();
    object
}

fn artifacts() -> Vec<Value> {
    let mut whole = published_object("artifactHash", "artifactHash", "sha256");
    whole["metadata"] = json!({"a": [1, null]});
    whole["extensions"] = json!({"org.example.x": {"y": 1}});
    let mut ours = whole.clone();
    ours["extensions"] = json!({
        "org.countersign.context": {"agent": "a", "notes": ["n"]},
        "org.countersign.route": {
            "round": 1, "ruleId": "default", "risk": "high", "policyHash": hash(),
            "roster": [{"person": "ann", "keyId": "k"}], "threshold": 1, "minAssurance": "local",
            "reasonRequired": false, "scopes": ["once"], "maxUses": 1,
        },
    });
    vec![whole, ours]
}

fn a_decision() -> Value {
    let mut decision = published_object("decisionSignature", "signature", "signature");
    // The published schema knows the later words only.
    decision["decision"] = json!("approve");
    decision["policyHints"] = json!({"sessionId": "s1"});
    decision
}

fn core_envelope() -> Value {
    json!({
        "envelopeId": "e1", "msgType": "error", "createdAt": AT, "trace": {"a": 1},
        "sender": {"actor": "HE", "deviceId": "d1"}, "recipient": {"actor": "MA", "deviceId": "d2"},
        "body": {"code": "HARP_ERR_REPLAY", "message": "used before", "retryable": false},
    })
}

fn prompt() -> Value {
    let mut prompt = published_object("promptHash", "promptHash", "sha256");
    prompt["metadata"] = json!({"a": 1});
    prompt["extensions"] = json!({"org.example.x": null});
    prompt
}

fn prompt_ack() -> Value {
    json!({"requestId": "r1", "promptHash": hash(), "status": "queued", "ackAt": AT, "details": {}})
}

fn start() -> Value {
    json!({
        "sessionId": "s1", "eventType": "session.start", "createdAt": AT, "agentHost": "ide",
        "repoRef": "repo", "metadata": {"a": 1},
    })
}

fn status() -> Value {
    json!({
        "sessionId": "s1", "eventType": "session.status", "state": "waiting_approval",
        "updatedAt": AT, "details": {"a": 1},
    })
}

fn snapshot() -> Value {
    let mut snapshot = published_object("snapshotHash", "snapshotHash", "sha256");
    snapshot["metadata"] = json!({"a": 1});
    snapshot
}

fn end() -> Value {
    json!({
        "sessionId": "s1", "eventType": "session.end", "endedAt": AT, "reason": "policy_kill",
        "metadata": {"a": 1},
    })
}

fn buttons() -> Value {
    json!({"version": 1, "actions": [
        {"id": "go", "caption": "Go", "style": "primary", "decision": "approve"},
        {"id": "x", "caption": "No", "decision": "reject"},
    ]})
}

fn vector(name: &str) -> Value {
    load(&format!("vectors/gateway/{name}.json"))
}

fn body(name: &str) -> Value {
    let mut body = vector(name)["body"].clone();
    if let Some(ciphertext) = body.get_mut("ciphertext") {
        for member in ["nonce", "tag", "aad", "recipients"] {
            ciphertext[member] = json!("text");
        }
    }
    body
}

fn envelopes() -> Vec<Value> {
    let mut whole = vector("02_approval_request_sse_or_ws");
    whole["trace"] = json!({"a": 1});
    whole["expiresAt"] = json!(LATER);
    vec![whole, vector("05_ack_submit"), vector("08_refresh_request")]
}

fn exchange() -> Value {
    json!({
        "requestId": "r1", "state": "decided", "createdAt": AT, "expiresAt": LATER,
        "artifactHash": "sha256:ab", "decision": {"decision": "approve"},
    })
}

fn pages() -> Vec<Value> {
    vec![
        json!({"items": [vector("02_approval_request_sse_or_ws")], "nextCursor": "c"}),
        json!({"items": [], "nextCursor": null}),
    ]
}

fn gateway_error() -> Value {
    json!({"code": "any", "message": "m", "requestId": "r1", "details": {"a": 1}})
}

fn actions() -> Vec<Value> {
    let revision = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b";
    let file = json!({"path": "/bin/sh", "sha256": hash()});
    let task = json!({"kind": "task", "title": "t", "steps": []});
    vec![
        json!({"kind": "command", "argv": ["sh", {"_sd": hash()}], "cwd": "/", "env": {"A": "b"},
            "program": file, "files": [file], "stdinSha256": hash(), "verb": "v"}),
        json!({"kind": "tool", "server": "s", "descriptionSha256": hash(), "tool": "t",
            "arguments": {"to": [1, null]}, "verb": "v"}),
        json!({"kind": "http", "method": "POST", "url": "https://api.example/v1?x=1",
            "headers": {"content-type": "text/plain"}, "body": "hi", "credential": "c", "verb": "v"}),
        json!({"kind": "http", "method": "PUT", "url": "http://api.example", "headers": {},
            "bodySha256": hash()}),
        json!({"kind": "patch", "diff": "--- a", "baseRevision": revision, "verb": "v"}),
        json!({"kind": "checkpoint", "operation": "commit", "tree": revision, "parents": [revision],
            "message": "m", "verb": "v"}),
        json!({"kind": "checkpoint", "operation": "push", "remote": "r", "force": true, "verb": "v",
            "refs": [{"name": "main", "old": revision, "new": hash()}]}),
        json!({"kind": "checkpoint", "operation": "deploy", "target": "t", "verb": "v",
            "revision": format!("sha256:{}", hash())}),
        json!({"kind": "plan", "title": "t", "steps": ["one"], "verb": "v"}),
        task.clone(),
        json!({"kind": "request", "action": "a", "parameters": {"x": 1}, "verb": "v"}),
        json!({"kind": "batch", "items": [task, {"kind": "request", "action": "a", "parameters": 1}],
            "verb": "v"}),
    ]
}

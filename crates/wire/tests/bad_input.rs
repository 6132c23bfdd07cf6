//! What no parser of a message lets through, whoever sent it: of this crate and of `core`.
//!
//! Each either refuses, in one short line, or reads an object that has exactly the bytes given.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise, also in its helpers"
)]

use countersign_core::action::Action;
use countersign_core::artifact::Artifact;
use countersign_core::decision::Decision;
use countersign_core::error::ErrorObject;
use countersign_core::json::{self, JsonError};
use countersign_core::message::Message;
use countersign_core::prompt::{Prompt, PromptAck};
use countersign_core::requested_actions::RequestedActions;
use countersign_core::session;
use countersign_wire::artifact::{ApprovalRequest, ArtifactSubmit};
use countersign_wire::decision::DecisionSubmit;
use countersign_wire::exchange::{AckSubmit, ExchangeStatus, InboxPage, Withdrawn};
use countersign_wire::{Envelope, ErrorBody, limit};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A refusal as it would be shown, or the canonical bytes of what was read.
type Read = Result<Vec<u8>, String>;

struct Kind {
    name: &'static str,
    read: fn(&[u8]) -> Read,
    limit: usize,
    sample: Value,
}

fn kind<M: Message>(name: &'static str, sample: Value) -> Kind {
    let read: fn(&[u8]) -> Read =
        |b| M::parse(b).and_then(|m| m.canonical_bytes()).map_err(|e| e.to_string());
    Kind { name, read, limit: M::LIMIT, sample }
}

const AT: &str = "2026-02-24T10:00:00Z";

fn hash() -> String {
    "0a".repeat(32)
}

fn kinds() -> Vec<Kind> {
    let mut kinds = core_kinds();
    kinds.extend([
        kind::<ArtifactSubmit>("artifact.submit", json!({"artifactType": "t", "artifactHash": "h",
            "ciphertext": {"alg": "a", "data": "d"}, "metadata": {}, "expiresAt": AT})),
        kind::<ApprovalRequest>("approval.request", json!({"artifactType": "t", "artifactHash": "h",
            "ciphertextRef": {"kind": "inline", "alg": "a", "data": "d"}, "policyHint": {}})),
        kind::<DecisionSubmit>("decision.submit", json!({"artifactHash": "h", "decision": "reject",
            "reason": "r", "signerKeyId": "k", "nonce": "n", "signature": "s", "decisionHash": "d"})),
        kind::<AckSubmit>("ack.submit", json!({"msgId": "m", "status": "received", "ackAt": AT})),
        kind::<ExchangeStatus>("exchange.status", json!({"requestId": "r", "state": "decided",
            "createdAt": AT, "expiresAt": AT, "artifactHash": "h", "decision": {"a": 1}})),
        kind::<Withdrawn>("exchange.withdrawn",
            json!({"state": "withdrawn", "withdrawnAt": AT, "reason": "r"})),
        kind::<InboxPage>("inbox.page", json!({"items": [], "nextCursor": null})),
        kind::<ErrorBody>("gateway error", json!({"code": "c", "message": "m", "details": {}})),
        Kind {
            name: "gateway envelope",
            read: |b| {
                let envelope = Envelope::<AckSubmit>::read(b, limit::MESSAGE).map_err(|e| e.to_string())?;
                envelope.canonical_bytes().map_err(|e| e.to_string())
            },
            limit: limit::MESSAGE,
            sample: json!({"msgId": "m", "msgType": "ack.submit", "requestId": "r", "createdAt": AT,
                "sender": {"enforcerId": "e"}, "recipient": {"approverId": "a"}, "trace": {"a": 1},
                "body": {"msgId": "m", "status": "received", "ackAt": AT}}),
        },
    ]);
    kinds
}

fn core_kinds() -> Vec<Kind> {
    let artifact = json!({"requestId": "r", "sessionId": "s", "artifactType": "plan.review",
        "repoRef": "r", "createdAt": AT, "expiresAt": AT, "artifactHashAlg": "SHA-256",
        "artifactHash": hash(), "payload": {"kind": "x", "deep": [[1.5]]},
        "extensions": {"org.countersign.context": {"notes": ["n"]}}});
    let decision = json!({"requestId": "r", "artifactHashAlg": "SHA-256", "artifactHash": hash(),
        "repoRef": "r", "decision": "allow", "scope": "once", "expiresAt": AT, "nonce": "n",
        "sigAlg": "Ed25519", "signerKeyId": "k", "signature": "A".repeat(86),
        "policyHints": {"items": [1]}});
    vec![
        Kind {
            name: "artifact",
            read: |b| {
                Artifact::parse(b).and_then(|a| a.canonical_bytes()).map_err(|e| e.to_string())
            },
            limit: json::limit::ARTIFACT,
            sample: artifact,
        },
        Kind {
            name: "decision",
            read: |b| {
                Decision::parse(b).and_then(|d| d.canonical_bytes()).map_err(|e| e.to_string())
            },
            limit: json::limit::MESSAGE,
            sample: decision,
        },
        kind::<countersign_core::envelope::Envelope>(
            "core envelope",
            json!({"envelopeId": "e",
            "msgType": "error", "sender": {"actor": "HE", "deviceId": "d"},
            "recipient": {"actor": "GW", "deviceId": "d"}, "createdAt": AT, "body": {"a": 1}}),
        ),
        kind::<ErrorObject>(
            "error",
            json!({"code": "HARP_ERR_SCOPE", "message": "m",
            "retryable": false, "details": {"a": 1}}),
        ),
        kind::<Prompt>(
            "prompt.send",
            json!({"requestId": "r", "artifactType": "prompt.send",
            "createdAt": AT, "target": "tool", "text": "t", "promptHashAlg": "SHA-256",
            "promptHash": hash(), "metadata": {"a": 1}}),
        ),
        kind::<PromptAck>(
            "prompt.ack",
            json!({"requestId": "r", "promptHash": hash(),
            "status": "queued", "ackAt": AT}),
        ),
        kind::<session::Start>(
            "session.start",
            json!({"sessionId": "s",
            "eventType": "session.start", "createdAt": AT, "agentHost": "h"}),
        ),
        kind::<session::Status>(
            "session.status",
            json!({"sessionId": "s",
            "eventType": "session.status", "state": "idle", "updatedAt": AT}),
        ),
        kind::<session::Snapshot>(
            "session.snapshot",
            json!({"sessionId": "s",
            "eventType": "session.snapshot", "snapshotId": "n", "snapshotType": "plan",
            "createdAt": AT, "payload": {"a": 1}, "snapshotHashAlg": "SHA-256",
            "snapshotHash": hash()}),
        ),
        kind::<session::End>(
            "session.end",
            json!({"sessionId": "s", "eventType": "session.end",
            "endedAt": AT, "reason": "timeout"}),
        ),
        kind::<RequestedActions>(
            "requested actions",
            json!({"version": 1, "actions": [
            {"id": "a", "caption": "c", "style": "danger", "decision": "approve"}]}),
        ),
        Kind {
            name: "action",
            read: |b| {
                let value = json::parse(b, json::limit::ARTIFACT).map_err(|e| e.to_string())?;
                let action = Action::from_payload(&value).ok_or("foreign")?;
                json::canonical(&action).map_err(|e: JsonError| e.to_string())
            },
            limit: json::limit::ARTIFACT,
            sample: json!({"kind": "batch", "items": [
                {"kind": "plan", "title": "t", "steps": ["s"], "verb": "v"},
                {"kind": "http", "method": "GET", "url": "https://a.b/", "headers": {}, "body": "x"}]}),
        },
    ]
}

impl Kind {
    fn bytes(&self) -> Vec<u8> {
        json::canonical(&self.sample).unwrap()
    }

    /// Refused in one short line, or read as exactly what was given.
    fn sound(&self, bytes: &[u8]) {
        match (self.read)(bytes) {
            Ok(written) => {
                let given = json::parse(bytes, self.limit).unwrap();
                assert_eq!(written, lower_state(given), "{}", self.name);
            }
            Err(why) => self.short(&why),
        }
    }

    fn refused(&self, bytes: &[u8]) {
        match (self.read)(bytes) {
            Ok(_) => panic!("{} reads {}", self.name, String::from_utf8_lossy(bytes)),
            Err(why) => self.short(&why),
        }
    }

    /// At most 200 characters of input, and our own words around them.
    fn short(&self, why: &str) {
        assert!(why.chars().count() <= 260, "{}: {why}", self.name);
    }
}

/// The one word that is read in a second form.
fn lower_state(mut value: Value) -> Vec<u8> {
    if let Some(Value::String(state)) = value.get_mut("state") {
        state[..1].make_ascii_lowercase();
    }
    json::canonical(&value).unwrap()
}

#[test]
fn every_sample_is_read() {
    let kinds = kinds();
    assert_eq!(kinds.len(), 21);
    for kind in kinds {
        assert_eq!((kind.read)(&kind.bytes()), Ok(kind.bytes()), "{}", kind.name);
    }
}

#[test]
fn a_text_cut_at_any_byte_is_refused() {
    for kind in kinds() {
        let bytes = kind.bytes();
        (0..bytes.len()).for_each(|end| kind.refused(&bytes[..end]));
    }
}

#[test]
fn any_flipped_bit_is_refused_or_read_as_what_it_says() {
    for kind in kinds() {
        let bytes = kind.bytes();
        for (at, bit) in (0..bytes.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            kind.sound(&flipped);
        }
    }
}

#[test]
fn members_too_many_twice_or_of_any_length_are_refused() {
    let long = "\u{e9}".repeat(4_000);
    for kind in kinds() {
        let text = String::from_utf8(kind.bytes()).unwrap();
        let first = kind.sample.as_object().unwrap().iter().next().unwrap();
        let with = |member: &str| format!("{{{member},{}", &text[1..]);
        kind.refused(with("\"zz\":1").as_bytes());
        kind.refused(with(&format!("\"{long}\":1")).as_bytes());
        kind.refused(with(&format!("\"{}\":{}", first.0, first.1)).as_bytes());
        kind.refused(
            with(&format!("\"\\u{:04x}{}\":1", first.0.as_bytes()[0], &first.0[1..])).as_bytes(),
        );
        for name in kind.sample.as_object().unwrap().keys() {
            for value in [json!(long), json!({ long.as_str(): long }), json!([long])] {
                let mut changed = kind.sample.clone();
                changed[name] = value;
                kind.sound(changed.to_string().as_bytes());
            }
        }
    }
}

#[test]
fn texts_that_are_no_strict_json_are_refused() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let wide = format!("\"{}\"", "x".repeat(10 * 1024 * 1024));
    for kind in kinds() {
        let text = String::from_utf8(kind.bytes()).unwrap();
        let around = |before: &str, after: &str| format!("{before}{text}{after}");
        for bad in [
            around("\u{feff}", ""),
            around("", "x"),
            around("", "\0"),
            around("[", "]"),
            deep.clone(),
            wide.clone(),
        ] {
            kind.refused(bad.as_bytes());
        }
        for value in
            ["1e400", "9007199254740993", "\"\\ud800\"", "\"\u{0}\"", "nul", "0x1", deep.as_str()]
        {
            kind.refused(format!("{{\"zz\":{value},{}", &text[1..]).as_bytes());
        }
        kind.refused(&[text.as_bytes(), &[0xff]].concat());
        let padded = [text.as_bytes(), &vec![b' '; kind.limit]].concat();
        kind.refused(&padded);
    }
}

/// Values of any shape, in which known names turn up too.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-9_i64..9).prop_map(Value::from),
        "[a-z:.T0-9-]{0,8}".prop_map(Value::from),
        Just(json!(AT)),
        Just(json!(hash())),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec(("[a-z]{0,6}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        kinds().iter().for_each(|kind| kind.sound(&bytes));
    }

    #[test]
    fn any_member_of_any_value_is_refused_or_read_as_what_it_says(
        value in value(),
        at in any::<prop::sample::Index>(),
    ) {
        for kind in kinds() {
            let mut changed = kind.sample.clone();
            let members = changed.as_object_mut().unwrap();
            let name = at.get(&members.keys().cloned().collect::<Vec<_>>()).clone();
            members.insert(name, value.clone());
            kind.sound(changed.to_string().as_bytes());
        }
    }
}

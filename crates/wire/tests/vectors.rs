//! The published messages are read, and messages that break a rule are refused for that rule.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise, also in its helpers"
)]

use countersign_core::json::{self, limit::MESSAGE};
use countersign_core::keys::SecretKeys;
use countersign_core::time::Instant;
use countersign_wire::artifact::{ApprovalRequest, ArtifactSubmit};
use countersign_wire::decision::{DecisionDeliver, DecisionSubmit};
use countersign_wire::envelope::{Body, Envelope, MessageError, Sender};
use countersign_wire::exchange::{AckSubmit, InboxPage, State, Withdrawn};
use countersign_wire::pairing::{Complete, Completed, Initiate};
use countersign_wire::presence::{Hello, Presence, RefreshRequest};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/gateway"))
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap()
}

fn value(name: &str) -> Value {
    json::parse(&bytes(name), MESSAGE).unwrap()
}

fn value_at(path: &str) -> Value {
    serde_json::from_slice(&fs::read(folder().join("..").join(path)).unwrap()).unwrap()
}

fn reads<B: Body>(name: &str) -> Envelope<B> {
    let envelope = Envelope::<B>::read(&bytes(name), MESSAGE).unwrap();
    assert_eq!(serde_json::to_value(&envelope).unwrap(), value(name), "{name} is written back");
    envelope
}

#[test]
fn no_vector_is_forgotten() {
    let count = fs::read_dir(folder()).unwrap().count();
    assert_eq!(count, 11, "each file of vectors/gateway is named by a test of this file");
}

#[test]
fn the_published_messages_are_read_and_written_back() {
    let submit = reads::<ArtifactSubmit>("01_artifact_submit.json");
    assert_eq!(submit.body.metadata_text("routingToken"), Some("rt-opaque-abc123"));
    reads::<ApprovalRequest>("02_approval_request_sse_or_ws.json");
    let decision = reads::<DecisionSubmit>("03_decision_submit.json");
    let delivered = reads::<DecisionDeliver>("04_decision_deliver_ws_or_sse.json");
    assert_eq!(delivered.body.0, decision.body);
    reads::<AckSubmit>("05_ack_submit.json");
    reads::<RefreshRequest>("08_refresh_request.json");
    let hello: Hello = json::typed(value("07_hello_message.json")).unwrap();
    assert_eq!(hello.workspace_name.as_deref(), Some("airlock"));
    let presence: Vec<Presence> = json::typed(value("09_presence_query.json")).unwrap();
    assert_eq!(presence.len(), 2);
}

#[test]
fn the_capitalised_state_is_read_and_not_written() {
    let bytes = bytes("06_exchange_withdraw.json");
    let withdrawn = Envelope::<Withdrawn>::read(&bytes, MESSAGE).unwrap();
    assert_eq!(withdrawn.body.state, State::Withdrawn);
    assert_eq!(serde_json::to_value(withdrawn.body).unwrap()["state"], json!("withdrawn"));
}

#[test]
fn the_published_pairing_is_read_once_its_placeholders_are_keys() {
    let flow = value("10_pairing_flow.json");
    let keys = *SecretKeys::from_bytes(&[7; 64]).unwrap().public();
    let real = serde_json::to_value(keys).unwrap();
    let filled = |name: &str| {
        let mut message = flow[name].clone();
        assert!(message["publicKey"].is_string());
        message["publicKey"] = real["publicKey"].clone();
        message["kxSignature"] = real["kxSignature"].clone();
        message
    };
    let mut initiate = filled("initiate_request");
    initiate["commitment"] = json!("ab".repeat(32));
    assert_eq!(json::typed::<Initiate>(initiate).unwrap().keys, keys);
    assert_eq!(json::typed::<Complete>(filled("complete_request")).unwrap().keys, keys);
    assert!(json::typed::<Completed>(flow["complete_response"].clone()).is_ok());
    let placeholder = flow["complete_request"].clone();
    assert!(json::typed::<Complete>(placeholder).is_err(), "a placeholder is no key");
}

#[test]
fn bad_messages_are_refused_for_the_reason_they_name() {
    let manifest = value_at("manifest.json");
    let expect = |path: &str| {
        let mut files = manifest["files"].as_array().unwrap().iter();
        files.find(|file| file["path"] == path).unwrap()["expect"].clone()
    };
    let expect = expect("gateway/bad_messages.json");
    let file = value("bad_messages.json");
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), expect.as_object().unwrap().len());
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().unwrap();
        let (outcome, says) = refusal_of(text("type"), text("text").as_bytes());
        assert_eq!(outcome, expect[text("name")], "{}: {says}", text("name"));
        assert!(says.contains(text("says")), "{}: got `{says}`", text("name"));
    }
}

fn refusal_of(kind: &str, bytes: &[u8]) -> (String, String) {
    match kind {
        "artifact.submit" => refusal::<ArtifactSubmit>(bytes),
        "decision.submit" => refusal::<DecisionSubmit>(bytes),
        "ack.submit" => refusal::<AckSubmit>(bytes),
        "exchange.withdrawn" => refusal::<Withdrawn>(bytes),
        "inbox.page" => refusal::<InboxPage>(bytes),
        other => panic!("no such message `{other}`"),
    }
}

/// The outcome and what the refusal says.
fn refusal<B: Body>(bytes: &[u8]) -> (String, String) {
    let Err(error) = Envelope::<B>::read(bytes, MESSAGE) else {
        return ("accepted".into(), String::new());
    };
    let outcome = match &error {
        MessageError::Json(why) => format!("{why:?}"),
        // To a reader of JSON alone, a wrong id and another message are a wrong shape.
        MessageError::OtherType { .. } | MessageError::BadId(_) => "Shape".into(),
    };
    let name = outcome.chars().take_while(char::is_ascii_alphanumeric).collect();
    (name, error.to_string())
}

#[test]
fn a_page_says_that_nothing_more_waits() {
    let page = InboxPage { items: vec![], next_cursor: None };
    let at = Instant(0).timestamp();
    let envelope = Envelope::new("-", at, Sender::gateway("gw"), page);
    assert_eq!(serde_json::to_value(envelope).unwrap()["body"]["nextCursor"], Value::Null);
}

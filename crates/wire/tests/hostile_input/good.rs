//! A good text for each parser: from the vectors where there is one, else written here.

use countersign_core::keys::{PublicKeys, SecretKeys};
use countersign_core::pairing::{Code, Link, LinkSecret, Origin};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const TIME: &str = "2026-02-02T02:40:00Z";

fn load(path: &str) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors");
    serde_json::from_slice(&fs::read(root.join(path)).unwrap()).unwrap()
}

/// A member of the vector `name`.
pub(crate) fn vector(path: &str, name: &str, member: &str) -> Vec<u8> {
    let file = load(path);
    let mut vectors = file["vectors"].as_array().unwrap().iter();
    let vector = vectors.find(|vector| vector["name"] == name).unwrap();
    vector[member].as_str().unwrap().as_bytes().to_vec()
}

/// A published message of the gateway binding.
pub(crate) fn published(name: &str) -> Vec<u8> {
    load(&format!("gateway/{name}.json")).to_string().into_bytes()
}

pub(crate) fn keys() -> PublicKeys {
    *SecretKeys::from_bytes(&[7; 64]).unwrap().public()
}

/// A message of the gateway binding around `body`.
pub(crate) fn envelope(kind: &str, body: Value) -> Vec<u8> {
    let envelope = json!({"msgType": kind, "requestId": "-", "createdAt": TIME,
        "sender": {"gatewayId": "gw-1"}, "body": body});
    envelope.to_string().into_bytes()
}

/// One of our own messages that stand in no envelope.
pub(crate) fn ours(name: &str) -> Vec<u8> {
    let (bytes, hash) = ("A".repeat(43), "ab".repeat(32));
    let value = match name {
        "initiate" => json!({"enforcerId": "enf-1", "keys": keys(), "commitment": hash}),
        "complete" => json!({"nonce": "n-1", "approverId": "app-1", "keys": keys(), "r2": bytes}),
        "completed" => json!({"routingToken": "rt-1"}),
        "initiated" => {
            json!({"code": Code::from_random([1, 2, 3, 4, 5]), "nonce": "n-1", "expiresAt": TIME})
        }
        "resolved" => json!({"nonce": "n-1", "enforcerId": "enf-1", "keys": keys(),
            "commitment": hash, "expiresAt": TIME}),
        "status" => {
            json!({"state": "completed", "approverId": "app-1", "keys": keys(), "r2": bytes})
        }
        "confirm" => json!({"role": "approver", "accepted": true}),
        "revoke" => json!({"deviceId": "app-1"}),
        "revoked" => json!({"cancelled": 1}),
        "presence" => json!({"enforcerDeviceId": "enf-1", "status": "online"}),
        "reveal" => json!({"r": bytes}),
        "challenge" => json!({"serverNonce": "n-1", "expiresAt": TIME}),
        "progress" => json!({"signature": "A".repeat(86), "note": {
            "type": "countersign.progress/v1", "requestId": "r", "artifactHash": hash,
            "answers": 1, "allowed": ["ann"], "needed": 2, "toldAt": TIME}}),
        "session" => json!({"keyId": "k", "serverNonce": "n-1", "time": TIME,
            "gatewayOrigin": "https://gw.example", "signature": "A".repeat(86)}),
        other => panic!("no message `{other}`"),
    };
    value.to_string().into_bytes()
}

/// A link as an enforcer shows it.
pub(crate) fn link() -> Vec<u8> {
    let link = Link {
        origin: Origin::parse("https://gw.example").unwrap(),
        code: Code::from_random([1, 2, 3, 4, 5]),
        fingerprint: keys().fingerprint(),
        secret: LinkSecret::new([9; 32]),
    };
    link.to_text().as_bytes().to_vec()
}

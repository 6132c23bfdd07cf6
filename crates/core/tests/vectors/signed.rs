//! Checkpoints, disclosures, and signatures in their domains.

use crate::suite::{accepted, refused, text};
use countersign_core::checkpoint::Checkpoint;
use countersign_core::encoding::Fixed;
use countersign_core::json::{self, limit::MESSAGE};
use countersign_core::keys::{Domain, KeyError, Signature, verify_domain};
use countersign_core::redact::{Commitment, Disclosure};
use serde_json::{Value, json};

fn malformed() -> (String, Value) {
    ("Malformed".into(), json!({}))
}

fn key(input: &Value) -> [u8; 32] {
    Fixed::from_text(text(input, "publicKey")).unwrap().0
}

pub(crate) fn checkpoint(input: &Value) -> (String, Value) {
    let Ok(checkpoint) = json::read::<Checkpoint>(text(input, "checkpoint").as_bytes(), MESSAGE)
    else {
        return malformed();
    };
    match checkpoint.verify(&key(input)) {
        Ok(()) => accepted(json!({
            "ledger": checkpoint.head.ledger,
            "seq": checkpoint.head.seq,
        })),
        Err(KeyError::Json(_)) => malformed(),
        Err(why) => refused(&why),
    }
}

pub(crate) fn disclosure(input: &Value) -> (String, Value) {
    let read = |name| text(input, name).as_bytes();
    let (Ok(disclosure), Ok(commitment)) = (
        json::read::<Disclosure>(read("disclosure"), MESSAGE),
        json::read::<Commitment>(read("commitment"), MESSAGE),
    ) else {
        return malformed();
    };
    if disclosure.opens(&commitment) {
        return accepted(json!({}));
    }
    ("Mismatch".into(), json!({}))
}

pub(crate) fn domain(input: &Value) -> (String, Value) {
    let tag = text(input, "domain");
    let domain = Domain::ALL.into_iter().find(|d| d.tag() == tag).unwrap();
    let object = json::parse(text(input, "object").as_bytes(), MESSAGE).unwrap();
    let signature = Signature::from_text(text(input, "signature")).unwrap();
    match verify_domain(&key(input), domain, &object, &signature) {
        Ok(()) => accepted(json!({})),
        Err(why) => refused(&why),
    }
}

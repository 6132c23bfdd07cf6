//! Heads of a ledger and the operator's signature over them.

use countersign_core::checkpoint::{Changes, Checkpoint, Head};
use countersign_core::encoding::{Fixed, Hash, base64};
use countersign_core::keys::{Domain, SecretKeys};
use serde_json::{Value, json};

use super::super::forge::{flipped, malleated, sign_bytes};
use super::super::object::{self, NOW, object, operator_key};
use super::super::{File, Made, Vector};

pub(in super::super) fn file() -> Made<File> {
    let mut vectors = good()?;
    vectors.extend(forged()?);
    vectors.extend(malformed()?);
    Ok(File {
        path: "checkpoint/checkpoints.json",
        kind: "checkpoint",
        note: "Signed heads of a ledger, and the Ed25519 key of the operator.",
        vectors,
    })
}

fn head() -> Head {
    let time = NOW.timestamp();
    Head {
        ledger: "ledger-1".into(),
        seq: 5,
        content_hash: Hash([5; 32]),
        time,
        changes: None,
        usable: None,
    }
}

/// A head that counts one change.
fn counting() -> Head {
    Head { changes: Some(Changes::NONE.and(Hash([7; 32]))), ..head() }
}

/// A head that says what may still be used as well.
fn leaving() -> Head {
    Head { usable: Some(Hash([8; 32])), ..counting() }
}

fn checkpoint() -> Made<Checkpoint> {
    Ok(Checkpoint::sign(head(), &operator_key()?)?)
}

fn vector(name: &'static str, expect: &'static str, text: String, key: &SecretKeys) -> Vector {
    Vector::new(name, expect)
        .with("checkpoint", text)
        .with("publicKey", base64(&key.public().signing()))
}

fn good() -> Made<Vec<Vector>> {
    let operator = operator_key()?;
    let signed = |name, head: Head| {
        let (ledger, seq) = (head.ledger.clone(), head.seq);
        let text = object::text(&Checkpoint::sign(head, &operator)?)?;
        Made::Ok(vector(name, "accepted", text, &operator).with("ledger", ledger).with("seq", seq))
    };
    let largest = Head { seq: (1 << 53) - 1, ..head() };
    Ok(vec![
        signed("signed", head())?,
        signed("largest-number", largest)?,
        signed("that-counts-changes", counting())?,
        signed("that-says-what-may-be-used", leaving())?,
    ])
}

fn forged() -> Made<Vec<Vector>> {
    let operator = operator_key()?;
    let bad = |name, change: &dyn Fn(&mut Checkpoint)| {
        let mut checkpoint = checkpoint()?;
        change(&mut checkpoint);
        Made::Ok(vector(name, "BadSignature", object::text(&checkpoint)?, &operator))
    };
    let signed = |name, signature: Fixed<64>| bad(name, &|c| c.signature = signature);
    let good = checkpoint()?.signature;
    let receipt = operator.sign(Domain::Receipt, &head())?;
    let untagged = sign_bytes(&operator, object::text(&head())?.as_bytes())?;
    let other =
        vector("key-of-another", "BadSignature", object::text(&checkpoint()?)?, &object::bobs()?);
    Ok(vec![
        other,
        signed("first-bit-of-the-signature", flipped(good, 0))?,
        signed("last-bit-of-the-signature", flipped(good, 63))?,
        signed("signature-malleated", malleated(good))?,
        signed("signature-of-zeros", Fixed([0; 64]))?,
        signed("attack-35-signed-in-the-domain-of-receipts", receipt)?,
        signed("signed-in-no-domain", untagged)?,
        bad("ledger-changed", &|c| c.head.ledger.push('2'))?,
        bad("number-changed", &|c| c.head.seq = 4)?,
        bad("hash-changed", &|c| c.head.content_hash.0 = [6; 32])?,
        bad("time-changed", &|c| c.head.time = NOW.plus_millis(1_000).timestamp())?,
        bad("changes-added", &|c| c.head.changes = counting().changes)?,
        bad("usable-added", &|c| c.head.usable = leaving().usable)?,
    ])
}

fn malformed() -> Made<Vec<Vector>> {
    let (good, operator) = (object::text(&checkpoint()?)?, operator_key()?);
    let read = |name, text: String| vector(name, "Malformed", text, &operator);
    let inside = |name, pointer: &str, member: &str, value: Value| {
        let mut checkpoint: Value = serde_json::from_str(&good)?;
        let members = checkpoint.pointer_mut(pointer).and_then(Value::as_object_mut);
        members.ok_or("no object")?.insert(member.into(), value);
        Made::Ok(read(name, object::text(&checkpoint)?))
    };
    let mut headless = object(serde_json::from_str(&good)?);
    headless.remove("head");
    Ok(vec![
        read("empty", String::new()),
        read("truncated", good.get(..good.len() - 1).unwrap_or_default().to_owned()),
        read("member-twice", good.replacen('{', "{\"keyId\":\"\",", 1)),
        read("no-head", object::text(&headless)?),
        inside("unknown-member", "", "extra", json!(1))?,
        inside("unknown-member-of-the-head", "/head", "extra", json!(1))?,
        inside("number-negative", "/head", "seq", json!(-1))?,
        inside("number-as-text", "/head", "seq", json!("5"))?,
        inside("number-with-a-fraction", "/head", "seq", json!(5.5))?,
        inside("hash-in-capitals", "/head", "contentHash", json!("AB".repeat(32)))?,
        inside("time-without-offset", "/head", "time", json!("2026-02-02T02:40:00"))?,
        inside("changes-in-capitals", "/head", "changes", json!("AB".repeat(32)))?,
        inside("changes-null", "/head", "changes", Value::Null)?,
        inside("usable-in-capitals", "/head", "usable", json!("AB".repeat(32)))?,
        inside("usable-null", "/head", "usable", Value::Null)?,
        inside("signature-too-short", "", "signature", json!(base64(&[1; 63])))?,
        read("number-beyond-two-to-53", good.replace("\"seq\":5", "\"seq\":9007199254740993")),
    ])
}

//! Signatures verify in the domain that they were made in, and in no other.

use countersign_core::encoding::{Fixed, base64};
use countersign_core::keys::Domain;
use serde_json::{Value, json};

use super::super::forge::{flipped, malleated, sign_bytes};
use super::super::object::{self, operator_key};
use super::super::{File, Made, Vector};

pub(in super::super) fn file() -> Made<File> {
    let mut vectors = good()?;
    vectors.extend(confused()?);
    vectors.extend(forged()?);
    vectors.extend(keys()?);
    Ok(File {
        path: "domain/domains.json",
        kind: "domain",
        note: "Signatures over tag, zero byte and canonical object.",
        vectors,
    })
}

fn object() -> Value {
    json!({"a": 1, "b": ["é", null]})
}

fn vector(name: &'static str, expect: &'static str, read: Domain, made: Fixed<64>) -> Made<Vector> {
    Ok(Vector::new(name, expect)
        .with("domain", read.tag())
        .with("object", object::text(&object())?)
        .with("publicKey", base64(&operator_key()?.public().signing()))
        .with("signature", base64(&made.0)))
}

/// The name of the vector in which each domain holds, and of the one in which another is taken
/// for it.
fn names(domain: Domain) -> (&'static str, &'static str) {
    match domain {
        Domain::Artifact => ("artifact", "attack-35-read-as-artifact"),
        Domain::Auth => ("auth", "attack-35-read-as-auth"),
        Domain::KeyExchange => ("key-exchange", "attack-35-read-as-key-exchange"),
        Domain::Receipt => ("receipt", "attack-35-read-as-receipt"),
        Domain::Checkpoint => ("checkpoint", "attack-35-read-as-checkpoint"),
        Domain::Token => ("token", "attack-35-read-as-token"),
        Domain::Key => ("key", "attack-35-read-as-key"),
        Domain::Sas => ("sas", "attack-35-read-as-sas"),
        Domain::Policy => ("policy", "attack-35-read-as-policy"),
        Domain::Bundle => ("bundle", "attack-35-read-as-bundle"),
        Domain::Freeze => ("freeze", "attack-35-read-as-freeze"),
        Domain::Progress => ("progress", "attack-35-read-as-progress"),
    }
}

fn good() -> Made<Vec<Vector>> {
    let signed = |domain: Domain| {
        vector(names(domain).0, "accepted", domain, operator_key()?.sign(domain, &object())?)
    };
    Domain::ALL.into_iter().map(signed).collect()
}

/// Each domain reads the signature of the one before it in the list.
fn confused() -> Made<Vec<Vector>> {
    let made = Domain::ALL.into_iter().cycle().skip(Domain::ALL.len() - 1);
    let confuse = |(read, made): (Domain, Domain)| {
        vector(names(read).1, "BadSignature", read, operator_key()?.sign(made, &object())?)
    };
    Domain::ALL.into_iter().zip(made).map(confuse).collect()
}

fn forged() -> Made<Vec<Vector>> {
    let key = operator_key()?;
    let text = object::text(&object())?;
    let bad = |name, made| vector(name, "BadSignature", Domain::Token, made);
    let over = |bytes: String| sign_bytes(&key, bytes.as_bytes());
    let good = key.sign(Domain::Token, &object())?;
    let other = object::bobs()?.sign(Domain::Token, &object())?;
    let changed = bad("object-changed", good)?.with("object", text.replace("\"a\":1", "\"a\":2"));
    Ok(vec![
        bad("no-domain", over(text.clone())?)?,
        bad("tag-without-zero", over(format!("countersign-token/v1{text}"))?)?,
        bad("zero-without-tag", over(format!("\0{text}"))?)?,
        bad("tag-in-capitals", over(format!("COUNTERSIGN-TOKEN/V1\0{text}"))?)?,
        bad("later-version-of-the-domain", over(format!("countersign-token/v2\0{text}"))?)?,
        bad("object-with-a-newline", over(format!("countersign-token/v1\0{text}\n"))?)?,
        bad("signature-of-another-key", other)?,
        bad("first-bit", flipped(good, 0))?,
        bad("last-bit", flipped(good, 63))?,
        bad("malleated", malleated(good))?,
        changed,
    ])
}

/// Keys that are none, and keys of small order, which would fit many messages.
fn keys() -> Made<Vec<Vector>> {
    let good = operator_key()?.sign(Domain::Token, &object())?;
    let mut identity = [0; 64];
    identity.iter_mut().take(1).for_each(|byte| *byte = 1);
    let with = |name, expect, key: [u8; 32], made| {
        let vector = vector(name, expect, Domain::Token, made)?;
        Made::Ok(vector.with("publicKey", base64(&key)))
    };
    let one = |first, rest, last| {
        let mut key = [rest; 32];
        key.iter_mut().take(1).for_each(|byte| *byte = first);
        key.iter_mut().rev().take(1).for_each(|byte| *byte = last);
        key
    };
    Ok(vec![
        with("key-that-is-no-point", "BadKey", one(2, 0, 0), good)?,
        with("key-that-is-no-point-either", "BadKey", one(0xd9, 0xff, 0xff), good)?,
        with("key-identity-signature-identity", "BadSignature", one(1, 0, 0), Fixed(identity))?,
        with("key-of-order-two", "BadSignature", one(0xec, 0xff, 0x7f), Fixed(identity))?,
        with("key-of-order-four", "BadSignature", [0; 32], Fixed(identity))?,
    ])
}

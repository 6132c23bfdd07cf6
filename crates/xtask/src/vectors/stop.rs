//! Stops that an approver's device sends, and the trust store of the enforcer that is to heed them.

use countersign_core::encoding::Fixed;
use countersign_core::freeze::{MAX_WHY, SignedStop, Stop, StopType};
use countersign_core::keys::{Domain, SecretKeys};
use countersign_core::trust::Status;
use serde_json::{Value, json};

use super::forge::{flipped, sign_bytes};
use super::object::{self, NOW};
use super::{File, Made, Vector};

pub(super) fn file() -> Made<File> {
    let mut vectors = good()?;
    vectors.extend(forged()?);
    vectors.extend(texts()?);
    Ok(File {
        path: "stop/stops.json",
        kind: "stop",
        note: "A stop, the operator key that reads it, and whom that enforcer has pinned.",
        vectors,
    })
}

fn stop() -> Made<Stop> {
    Ok(Stop {
        kind: StopType::V1,
        enforcer: object::operator_key()?.key_id(),
        signer_key_id: object::anns()?.key_id(),
        why: Some("the key leaked".into()),
        signed_at: NOW.timestamp(),
        nonce: Fixed([7; 24]),
    })
}

fn vector(name: &'static str, expect: &'static str, text: String) -> Made<Vector> {
    Ok(Vector::new(name, expect)
        .with("stop", text)
        .with("operator", object::operator_key()?.key_id().to_string())
        .with("trust", object::text(&object::trust()?)?)
        .with("now", NOW.0))
}

fn signed(stop: Stop, key: &SecretKeys) -> Made<String> {
    object::text(&SignedStop::sign(stop, key)?)
}

fn good() -> Made<Vec<Vector>> {
    let heeded = |name, stop| {
        Made::Ok(vector(name, "accepted", signed(stop, &object::anns()?)?)?.with("person", "ann"))
    };
    let mut revoked = object::trust()?;
    revoked.approvers.iter_mut().for_each(|one| {
        one.status = Status::Revoked { at: NOW.timestamp(), compromised_since: None };
    });
    let of_revoked = vector("attack-36-revoked", "Signer", signed(stop()?, &object::anns()?)?)?;
    Ok(vec![
        heeded("with-a-reason", stop()?)?,
        heeded("without-a-reason", Stop { why: None, ..stop()? })?,
        heeded("longest-reason", Stop { why: Some("x".repeat(MAX_WHY)), ..stop()? })?,
        of_revoked.with("trust", object::text(&revoked)?),
    ])
}

fn forged() -> Made<Vec<Vector>> {
    let ann = object::anns()?;
    let by = |name, expect, signature: Fixed<64>| {
        vector(name, expect, object::text(&SignedStop { stop: stop()?, signature })?)
    };
    let good = ann.sign(Domain::Freeze, &stop()?)?;
    let stranger = signed(stop()?, &object::strangers()?)?;
    let elsewhere = Stop { enforcer: object::bobs()?.key_id(), ..stop()? };
    let mut changed = SignedStop::sign(stop()?, &ann)?;
    changed.stop.why = None;
    let untagged = sign_bytes(&ann, object::text(&stop()?)?.as_bytes())?;
    Ok(vec![
        vector("attack-36-a-stranger", "Signer", stranger)?,
        vector("attack-23-for-another-enforcer", "OtherEnforcer", signed(elsewhere, &ann)?)?,
        vector("another-reason", "Signature", object::text(&changed)?)?,
        by(
            "attack-36-a-stranger-poses-as-ann",
            "Signature",
            object::strangers()?.sign(Domain::Freeze, &stop()?)?,
        )?,
        by(
            "attack-35-signed-in-the-domain-of-tokens",
            "Signature",
            ann.sign(Domain::Token, &stop()?)?,
        )?,
        by("attack-35-signed-in-no-domain", "Signature", untagged)?,
        by("last-bit-of-the-signature", "Signature", flipped(good, 63))?,
    ])
}

fn texts() -> Made<Vec<Vector>> {
    let text = signed(stop()?, &object::anns()?)?;
    let inside = |name, expect, member: &str, value: Value| {
        let mut whole: Value = serde_json::from_str(&text)?;
        let members = whole.pointer_mut("/stop").and_then(Value::as_object_mut);
        members.ok_or("no object")?.insert(member.into(), value);
        vector(name, expect, object::text(&whole)?)
    };
    Ok(vec![
        vector("empty", "Syntax", String::new())?,
        vector("member-twice", "DuplicateKey", text.replacen('{', "{\"signature\":\"\",", 1))?,
        inside("unknown-member", "Shape", "extra", json!(1))?,
        inside("another-version", "Shape", "type", json!("countersign.freeze/v2"))?,
        inside("reason-null", "Shape", "why", Value::Null)?,
        inside("reason-too-long", "TooLong", "why", json!("x".repeat(MAX_WHY + 1)))?,
        inside("nonce-too-short", "Shape", "nonce", json!("AAAA"))?,
        inside("time-without-offset", "Shape", "signedAt", json!("2026-02-02T02:40:00"))?,
    ])
}

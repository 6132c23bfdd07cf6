//! Notes of how far the others are, and the artifact and enforcer that they are about.

use countersign_core::artifact::{Artifact, Group, Route};
use countersign_core::encoding::{Fixed, Hash, base64};
use countersign_core::keys::{Domain, SecretKeys};
use countersign_core::progress::{Note, NoteType, SignedNote};
use serde_json::{Value, json};

use super::forge::{flipped, sign_bytes};
use super::object::{self, NOW, object, operator_key};
use super::{File, Made, Vector};

pub(super) fn file() -> Made<File> {
    let mut vectors = good()?;
    vectors.extend(forged()?);
    vectors.extend(astray()?);
    vectors.extend(texts()?);
    Ok(File {
        path: "progress/notes.json",
        kind: "progress",
        note: "What an enforcer tells of the others who were asked, and the artifact that it is about.",
        vectors,
    })
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Two of Ann, Bob and Eve.
fn route() -> Made<Route> {
    let keys = [object::anns()?, object::bobs()?, object::strangers()?];
    let seat = |(key, person): (&SecretKeys, &&str)| object::seat(key, person);
    let roster = keys.iter().zip(["ann", "bob", "eve"].iter()).map(seat).collect();
    Ok(Route { threshold: 2, roster, ..object::route()? })
}

/// The same, with one of Bob and Eve among them.
fn grouped() -> Made<Route> {
    let persons = names(&["bob", "eve"]);
    let group = Group { name: Some("security".into()), persons, threshold: 1 };
    Ok(Route { groups: vec![group], ..route()? })
}

fn note(artifact: &Artifact, allowed: &[&str]) -> Made<Note> {
    let head = &artifact.head;
    Ok(Note {
        kind: NoteType::V1,
        request_id: head.request_id.clone(),
        artifact_hash: head.artifact_hash,
        answers: u32::try_from(allowed.len())?,
        allowed: names(allowed),
        needed: 2,
        told_at: NOW.timestamp(),
    })
}

fn vector(
    name: &'static str,
    expect: &'static str,
    artifact: &Artifact,
    text: String,
) -> Made<Vector> {
    Ok(Vector::new(name, expect)
        .with("artifact", object::text(artifact)?)
        .with("enforcer", object::text(operator_key()?.public())?)
        .with("note", text))
}

fn good() -> Made<Vec<Vector>> {
    let signed = |name, route: Route, note: &dyn Fn(&Artifact) -> Made<Note>| {
        let (artifact, operator) = (object::artifact(&route)?, operator_key()?);
        let signed = SignedNote::sign(note(&artifact)?, &operator)?;
        let told = signed.verify(&artifact, operator.public())?;
        let vector = vector(name, "accepted", &artifact, object::text(&signed)?)?;
        Made::Ok(vector.with("soFar", serde_json::to_value(told)?))
    };
    let all = Route { threshold: 3, ..grouped()? };
    let of_all = |a: &Artifact| Ok(Note { needed: 3, answers: 3, ..note(a, &["ann", "bob"])? });
    Ok(vec![
        signed("one-of-two", route()?, &|a| note(a, &["ann"]))?,
        signed("nobody-yet-and-a-no", route()?, &|a| Ok(Note { answers: 1, ..note(a, &[])? }))?,
        signed("a-group-is-missing", grouped()?, &|a| note(a, &["ann"]))?,
        signed("a-group-is-met", all, &of_all)?,
    ])
}

fn forged() -> Made<Vec<Vector>> {
    let artifact = object::artifact(&route()?)?;
    let good = note(&artifact, &["ann"])?;
    let bad = |name, signature: Fixed<64>| {
        let signed = SignedNote { note: good.clone(), signature };
        vector(name, "Signature", &artifact, object::text(&signed)?)
    };
    let operator = operator_key()?;
    let by = |key: &SecretKeys, domain| Made::Ok(key.sign(domain, &good)?);
    let untagged = sign_bytes(&operator, object::text(&good)?.as_bytes())?;
    let mut changed = SignedNote::sign(good.clone(), &operator)?;
    changed.note.allowed = names(&["bob"]);
    Ok(vec![
        bad("attack-36-signed-by-a-stranger", by(&object::strangers()?, Domain::Progress)?)?,
        bad("attack-36-signed-by-an-approver", by(&object::anns()?, Domain::Progress)?)?,
        bad("attack-35-signed-in-the-domain-of-artifacts", by(&operator, Domain::Artifact)?)?,
        bad("attack-35-signed-in-the-domain-of-receipts", by(&operator, Domain::Receipt)?)?,
        bad("signed-in-no-domain", untagged)?,
        bad("last-bit-of-the-signature", flipped(by(&operator, Domain::Progress)?, 63))?,
        vector("another-person", "Signature", &artifact, object::text(&changed)?)?,
    ])
}

/// Well signed, and about something else than the artifact.
fn astray() -> Made<Vec<Vector>> {
    let bad = |name, expect, change: &dyn Fn(&mut Note)| {
        let artifact = object::artifact(&route()?)?;
        let mut note = note(&artifact, &["ann"])?;
        change(&mut note);
        let signed = SignedNote::sign(note, &operator_key()?)?;
        vector(name, expect, &artifact, object::text(&signed)?)
    };
    let allowed = |name, expect, who: &[&str]| {
        bad(name, expect, &|n| (n.allowed, n.answers) = (names(who), 9))
    };
    let hash = Hash([7; 32]);
    Ok(vec![
        bad("attack-23-another-request", "OtherArtifact", &|n| n.request_id.push('x'))?,
        bad("attack-23-another-artifact", "OtherArtifact", &|n| n.artifact_hash.0 = hash)?,
        allowed("nobody-who-was-asked", "People", &["zoe"])?,
        allowed("also-somebody-who-was-not-asked", "People", &["ann", "zoe"])?,
        allowed("attack-10-one-person-twice", "People", &["ann", "ann"])?,
        allowed("not-sorted", "People", &["bob", "ann"])?,
        allowed("nameless", "People", &[""])?,
        allowed("enough-to-end-it", "Count", &["ann", "bob"])?,
        allowed("all", "Count", &["ann", "bob", "eve"])?,
        bad("more-than-have-answered", "Count", &|n| n.answers = 0)?,
        bad("fewer-needed-than-by-the-route", "Count", &|n| n.needed = 1)?,
        bad("more-needed-than-by-the-route", "Count", &|n| n.needed = 3)?,
        bad("none-needed", "Count", &|n| n.needed = 0)?,
    ])
}

fn texts() -> Made<Vec<Vector>> {
    let artifact = object::artifact(&route()?)?;
    let good = object::text(&SignedNote::sign(note(&artifact, &["ann"])?, &operator_key()?)?)?;
    let read = |name, expect, text: String| vector(name, expect, &artifact, text);
    let inside = |name, pointer: &str, member: &str, value: Value| {
        let mut note: Value = serde_json::from_str(&good)?;
        let members = note.pointer_mut(pointer).and_then(Value::as_object_mut);
        members.ok_or("no object")?.insert(member.into(), value);
        read(name, "Shape", object::text(&note)?)
    };
    let mut unsigned = object(serde_json::from_str(&good)?);
    unsigned.remove("signature");
    Ok(vec![
        read("empty", "Syntax", String::new())?,
        read("member-twice", "DuplicateKey", good.replacen('{', "{\"signature\":\"\",", 1))?,
        read("number-that-rounds", "Number", good.replace("\"answers\":1", "\"answers\":1e400"))?,
        read("no-signature", "Shape", object::text(&unsigned)?)?,
        inside("unknown-member", "", "extra", json!(1))?,
        inside("unknown-member-of-the-note", "/note", "denied", json!(["bob"]))?,
        inside("another-version", "/note", "type", json!("countersign.progress/v2"))?,
        inside("allowed-null", "/note", "allowed", Value::Null)?,
        inside("allowed-as-text", "/note", "allowed", json!("ann"))?,
        inside("needed-negative", "/note", "needed", json!(-1))?,
        inside("needed-beyond-32-bits", "/note", "needed", json!(4_294_967_296_u64))?,
        inside("answers-with-a-fraction", "/note", "answers", json!(1.5))?,
        inside("hash-in-capitals", "/note", "artifactHash", json!("AB".repeat(32)))?,
        inside("time-without-offset", "/note", "toldAt", json!("2026-02-02T02:40:00"))?,
        inside("signature-too-short", "", "signature", json!(base64(&[1; 63])))?,
    ])
}

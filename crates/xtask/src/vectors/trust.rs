//! Trust stores: which keys somebody pinned, each once and under its own name.

use countersign_core::artifact::Assurance;
use countersign_core::encoding::base64;
use countersign_core::trust::{Past, Status, TrustStore};
use serde_json::{Value, json};

use super::authenticator::Authenticator;
use super::object::{self, NOW, object, operator};
use super::{File, Made, Vector};

pub(super) fn file() -> Made<File> {
    let mut vectors = good()?;
    vectors.extend(named()?);
    vectors.extend(texts()?);
    vectors.extend(shapes()?);
    Ok(File {
        path: "trust/stores.json",
        kind: "trust",
        note: "Stores of pinned keys. Whatever is wrong in one of them makes the whole store unusable.",
        vectors,
    })
}

fn vector(name: &'static str, expect: &'static str, store: &TrustStore) -> Made<Vector> {
    Ok(Vector::new(name, expect).with("text", object::text(store)?))
}

fn but(change: impl FnOnce(&mut TrustStore)) -> Made<TrustStore> {
    let mut store = object::trust()?;
    change(&mut store);
    Ok(store)
}

fn good() -> Made<Vec<Vector>> {
    let accepted = |name, store: &TrustStore| {
        let vector = vector(name, "accepted", store)?;
        let (operators, approvers) = (store.operators.len(), store.approvers.len());
        Made::Ok(vector.with("operators", operators).with("approvers", approvers))
    };
    let until = NOW.timestamp();
    Ok(vec![
        accepted("one-operator-two-approvers", &object::trust()?)?,
        accepted("nobody", &TrustStore::default())?,
        accepted(
            "one-with-a-passkey",
            &but(|t| {
                let passkey = Authenticator::new(1).passkey();
                t.approvers.iter_mut().for_each(|a| a.passkey = Some(passkey.clone()));
            })?,
        )?,
        accepted(
            "one-whose-record-was-changed-twice",
            &but(|t| t.approvers.iter_mut().for_each(|a| a.past = past(&[0, 1])))?,
        )?,
        accepted(
            "revoked",
            &but(|t| {
                t.approvers.iter_mut().for_each(|a| {
                    a.status = Status::Revoked { at: NOW.timestamp(), compromised_since: None }
                });
            })?,
        )?,
        accepted(
            "revoked-and-compromised-before",
            &but(|t| {
                let since = Some(NOW.plus_millis(-1_000).timestamp());
                t.approvers.iter_mut().for_each(|a| {
                    let at = NOW.timestamp();
                    a.status = Status::Revoked { at, compromised_since: since.clone() };
                });
            })?,
        )?,
        accepted(
            "rotated",
            &but(|t| {
                t.operators
                    .iter_mut()
                    .for_each(|o| o.status = Status::Rotated { until: until.clone() });
            })?,
        )?,
        accepted(
            "one-person-with-two-keys",
            &but(|t| {
                t.approvers.iter_mut().for_each(|a| a.person = "ann".into());
            })?,
        )?,
    ])
}

/// What everybody was until these milliseconds after `NOW`.
fn past(ends: &[i64]) -> Vec<Past> {
    let until = |at: &i64| Past {
        until: NOW.plus_millis(*at).timestamp(),
        person: "eve".into(),
        roles: vec!["sre".into()],
        assurance: Assurance::Web,
        passkey: Some(Authenticator::new(1).passkey()),
    };
    ends.iter().map(until).collect()
}

fn disordered(ends: &[i64]) -> Made<TrustStore> {
    but(|t| t.approvers.iter_mut().take(1).for_each(|a| a.past = past(ends)))
}

fn named() -> Made<Vec<Vector>> {
    let (anns, bobs, stranger) = (object::anns()?, object::bobs()?, object::strangers()?);
    let (wrong, twice) = ("WrongKeyId", "Twice");
    let renamed =
        but(|t| t.approvers.iter_mut().take(1).for_each(|a| a.key_id = stranger.key_id()))?;
    let operated = but(|t| t.operators.iter_mut().for_each(|o| o.key_id = stranger.key_id()))?;
    let small = but(|t| {
        t.approvers.iter_mut().take(1).for_each(|a| a.key_id.0 = a.key_id.0.to_lowercase());
    })?;
    let swapped = but(|t| {
        t.approvers.iter_mut().for_each(|a| {
            let other = if a.person == "ann" { &bobs } else { &anns };
            a.key_id = other.key_id();
        });
    })?;
    Ok(vec![
        vector("name-of-another-key", wrong, &renamed)?,
        vector("name-of-another-operator", wrong, &operated)?,
        vector("name-in-small-letters", wrong, &small)?,
        vector("names-swapped", wrong, &swapped)?,
        vector(
            "attack-10-operator-as-approver",
            twice,
            &but(|t| t.operators.push(operator(&anns)))?,
        )?,
        vector(
            "approver-twice",
            twice,
            &but(|t| t.approvers.push(object::approver(&anns, "eve")))?,
        )?,
        vector("changed-later-and-then-before", "Disordered", &disordered(&[1, 0])?)?,
        vector("changed-twice-at-once", "Disordered", &disordered(&[0, 0])?)?,
        vector("operator-twice", twice, &but(|t| t.operators.extend(t.operators.clone()))?)?,
    ])
}

fn texts() -> Made<Vec<Vector>> {
    let good = object::text(&object::trust()?)?;
    let read = |name, expect, text: String| Vector::new(name, expect).with("text", text);
    Ok(vec![
        read("empty", "Syntax", String::new()),
        read("truncated", "Syntax", good.get(..good.len() - 1).unwrap_or_default().to_owned()),
        read("trailing-data", "Syntax", format!("{good}{good}")),
        read("byte-order-mark", "Syntax", format!("\u{feff}{good}")),
        read("member-twice", "DuplicateKey", good.replacen('{', "{\"approvers\":[],", 1)),
        read(
            "member-of-a-record-twice",
            "DuplicateKey",
            good.replacen("\"person\"", "\"person\":\"eve\",\"person\"", 1),
        ),
        read("list", "Shape", format!("[{good}]")),
        read("other-version", "Shape", good.replace("trust/v1", "trust/v2")),
    ])
}

/// Changes to Ann's record.
fn shapes() -> Made<Vec<Vector>> {
    let good = serde_json::to_value(object::trust()?)?;
    let (anns, bobs) = (object::anns()?, object::bobs()?);
    let mut mixed = anns.public().bytes().0;
    mixed.iter_mut().zip(bobs.public().bytes().0).skip(32).for_each(|(to, b)| *to = b);
    let keys = |public: &[u8], signature: Value| json!({"publicKey": base64(public), "kxSignature": signature});
    let own = serde_json::to_value(anns.public())?;
    let (bytes, signature) =
        (anns.public().bytes().0, own.get("kxSignature").cloned().unwrap_or_default());
    let mut vectors = Vec::new();
    for (name, member, value) in [
        ("unknown-member-of-a-record", "admin", json!(true)),
        ("unknown-assurance", "assurance", json!("certain")),
        ("status-as-text", "status", json!("active")),
        ("unknown-status", "status", json!({"state": "paused"})),
        ("revoked-at-no-time", "status", json!({"state": "revoked"})),
        (
            "compromised-since-null",
            "status",
            json!({"state": "revoked", "at": "2026-02-02T02:40:00Z", "compromisedSince": null}),
        ),
        (
            "compromised-at-no-time",
            "status",
            json!({"state": "revoked", "at": "2026-02-02T02:40:00Z", "compromisedSince": "may"}),
        ),
        (
            "active-and-compromised",
            "status",
            json!({"state": "active", "compromisedSince": "2026-02-02T02:40:00Z"}),
        ),
        ("active-until", "status", json!({"state": "active", "until": "2026-02-02T02:40:00Z"})),
        ("past-as-a-record", "past", json!({})),
        ("past-of-nothing", "past", json!([])),
        ("past-of-no-time", "past", json!([{"person": "ann", "roles": [], "assurance": "web"}])),
        (
            "past-with-an-unknown-member",
            "past",
            json!([{"until": "2026-02-02T02:40:00Z",
            "person": "ann", "roles": [], "assurance": "web", "keyId": "x"}]),
        ),
        ("roles-as-text", "roles", json!("admin")),
        ("person-null", "person", Value::Null),
        ("attack-37-exchange-key-of-another", "keys", keys(&mixed, signature.clone())),
        ("exchange-key-not-signed", "keys", keys(&bytes, json!(base64(&[0; 64])))),
        ("only-half-of-the-keys", "keys", keys(bytes.get(..32).unwrap_or_default(), signature)),
    ] {
        let mut store = good.clone();
        let record = store.pointer_mut("/approvers/0").and_then(Value::as_object_mut);
        record.ok_or("no approver")?.insert(member.into(), value);
        vectors.push(Vector::new(name, "Shape").with("text", object::text(&store)?));
    }
    let mut store = object(good);
    store.remove("operators");
    vectors.push(Vector::new("no-operators", "Shape").with("text", object::text(&store)?));
    Ok(vectors)
}

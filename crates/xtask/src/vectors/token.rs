//! Compact approval tokens, and each refusal of one.

use countersign_core::artifact::Artifact;
use countersign_core::encoding::{Fixed, base64};
use countersign_core::keys::{Domain, SecretKeys};
use countersign_core::token::{ONCE, Terms, Token};
use serde_json::json;

use super::forge::sign_bytes;
use super::object::{self, NOW};
use super::{File, Made, Vector};

pub(super) fn file() -> Made<File> {
    let mut vectors = good()?;
    vectors.extend(malformed()?);
    vectors.extend(forged()?);
    vectors.extend(spent()?);
    Ok(File {
        path: "token/tokens.json",
        kind: "token",
        note: "Compact tokens under the one key that is pinned, for the artifact that is stored; `now` in unix seconds, `spent` the nonces that this key used before.",
        vectors,
    })
}

/// Where the fields stand.
const DECISION: usize = 40;
const SCOPE_LENGTH: usize = 41;
const SIGNATURE: usize = 49;

fn now() -> i64 {
    NOW.0 / 1_000
}

fn terms() -> Terms {
    let expires_at = (NOW.0 / 1_000 + 100).unsigned_abs();
    Terms { nonce: Fixed([5; 32]), expires_at, approves: true, scope: ONCE.into() }
}

fn artifact() -> Made<Artifact> {
    object::artifact(&object::route()?)
}

fn token(terms: Terms) -> Made<Vec<u8>> {
    Ok(Token::sign(&artifact()?, terms, &object::anns()?)?.to_bytes())
}

fn vector(name: &'static str, expect: &'static str, token: &[u8]) -> Made<Vector> {
    Ok(Vector::new(name, expect)
        .with("token", base64(token))
        .with("artifact", object::text(&artifact()?)?)
        .with("publicKey", base64(&object::anns()?.public().signing()))
        .with("now", now())
        .with("spent", json!([])))
}

fn good() -> Made<Vec<Vector>> {
    let accepted = |name, terms: Terms| {
        let approves = terms.approves;
        Made::Ok(vector(name, "accepted", &token(terms)?)?.with("approves", approves))
    };
    let last = (NOW.0 / 1_000 + 1).unsigned_abs();
    let other = base64(&[6; 32]);
    Ok(vec![
        accepted("approve", terms())?,
        accepted("reject", Terms { approves: false, ..terms() })?,
        accepted("last-second", Terms { expires_at: last, ..terms() })?,
        accepted("as-far-as-can-be", Terms { expires_at: u64::MAX, ..terms() })?,
        accepted("another-nonce-spent", terms())?.with("spent", json!([other])),
    ])
}

fn malformed() -> Made<Vec<Vector>> {
    let changed = |name, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = token(terms())?;
        change(&mut bytes);
        vector(name, "Malformed", &bytes)
    };
    let set = |at: usize, value: u8| {
        move |bytes: &mut Vec<u8>| bytes.iter_mut().skip(at).take(1).for_each(|b| *b = value)
    };
    Ok(vec![
        changed("empty", &|b| b.clear())?,
        changed("one-byte-short", &|b| b.truncate(b.len() - 1))?,
        changed("cut-in-the-nonce", &|b| b.truncate(31))?,
        changed("cut-in-the-signature", &|b| b.truncate(SIGNATURE + 10))?,
        changed("trailing-byte", &|b| b.push(0))?,
        changed("twice-in-a-row", &|b| b.extend(b.clone()))?,
        changed("decision-zero", &set(DECISION, 0))?,
        changed("decision-three", &set(DECISION, 3))?,
        changed("decision-in-letters", &set(DECISION, b'a'))?,
        changed("scope-longer-than-the-token", &set(SCOPE_LENGTH, 0xff))?,
        changed("scope-one-longer", &set(SCOPE_LENGTH + 3, 5))?,
        changed("scope-one-shorter", &set(SCOPE_LENGTH + 3, 3))?,
        changed("scope-that-is-no-text", &set(SCOPE_LENGTH + 4, 0xff))?,
        changed("older-layout", &|b| {
            b.remove(DECISION);
        })?,
    ])
}

fn forged() -> Made<Vec<Vector>> {
    let bytes = token(terms())?;
    let changed = |name, at: usize| {
        let mut bytes = bytes.clone();
        bytes.iter_mut().skip(at).take(1).for_each(|b| *b ^= 3);
        vector(name, "BadSignature", &bytes)
    };
    let other_artifact =
        object::artifact(&countersign_core::artifact::Route { round: 2, ..object::route()? })?;
    let elsewhere = Token::sign(&other_artifact, terms(), &object::anns()?)?.to_bytes();
    let by = |name, key: &SecretKeys| {
        let token = Token::sign(&artifact()?, terms(), key)?.to_bytes();
        vector(name, "WrongKey", &token)
    };
    let fields = bytes.get(..SIGNATURE).unwrap_or_default();
    let whole = [object::text(&artifact()?)?.as_bytes(), fields].concat();
    let mine = object::anns()?;
    let resigned = |name, signature: Fixed<64>| {
        let token = [fields, &signature.0, &mine.public().signing()].concat();
        vector(name, "BadSignature", &token)
    };
    let mut key = bytes.clone();
    key.iter_mut().rev().take(1).for_each(|b| *b ^= 1);
    Ok(vec![
        by("key-of-another", &object::bobs()?)?,
        by("key-of-a-stranger", &object::strangers()?)?,
        vector("bit-of-the-key", "WrongKey", &key)?,
        changed("nonce-changed", 0)?,
        changed("expiry-changed", 39)?,
        changed("attack-43-reject-made-approve", DECISION)?,
        changed("first-byte-of-the-signature", SIGNATURE)?,
        changed("last-byte-of-the-signature", SIGNATURE + 63)?,
        vector("for-another-artifact", "BadSignature", &elsewhere)?,
        resigned("attack-35-without-a-domain", sign_bytes(&mine, &whole)?)?,
        resigned("attack-35-of-the-artifact-alone", mine.sign(Domain::Token, &artifact()?)?)?,
        resigned("attack-35-of-another-domain", mine.sign(Domain::Artifact, &artifact()?)?)?,
    ])
}

fn spent() -> Made<Vec<Vector>> {
    let at = |seconds: i64| (NOW.0 / 1_000 + seconds).unsigned_abs();
    let over = |name, expires_at| vector(name, "Expired", &token(Terms { expires_at, ..terms() })?);
    let scoped = |name, scope: &str| {
        vector(name, "Scope", &token(Terms { scope: scope.into(), ..terms() })?)
    };
    let used = base64(&[5; 32]);
    let replayed = |name, terms| {
        Made::Ok(vector(name, "Replay", &token(terms)?)?.with("spent", json!([used])))
    };
    Ok(vec![
        over("over-this-second", at(0))?,
        over("over-before", at(-1))?,
        over("over-since-the-beginning", 0)?,
        scoped("session", "session")?,
        scoped("timebox", "timebox")?,
        scoped("empty-scope", "")?,
        scoped("once-in-capitals", "ONCE")?,
        scoped("once-with-a-space", "once ")?,
        replayed("attack-18-approve-again", terms())?,
        replayed("attack-18-reject-again", Terms { approves: false, ..terms() })?,
    ])
}

//! An approver's device that joins: what a relay shows it, and what it makes of that.

use countersign_core::encoding::{Fixed, base64};
use countersign_core::keys::{PublicKeys, SecretKeys};
use countersign_core::pairing::{
    Answered, Code, Completion, EnforcerCompare, Joining, Offer, Origin, Resolved, Waiting,
};
use serde_json::{Value, json};

use super::object;
use super::{File, Made, Vector};

const RELAY: &str = "https://relay.example";
const CODE: &str = "7K3M-Q9TD";
const R: [u8; 32] = [3; 32];
const R2: [u8; 32] = [4; 32];

pub(super) fn file() -> Made<File> {
    let mut vectors = by_link()?;
    vectors.extend(links()?);
    vectors.extend(by_code()?);
    vectors.extend(typed()?);
    Ok(File {
        path: "pairing/pairings.json",
        kind: "pairing",
        note: "What a relay shows a device that joins, by link or by typed code.",
        vectors,
    })
}

fn keys(secret: Made<SecretKeys>) -> Made<PublicKeys> {
    Ok(*secret?.public())
}

fn waiting() -> Made<Waiting> {
    let offer = Offer::new("enf-1".into(), keys(object::operator_key())?, R, [9; 32]);
    Ok(offer.announced(Origin::parse(RELAY)?, Code::parse(CODE)?))
}

fn resolved() -> Made<Resolved> {
    let keys = keys(object::operator_key())?;
    let commitment = Offer::new("enf-1".into(), keys, R, [9; 32]).commitment();
    Ok(Resolved { enforcer_id: "enf-1".into(), keys, commitment })
}

/// The same with the keys of somebody in between, who commits to them.
fn swapped() -> Made<Resolved> {
    let keys = keys(object::strangers())?;
    let commitment = Offer::new("enf-1".into(), keys, R, [9; 32]).commitment();
    Ok(Resolved { keys, commitment, ..resolved()? })
}

fn joining() -> Made<Joining> {
    Ok(Joining { approver_id: "app-1".into(), keys: keys(object::anns())?, r2: Fixed(R2) })
}

fn vector(name: &'static str, expect: &'static str, resolved: &Resolved) -> Made<Vector> {
    let Joining { approver_id, keys, r2 } = joining()?;
    let joining = json!({"approverId": approver_id, "keys": keys, "r2": r2});
    Ok(Vector::new(name, expect)
        .with("joining", joining)
        .with("resolved", serde_json::to_value(resolved)?))
}

/// What the enforcer answers to an honest completion by link.
fn proven() -> Made<(Completion, Value, Value)> {
    let (_, completion) = joining()?.by_link(&waiting()?.link(), resolved()?)?;
    match waiting()?.answer(completion.clone())? {
        Answered::Joined { paired, mac } => {
            Ok((completion, paired.pair_id().into(), serde_json::to_value(mac)?))
        }
        Answered::Compare(_) => Err("no proof".into()),
    }
}

fn by_link() -> Made<Vec<Vector>> {
    let (completion, pair_id, mac) = proven()?;
    let link = waiting()?.link().to_text().to_string();
    let bad = |name, expect, resolved: &Resolved, mac: Value| {
        Made::Ok(
            vector(name, expect, resolved)?.with("link", link.as_str()).with("enforcerMac", mac),
        )
    };
    let own = serde_json::to_value(completion.mac)?;
    let renamed = Resolved { enforcer_id: "enf-2".into(), ..resolved()? };
    let good = bad("link", "accepted", &resolved()?, mac.clone())?;
    Ok(vec![
        good.with("mac", own.clone()).with("pairId", pair_id),
        bad(
            "attack-36-the-relay-shows-its-own-keys",
            "WrongFingerprint",
            &swapped()?,
            mac.clone(),
        )?,
        bad("attack-36-the-proof-sent-back", "WrongMac", &resolved()?, own)?,
        bad("attack-36-no-proof", "WrongMac", &resolved()?, base64(&[0; 32]).into())?,
        bad("attack-23-another-id", "WrongMac", &renamed, mac)?,
    ])
}

fn links() -> Made<Vec<Vector>> {
    let (_, _, mac) = proven()?;
    let text = waiting()?.link().to_text().to_string();
    let bad = |name, from: &str, to: &str| {
        let link = text.replacen(from, to, 1);
        let vector = vector(name, "BadLink", &resolved()?)?;
        Made::Ok(vector.with("link", link).with("enforcerMac", mac.clone()))
    };
    Ok(vec![
        bad("link-without-fragment", "#", "?")?,
        bad("link-of-another-version", "v=1", "v=2")?,
        bad("link-without-relay", "&g=", "&h=")?,
        bad("link-with-a-relay-that-is-none", "&g=", "&g=!")?,
        bad("link-with-a-code-in-small-letters", "7K3MQ9TD", "7k3mq9td")?,
        bad("link-with-a-fingerprint-that-is-none", "&f=", "&f=sha256:")?,
        bad("link-with-a-short-secret", "&s=", "&s=A")?,
        bad("link-to-another-page", "/pair#", "/pear#")?,
        bad("attack-36-link-to-another-host", "relay.example/", "evil.example/")?,
        bad("link-with-more-behind", "&s=", "&t=1&s=")?,
    ])
}

fn compare(completion: Completion) -> Made<EnforcerCompare> {
    match waiting()?.answer(completion)? {
        Answered::Compare(compare) => Ok(compare),
        Answered::Joined { .. } => Err("joined without a proof".into()),
    }
}

fn coded(
    name: &'static str,
    expect: &'static str,
    resolved: &Resolved,
    (relay, code, r): (&str, &str, [u8; 32]),
) -> Made<Vector> {
    let vector = vector(name, expect, resolved)?;
    Ok(vector.with("relay", relay).with("code", code).with("r", base64(&r)))
}

fn by_code() -> Made<Vec<Vector>> {
    let given = (RELAY, CODE, R);
    let (_, completion) =
        joining()?.by_code(&Origin::parse(RELAY)?, &Code::parse(CODE)?, resolved()?)?;
    let shown = compare(completion)?;
    let digits = shown.digits().to_string();
    let pair_id = shown.confirm(true)?.pair_id().to_owned();
    let honest = |name, given| {
        let vector = coded(name, "accepted", &resolved()?, given)?;
        Made::Ok(vector.with("digits", digits.as_str()).with("pairId", pair_id.as_str()))
    };
    let refused = coded("attack-37-the-digits-differ", "DigitsRefused", &resolved()?, given)?;
    let behind = Resolved { keys: keys(object::strangers())?, ..resolved()? };
    let own = Resolved { keys: keys(object::anns())?, ..resolved()? };
    let ground = (RELAY, CODE, [5; 32]);
    Ok(vec![
        honest("code", given)?,
        honest("code-as-people-type-it", ("HTTPS://Relay.Example:443/", "7k 3m-q9td", R))?,
        refused.with("same", false),
        coded("attack-37-keys-behind-the-commitment", "WrongCommitment", &behind, given)?,
        coded(
            "attack-37-another-nonce-than-committed-to",
            "WrongCommitment",
            &resolved()?,
            ground,
        )?,
        coded("attack-36-our-own-keys-reflected", "Reflected", &own, given)?,
    ])
}

fn typed() -> Made<Vec<Vector>> {
    let code = |name, code| coded(name, "BadCode", &resolved()?, (RELAY, code, R));
    let relay = |name, relay| coded(name, "BadOrigin", &resolved()?, (relay, CODE, R));
    Ok(vec![
        code("code-too-short", "7K3M-Q9T")?,
        code("code-too-long", "7K3M-Q9TDX")?,
        code("code-with-a-letter-that-is-none", "7K3M-Q9TU")?,
        code("code-with-a-wide-letter", "7K3M-Q9T\u{ff21}")?,
        relay("relay-without-scheme", "relay.example")?,
        relay("relay-with-a-path", "https://relay.example/path")?,
        relay("relay-with-a-user", "https://user@relay.example")?,
        relay("relay-with-port-zero", "https://relay.example:0")?,
        relay("relay-with-a-port-too-high", "https://relay.example:65536")?,
        relay("relay-with-an-empty-label", "https://relay..example")?,
        relay("attack-36-relay-in-another-script", "https://rel\u{430}y.example")?,
        relay("relay-with-an-address-in-a-long-form", "http://[0:0::1]")?,
    ])
}

//! Assertions of passkeys: what proves that a person was verified, and each refusal alone.

use countersign_core::encoding::{Blob, Fixed, Hash, base64};
use countersign_core::passkey::{Assertion, Passkey};
use serde_json::{Value, json};

use super::authenticator::Authenticator;
use super::object;
use super::{File, Made, Vector};

const CHALLENGE: Hash = Hash([0xab; 32]);

pub(super) fn file() -> Made<File> {
    let mut vectors = good()?;
    vectors.extend(said()?);
    vectors.extend(browser()?);
    vectors.extend(forged()?);
    vectors.extend(shapes()?);
    Ok(File {
        path: "passkey/passkeys.json",
        kind: "passkey",
        note: "What an authenticator answered to a challenge (base64url), under a pinned passkey. Each refused one fails the one check that is named.",
        vectors,
    })
}

fn vector(name: &'static str, expect: &'static str, made: &impl serde::Serialize) -> Made<Vector> {
    under(name, expect, made, &Authenticator::new(1).passkey())
}

fn under(
    name: &'static str,
    expect: &'static str,
    made: &impl serde::Serialize,
    pinned: &Passkey,
) -> Made<Vector> {
    Ok(Vector::new(name, expect)
        .with("passkey", object::text(pinned)?)
        .with("challenge", base64(&CHALLENGE.0))
        .with("webauthn", object::text(made)?))
}

fn made(change: impl FnOnce(&mut Authenticator)) -> Assertion {
    let mut one = Authenticator::new(1);
    change(&mut one);
    one.assert(&CHALLENGE)
}

fn good() -> Made<Vec<Vector>> {
    let one = made(|_| ());
    Ok(vec![
        vector("person-verified", "accepted", &one)?,
        vector("synced", "accepted", &made(|one| one.flags |= 0x18))?,
        vector("without-cross-origin", "accepted", &made(|one| one.more.clear()))?,
        vector(
            "members-that-browsers-add",
            "accepted",
            &made(|one| one.more = r#","other_keys_can_be_added_here":"do not compare""#.into()),
        )?,
        vector("the-other-form-of-s", "accepted", &malleated(&one)?)?,
    ])
}

/// What the authenticator says.
fn said() -> Made<Vec<Vector>> {
    let flags = |name, expect, flags| vector(name, expect, &made(|one| one.flags = flags));
    let mut raised = made(|one| one.flags = 0x01);
    set(&mut raised.authenticator_data, 32, 0x05);
    let mut counter = made(|_| ());
    set(&mut counter.authenticator_data, 36, 8);
    Ok(vec![
        flags("attack-48-present-and-not-verified", "NotVerified", 0x01)?,
        flags("verified-and-not-present", "NotPresent", 0x04)?,
        flags("neither", "NotPresent", 0x00)?,
        flags("with-a-new-key", "More", 0x45)?,
        flags("with-extensions", "More", 0x85)?,
        vector("attack-48-verified-set-afterwards", "BadSignature", &raised)?,
        vector("another-count", "BadSignature", &counter)?,
        vector(
            "attack-48-under-another-name",
            "RpId",
            &made(|one| one.rp_id = "relay.example.evil".into()),
        )?,
    ])
}

/// What the browser says.
fn browser() -> Made<Vec<Vector>> {
    let one = Authenticator::new(1);
    let text = one.client_data(&CHALLENGE);
    let saying = |name, expect, text: String| vector(name, expect, &one.sign(one.data(), text));
    let more = |name, more: &str| vector(name, "CrossOrigin", &made(|one| one.more = more.into()));
    let challenge = base64(&CHALLENGE.0);
    let other = base64(&[0xac; 32]);
    Ok(vec![
        vector(
            "attack-48-made-at-registration",
            "Type",
            &made(|one| one.kind = "webauthn.create".into()),
        )?,
        saying("attack-48-of-another-answer", "Challenge", text.replace(&challenge, &other))?,
        saying(
            "challenge-padded",
            "Challenge",
            text.replace(&challenge, &(challenge.clone() + "=")),
        )?,
        saying("no-challenge", "Challenge", text.replace("\"challenge\"", "\"x\""))?,
        vector(
            "attack-48-in-another-page",
            "Origin",
            &made(|one| one.origin = "https://relay.example.evil".into()),
        )?,
        vector(
            "at-another-port",
            "Origin",
            &made(|one| one.origin = "https://relay.example:8443".into()),
        )?,
        vector("in-capitals", "Origin", &made(|one| one.origin = "https://Relay.example".into()))?,
        more("attack-48-in-a-frame-of-another-page", r#","crossOrigin":true"#)?,
        more("cross-origin-null", r#","crossOrigin":null"#)?,
        more(
            "with-a-page-around-it",
            r#","crossOrigin":false,"topOrigin":"https://evil.example""#,
        )?,
        saying(
            "attack-48-origin-twice",
            "Json",
            text.replacen('{', "{\"origin\":\"https://evil.example\",", 1),
        )?,
        saying("byte-order-mark", "Json", format!("\u{feff}{text}"))?,
        saying("trailing-data", "Json", format!("{text}{{}}"))?,
        saying("nothing", "Json", String::new())?,
        saying("a-list", "Type", "[]".into())?,
    ])
}

fn forged() -> Made<Vec<Vector>> {
    let good = made(|_| ());
    let signed = |name, signature: Vec<u8>| {
        vector(name, "BadSignature", &Assertion { signature: Blob(signature), ..good.clone() })
    };
    let der = good.signature.0.clone();
    let bent = der.iter().enumerate().map(|(at, b)| if at + 1 == der.len() { b ^ 1 } else { *b });
    let raw = p256::ecdsa::Signature::from_der(&der)?.to_bytes().to_vec();
    let zero = vec![0x30, 6, 2, 1, 0, 2, 1, 0];
    let long_form = [&[0x30, 0x81, 0][..], der.get(2..).unwrap_or_default()].concat();
    let pinned = Authenticator::new(1).passkey();
    let nowhere = Passkey { public_key: Fixed([1; 64]), ..pinned };
    Ok(vec![
        vector(
            "attack-48-another-passkey",
            "BadSignature",
            &Authenticator::new(2).assert(&CHALLENGE),
        )?,
        signed("last-bit-of-the-signature", bent.collect())?,
        signed("no-signature", Vec::new())?,
        signed("signature-of-zeros", zero)?,
        signed("raw-and-not-der", raw)?,
        signed("with-a-byte-behind-it", [&der[..], &[0]].concat())?,
        signed("in-the-long-form-of-der", long_form)?,
        under("pinned-off-the-curve", "BadKey", &good, &nowhere)?,
    ])
}

fn shapes() -> Made<Vec<Vector>> {
    let whole = serde_json::to_value(made(|_| ()))?;
    let with = |name, expect, member: &str, value: Value| {
        let mut whole = object::object(whole.clone());
        whole.insert(member.into(), value);
        vector(name, expect, &whole)
    };
    let long = |bytes: usize| json!(base64(&vec![b' '; bytes]));
    Ok(vec![
        with("unknown-member", "Json", "id", json!("x"))?,
        with("signature-null", "Json", "signature", Value::Null)?,
        with("data-of-36-bytes", "Json", "authenticatorData", long(36))?,
        with("data-of-38-bytes", "Json", "authenticatorData", long(38))?,
        with("client-data-in-clear", "Json", "clientDataJSON", json!("{}"))?,
        with("client-data-too-long", "TooLong", "clientDataJSON", long(2_049))?,
        with("signature-too-long", "TooLong", "signature", long(73))?,
        vector("no-object", "Json", &json!(true))?,
        vector("no-members", "Json", &json!({}))?,
    ])
}

fn set(data: &mut Fixed<37>, at: usize, to: u8) {
    data.0.iter_mut().skip(at).take(1).for_each(|byte| *byte = to);
}

/// The same signature with n − s.
fn malleated(made: &Assertion) -> Made<Assertion> {
    let signature = p256::ecdsa::Signature::from_der(&made.signature.0)?;
    let (r, s) = signature.split_scalars();
    let other = p256::ecdsa::Signature::from_scalars(r.to_bytes(), (-*s).to_bytes())?;
    Ok(Assertion { signature: Blob(other.to_der().as_bytes().to_vec()), ..made.clone() })
}

//! Sealed messages: what opens, for whom, and with which fields around it.

use countersign_core::encoding::{Fixed, base64};
use countersign_core::keys::SecretKeys;
use countersign_core::sealing::{Entropy, Sealed, Shown, seal};
use serde_json::{Value, json};

use super::{File, Made, Vector, object};

pub(super) fn file() -> Made<File> {
    let mut vectors = good()?;
    vectors.extend(not_for_us()?);
    vectors.extend(weak()?);
    vectors.extend(broken()?);
    vectors.extend(malformed()?);
    Ok(File {
        path: "sealed/sealed.json",
        kind: "sealed",
        note: "Messages sealed to devices, the fields that the gateway shows around them, and the secret keys of the device that opens them.",
        vectors,
    })
}

const PLAINTEXT: &[u8] = b"{\"what only the device may read\":true}";

fn shown() -> Shown {
    Shown {
        request_id: "req-1".into(),
        artifact_type: "command.review".into(),
        artifact_hash: "ab".repeat(32),
        expires_at: "2026-02-02T02:45:00Z".into(),
    }
}

/// Seals with bytes that are counted, not drawn: only vectors may.
fn sealed(plaintext: &[u8], to: &[&SecretKeys]) -> Made<Sealed> {
    let mut next = 0_u8;
    let mut fill = |bytes: &mut [u8]| {
        for byte in bytes {
            next = next.wrapping_mul(5).wrapping_add(1);
            *byte = next;
        }
    };
    let to: Vec<_> = to.iter().map(|key| *key.public()).collect();
    Ok(seal(plaintext, &shown(), &to, Entropy(&mut fill))?)
}

fn to_ann() -> Made<Sealed> {
    sealed(PLAINTEXT, &[&object::anns()?])
}

fn vector(
    name: &'static str,
    expect: &'static str,
    sealed: &Sealed,
    shown: &Shown,
    key: &SecretKeys,
) -> Made<Vector> {
    text(name, expect, object::text(sealed)?, shown, key)
}

fn text(
    name: &'static str,
    expect: &'static str,
    sealed: String,
    shown: &Shown,
    key: &SecretKeys,
) -> Made<Vector> {
    Ok(Vector::new(name, expect)
        .with("sealed", sealed)
        .with("shown", serde_json::to_value(shown)?)
        .with("secret", base64(&key.to_bytes().ok_or("a key that lives elsewhere")?)))
}

fn good() -> Made<Vec<Vector>> {
    let (anns, bobs) = (object::anns()?, object::bobs()?);
    let open = |name, plaintext: &[u8], to: &[&SecretKeys], key: &SecretKeys| {
        let vector = vector(name, "accepted", &sealed(plaintext, to)?, &shown(), key)?;
        Made::Ok(vector.with("plaintext", base64(plaintext)))
    };
    let mut others = sealed(PLAINTEXT, &[&anns, &bobs])?;
    others.recipients.iter_mut().take(1).for_each(|r| r.key.0 = [0; 48]);
    let kept = vector("broken-for-somebody-else", "accepted", &others, &shown(), &bobs)?;
    Ok(vec![
        open("one-device", PLAINTEXT, &[&anns], &anns)?,
        open("first-of-two-devices", PLAINTEXT, &[&anns, &bobs], &anns)?,
        open("second-of-two-devices", PLAINTEXT, &[&anns, &bobs], &bobs)?,
        open("nothing-inside", b"", &[&anns], &anns)?,
        open("bytes-that-are-no-text", &[0, 255, 128, 0], &[&anns], &anns)?,
        open("longer-than-a-block", &[0x5a; 200], &[&anns], &anns)?,
        kept.with("plaintext", base64(PLAINTEXT)),
    ])
}

fn not_for_us() -> Made<Vec<Vector>> {
    let (anns, bobs) = (object::anns()?, object::bobs()?);
    let mut nobody = to_ann()?;
    nobody.recipients.clear();
    let mut renamed = to_ann()?;
    renamed.recipients.iter_mut().for_each(|r| r.key_id.0 = r.key_id.0.to_lowercase());
    let expect = "NotForUs";
    Ok(vec![
        vector("another-device", expect, &to_ann()?, &shown(), &bobs)?,
        vector("no-recipient", expect, &nobody, &shown(), &anns)?,
        vector("name-of-the-key-in-small-letters", expect, &renamed, &shown(), &anns)?,
    ])
}

/// Points of small order: the agreement with any of them is zero.
const SMALL_ORDER: [(&str, &str); 5] = [
    ("epk-zero", "0000000000000000000000000000000000000000000000000000000000000000"),
    ("epk-one", "0100000000000000000000000000000000000000000000000000000000000000"),
    ("epk-of-order-eight", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    (
        "epk-of-order-eight-other",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    ),
    ("epk-minus-one", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
];

fn weak() -> Made<Vec<Vector>> {
    let mut vectors = Vec::new();
    for (name, hex) in SMALL_ORDER {
        let mut sealed = to_ann()?;
        let point = bytes(hex)?;
        sealed.recipients.iter_mut().for_each(|r| r.epk = Fixed(point));
        vectors.push(vector(name, "WeakKey", &sealed, &shown(), &object::anns()?)?);
    }
    Ok(vectors)
}

fn bytes(hex: &str) -> Made<[u8; 32]> {
    Ok(countersign_core::encoding::Hash::from_hex(hex).ok_or("no 32 bytes of hex")?.0)
}

fn broken() -> Made<Vec<Vector>> {
    let anns = object::anns()?;
    let changed = |name, change: fn(&mut Sealed)| {
        let mut sealed = to_ann()?;
        change(&mut sealed);
        vector(name, "Broken", &sealed, &shown(), &anns)
    };
    let around = |name, change: fn(&mut Shown)| {
        let mut shown = shown();
        change(&mut shown);
        vector(name, "Broken", &to_ann()?, &shown, &anns)
    };
    let mut swapped = sealed(PLAINTEXT, &[&anns, &object::bobs()?])?;
    let keys: Vec<_> = swapped.recipients.iter().rev().map(|r| r.key).collect();
    swapped.recipients.iter_mut().zip(keys).for_each(|(r, key)| r.key = key);
    let half = SecretKeys::from_bytes(&half_of_ann()?)?;
    Ok(vec![
        changed("first-bit-of-the-data", |s| s.data.0.iter_mut().take(1).for_each(|b| *b ^= 1))?,
        changed("last-bit-of-the-data", |s| {
            s.data.0.iter_mut().rev().take(1).for_each(|b| *b ^= 0x80)
        })?,
        changed("data-shorter", |s| s.data.0.truncate(5))?,
        changed("data-longer", |s| s.data.0.push(0))?,
        changed("data-gone", |s| s.data.0.clear())?,
        changed("bit-of-the-tag", |s| s.tag.0.iter_mut().take(1).for_each(|b| *b ^= 1))?,
        changed("tag-of-zeros", |s| s.tag = Fixed([0; 16]))?,
        changed("bit-of-the-nonce", |s| s.nonce.0.iter_mut().take(1).for_each(|b| *b ^= 1))?,
        changed("last-bit-of-the-nonce", |s| {
            s.nonce.0.iter_mut().rev().take(1).for_each(|b| *b ^= 1)
        })?,
        changed("bit-of-the-sealed-key", |s| {
            s.recipients.iter_mut().for_each(|r| r.key.0.iter_mut().take(1).for_each(|b| *b ^= 1))
        })?,
        changed("bit-of-the-sealed-key-tag", |s| {
            s.recipients
                .iter_mut()
                .for_each(|r| r.key.0.iter_mut().rev().take(1).for_each(|b| *b ^= 1))
        })?,
        changed("other-salt", |s| s.recipients.iter_mut().for_each(|r| r.salt = Fixed([0; 32])))?,
        changed("other-nonce-of-the-key", |s| {
            s.recipients.iter_mut().for_each(|r| r.nonce = Fixed([0; 24]))
        })?,
        changed("other-ephemeral-key", |s| {
            s.recipients.iter_mut().for_each(|r| r.epk = Fixed([9; 32]))
        })?,
        vector("sealed-keys-swapped", "Broken", &swapped, &shown(), &anns)?,
        vector("device-with-another-exchange-key", "Broken", &to_ann()?, &shown(), &half)?,
        around("other-request-around", |s| s.request_id = "req-2".into())?,
        around("other-type-around", |s| s.artifact_type = "plan.review".into())?,
        around("other-hash-around", |s| s.artifact_hash = "cd".repeat(32))?,
        around("hash-with-prefix-around", |s| s.artifact_hash.insert_str(0, "sha256:"))?,
        around("other-end-around", |s| s.expires_at = "2026-02-02T02:46:00Z".into())?,
        around("end-in-other-words-around", |s| s.expires_at = "2026-02-02T02:45:00+00:00".into())?,
    ])
}

/// Ann's signing key beside Bob's exchange key.
fn half_of_ann() -> Made<[u8; 64]> {
    let mut both = [0; 64];
    let (anns, bobs) = (
        object::anns()?.to_bytes().ok_or("a key that lives elsewhere")?,
        object::bobs()?.to_bytes().ok_or("a key that lives elsewhere")?,
    );
    let halves = anns.iter().take(32).chain(bobs.iter().skip(32));
    both.iter_mut().zip(halves).for_each(|(to, from)| *to = *from);
    Ok(both)
}

fn malformed() -> Made<Vec<Vector>> {
    let (good, anns) = (object::text(&to_ann()?)?, object::anns()?);
    let changed = |name, member: &str, value: Value| {
        let mut sealed = object::object(serde_json::from_str(&good)?);
        sealed.insert(member.to_owned(), value);
        text(name, "Malformed", object::text(&sealed)?, &shown(), &anns)
    };
    let inside = |name, member: &str, value: Value| {
        let mut sealed: Value = serde_json::from_str(&good)?;
        let recipient = sealed.pointer_mut("/recipients/0").and_then(Value::as_object_mut);
        recipient.ok_or("no recipient")?.insert(member.to_owned(), value);
        text(name, "Malformed", object::text(&sealed)?, &shown(), &anns)
    };
    let read = |name, sealed: String| text(name, "Malformed", sealed, &shown(), &anns);
    Ok(vec![
        changed("unknown-member", "aad", json!(""))?,
        changed("other-algorithm", "alg", json!("ChaCha20-Poly1305"))?,
        changed("algorithm-in-small-letters", "alg", json!("xchacha20-poly1305"))?,
        changed("nonce-too-short", "nonce", json!(base64(&[0; 12])))?,
        changed("nonce-too-long", "nonce", json!(base64(&[0; 25])))?,
        changed("tag-too-short", "tag", json!(base64(&[0; 15])))?,
        changed("data-in-plain-base64", "data", json!("+/+/"))?,
        changed("data-padded", "data", json!("AA=="))?,
        changed("data-with-stray-bits", "data", json!("AB"))?,
        changed("data-as-list", "data", json!([1, 2]))?,
        changed("recipients-null", "recipients", Value::Null)?,
        inside("unknown-member-of-a-recipient", "x", json!(1))?,
        inside("ephemeral-key-too-short", "epk", json!(base64(&[9; 31])))?,
        inside("sealed-key-too-long", "key", json!(base64(&[9; 49])))?,
        read("member-twice", good.replacen('{', "{\"tag\":\"\",", 1))?,
        read("truncated", good.get(..good.len() - 1).unwrap_or_default().to_owned())?,
        read("empty", String::new())?,
    ])
}

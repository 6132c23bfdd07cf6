//! Reference files made by hand, from primitives alone: the layout that other programs write is
//! the layout that is read here. The files themselves stand in `tests/reference/`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use base64ct::{Base64UrlUnpadded, Encoding as _};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use countersign_core::artifact::ArtifactHash;
use countersign_core::decision::Decision;
use countersign_core::keys::KeyId;
use countersign_core::reference::{Keys, Wire, judge};
use countersign_core::time::Instant;
use countersign_core::verify::ReplayView;
use ed25519_dalek::{Signer as _, SigningKey};
use hkdf::Hkdf;
use sha2::{Digest as _, Sha256};
use std::path::Path;
use x25519_dalek::{PublicKey, StaticSecret};

/// As a program writes its payload: in its own order, not in the canonical one.
const PAYLOAD: &str =
    r#"{"command":"echo \"hello harp\"","workingDirectory":"/tmp","timeoutSeconds":10}"#;
const SORTED: &str =
    r#"{"command":"echo \"hello harp\"","timeoutSeconds":10,"workingDirectory":"/tmp"}"#;
const ID: &str = "3f0c6a2e9d7b4c58a1e2f3b4c5d6e7f8";
const REPO: &str = "repo:opaque:demo";
const MADE: &str = "2026-02-21T12:00:00.123456+00:00";
const ENDS: &str = "2099-02-21T12:05:00.123456+00:00";

fn b64(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

fn hash() -> String {
    sha256(&format!(
        r#"{{"artifactHashAlg":"SHA-256","artifactType":"command.review","createdAt":"{MADE}","expiresAt":"{ENDS}","payload":{SORTED},"repoRef":"{REPO}","requestId":"{ID}"}}"#
    ))
}

fn exchange() -> StaticSecret {
    StaticSecret::from([0x22; 32])
}

fn signing() -> SigningKey {
    SigningKey::from_bytes(&[0x11; 32])
}

fn keys_file() -> String {
    let (exchange, signing) = (exchange(), signing());
    let lines = [
        ("maKxPubRawB64Url", b64(PublicKey::from(&exchange).as_bytes())),
        ("maKxPrivRawB64Url", b64(exchange.as_bytes())),
        ("maEd25519PubRawB64Url", b64(signing.verifying_key().as_bytes())),
        ("maEd25519PrivRawB64Url", b64(&signing.to_keypair_bytes())),
        ("signerKeyId", "ma-key-1".to_owned()),
    ];
    let lines: Vec<String> = lines.map(|(name, value)| format!("  \"{name}\": \"{value}\"")).into();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

fn wire_file() -> String {
    let (own, ma) = (StaticSecret::from([0x33; 32]), PublicKey::from(&exchange()));
    let (salt, nonce) = ([0x44; 16], [0x55; 24]);
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(Some(&salt), own.diffie_hellman(&ma).as_bytes())
        .expand(b"HARP-XCHACHA-PAYLOAD-V1", &mut key)
        .unwrap();
    let hash = hash();
    let aad = format!(
        r#"{{"artifactHash":"{hash}","artifactHashAlg":"SHA-256","artifactType":"command.review","createdAt":"{MADE}","expiresAt":"{ENDS}","repoRef":"{REPO}","requestId":"{ID}"}}"#
    );
    let sealed = XChaCha20Poly1305::new(&key.into())
        .encrypt(&XNonce::from(nonce), Payload { msg: PAYLOAD.as_bytes(), aad: aad.as_bytes() })
        .unwrap();
    let (ciphertext, tag) = sealed.split_at(sealed.len() - 16);
    let (ma, he) = (b64(ma.as_bytes()), b64(PublicKey::from(&own).as_bytes()));
    let (salt, nonce, ciphertext, tag) = (b64(&salt), b64(&nonce), b64(ciphertext), b64(tag));
    format!(
        r#"{{
  "requestId": "{ID}",
  "artifactType": "command.review",
  "repoRef": "{REPO}",
  "createdAt": "{MADE}",
  "expiresAt": "{ENDS}",
  "artifactHashAlg": "SHA-256",
  "artifactHash": "{hash}",
  "enc": {{
    "kdf": "X25519+HKDF-SHA256",
    "encAlg": "XChaCha20-Poly1305",
    "maKxPub": "{ma}",
    "heKxPub": "{he}",
    "salt": "{salt}",
    "info": "HARP-XCHACHA-PAYLOAD-V1",
    "nonce": "{nonce}",
    "ciphertext": "{ciphertext}",
    "tag": "{tag}"
  }}
}}"#
    )
}

fn decision_file() -> String {
    let (hash, nonce) = (hash(), b64(&[0x66; 16]));
    let signable = format!(
        r#"{{"artifactHash":"{hash}","artifactHashAlg":"SHA-256","decision":"allow","expiresAt":"{ENDS}","nonce":"{nonce}","repoRef":"{REPO}","requestId":"{ID}","scope":"once","sigAlg":"Ed25519","signerKeyId":"ma-key-1"}}"#
    );
    let signature = b64(&signing().sign(signable.as_bytes()).to_bytes());
    format!(
        r#"{{
  "requestId": "{ID}",
  "artifactHashAlg": "SHA-256",
  "artifactHash": "{hash}",
  "repoRef": "{REPO}",
  "decision": "allow",
  "scope": "once",
  "expiresAt": "{ENDS}",
  "nonce": "{nonce}",
  "sigAlg": "Ed25519",
  "signerKeyId": "ma-key-1",
  "signature": "{signature}"
}}"#
    )
}

struct Nothing;

impl ReplayView for Nothing {
    fn request_spent(&self, _: &str, _: &ArtifactHash) -> bool {
        false
    }
    fn nonce_spent(&self, _: &str, _: &KeyId) -> bool {
        false
    }
}

#[test]
fn the_files_that_stand_here_are_the_ones_made_by_hand() {
    for (name, text) in [
        ("ma-keys.json", keys_file()),
        ("artifact-wire.json", wire_file()),
        ("decision.json", decision_file()),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name);
        assert_eq!(std::fs::read_to_string(path).unwrap().trim_end(), text, "{name}");
    }
}

#[test]
fn files_made_by_hand_open_and_are_judged() {
    let keys = Keys::parse(keys_file().as_bytes()).unwrap();
    let wire = Wire::parse(wire_file().as_bytes()).unwrap();
    let artifact = wire.open(&keys).unwrap();
    assert_eq!(serde_json::to_string(&artifact.payload).unwrap(), SORTED);
    assert_eq!(artifact.hash().unwrap().to_string(), hash());
    let decision = Decision::parse(decision_file().as_bytes()).unwrap();
    let verdict = judge(decision, &wire, &keys, (Instant(1_771_675_260_000), 0), &Nothing).unwrap();
    assert!(verdict.allows() && verdict.hash_recomputed());
}

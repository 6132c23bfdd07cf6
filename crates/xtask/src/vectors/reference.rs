//! The files of HARP's reference programs, and each refusal of them.

use countersign_core::artifact::{Artifact, ArtifactHead, Scope};
use countersign_core::decision::{Decision, Word};
use countersign_core::encoding::{Fixed, base64};
use countersign_core::keys::SecretKeys;
use countersign_core::reference::{Keys, Wire, decide};
use countersign_core::sealing::Entropy;
use serde_json::{Map, Value, json};

use super::forge::{flipped, sign_again};
use super::object::{self, NOW};
use super::{File, Made, Vector};

pub(super) fn file() -> Made<File> {
    let mut vectors = good()?;
    vectors.extend(headers()?);
    vectors.extend(seals()?);
    vectors.extend(decisions()?);
    vectors.extend(times()?);
    vectors.extend(keys()?);
    vectors.extend(replays()?);
    Ok(File {
        path: "reference/files.json",
        kind: "reference",
        note: "The approver's keys, a proposal and an answer as HARP's reference programs lay them out, judged at `now` with a skew of 60 s. The outcome is `accepted` or HARP's code.",
        vectors,
    })
}

const CANONICALIZATION: &str = "HARP_ERR_CANONICALIZATION";
const EXPIRED: &str = "HARP_ERR_EXPIRED";
const MISMATCH: &str = "HARP_ERR_HASH_MISMATCH";
const SIGNATURE: &str = "HARP_ERR_SIGNATURE_INVALID";
const UNSUPPORTED: &str = "HARP_ERR_UNSUPPORTED";

/// The skew that is tolerated, in milliseconds.
const SKEW: i64 = 60_000;

/// A keys file with all four halves.
fn keys_of(key: &SecretKeys) -> Value {
    let secret = key.to_bytes().unwrap_or_default();
    let (seed, exchange) = secret.split_at_checked(32).unwrap_or_default();
    json!({
        "maKxPubRawB64Url": base64(&key.public().exchange()),
        "maKxPrivRawB64Url": base64(exchange),
        "maEd25519PubRawB64Url": base64(&key.public().signing()),
        "maEd25519PrivRawB64Url": base64(&[seed, &key.public().signing()].concat()),
        "signerKeyId": "ma-key-01",
    })
}

fn read(keys: &Value) -> Made<Keys> {
    Ok(Keys::parse(keys.to_string().as_bytes())?)
}

/// An artifact with the members that the reference programs know, and no others.
fn artifact(id: &str) -> Made<Artifact> {
    let head = object::head(&object::route()?)?;
    let head = ArtifactHead { request_id: id.into(), session_id: None, extensions: None, ..head };
    let payload = object::object(json!({"command": "make deploy", "why": "release \u{e9}"}));
    Ok(Artifact::build(head, payload)?)
}

fn sealed(artifact: &Artifact, to: &Value) -> Made<Value> {
    let mut next = 0_u8;
    let mut fill = |bytes: &mut [u8]| {
        for byte in bytes {
            next = next.wrapping_mul(5).wrapping_add(1);
            *byte = next;
        }
    };
    Ok(serde_json::to_value(Wire::seal(artifact, &read(to)?, Entropy(&mut fill))?)?)
}

/// One question: who answers, what was proposed, and the answer.
struct Case {
    keys: Value,
    wire: Value,
    decision: Decision,
    now: i64,
}

fn case() -> Made<Case> {
    let keys = keys_of(&object::anns()?);
    let artifact = artifact("req-1")?;
    let (wire, decision) = (sealed(&artifact, &keys)?, answered(&artifact, &keys, Word::Allow)?);
    Ok(Case { keys, wire, decision, now: NOW.0 })
}

fn answered(artifact: &Artifact, keys: &Value, word: Word) -> Made<Decision> {
    Ok(decide(artifact, word, Fixed([5; 24]), &read(keys)?, (NOW, SKEW))?)
}

impl Case {
    fn expects(self, name: &'static str, expect: &'static str) -> Made<Vector> {
        let decision = object::text(&self.decision)?;
        Ok(self.with_text(name, expect, decision))
    }

    fn with_text(self, name: &'static str, expect: &'static str, decision: String) -> Vector {
        Vector::new(name, expect)
            .with("keys", self.keys.to_string())
            .with("artifact", self.wire.to_string())
            .with("decision", decision)
            .with("now", self.now)
            .with("spentRequests", json!([]))
            .with("spentNonces", json!([]))
    }

    fn accepted(self, name: &'static str) -> Made<Vector> {
        let word = if self.decision.decision.allows() { "allow" } else { "deny" };
        Ok(self.expects(name, "accepted")?.with("verdict", word))
    }

    /// The decision changed, and signed again by Ann.
    fn signed(mut self, change: impl FnOnce(&mut Decision)) -> Made<Self> {
        change(&mut self.decision);
        self.decision = sign_again(self.decision, &object::anns()?)?;
        Ok(self)
    }

    /// One member of the proposal set.
    fn wire(mut self, place: &str, value: impl Into<Value>) -> Made<Self> {
        *self.wire.pointer_mut(place).ok_or("no such member")? = value.into();
        Ok(self)
    }
}

fn members(value: &mut Value) -> Made<&mut Map<String, Value>> {
    Ok(value.as_object_mut().ok_or("no object")?)
}

fn good() -> Made<Vec<Vector>> {
    let said = |name, word: Word| case()?.signed(|d| d.decision = word)?.accepted(name);
    let less = |name, gone: &[&str]| {
        let mut case = case()?;
        gone.iter().try_for_each(|member| {
            members(&mut case.keys)?.remove(*member);
            Made::Ok(())
        })?;
        case.accepted(name)
    };
    let mut seed = case()?;
    let secret = object::anns()?.to_bytes().ok_or("a key that lives elsewhere")?;
    let half = base64(secret.get(..32).unwrap_or_default());
    members(&mut seed.keys)?.insert("maEd25519PrivRawB64Url".into(), half.into());
    Ok(vec![
        said("allow", Word::Allow)?,
        said("deny", Word::Deny)?,
        said("approve", Word::Approve)?,
        said("reject", Word::Reject)?,
        less("without-private-halves", &["maKxPrivRawB64Url", "maEd25519PrivRawB64Url"])?,
        less("without-the-signing-half", &["maEd25519PrivRawB64Url"])?,
        seed.accepted("seed-of-32-bytes")?,
    ])
}

fn headers() -> Made<Vec<Vector>> {
    let changed =
        |name, place: &str, value: &str, expect| case()?.wire(place, value)?.expects(name, expect);
    let mut more = case()?;
    members(&mut more.wire)?.insert("sessionId".into(), "s".into());
    let mut less = case()?;
    members(&mut less.wire)?.remove("repoRef");
    let other = artifact("req-2")?.hash()?.to_string();
    Ok(vec![
        changed("another-request", "/requestId", "req-2", MISMATCH)?,
        changed("another-repository", "/repoRef", "repo-2", MISMATCH)?,
        changed("another-type", "/artifactType", "plan.review", MISMATCH)?,
        changed("another-hash", "/artifactHash", &other, MISMATCH)?,
        changed("a-later-end", "/expiresAt", "2026-02-02T03:00:00Z", MISMATCH)?,
        changed("an-unknown-type", "/artifactType", "prompt.send", CANONICALIZATION)?,
        changed("another-hash-algorithm", "/artifactHashAlg", "SHA-512", CANONICALIZATION)?,
        more.expects("one-more-member", CANONICALIZATION)?,
        less.expects("one-member-less", CANONICALIZATION)?,
    ])
}

fn seals() -> Made<Vec<Vector>> {
    let changed =
        |name, place: &str, value: &str, expect| case()?.wire(place, value)?.expects(name, expect);
    let flipped = |name, place: &str| {
        let case = case()?;
        let text = case.wire.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned();
        let first = if text.starts_with('A') { "B" } else { "A" };
        let text = format!("{first}{}", text.get(1..).unwrap_or_default());
        case.wire(place, text)?.expects(name, MISMATCH)
    };
    let mut swapped = case()?;
    let enc = sealed(&artifact("req-2")?, &swapped.keys)?;
    *swapped.wire.pointer_mut("/enc").ok_or("no seal")? =
        enc.get("enc").cloned().unwrap_or_default();
    Ok(vec![
        changed("another-agreement", "/enc/kdf", "P-256+HKDF-SHA256", UNSUPPORTED)?,
        changed("another-cipher", "/enc/encAlg", "AES-256-GCM", UNSUPPORTED)?,
        changed("another-info", "/enc/info", "HARP-XCHACHA-PAYLOAD-V2", UNSUPPORTED)?,
        changed("a-key-of-small-order", "/enc/heKxPub", &base64(&[0; 32]), UNSUPPORTED)?,
        changed("a-salt-too-short", "/enc/salt", "AAAA", CANONICALIZATION)?,
        flipped("a-changed-payload", "/enc/ciphertext")?,
        flipped("a-changed-tag", "/enc/tag")?,
        flipped("a-changed-nonce", "/enc/nonce")?,
        flipped("a-changed-salt", "/enc/salt")?,
        flipped("another-device", "/enc/maKxPub")?,
        swapped.expects("the-payload-of-another-request", MISMATCH)?,
    ])
}

fn decisions() -> Made<Vec<Vector>> {
    let signed = |name, change: &dyn Fn(&mut Decision), expect| {
        case()?.signed(change)?.expects(name, expect)
    };
    let loose = |name, change: &dyn Fn(&mut Decision)| {
        let mut case = case()?;
        change(&mut case.decision);
        case.expects(name, SIGNATURE)
    };
    let mut stranger = case()?;
    stranger.decision = sign_again(stranger.decision, &object::strangers()?)?;
    let other = artifact("req-2")?.hash()?;
    let text = object::text(&case()?.decision)?;
    let cut = text.get(..text.len() - 1).unwrap_or_default().to_owned();
    let twice = text.replacen("\"scope\"", "\"scope\":\"once\",\"scope\"", 1);
    let null = |text: &str| text.replacen("\"repoRef\"", "\"policyHints\":null,\"repoRef\"", 1);
    let hinted = case()?.signed(|d| d.policy_hints = Some(Map::new()))?.decision;
    let nulled = object::text(&Decision { policy_hints: None, ..hinted })?;
    Ok(vec![
        case()?.with_text("null-for-hints", "accepted", null(&text)).with("verdict", "allow"),
        case()?.with_text("null-for-hints-that-were-signed", SIGNATURE, null(&nulled)),
        loose("the-word-renamed", &|d| d.decision = d.decision.twin())?,
        loose("a-changed-signature", &|d| d.signature = flipped(d.signature, 40))?,
        stranger.expects("a-stranger's-signature", SIGNATURE)?,
        signed("another-signer", &|d| d.signer_key_id.0 = "ma-key-02".into(), SIGNATURE)?,
        signed("for-another-artifact", &|d| d.artifact_hash = other, MISMATCH)?,
        signed("for-another-request", &|d| d.request_id = "req-2".into(), MISMATCH)?,
        signed("for-another-repository", &|d| d.repo_ref = "repo-2".into(), MISMATCH)?,
        signed("for-longer-than-once", &|d| d.scope = Scope::Timebox, "HARP_ERR_SCOPE")?,
        signed("with-hints", &|d| d.policy_hints = Some(Map::new()), UNSUPPORTED)?,
        case()?.with_text("a-cut-decision", CANONICALIZATION, cut),
        case()?.with_text("a-member-twice", CANONICALIZATION, twice),
    ])
}

fn times() -> Made<Vec<Vector>> {
    let ends = NOW.0 + object::ARTIFACT_ENDS + SKEW;
    let at = |now| Made::Ok(Case { now, ..case()? });
    let short = |name, now, expect| {
        let until = NOW.plus_millis(1_000).timestamp();
        let case = case()?.signed(|d| d.expires_at = until.clone())?;
        Case { now, ..case }.expects(name, expect)
    };
    let long = |now| {
        let until = NOW.plus_millis(86_400_000).timestamp();
        Made::Ok(Case { now, ..case()?.signed(|d| d.expires_at = until.clone())? })
    };
    Ok(vec![
        at(ends - 1)?.accepted("the-last-moment")?,
        at(ends)?.expects("both-are-over", EXPIRED)?,
        short("the-decision-is-over", NOW.0 + 1_000 + SKEW, EXPIRED)?,
        long(ends)?.expects("the-artifact-is-over", EXPIRED)?,
        at(NOW.0 - SKEW)?.accepted("made-as-far-ahead-as-can-be")?,
        at(NOW.0 - SKEW - 1)?.expects("made-in-the-future", EXPIRED)?,
    ])
}

fn keys() -> Made<Vec<Vector>> {
    let bob = keys_of(&object::bobs()?);
    let set = |name, member: &str, value: Value, expect| {
        let mut case = case()?;
        members(&mut case.keys)?.insert(member.into(), value);
        case.expects(name, expect)
    };
    let bobs = |name, member: &str| {
        set(name, member, bob.get(member).cloned().unwrap_or_default(), SIGNATURE)
    };
    Ok(vec![
        bobs("a-signing-half-of-another", "maEd25519PrivRawB64Url")?,
        bobs("an-exchange-half-of-another", "maKxPrivRawB64Url")?,
        set("a-half-too-short", "maKxPubRawB64Url", "AAAA".into(), CANONICALIZATION)?,
        set("a-member-that-is-unknown", "more", json!(1), CANONICALIZATION)?,
        set("no-name-for-the-signer", "signerKeyId", Value::Null, CANONICALIZATION)?,
    ])
}

fn replays() -> Made<Vec<Vector>> {
    let Decision { request_id, artifact_hash, nonce, signer_key_id, .. } = case()?.decision;
    let spent = |name, member: &str, pair: Value, expect| {
        Made::Ok(case()?.expects(name, expect)?.with(member, json!([pair])))
    };
    let (replay, request, nonces) = ("HARP_ERR_REPLAY", "spentRequests", "spentNonces");
    let elsewhere = json!([request_id, "ab".repeat(32)]);
    Ok(vec![
        spent("the-request-was-answered", request, json!([request_id, artifact_hash]), replay)?,
        spent("the-nonce-was-used", nonces, json!([nonce, signer_key_id]), replay)?,
        spent("another-artifact-was-answered", request, elsewhere, "accepted")?
            .with("verdict", "allow"),
    ])
}

use super::*;
use crate::artifact::Scope;
use crate::decision::{Decision, Word};
use crate::keys::KeyId;
use crate::time::Instant;
use crate::verify::DEFAULT_SKEW_MILLIS;
use serde_json::{Value, json};

const NOW: Instant = Instant(1_771_675_260_000);

/// What was used before.
#[derive(Default)]
struct Spent(Vec<(String, String)>);

impl crate::verify::ReplayView for Spent {
    fn request_spent(&self, request_id: &str, artifact: &ArtifactHash) -> bool {
        self.0.contains(&(request_id.to_owned(), artifact.to_string()))
    }
    fn nonce_spent(&self, nonce: &str, signer: &KeyId) -> bool {
        self.0.contains(&(nonce.to_owned(), signer.to_string()))
    }
}

fn keys(n: u8) -> Keys {
    Keys::generate(&Zeroizing::new([n; 64]))
}

fn file(keys: &Keys) -> Value {
    serde_json::to_value(keys.file()).unwrap()
}

fn read(file: &Value) -> Result<Keys, KeysError> {
    Keys::parse(file.to_string().as_bytes())
}

fn artifact() -> Artifact {
    let Value::Object(payload) = json!({"command": "echo hi", "note": "\u{202e}x"}) else {
        unreachable!()
    };
    let head = json!({
        "requestId": "r-1", "artifactType": "command.review", "repoRef": "repo:opaque:demo",
        "createdAt": "2026-02-21T12:00:00.123456+00:00",
        "expiresAt": "2026-02-21T12:05:00.123456+00:00",
        "artifactHashAlg": "SHA-256", "artifactHash": "0".repeat(64),
    });
    Artifact::build(json::typed(head).unwrap(), payload).unwrap()
}

fn sealed(to: &Keys) -> Wire {
    let mut next = 0;
    let mut fill = |bytes: &mut [u8]| {
        bytes.iter_mut().for_each(|b| {
            next += 1;
            *b = next;
        });
    };
    Wire::seal(&artifact(), to, Entropy(&mut fill)).unwrap()
}

fn decided(word: Word, by: &Keys) -> Decision {
    let time = (NOW, DEFAULT_SKEW_MILLIS);
    decide(&artifact(), word, Fixed([9; 24]), by, time).unwrap()
}

fn judged(decision: Decision, wire: &Wire, keys: &Keys) -> Result<Verdict, Refused> {
    judge(decision, wire, keys, (NOW, DEFAULT_SKEW_MILLIS), &Spent::default())
}

/// The code of the refusal of a file whose text was changed.
fn changed(pointer: &str, to: Value) -> &'static str {
    let mut text = serde_json::to_value(sealed(&keys(1))).unwrap();
    *text.pointer_mut(pointer).unwrap() = to;
    match Wire::parse(text.to_string().as_bytes()).and_then(|wire| wire.open(&keys(1))) {
        Ok(_) => "accepted",
        Err(refused) => refused.code(),
    }
}

#[test]
fn a_null_where_hints_could_stand_is_read_as_none_and_nothing_else_is() {
    let keys = keys(1);
    let told = |hints: Value| {
        let mut text = serde_json::to_value(decided(Word::Allow, &keys)).unwrap();
        text["policyHints"] = hints;
        let decision = parse_decision(text.to_string().as_bytes())?;
        judged(decision, &sealed(&keys), &keys)
    };
    assert!(told(Value::Null).unwrap().allows());
    assert_eq!(told(json!({})).unwrap_err(), Refused::Hints);
    for other in [json!([]), json!(false), json!(""), json!(0)] {
        assert!(matches!(told(other), Err(Refused::Json(_))));
    }
    let text = serde_json::to_value(decided(Word::Allow, &keys)).unwrap();
    for nulled in ["nonce", "scope", "policyhints"] {
        let mut text = text.clone();
        text[nulled] = Value::Null;
        assert!(parse_decision(text.to_string().as_bytes()).is_err(), "{nulled}");
    }
    let twice = text.to_string().replacen('{', "{\"policyHints\":null,\"policyHints\":{},", 1);
    assert!(matches!(parse_decision(twice.as_bytes()), Err(Refused::Json(_))));
    let list = format!("[{text}]");
    assert!(matches!(parse_decision(list.as_bytes()), Err(Refused::Json(_))));
}

#[test]
fn attack_45_hints_that_were_signed_cannot_be_nulled_away() {
    let keys = keys(1);
    let mut decision = decided(Word::Allow, &keys);
    decision.policy_hints = Some(serde_json::Map::new());
    decision.signature = keys.sign(&decision.signable().unwrap()).unwrap();
    let mut text = serde_json::to_value(&decision).unwrap();
    text["policyHints"] = Value::Null;
    let decision = parse_decision(text.to_string().as_bytes()).unwrap();
    let refused = judged(decision, &sealed(&keys), &keys).unwrap_err();
    assert_eq!(refused, Refused::Decision(Refusal::Signature));
}

#[test]
fn what_was_sealed_opens_as_the_same_artifact() {
    let wire = sealed(&keys(1));
    let text = serde_json::to_vec(&wire).unwrap();
    let again = Wire::parse(&text).unwrap();
    assert_eq!((&again, again.open(&keys(1)).unwrap()), (&wire, artifact()));
}

#[test]
fn attack_23_every_member_of_the_header_and_of_the_seal_is_bound() {
    for (pointer, to) in [
        ("/requestId", "r-2"),
        ("/artifactType", "plan.review"),
        ("/repoRef", "repo:opaque:other"),
        ("/createdAt", "2026-02-21T12:00:00Z"),
        ("/expiresAt", "2027-02-21T12:05:00Z"),
        ("/artifactHash", &"1".repeat(64)),
        ("/enc/ciphertext", "AAAA"),
        ("/enc/tag", "AAAAAAAAAAAAAAAAAAAAAA"),
        ("/enc/salt", "AAAAAAAAAAAAAAAAAAAAAA"),
        ("/enc/nonce", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ("/enc/maKxPub", &keys(2).exchange().to_string()),
        ("/enc/heKxPub", &keys(2).exchange().to_string()),
    ] {
        assert_eq!(changed(pointer, to.into()), "HARP_ERR_HASH_MISMATCH", "{pointer}");
    }
    for (pointer, to) in [
        ("/artifactHashAlg", "SHA-1".into()),
        ("/artifactType", "core.artifact".into()),
        ("/enc/salt", "AAAA".into()),
        ("/enc/tag", "AAAAAAAAAAAAAAAAAAAAAA==".into()),
        ("/enc", json!({})),
        ("/repoRef", Value::Null),
    ] {
        assert_eq!(changed(pointer, to), "HARP_ERR_CANONICALIZATION", "{pointer}");
    }
    for pointer in ["/enc/kdf", "/enc/encAlg", "/enc/info"] {
        assert_eq!(changed(pointer, "AES-256-GCM".into()), "HARP_ERR_UNSUPPORTED", "{pointer}");
    }
}

#[test]
fn members_that_are_not_bound_are_refused() {
    for (object, member) in [("", "sessionId"), ("/enc", "aad")] {
        let mut text = serde_json::to_value(sealed(&keys(1))).unwrap();
        text.pointer_mut(object).unwrap()[member] = "x".into();
        let refused = Wire::parse(text.to_string().as_bytes()).unwrap_err();
        assert_eq!(refused.code(), "HARP_ERR_CANONICALIZATION", "{member}");
    }
    let mut more = artifact();
    more.head.session_id = Some("s".into());
    let mut fill = |bytes: &mut [u8]| bytes.fill(1);
    assert!(Wire::seal(&more, &keys(1), Entropy(&mut fill)).is_err());
}

#[test]
fn an_agreement_without_a_secret_is_refused_on_both_sides() {
    let mut text = file(&keys(1));
    text["maKxPubRawB64Url"] = Fixed([0; 32]).to_string().into();
    text.as_object_mut().unwrap().remove("maKxPrivRawB64Url");
    let weak = read(&text).unwrap();
    let mut fill = |bytes: &mut [u8]| bytes.fill(1);
    let refused = Wire::seal(&artifact(), &weak, Entropy(&mut fill)).unwrap_err();
    assert_eq!(refused, Refused::Seal(SealError::WeakKey));
    let mut wire = sealed(&keys(1));
    wire.enc.he_kx_pub = Fixed([0; 32]);
    assert_eq!(wire.open(&keys(1)).unwrap_err(), Refused::Seal(SealError::WeakKey));
}

#[test]
fn a_claimed_hash_that_is_not_the_payloads_is_refused() {
    // Sealed by somebody who bound the wrong hash on purpose.
    let mut wire = sealed(&keys(1));
    wire.artifact_hash = ArtifactHash(crate::encoding::Hash([7; 32]));
    let ephemeral = StaticSecret::from([5; 32]);
    wire.enc.he_kx_pub = Fixed(PublicKey::from(&ephemeral).to_bytes());
    let key = agree(&ephemeral, &keys(1).exchange(), &wire.enc.salt.0).unwrap();
    let payload = json::canonical(&artifact().payload).unwrap();
    let bound = wire.bound().unwrap();
    let (data, tag) = sealing::encrypt(&key, &wire.enc.nonce.0, &bound, &payload).unwrap();
    (wire.enc.ciphertext, wire.enc.tag) = (Blob(data), Fixed(tag));
    assert_eq!(wire.open(&keys(1)).unwrap_err(), Refused::ArtifactHash);
}

#[test]
fn both_pairs_of_words_are_judged_and_none_is_rewritten() {
    for (word, allows) in
        [(Word::Allow, true), (Word::Approve, true), (Word::Deny, false), (Word::Reject, false)]
    {
        let decision = decided(word, &keys(1));
        let verdict = judged(decision.clone(), &sealed(&keys(1)), &keys(1)).unwrap();
        assert_eq!((verdict.allows(), verdict.decision()), (allows, &decision));
        let renamed = Decision { decision: word.twin(), ..decision };
        let refused = judged(renamed, &sealed(&keys(1)), &keys(1)).unwrap_err();
        assert_eq!(refused, Refused::Decision(Refusal::Signature));
    }
}

#[test]
fn each_refusal_has_its_own_cause() {
    let (mine, wire) = (keys(1), sealed(&keys(1)));
    let signed = |change: &dyn Fn(&mut Decision)| {
        let mut decision = decided(Word::Allow, &mine);
        change(&mut decision);
        decision.signature = mine.sign(&decision.signable().unwrap()).unwrap();
        judged(decision, &wire, &mine).unwrap_err().code()
    };
    assert_eq!(signed(&|d| d.signer_key_id = KeyId("x".into())), "HARP_ERR_SIGNATURE_INVALID");
    assert_eq!(signed(&|d| d.scope = Scope::Timebox), "HARP_ERR_SCOPE");
    assert_eq!(signed(&|d| d.policy_hints = Some(Default::default())), "HARP_ERR_UNSUPPORTED");
    assert_eq!(signed(&|d| d.request_id = "r-2".into()), "HARP_ERR_HASH_MISMATCH");
    assert_eq!(signed(&|d| d.repo_ref = "r".into()), "HARP_ERR_HASH_MISMATCH");
    let other = ArtifactHash(crate::encoding::Hash([1; 32]));
    assert_eq!(signed(&|d| d.artifact_hash = other), "HARP_ERR_HASH_MISMATCH");
    let past = Instant(NOW.0 - 61_000).timestamp();
    assert_eq!(signed(&|d| d.expires_at = past.clone()), "HARP_ERR_EXPIRED");
    let foreign = judged(decided(Word::Allow, &keys(2)), &wire, &mine).unwrap_err();
    assert_eq!(foreign.code(), "HARP_ERR_SIGNATURE_INVALID");
}

#[test]
fn expiry_is_judged_with_the_skew_and_signed_without() {
    let (mine, wire, none) = (keys(1), sealed(&keys(1)), Spent::default());
    let end = wire.expires_at.instant();
    let at = |now: Instant| judge(decided(Word::Allow, &mine), &wire, &mine, (now, 60_000), &none);
    assert!(at(end.plus_millis(59_999)).is_ok());
    assert_eq!(at(end.plus_millis(60_000)).unwrap_err().code(), "HARP_ERR_EXPIRED");
    assert_eq!(at(Instant(NOW.0 - 3_600_000)).unwrap_err().code(), "HARP_ERR_EXPIRED");
    let late = decide(&artifact(), Word::Allow, Fixed([9; 24]), &mine, (end, 60_000));
    assert_eq!(late.unwrap_err().code(), "HARP_ERR_EXPIRED");
}

#[test]
fn attack_18_what_was_spent_is_a_replay_by_request_and_by_nonce() {
    let (mine, wire, decision) = (keys(1), sealed(&keys(1)), decided(Word::Allow, &keys(1)));
    for spent in [
        (decision.request_id.clone(), decision.artifact_hash.to_string()),
        (decision.nonce.clone(), decision.signer_key_id.to_string()),
    ] {
        let spent = Spent(vec![spent]);
        let refused = judge(decision.clone(), &wire, &mine, (NOW, 0), &spent).unwrap_err();
        assert_eq!(refused, Refused::Decision(Refusal::Replay));
    }
}

#[test]
fn without_private_halves_the_hash_is_compared_and_not_recomputed() {
    let mut text = file(&keys(1));
    for member in ["maKxPrivRawB64Url", "maEd25519PrivRawB64Url"] {
        text.as_object_mut().unwrap().remove(member);
    }
    let public = read(&text).unwrap();
    let verdict = judged(decided(Word::Allow, &keys(1)), &sealed(&keys(1)), &public).unwrap();
    assert!(!verdict.hash_recomputed());
    assert!(matches!(sealed(&keys(1)).open(&public), Err(Refused::NoSecret(_))));
    let time = (NOW, 0);
    let unsigned = decide(&artifact(), Word::Allow, Fixed([9; 24]), &public, time);
    assert!(matches!(unsigned, Err(Refused::NoSecret(_))));
}

#[test]
fn a_seed_and_a_pair_are_the_same_key_and_halves_must_fit() {
    let (mine, other) = (file(&keys(1)), file(&keys(2)));
    let mut seed = mine.clone();
    seed["maEd25519PrivRawB64Url"] = Fixed([1; 32]).to_string().into();
    assert_eq!(read(&seed).unwrap().signing(), read(&mine).unwrap().signing());
    for member in ["maKxPrivRawB64Url", "maEd25519PrivRawB64Url", "maEd25519PubRawB64Url"] {
        let mut mixed = mine.clone();
        mixed[member] = other[member].clone();
        assert!(matches!(read(&mixed), Err(KeysError::Mismatch(_))), "{member}");
    }
    // A pair whose seed is right and whose public half is another's.
    let mut torn = [1; 64];
    torn[32..].copy_from_slice(&keys(2).signing().0);
    let mut mixed = mine;
    mixed["maEd25519PrivRawB64Url"] = Fixed(torn).to_string().into();
    assert_eq!(read(&mixed).unwrap_err(), KeysError::Mismatch(super::keys::SIGN_PRIVATE));
}

#[test]
fn attack_31_private_halves_are_never_shown() {
    let text = file(&keys(1));
    let secrets = [text["maKxPrivRawB64Url"].clone(), text["maEd25519PrivRawB64Url"].clone()];
    let mut shown = format!("{:?}", read(&text).unwrap());
    for (member, value) in [
        ("maKxPrivRawB64Url", json!(123_456)),
        ("maKxPrivRawB64Url", json!("c2VjcmV0")),
        ("maEd25519PrivRawB64Url", json!("c2VjcmV0")),
        ("maEd25519PubRawB64Url", json!(Fixed([0; 32]).to_string())),
        ("signerKeyId", json!("")),
        ("secretNote", json!("c2VjcmV0")),
    ] {
        let mut bad = text.clone();
        bad[member] = value;
        let error = read(&bad).unwrap_err();
        shown += &format!("{error} {error:?}");
    }
    let broken = Keys::parse(text.to_string().trim_end_matches('}').as_bytes()).unwrap_err();
    shown += &broken.to_string();
    for secret in secrets.iter().filter_map(Value::as_str).chain(["c2VjcmV0", "123456"]) {
        assert!(!shown.contains(secret), "{shown}");
    }
}

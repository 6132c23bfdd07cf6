use super::*;
use crate::artifact::{
    ArtifactHash, ArtifactHead, ArtifactType, Assurance, Context, HashAlg, Risk, Route, Scope,
    Seat, extensions,
};
use crate::encoding::Hash;
use crate::trust::tests::{approver, secret};
use crate::trust::{Status, TrustStore};
use crate::verify::ReplayView;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

const NOW: Instant = Instant(1_770_000_000_000);
const END: u64 = 1_770_000_060;

#[derive(Default)]
struct Memory {
    nonces: BTreeSet<(String, KeyId)>,
    requests: BTreeSet<String>,
}

impl ReplayView for Memory {
    fn request_spent(&self, request_id: &str, _: &ArtifactHash) -> bool {
        self.requests.contains(request_id)
    }
    fn nonce_spent(&self, nonce: &str, signer: &KeyId) -> bool {
        self.nonces.contains(&(nonce.to_owned(), signer.clone()))
    }
}

fn artifact(roster: &[(&str, &SecretKeys)], min_assurance: Assurance) -> Artifact {
    let seat = |(person, key): &(&str, &SecretKeys)| Seat {
        person: (*person).into(),
        key_id: key.key_id(),
    };
    let route = Route {
        round: 1,
        rule_id: "default".into(),
        risk: Risk::High,
        policy_hash: Hash([0; 32]),
        roster: roster.iter().map(seat).collect(),
        threshold: 1,
        min_assurance,
        reason_required: false,
        scopes: vec![Scope::Once],
        max_uses: 1,
        groups: vec![],
        veto: false,
        escalate_to: vec![],
        grant: None,
    };
    let payload = json!({"kind": "request", "action": "deploy", "parameters": {}});
    let head = ArtifactHead {
        request_id: "r1".into(),
        session_id: None,
        artifact_type: ArtifactType::Command,
        repo_ref: "repo-1".into(),
        base_revision: None,
        created_at: NOW.timestamp(),
        expires_at: NOW.plus_millis(300_000).timestamp(),
        artifact_hash_alg: HashAlg::Sha256,
        artifact_hash: ArtifactHash(Hash([0; 32])),
        metadata: None,
        extensions: Some(extensions(Fixed([9; 32]), &Context::default(), &route, None).unwrap()),
    };
    Artifact::build(head, payload.as_object().unwrap().clone()).unwrap()
}

struct Case {
    artifact: Artifact,
    trust: TrustStore,
    now: Instant,
    replay: Memory,
}

fn ann() -> SecretKeys {
    secret(3)
}

fn case() -> Case {
    let approvers = vec![approver(&ann(), "ann")];
    Case {
        artifact: artifact(&[("ann", &ann())], Assurance::Local),
        trust: TrustStore { approvers, ..TrustStore::default() },
        now: NOW,
        replay: Memory::default(),
    }
}

fn terms() -> Terms {
    Terms { nonce: Fixed([7; 32]), expires_at: END, approves: true, scope: ONCE.into() }
}

fn token(terms: Terms) -> Vec<u8> {
    Token::sign(&case().artifact, terms, &ann()).unwrap().to_bytes()
}

impl Case {
    fn verify(&self, bytes: &[u8]) -> Result<Verified, Refusal> {
        let Self { artifact, trust, now, replay } = self;
        verify(bytes, &Check { artifact, trust, now: *now, replay })
    }

    fn refuses(&self, bytes: &[u8], why: Refusal) {
        assert_eq!(self.verify(bytes).map(|_| ()), Err(why));
    }
}

#[test]
fn a_token_says_what_the_person_said() {
    for approves in [true, false] {
        let verified = case().verify(&token(Terms { approves, ..terms() })).unwrap();
        assert_eq!(verified.approves(), approves);
        assert_eq!(verified.person(), Some("ann"));
        assert_eq!(verified.artifact(), case().artifact.hash().unwrap());
        assert_eq!(verified.spends(), (terms().nonce_text(), &ann().key_id()));
    }
}

#[test]
fn the_layout_is_the_published_one() {
    let bytes = token(terms());
    assert_eq!(bytes.len(), 145);
    assert_eq!(bytes[..32], [7; 32]);
    assert_eq!(bytes[32..40], END.to_be_bytes());
    assert_eq!(bytes[40..49], [1, 0, 0, 0, 4, b'o', b'n', b'c', b'e']);
    assert_eq!(bytes[113..], ann().public().signing());
    let message = [
        b"countersign-token/v1\0".as_slice(),
        &case().artifact.canonical_bytes().unwrap(),
        &bytes[..49],
    ]
    .concat();
    let signature = Fixed(bytes[49..113].try_into().unwrap());
    crate::keys::verify_raw(&ann().public().signing(), &message, &signature).unwrap();
}

#[test]
fn a_key_that_was_not_asked_is_the_wrong_key() {
    let good = token(terms());
    let other = Token::sign(&case().artifact, terms(), &secret(4)).unwrap().to_bytes();
    case().refuses(&other, Refusal::WrongKey);
    let mut off = case();
    off.trust.approvers.push(approver(&secret(4), "bob"));
    off.refuses(&other, Refusal::WrongKey);
    let mut renamed = case();
    renamed.trust.approvers = vec![approver(&ann(), "eve")];
    renamed.refuses(&good, Refusal::WrongKey);
    let mut revoked = case();
    revoked.trust.approvers[0].status =
        Status::Revoked { at: NOW.timestamp(), compromised_since: None };
    revoked.refuses(&good, Refusal::WrongKey);
    let strict = artifact(&[("ann", &ann())], Assurance::Verified);
    let low = Token::sign(&strict, terms(), &ann()).unwrap().to_bytes();
    Case { artifact: strict, ..case() }.refuses(&low, Refusal::WrongKey);
    let mut bare = case();
    bare.artifact.head.extensions = None;
    let unrouted = Token::sign(&bare.artifact, terms(), &ann()).unwrap().to_bytes();
    bare.refuses(&unrouted, Refusal::WrongKey);
}

#[test]
fn a_swapped_key_beside_a_good_signature_is_the_wrong_key() {
    let mut bytes = token(terms());
    bytes[113..].copy_from_slice(&secret(4).public().signing());
    case().refuses(&bytes, Refusal::WrongKey);
    let mut both = case();
    both.artifact = artifact(&[("ann", &ann()), ("bob", &secret(4))], Assurance::Local);
    both.trust.approvers.push(approver(&secret(4), "bob"));
    let mut bytes = Token::sign(&both.artifact, terms(), &ann()).unwrap().to_bytes();
    bytes[113..].copy_from_slice(&secret(4).public().signing());
    both.refuses(&bytes, Refusal::BadSignature);
}

#[test]
fn another_artifact_or_field_breaks_the_signature() {
    let mut other = case();
    other.artifact.payload.insert("action".into(), "destroy".into());
    other.refuses(&token(terms()), Refusal::BadSignature);
    let mut flipped = token(Terms { approves: false, ..terms() });
    flipped[40] = APPROVE;
    case().refuses(&flipped, Refusal::BadSignature);
}

#[test]
fn a_token_and_its_request_end() {
    let good = token(terms());
    let at = |millis: i64| Case { now: Instant(millis), ..case() };
    let end = i64::try_from(END).unwrap() * 1000;
    assert!(at(end - 1).verify(&good).is_ok());
    at(end).refuses(&good, Refusal::Expired);
    at(NOW.0 - 1).refuses(&good, Refusal::Expired);
    let long = token(Terms { expires_at: u64::MAX, ..terms() });
    assert!(at(NOW.0 + 299_999).verify(&long).is_ok());
    at(NOW.0 + 300_000).refuses(&long, Refusal::Expired);
    case().refuses(&token(Terms { expires_at: 0, ..terms() }), Refusal::Expired);
}

#[test]
fn only_once_is_a_scope() {
    for scope in ["", "session", "timebox", "Once", "once ", "once\0"] {
        case().refuses(&token(Terms { scope: scope.into(), ..terms() }), Refusal::Scope);
    }
}

#[test]
fn attack_01_a_token_is_used_once() {
    let good = token(terms());
    let mut used = case();
    let verified = used.verify(&good).unwrap();
    let (nonce, key) = verified.spends();
    used.replay.nonces.insert((nonce, key.clone()));
    used.refuses(&good, Refusal::Replay);
    let mut answered = case();
    answered.replay.requests.insert("r1".into());
    answered.refuses(&good, Refusal::Replay);
}

#[test]
fn under_one_pinned_key_the_same_checks_hold() {
    let (good, artifact, key) = (token(terms()), case().artifact, ann().public().signing());
    let check = |bytes: &[u8], key: &[u8; 32], now| {
        verify_under(bytes, key, &artifact, now, &Memory::default()).map(|v| v.approves())
    };
    assert_eq!(check(&good, &key, NOW), Ok(true));
    assert_eq!(check(&good, &secret(4).public().signing(), NOW), Err(Refusal::WrongKey));
    assert_eq!(check(&good, &key, Instant(i64::MAX)), Err(Refusal::Expired));
    assert_eq!(check(&good[1..], &key, NOW), Err(Refusal::Malformed(Malformed)));
}

/// A token of the older layout: the decision byte is left out.
fn older() -> Vec<u8> {
    let mut bytes = token(terms());
    bytes.remove(40);
    bytes
}

#[test]
fn the_older_layout_is_looked_at_and_never_a_token() {
    let inspected = inspect(&older()).unwrap();
    assert_eq!((inspected.expires_at, &*inspected.scope), (END, ONCE));
    assert_eq!(inspected.public_key.0, ann().public().signing());
    case().refuses(&older(), Refusal::Malformed(Malformed));
    for approves in [true, false] {
        assert_eq!(inspect(&token(Terms { approves, ..terms() })), Err(Malformed));
    }
}

#[test]
fn a_token_cut_anywhere_or_longer_is_malformed() {
    for bytes in [token(terms()), older()] {
        for end in 0..bytes.len() {
            assert_eq!(Token::parse(&bytes[..end]), Err(Malformed), "{end}");
            assert_eq!(inspect(&bytes[..end]), Err(Malformed), "{end}");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!((Token::parse(&longer), inspect(&longer)), (Err(Malformed), Err(Malformed)));
    }
    for decision in (0..=255).filter(|byte| ![APPROVE, REJECT].contains(byte)) {
        let mut bytes = token(terms());
        bytes[40] = decision;
        assert_eq!(Token::parse(&bytes), Err(Malformed), "{decision}");
    }
    let mut no_text = token(terms());
    no_text[45] = 0xff;
    assert_eq!(Token::parse(&no_text), Err(Malformed));
    let long = Terms { scope: "x".repeat(limit::MESSAGE + 1), ..terms() };
    assert!(Token::sign(&case().artifact, long, &ann()).is_err());
}

proptest! {
    #[test]
    fn any_changed_bit_of_a_token_is_refused(at in 0_usize..145, bit in 0_u8..8) {
        let mut bytes = token(terms());
        bytes[at] ^= 1 << bit;
        prop_assert!(case().verify(&bytes).is_err());
    }

    #[test]
    fn any_bytes_are_read_back_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(token) = Token::parse(&bytes) {
            prop_assert_eq!(token.to_bytes(), bytes.clone());
        }
        let _ = inspect(&bytes);
        prop_assert!(case().verify(&bytes).is_err());
    }
}

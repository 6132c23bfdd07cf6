//! No two signed forms can be confused: what is signed as one is never accepted as another.

use super::*;
use crate::artifact::{Artifact, ArtifactHash, ArtifactHead, ArtifactType, HashAlg, Scope};
use crate::decision::{Choice, Decision, Word};
use crate::time::Instant;
use crate::token::{self, Terms, Token};
use crate::verify::ReplayView;
use serde_json::{Map, Value, json};

struct Fresh;

impl ReplayView for Fresh {
    fn request_spent(&self, _: &str, _: &ArtifactHash) -> bool {
        false
    }
    fn nonce_spent(&self, _: &str, _: &KeyId) -> bool {
        false
    }
}

fn key() -> SecretKeys {
    SecretKeys::from_bytes(&[5; 64]).unwrap()
}

fn artifact() -> Artifact {
    let head = ArtifactHead {
        request_id: "r1".into(),
        session_id: None,
        artifact_type: ArtifactType::Plan,
        repo_ref: "repo".into(),
        base_revision: None,
        created_at: Instant(0).timestamp(),
        expires_at: Instant(9_000).timestamp(),
        artifact_hash_alg: HashAlg::Sha256,
        artifact_hash: ArtifactHash(Hash([0; 32])),
        metadata: None,
        extensions: None,
    };
    Artifact::build(head, Map::new()).unwrap()
}

fn decision() -> Decision {
    let choice = Choice {
        word: Word::Allow,
        scope: Scope::Once,
        expires_at: Instant(9_000).timestamp(),
        nonce: Fixed([1; 24]),
        hints: None,
    };
    Decision::sign(&artifact(), choice, &key()).unwrap()
}

fn terms() -> Terms {
    let (nonce, scope) = (Fixed([1; 32]), token::ONCE.to_owned());
    Terms { nonce, expires_at: 9, approves: true, scope }
}

fn accepted(bytes: &[u8]) -> Result<token::Verified, token::Refusal> {
    token::verify_under(bytes, &key().public().signing(), &artifact(), Instant(0), &Fresh)
}

/// The token's bytes with another signature in place of its own.
fn with_signature(token: &Token, signature: &Signature) -> Vec<u8> {
    let mut bytes = token.to_bytes();
    let from = bytes.len() - 96;
    bytes[from..from + 64].copy_from_slice(&signature.0);
    bytes
}

#[test]
fn attack_35_no_message_of_one_domain_is_one_of_another_whatever_the_bytes() {
    for one in Domain::ALL {
        assert!(!one.tag().contains('\0'), "the zero byte ends the tag");
        for other in Domain::ALL.into_iter().filter(|other| *other != one) {
            // The bytes after the tag are free, so one prefix must never continue the other.
            assert!(!one.around(b"").starts_with(&other.around(b"")), "{one:?} {other:?}");
        }
        // A Decision has no domain; it is an object, and no tag begins like one.
        assert_ne!(one.around(b"").first(), Some(&b'{'));
    }
    assert_eq!(decision().signable().unwrap().first(), Some(&b'{'));
}

#[test]
fn attack_35_a_decision_is_accepted_in_no_domain_and_nothing_else_as_a_decision() {
    let (decision, public) = (decision(), key().public().signing());
    let signable: Value = json::parse(&decision.signable().unwrap(), 9_999).unwrap();
    let token = Token::sign(&artifact(), terms(), &key()).unwrap();
    for domain in Domain::ALL {
        let taken = verify_domain(&public, domain, &signable, &decision.signature);
        assert_eq!(taken, Err(KeyError::BadSignature), "{domain:?}");
        let mut posing = decision.clone();
        posing.signature = key().sign(domain, &signable).unwrap();
        assert!(posing.verify_signature(&public).is_err(), "{domain:?}");
        posing.signature = key().sign(domain, &artifact()).unwrap();
        assert!(posing.verify_signature(&public).is_err(), "{domain:?}");
    }
    assert!(matches!(
        accepted(&with_signature(&token, &decision.signature)),
        Err(token::Refusal::BadSignature)
    ));
}

#[test]
fn attack_35_a_token_is_accepted_as_nothing_else_and_nothing_else_as_a_token() {
    let (token, public) =
        (Token::sign(&artifact(), terms(), &key()).unwrap(), key().public().signing());
    assert!(accepted(&token.to_bytes()).unwrap().approves());
    let bytes = token.to_bytes();
    let signature = Fixed(bytes[bytes.len() - 96..bytes.len() - 32].try_into().unwrap());
    let objects = [json!({}), serde_json::to_value(artifact()).unwrap(), json!("text")];
    for domain in Domain::ALL {
        for object in &objects {
            assert!(verify_domain(&public, domain, object, &signature).is_err(), "{domain:?}");
            let other = key().sign(domain, object).unwrap();
            let taken = accepted(&with_signature(&token, &other));
            assert!(matches!(taken, Err(token::Refusal::BadSignature)), "{domain:?} {object}");
        }
        let fields = &bytes[..bytes.len() - 96];
        let raw = [&artifact().canonical_bytes().unwrap(), fields].concat();
        let elsewhere = key().sign_bytes(domain, &raw).unwrap();
        let taken = accepted(&with_signature(&token, &elsewhere));
        assert_eq!(taken.is_ok(), domain == Domain::Token, "{domain:?}");
    }
    let mut posing = decision();
    posing.signature = signature;
    assert!(posing.verify_signature(&public).is_err());
}

#[test]
fn what_a_token_signs_is_no_json_text() {
    // So no canonical object signed in the domain of tokens is ever the message of one.
    let token = Token::sign(&artifact(), terms(), &key()).unwrap().to_bytes();
    let message = [&artifact().canonical_bytes().unwrap(), &token[..token.len() - 96]].concat();
    assert!(json::parse(&message, 9_999).is_err());
}

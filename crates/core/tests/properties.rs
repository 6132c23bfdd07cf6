//! What holds for every input: order does not matter, nothing signed can change, nothing panics.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step fails the test")]

use countersign_core::artifact::{Artifact, ArtifactHead, ArtifactType, HashAlg, Scope};
use countersign_core::decision::{Choice, Decision, Word};
use countersign_core::encoding::{Fixed, Hash};
use countersign_core::json::{canonical, limit, parse};
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::Receipt;
use countersign_core::receipt::check::{Verdict, check};
use countersign_core::sealing::{Entropy, Shown, open, seal};
use countersign_core::time::{Instant, Timestamp};
use countersign_core::trust::TrustStore;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Values that have a canonical form: no key beyond U+DFFF, so that no order is ambiguous.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-9_007_199_254_740_992_i64..=9_007_199_254_740_992).prop_map(Value::from),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec(("[ -~\u{a1}-\u{2fff}]{0,6}", inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The same value with its members written in the opposite order and with white space.
fn scrambled(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(scrambled).collect();
            format!("[ {} ]", items.join(" ,\n"))
        }
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .rev()
                .map(|(key, value)| format!("{} : {}", Value::from(key.as_str()), scrambled(value)))
                .collect();
            format!("{{\t{}}}", members.join(", "))
        }
        leaf => leaf.to_string(),
    }
}

fn key() -> SecretKeys {
    SecretKeys::from_bytes(&[7; 64]).unwrap()
}

fn artifact(payload: Map<String, Value>) -> Artifact {
    let head = ArtifactHead {
        request_id: "r1".into(),
        session_id: None,
        artifact_type: ArtifactType::Plan,
        repo_ref: "repo".into(),
        base_revision: None,
        created_at: Instant(0).timestamp(),
        expires_at: Instant(1_000).timestamp(),
        artifact_hash_alg: HashAlg::Sha256,
        artifact_hash: countersign_core::artifact::ArtifactHash(Hash([0; 32])),
        metadata: None,
        extensions: None,
    };
    Artifact::build(head, payload).unwrap()
}

fn decision() -> Decision {
    let choice = Choice {
        word: Word::Allow,
        scope: Scope::Once,
        expires_at: Instant(900).timestamp(),
        nonce: Fixed([3; 24]),
        hints: None,
    };
    Decision::sign(&artifact(Map::new()), choice, &key()).unwrap()
}

proptest! {
    #[test]
    fn canonical_is_idempotent_and_free_of_order(value in value()) {
        let bytes = canonical(&value).unwrap();
        let read = parse(&bytes, limit::ARTIFACT).unwrap();
        prop_assert_eq!(&canonical(&read).unwrap(), &bytes);
        let scrambled = parse(scrambled(&value).as_bytes(), limit::ARTIFACT).unwrap();
        prop_assert_eq!(canonical(&scrambled).unwrap(), bytes);
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, limit::MESSAGE);
        let _ = Artifact::parse(&bytes);
        let _ = Decision::parse(&bytes);
        let _ = Receipt::parse(&bytes);
        let _ = TrustStore::parse(&bytes);
        let verdict = check(&bytes, &TrustStore::default(), Instant(0));
        prop_assert_eq!(verdict, Verdict::Malformed);
        let _ = Timestamp::parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_changed_byte_of_a_decision_is_refused(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut bytes = canonical(&decision()).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let valid = Decision::parse(&bytes)
            .is_ok_and(|d| d.verify_signature(&key().public().signing()).is_ok());
        prop_assert!(!valid, "{}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn every_leaf_of_a_payload_is_in_the_hash(one in value(), other in value()) {
        let hash = |leaf: &Value| {
            let payload = json!({"deep": [{"leaf": leaf}]}).as_object().unwrap().clone();
            artifact(payload).hash().unwrap()
        };
        let same = canonical(&one).unwrap() == canonical(&other).unwrap();
        prop_assert_eq!(hash(&one) == hash(&other), same);
    }

    #[test]
    fn what_is_sealed_opens_for_its_device_and_its_envelope_only(
        text in prop::collection::vec(any::<u8>(), 0..300),
        at in any::<prop::sample::Index>(),
    ) {
        let shown = |id: &str| Shown {
            request_id: id.into(),
            artifact_type: "command.review".into(),
            artifact_hash: "00".into(),
            expires_at: "2026-01-01T00:00:00Z".into(),
        };
        let mut n = 0_u8;
        let mut fill = |bytes: &mut [u8]| bytes.iter_mut().for_each(|b| {
            n = n.wrapping_add(1);
            *b = n;
        });
        let to = [*key().public()];
        let mut sealed = seal(&text, &shown("r1"), &to, Entropy(&mut fill)).unwrap();
        prop_assert_eq!(&*open(&sealed, &shown("r1"), &key()).unwrap(), &text);
        prop_assert!(open(&sealed, &shown("r2"), &key()).is_err());
        let other = SecretKeys::from_bytes(&[8; 64]).unwrap();
        prop_assert!(open(&sealed, &shown("r1"), &other).is_err());
        if !text.is_empty() {
            sealed.data.0[at.index(text.len())] ^= 1;
            prop_assert!(open(&sealed, &shown("r1"), &key()).is_err());
        }
    }
}

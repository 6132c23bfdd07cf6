//! What holds for every input: order does not matter, nothing signed can change, nothing panics.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step fails the test")]

use countersign_core::artifact::{Artifact, ArtifactHead, ArtifactType, HashAlg, Scope, Statement};
use countersign_core::checkpoint::{Checkpoint, Head};
use countersign_core::decision::{Choice, Decision, Word};
use countersign_core::encoding::{Fixed, Hash};
use countersign_core::json::{canonical, limit, parse, read};
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::check::{Verdict, check};
use countersign_core::receipt::{Basis, Boundary, Content, Entry, Event, Level, Receipt};
use countersign_core::sealing::{Entropy, Sealed, Shown, open, seal};
use countersign_core::time::{Instant, Timestamp};
use countersign_core::trust::{Operator, Status, TrustStore};
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

fn statement() -> Statement {
    Statement::sign(artifact(Map::new()), Vec::new(), &key()).unwrap()
}

fn checkpoint() -> Checkpoint {
    let head = Head {
        ledger: "l1".into(),
        seq: 7,
        content_hash: Hash([5; 32]),
        time: Instant(0).timestamp(),
        changes: None,
        usable: None,
    };
    Checkpoint::sign(head, &key()).unwrap()
}

/// A receipt of something that nobody had to allow.
fn receipt() -> Receipt {
    let entry = Entry {
        boundary: Boundary::Unprotected,
        binding: None,
        event: Event::Observed,
        request_id: None,
        action_hash: None,
        action: None,
        artifacts: Vec::new(),
        policy: None,
        decisions: Vec::new(),
        approver_decision: None,
        multi_approval: None,
        basis: Basis::Policy,
        grant: None,
        items: None,
        trust_level: Level::L0,
        outcome: None,
    };
    let recorded_at = Instant(0).timestamp();
    let content = Content { ledger: "l1".into(), seq: 1, prev: None, recorded_at, entry };
    Receipt::sign(content, &key()).unwrap()
}

fn trust() -> TrustStore {
    let operator = Operator {
        key_id: key().key_id(),
        keys: *key().public(),
        label: "operator".into(),
        created_at: Instant(0).timestamp(),
        status: Status::Active {},
    };
    TrustStore { operators: vec![operator], ..TrustStore::default() }
}

fn shown() -> Shown {
    Shown {
        request_id: "r1".into(),
        artifact_type: "command.review".into(),
        artifact_hash: "00".into(),
        expires_at: "2026-01-01T00:00:00Z".into(),
    }
}

fn sealed() -> Sealed {
    let mut n = 0_u8;
    let mut fill = |bytes: &mut [u8]| {
        bytes.iter_mut().for_each(|b| {
            n = n.wrapping_add(1);
            *b = n;
        });
    };
    seal(b"text", &shown(), &[*key().public()], Entropy(&mut fill)).unwrap()
}

fn proves(bytes: &[u8]) -> bool {
    matches!(check(bytes, &trust(), Instant(0)), Verdict::Valid { .. })
}

fn states(bytes: &[u8]) -> bool {
    Statement::parse(bytes).is_ok_and(|s| s.verify(key().public()).is_ok())
}

fn heads(bytes: &[u8]) -> bool {
    let signing = key().public().signing();
    read::<Checkpoint>(bytes, limit::MESSAGE)
        .is_ok_and(|c| c.verify(&signing).is_ok() && c.key_id == key().key_id())
}

fn opens(bytes: &[u8]) -> bool {
    read::<Sealed>(bytes, limit::MESSAGE).is_ok_and(|s| open(&s, &shown(), &key()).is_ok())
}

fn decides(bytes: &[u8]) -> bool {
    let signing = key().public().signing();
    Decision::parse(bytes).is_ok_and(|d| d.verify_signature(&signing).is_ok())
}

/// Whether a text counts as the signed object that it should be.
type Counts = fn(&[u8]) -> bool;

/// Every signed object, as text, and whether a text of it counts.
fn signed() -> [(&'static str, Vec<u8>, Counts); 5] {
    [
        ("decision", canonical(&decision()).unwrap(), decides),
        ("receipt", canonical(&receipt()).unwrap(), proves),
        ("statement", canonical(&statement()).unwrap(), states),
        ("checkpoint", canonical(&checkpoint()).unwrap(), heads),
        ("sealed", canonical(&sealed()).unwrap(), opens),
    ]
}

#[test]
fn any_changed_byte_of_what_is_signed_is_refused() {
    for (name, good, counts) in signed() {
        assert!(counts(&good), "{name}");
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bytes = good.clone();
                bytes[at] ^= 1 << bit;
                assert!(!counts(&bytes), "{name}: {}", String::from_utf8_lossy(&bytes));
            }
        }
    }
}

#[test]
fn any_byte_more_or_less_in_what_is_signed_is_refused() {
    for (name, good, counts) in signed() {
        for at in 0..good.len() {
            let (before, after) = good.split_at(at);
            assert!(!counts(&[before, &after[1..]].concat()), "{name} without byte {at}");
            for byte in *b"0a\"" {
                let more = [before, &[byte], after].concat();
                assert!(!counts(&more), "{name}: {}", String::from_utf8_lossy(&more));
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_parsed_is_printed_as_it_was(value in value()) {
        let bytes = canonical(&value).unwrap();
        let payload = json!({"value": value}).as_object().unwrap().clone();
        let whole = artifact(payload);
        let text = whole.canonical_bytes().unwrap();
        let again = Artifact::parse(&text).unwrap();
        prop_assert_eq!(again.hash().unwrap(), whole.hash().unwrap());
        prop_assert_eq!(again.canonical_bytes().unwrap(), text);
        // Any other reader of doubles reads ours as they were written.
        let lax: Value = serde_json::from_slice(&bytes).unwrap();
        if let Ok(written) = canonical(&lax) {
            prop_assert_eq!(written, bytes);
        }
    }

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

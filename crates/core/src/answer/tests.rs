use super::*;
use crate::artifact::{
    Artifact, ArtifactHash, ArtifactHead, ArtifactType, Assurance, Context, HashAlg, Risk, Scope,
    Seat, extensions,
};
use crate::decision::{Choice, Reason, SigAlg};
use crate::encoding::{Fixed, Hash};
use crate::keys::KeyId;
use crate::time::Instant;
use crate::trust::TrustStore;
use crate::trust::tests::{approver, secret};
use crate::verify::{Approved, Check, Refusal, ReplayView, Subject, Vote, verify};
use proptest::prelude::*;
use serde_json::json;

fn route() -> Route {
    Route {
        round: 1,
        rule_id: "default".into(),
        risk: Risk::High,
        policy_hash: Hash([0; 32]),
        roster: vec![],
        threshold: 1,
        min_assurance: Assurance::Local,
        reason_required: false,
        scopes: vec![Scope::Once],
        max_uses: 1,
        groups: vec![],
        veto: false,
        escalate_to: vec![],
        grant: None,
    }
}

fn decision(word: Word, hints: Option<Value>) -> Decision {
    let hints = hints.map(|hints| hints.as_object().unwrap().clone());
    Decision {
        request_id: "r1".into(),
        artifact_hash_alg: HashAlg::Sha256,
        artifact_hash: crate::artifact::ArtifactHash(Hash([0; 32])),
        repo_ref: "repo".into(),
        decision: word,
        scope: Scope::Once,
        expires_at: Instant(0).timestamp(),
        nonce: "n".into(),
        sig_alg: SigAlg::Ed25519,
        signer_key_id: KeyId("k".into()),
        signature: Fixed([0; 64]),
        policy_hints: hints,
    }
}

fn read(word: Word, hints: Value, items: Option<usize>) -> Result<Meaning, Unclear> {
    meaning(&decision(word, Some(hints)), items, &route())
}

#[test]
fn plain_words_mean_all_or_nothing() {
    for (word, expected) in [
        (Word::Allow, Meaning::Allow),
        (Word::Approve, Meaning::Allow),
        (Word::Deny, Meaning::Deny),
        (Word::Reject, Meaning::Deny),
    ] {
        for items in [None, Some(3)] {
            assert_eq!(meaning(&decision(word, None), items, &route()), Ok(expected.clone()));
            assert_eq!(read(word, json!({"decidedAt": "x"}), items), Ok(expected.clone()));
        }
    }
}

#[test]
fn an_escalation_is_a_denial_that_names_whom_to_ask() {
    let to = Some("lead".to_owned());
    assert_eq!(
        read(Word::Deny, json!({"escalate": {"to": "lead"}}), None),
        Ok(Meaning::Escalate { to })
    );
    assert_eq!(
        read(Word::Reject, json!({"escalate": {}}), None),
        Ok(Meaning::Escalate { to: None })
    );
    for bad in [json!(true), json!(null), json!("lead"), json!({"to": ""}), json!({"to": null})] {
        assert_eq!(read(Word::Deny, json!({"escalate": bad}), None), Err(Unclear::Escalate));
    }
    let more = json!({"escalate": {"to": "lead", "at": 1}});
    assert_eq!(read(Word::Deny, more, None), Err(Unclear::Escalate));
}

#[test]
fn a_partial_answer_is_a_denial_that_names_what_is_allowed() {
    let Ok(Meaning::Partial(items)) = read(Word::Deny, json!({"items": [0, 2]}), Some(3)) else {
        panic!("two of three are a partial answer");
    };
    assert_eq!(items.indices(), [0, 2]);
    let partial = Meaning::Partial(items);
    assert_eq!([0, 1, 2, 3].map(|i| partial.permits(i)), [true, false, true, false]);
}

#[test]
fn anything_else_is_out_of_scope() {
    for bad in [
        json!([]),
        json!([0, 0]),
        json!([2, 0]),
        json!([3]),
        json!([-1]),
        json!([0.5]),
        json!(["0"]),
        json!([0, 1, 2]),
        json!([9_007_199_254_740_992_u64]),
        json!({"0": true}),
        json!(0),
        json!(null),
    ] {
        let refused = read(Word::Deny, json!({"items": bad}), Some(3));
        assert_eq!(refused, Err(Unclear::Items), "{bad}");
    }
    let hint = json!({"items": [0]});
    assert_eq!(read(Word::Deny, hint.clone(), None), Err(Unclear::NoBatch));
    assert_eq!(read(Word::Deny, hint.clone(), Some(0)), Err(Unclear::Items));
    assert_eq!(read(Word::Allow, hint, Some(3)), Err(Unclear::AllowWithHints));
    let both = json!({"items": [0], "escalate": {}});
    assert_eq!(read(Word::Deny, both, Some(3)), Err(Unclear::Both));
    assert_eq!(read(Word::Allow, json!({"escalate": {}}), None), Err(Unclear::AllowWithHints));
    assert_eq!(Unclear::Both.code(), "HARP_ERR_SCOPE");
}

#[test]
fn a_partial_yes_keeps_the_terms_of_a_yes() {
    let mut partial = decision(Word::Deny, Some(json!({"items": [0]})));
    partial.scope = Scope::Session;
    assert_eq!(meaning(&partial, Some(2), &route()), Err(Unclear::Reach));
    partial.scope = Scope::Once;
    let strict = Route { reason_required: true, ..route() };
    assert_eq!(meaning(&partial, Some(2), &strict), Err(Unclear::NoReason));
    let reason = Reason { text: "only this".into(), salt: Fixed([1; 32]) }.hash();
    let hints = json!({"items": [0], "reasonHash": reason});
    let partial = decision(Word::Deny, Some(hints));
    assert!(matches!(meaning(&partial, Some(2), &strict), Ok(Meaning::Partial(_))));
    let plain = decision(Word::Deny, None);
    assert_eq!(meaning(&plain, Some(2), &strict), Ok(Meaning::Deny), "a no needs no reason");
}

struct Fresh;

impl ReplayView for Fresh {
    fn request_spent(&self, _: &str, _: &ArtifactHash) -> bool {
        false
    }
    fn nonce_spent(&self, _: &str, _: &KeyId) -> bool {
        false
    }
}

/// What verification says of an answer that is right in everything but, perhaps, its hints.
fn verified(word: Word, hints: Value) -> Result<Vote, Refusal> {
    verified_of(1, word, hints)
}

/// The same where so many must allow.
fn verified_of(threshold: u32, word: Word, hints: Value) -> Result<Vote, Refusal> {
    let key = secret(3);
    let roster = ["ann", "bob"].map(|person| Seat { person: person.into(), key_id: key.key_id() });
    let route = Route { roster: roster.to_vec(), threshold, ..route() };
    let head = ArtifactHead {
        request_id: "r1".into(),
        session_id: None,
        artifact_type: ArtifactType::Command,
        repo_ref: "repo".into(),
        base_revision: None,
        created_at: Instant(0).timestamp(),
        expires_at: Instant(9_000).timestamp(),
        artifact_hash_alg: HashAlg::Sha256,
        artifact_hash: ArtifactHash(Hash([0; 32])),
        metadata: None,
        extensions: Some(extensions(Fixed([9; 32]), &Context::default(), &route, None).unwrap()),
    };
    let item = json!({"kind": "task", "title": "t", "steps": []});
    let payload = json!({"kind": "batch", "items": [item, item]});
    let artifact = Artifact::build(head, payload.as_object().unwrap().clone()).unwrap();
    let choice = Choice {
        word,
        scope: Scope::Once,
        expires_at: Instant(9_000).timestamp(),
        nonce: Fixed([1; 24]),
        hints: hints.as_object().cloned(),
    };
    let decision = Decision::sign(&artifact, choice, &key).unwrap();
    let trust = TrustStore { approvers: vec![approver(&key, "ann")], ..TrustStore::default() };
    let now = Instant(1);
    let check = Check {
        subject: &Subject::of(&artifact).unwrap(),
        trust: &trust,
        session: None,
        now,
        skew_millis: 0,
        replay: &Fresh,
    };
    verify(decision, &check)
}

#[test]
fn verification_takes_no_answer_that_says_two_things_and_no_item_that_is_not_there() {
    let unclear = |word, hints: Value| {
        let refused = verified(word, hints.clone()).unwrap_err();
        assert_eq!(refused.code(), "HARP_ERR_SCOPE", "{hints}");
        assert!(matches!(refused, Refusal::Unclear(_)), "{hints}");
    };
    for hints in [json!({"items": [0]}), json!({"escalate": {}}), json!({"items": null})] {
        unclear(Word::Allow, hints);
    }
    for items in [json!([]), json!([2]), json!([0, 1]), json!([1, 0]), json!([-1]), json!(null)] {
        unclear(Word::Deny, json!({"items": items}));
    }
    unclear(Word::Deny, json!({"items": [0], "escalate": {}}));
    assert!(verified(Word::Allow, json!({"decidedAt": "x"})).unwrap().allows());
}

#[test]
fn a_yes_to_some_items_approves_them_and_nothing_else() {
    let vote = verified(Word::Deny, json!({"items": [1]})).unwrap();
    assert!(!vote.allows() && vote.meaning().permits(1) && !vote.meaning().permits(0));
    // As a whole it is a no.
    let [vote] = Approved::count(vec![vote]).unwrap_err().try_into().unwrap();
    assert_eq!(Approved::part(vote).unwrap().items(), Some(&[1][..]));
    let whole = verified(Word::Allow, json!({})).unwrap();
    assert_eq!(Approved::count(vec![whole]).unwrap().items(), None);
    for word in [Word::Allow, Word::Deny] {
        assert!(Approved::part(verified(word, json!({})).unwrap()).is_err());
    }
    // Where several must agree, one person's yes to a part of it is none.
    let of_two = verified_of(2, Word::Deny, json!({"items": [1]})).unwrap();
    assert!(Approved::part(of_two).is_err());
}

fn said(size: usize) -> impl Strategy<Value = Meaning> {
    let some = prop::collection::btree_set(0..size, 1..size);
    let partial = some.prop_map(move |set| Items::new(set.into_iter().collect(), size).unwrap());
    prop_oneof![
        Just(Meaning::Allow),
        Just(Meaning::Deny),
        prop::option::of("[a-z]{1,8}").prop_map(|to| Meaning::Escalate { to }),
        partial.prop_map(Meaning::Partial),
    ]
}

fn hints() -> impl Strategy<Value = Value> {
    let items = prop::collection::vec(-1_i64..6, 0..6).prop_map(|v| json!(v));
    let escalate = prop_oneof![
        Just(json!({})),
        Just(json!({"to": "lead"})),
        Just(json!({"to": 1})),
        Just(json!(true)),
    ];
    (prop::option::of(items), prop::option::of(escalate)).prop_map(|(items, escalate)| {
        let named = [("items", items), ("escalate", escalate)];
        let named = named.into_iter().filter_map(|(name, v)| v.map(|v| (name.to_owned(), v)));
        Value::Object(named.collect())
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(said in said(5)) {
        let mut hints = json!({"decidedAt": "x"}).as_object().unwrap().clone();
        let word = said.write(&mut hints);
        let signed = decision(word, Some(Value::Object(hints)));
        prop_assert_eq!(meaning(&signed, Some(5), &route()), Ok(said));
    }

    /// An enforcer that knows no hints sees the word and nothing else.
    #[test]
    fn ignoring_what_we_write_permits_no_more_than_honouring_it(said in said(5)) {
        let word = said.write(&mut Map::new());
        let ignored = meaning(&decision(word, None), Some(5), &route()).unwrap();
        for index in 0..5 {
            prop_assert!(!ignored.permits(index) || said.permits(index), "{:?}", said);
        }
    }

    /// Nor does leaving hints out of what anybody wrote, as far as it is an answer at all.
    #[test]
    fn ignoring_any_accepted_hints_permits_no_more(
        word in prop_oneof![Just(Word::Allow), Just(Word::Deny), Just(Word::Approve), Just(Word::Reject)],
        hints in hints(),
        items in prop::option::of(0_usize..6),
    ) {
        let Ok(honoured) = meaning(&decision(word, Some(hints)), items, &route()) else {
            return Ok(());
        };
        let ignored = meaning(&decision(word, None), items, &route()).unwrap();
        for index in 0..items.unwrap_or(1) {
            prop_assert!(!ignored.permits(index) || honoured.permits(index));
        }
    }
}

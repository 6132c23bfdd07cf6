mod changed;
mod output;
mod passkey;
mod several;

use super::*;
use crate::action::ActionHash;
use crate::artifact::{
    ArtifactHash, ArtifactHead, ArtifactType, Context, HashAlg, Risk, Route, Scope, Seat,
    extensions,
};
use crate::decision::{Choice, Word};
use crate::encoding::{Fixed, Hash};
use crate::keys::SecretKeys;
use crate::receipt::{Boundary, Outcome, PolicyNote};
use crate::trust::Status;
use crate::trust::tests::{approver, operator, secret};
use serde_json::{Map, Value, json};

const NOW: Instant = Instant(1_770_000_000_000);

struct Case {
    operator: SecretKeys,
    person: SecretKeys,
    trust: TrustStore,
    content: Content,
    artifact: Artifact,
}

fn action() -> Map<String, Value> {
    json!({"kind": "request", "action": "deploy", "parameters": {}}).as_object().unwrap().clone()
}

fn artifact(person: &SecretKeys) -> Artifact {
    artifact_under(person, |_, _| {})
}

fn artifact_under(person: &SecretKeys, change: impl Fn(&mut ArtifactHead, &mut Route)) -> Artifact {
    let mut route = Route {
        round: 1,
        rule_id: "default".into(),
        risk: Risk::High,
        policy_hash: Hash([0; 32]),
        roster: vec![Seat { person: "ann".into(), key_id: person.key_id() }],
        threshold: 1,
        min_assurance: Assurance::Local,
        reason_required: false,
        scopes: vec![Scope::Once],
        max_uses: 1,
        groups: vec![],
        veto: false,
        escalate_to: vec![],
        grant: None,
    };
    let mut head = ArtifactHead {
        request_id: "r1".into(),
        session_id: None,
        artifact_type: ArtifactType::Command,
        repo_ref: "repo".into(),
        base_revision: None,
        created_at: NOW.timestamp(),
        expires_at: NOW.plus_millis(300_000).timestamp(),
        artifact_hash_alg: HashAlg::Sha256,
        artifact_hash: ArtifactHash(Hash([0; 32])),
        metadata: None,
        extensions: None,
    };
    change(&mut head, &mut route);
    let extensions = extensions(Fixed([7; 32]), &Context::default(), &route, None).unwrap();
    head.extensions = Some(extensions);
    Artifact::build(head, action()).unwrap()
}

fn decide(artifact: &Artifact, word: Word, key: &SecretKeys) -> Decision {
    decide_as(artifact, word, Scope::Once, None, key)
}

fn decide_as(
    artifact: &Artifact,
    word: Word,
    scope: Scope,
    hints: Option<Value>,
    key: &SecretKeys,
) -> Decision {
    let choice = Choice {
        word,
        scope,
        expires_at: NOW.plus_millis(200_000).timestamp(),
        nonce: Fixed([5; 24]),
        hints: hints.map(|h| h.as_object().unwrap().clone()),
    };
    Decision::sign(artifact, choice, key).unwrap()
}

fn case() -> Case {
    let (operator_key, person) = (secret(1), secret(2));
    let artifact = artifact(&person);
    let outcome = Outcome {
        claimed_at: NOW.plus_millis(5_000).timestamp(),
        ended_at: Some(NOW.plus_millis(6_000).timestamp()),
        exit_code: Some(0),
        signal: None,
        error: None,
        stdout: None,
        stderr: None,
    };
    let entry = Entry {
        request_id: Some("r1".into()),
        action_hash: Some(artifact.action_hash().unwrap()),
        action: Some(action()),
        artifacts: vec![artifact.head.clone()],
        decisions: vec![decide(&artifact, Word::Allow, &person)],
        basis: Basis::Decision,
        trust_level: Level::L1,
        outcome: Some(outcome),
        ..Entry::bare(Event::Executed, Boundary::Unprotected)
    };
    let recorded_at = NOW.plus_millis(6_000).timestamp();
    Case {
        trust: TrustStore {
            operators: vec![operator(&operator_key)],
            approvers: vec![approver(&person, "ann")],
            ..TrustStore::default()
        },
        content: Content { ledger: "l1".into(), seq: 1, prev: None, recorded_at, entry },
        operator: operator_key,
        person,
        artifact,
    }
}

impl Case {
    /// The same request put under other terms, and allowed with this scope and these hints.
    fn allowed(
        mut self,
        change: impl Fn(&mut ArtifactHead, &mut Route),
        scope: Scope,
        hints: Option<Value>,
    ) -> Self {
        self.artifact = artifact_under(&self.person, change);
        self.content.entry.artifacts = vec![self.artifact.head.clone()];
        let decision = decide_as(&self.artifact, Word::Allow, scope, hints, &self.person);
        self.content.entry.decisions = vec![decision];
        self
    }

    fn receipt(&self) -> Receipt {
        Receipt::sign(self.content.clone(), &self.operator).unwrap()
    }
    fn verdict(&self) -> Verdict {
        self.receipt().check(&self.trust, NOW)
    }
}

#[test]
fn a_good_receipt_proves_level_one() {
    let case = case();
    let bytes = case.receipt().canonical_bytes().unwrap();
    let Verdict::Valid { level, assurance, event, approvers } = check(&bytes, &case.trust, NOW)
    else {
        panic!("{:?}", case.verdict())
    };
    assert_eq!((level, assurance, event), (Level::L1, Some(Assurance::Device), Event::Executed));
    assert_eq!(approvers, ["ann"]);
}

#[test]
fn attack_07_without_pinned_keys_nothing_is_valid() {
    let mut case = case();
    let bytes = case.receipt().canonical_bytes().unwrap();
    let key_id = case.operator.key_id();
    assert_eq!(check(&bytes, &TrustStore::default(), NOW), Verdict::Untrusted { key_id });
    case.trust.approvers.clear();
    assert_eq!(case.verdict(), Verdict::Untrusted { key_id: case.person.key_id() });
}

#[test]
fn attack_04_a_receipt_that_names_another_action_is_refused() {
    let mut case = case();
    let other = json!({"kind": "request", "action": "delete", "parameters": {}});
    case.content.entry.action = other.as_object().cloned();
    assert_eq!(case.verdict(), Verdict::HashMismatch);
    let hash = crate::json::sha256(&other).unwrap();
    case.content.entry.action_hash = Some(ActionHash(Hash(hash)));
    assert_eq!(case.verdict(), Verdict::HashMismatch, "the artifact was for another action");
}

#[test]
fn any_changed_byte_of_the_content_is_a_hash_mismatch() {
    let case = case();
    let mut receipt = case.receipt();
    receipt.content.seq = 2;
    assert_eq!(receipt.check(&case.trust, NOW), Verdict::HashMismatch);
    receipt.content_hash = receipt.content.hash().unwrap();
    assert_eq!(receipt.check(&case.trust, NOW), Verdict::BadSignature);
}

#[test]
fn the_level_written_down_is_not_believed() {
    let mut case = case();
    case.content.entry.trust_level = Level::L0;
    assert_eq!(case.verdict(), Verdict::LevelMismatch);
    case = self::case();
    case.content.entry.decisions.clear();
    assert_eq!(case.verdict(), Verdict::ThresholdNotMet { have: 0, need: 1 });
    case.content.entry.basis = Basis::Policy;
    assert_eq!(case.verdict(), Verdict::LevelMismatch);
}

#[test]
fn attack_10_an_operator_that_approves_itself_is_refused() {
    let mut case = case();
    case.content.entry.decisions = vec![decide(&case.artifact, Word::Allow, &case.operator)];
    assert_eq!(case.verdict(), Verdict::SelfApproval);
}

#[test]
fn attack_43_a_deny_inside_an_executed_receipt_is_no_approval() {
    let mut case = case();
    case.content.entry.decisions = vec![decide(&case.artifact, Word::Deny, &case.person)];
    assert_eq!(case.verdict(), Verdict::ThresholdNotMet { have: 0, need: 1 });
    let both = [Word::Allow, Word::Deny].map(|w| decide(&case.artifact, w, &case.person));
    case.content.entry.decisions = both.to_vec();
    assert_eq!(case.verdict(), Verdict::ThresholdNotMet { have: 0, need: 1 });
}

#[test]
fn a_signer_who_was_not_asked_is_off_the_roster() {
    let mut case = case();
    let other = secret(3);
    case.trust.approvers.push(approver(&other, "bob"));
    case.content.entry.decisions = vec![decide(&case.artifact, Word::Allow, &other)];
    assert_eq!(case.verdict(), Verdict::OffRoster);
}

#[test]
fn a_revoked_key_proves_nothing() {
    let mut case = case();
    case.trust.approvers[0].status =
        Status::Revoked { at: NOW.timestamp(), compromised_since: None };
    assert_eq!(case.verdict(), Verdict::Revoked);
    case = self::case();
    case.trust.operators[0].status =
        Status::Revoked { at: NOW.timestamp(), compromised_since: None };
    assert_eq!(case.verdict(), Verdict::Revoked);
}

#[test]
fn attack_19_an_approval_used_after_its_end_does_not_count() {
    let mut case = case();
    let late = NOW.plus_millis(999_000).timestamp();
    case.content.entry.outcome.as_mut().unwrap().claimed_at = late;
    assert_eq!(case.verdict(), Verdict::ThresholdNotMet { have: 0, need: 1 });
}

#[test]
fn an_artifact_whose_hash_is_not_its_own_is_refused() {
    let mut case = case();
    case.content.entry.artifacts[0].repo_ref = "other".into();
    assert_eq!(case.verdict(), Verdict::HashMismatch);
}

#[test]
fn malformed_and_unknown_versions_are_told_apart() {
    let case = case();
    let text = String::from_utf8(case.receipt().canonical_bytes().unwrap()).unwrap();
    let v2 = text.replace("countersign.receipt/v1", "countersign.receipt/v2");
    assert_eq!(check(v2.as_bytes(), &case.trust, NOW), Verdict::Unsupported);
    let extra = text.replacen("\"event\"", "\"extra\":1,\"event\"", 1);
    for bad in [extra.as_str(), "", "{}", "null", &text[..text.len() - 1]] {
        assert_eq!(check(bad.as_bytes(), &case.trust, NOW), Verdict::Malformed, "{bad}");
    }
}

#[test]
fn receipts_follow_one_another() {
    let case = case();
    let first = case.receipt();
    let mut next = case.content.clone();
    next.seq = 2;
    next.prev = Some(first.content_hash);
    let second = Receipt::sign(next, &case.operator).unwrap();
    assert!(second.follows(&first));
    assert!(!first.follows(&second));
}

#[test]
fn attack_43_a_basis_that_needs_nobody_carries_nobodys_decision() {
    for basis in [Basis::Policy, Basis::Grant] {
        let mut case = case();
        case.content.entry.basis = basis;
        assert_eq!(case.verdict(), Verdict::LevelMismatch, "{basis:?}");
        case.content.entry.trust_level = Level::L0;
        case.content.entry.decisions = vec![decide(&case.artifact, Word::Deny, &case.person)];
        assert_eq!(case.verdict(), Verdict::LevelMismatch, "{basis:?}");
    }
}

#[test]
fn attack_04_a_receipt_names_the_request_that_was_answered() {
    for named in [None, Some("other".to_owned())] {
        let mut case = case();
        case.content.entry.request_id = named;
        assert_eq!(case.verdict(), Verdict::Malformed);
    }
}

#[test]
fn attack_43_the_words_beside_a_decision_are_not_believed() {
    let mut case = case();
    let said = |verdict: &str, person: &str, key: &SecretKeys| super::super::ApproverDecision {
        verdict: verdict.into(),
        person: person.into(),
        key_id: key.key_id(),
        reason: None,
    };
    case.content.entry.approver_decision = Some(said("approved", "ann", &case.person));
    assert!(matches!(case.verdict(), Verdict::Valid { .. }));
    for wrong in [
        said("rejected", "ann", &case.person),
        said("approved", "ceo", &case.person),
        said("approved", "ann", &case.operator),
    ] {
        case.content.entry.approver_decision = Some(wrong);
        assert_eq!(case.verdict(), Verdict::LevelMismatch);
    }
}

#[test]
fn attack_08_words_without_a_decision_are_not_believed() {
    let mut case = case();
    let said = |verdict: &str| super::super::ApproverDecision {
        verdict: verdict.into(),
        person: "finance-lead".into(),
        key_id: secret(9).key_id(),
        reason: None,
    };
    let entry = &mut case.content.entry;
    (entry.artifacts, entry.decisions) = (Vec::new(), Vec::new());
    (entry.basis, entry.trust_level) = (Basis::Policy, Level::L0);
    assert!(matches!(case.verdict(), Verdict::Valid { level: Level::L0, .. }));
    for verdict in ["approved", "rejected"] {
        case.content.entry.approver_decision = Some(said(verdict));
        assert_eq!(case.verdict(), Verdict::LevelMismatch, "{verdict}");
    }
    case.content.entry.approver_decision = None;
    let approvers = vec!["finance-lead".to_owned()];
    let quorum = super::super::MultiApproval { threshold: 1, roster: vec![], approvers };
    case.content.entry.multi_approval = Some(quorum);
    assert_eq!(case.verdict(), Verdict::LevelMismatch);
}

#[test]
fn attack_43_a_denial_is_told_as_the_denial_that_it_is() {
    let mut case = case();
    let entry = &mut case.content.entry;
    (entry.event, entry.outcome, entry.trust_level) = (Event::Denied, None, Level::L0);
    entry.decisions = vec![decide(&case.artifact, Word::Deny, &case.person)];
    for (verdict, person, holds) in
        [("rejected", "ann", true), ("approved", "ann", false), ("rejected", "ceo", false)]
    {
        case.content.entry.approver_decision = Some(super::super::ApproverDecision {
            verdict: verdict.into(),
            person: person.into(),
            key_id: case.person.key_id(),
            reason: None,
        });
        let valid = matches!(case.verdict(), Verdict::Valid { .. });
        assert_eq!(valid, holds, "{verdict} by {person}");
    }
}

#[test]
fn attack_10_a_quorum_names_nobody_twice() {
    let (mut case, _) = quorum();
    let multi = case.content.entry.multi_approval.as_mut().unwrap();
    multi.approvers = vec!["ann".into(), "ann".into()];
    assert_eq!(case.verdict(), Verdict::LevelMismatch);
}

#[test]
fn a_strangers_key_is_quoted_with_200_characters() {
    let case = case();
    let mut receipt = case.receipt();
    receipt.signatures[0].key_id = KeyId("k".repeat(1_000_000));
    let quoted = KeyId("k".repeat(200));
    assert_eq!(receipt.check(&case.trust, NOW), Verdict::Untrusted { key_id: quoted });
}

#[test]
fn attack_19_a_claim_dated_back_or_ahead_does_not_count() {
    for at in [-999_000, 120_000] {
        let mut case = case();
        let claimed = NOW.plus_millis(at).timestamp();
        case.content.entry.outcome.as_mut().unwrap().claimed_at = claimed;
        assert_eq!(case.verdict(), Verdict::ThresholdNotMet { have: 0, need: 1 }, "{at}");
    }
}

#[test]
fn attack_43_what_stands_twice_or_lacks_its_outcome_is_malformed() {
    let mut case = case();
    let twice = case.content.entry.decisions[0].clone();
    case.content.entry.decisions.push(twice);
    assert_eq!(case.verdict(), Verdict::Malformed);
    case = self::case();
    let twice = case.content.entry.artifacts[0].clone();
    case.content.entry.artifacts.push(twice);
    assert_eq!(case.verdict(), Verdict::Malformed);
    case = self::case();
    case.content.entry.outcome = None;
    assert_eq!(case.verdict(), Verdict::Malformed);
    case = self::case();
    case.content.seq = 5;
    assert_eq!(case.verdict(), Verdict::Malformed);
}

const NOT_MET: Verdict = Verdict::ThresholdNotMet { have: 0, need: 1 };

fn is_valid(case: &Case) -> bool {
    matches!(case.verdict(), Verdict::Valid { level: Level::L1, .. })
}

#[test]
fn attack_44_a_decision_bound_to_another_session_does_not_count() {
    let of_session = |head: &mut ArtifactHead, _: &mut Route| head.session_id = Some("s1".into());
    let hint = |id: &str| Some(json!({"sessionId": id}));
    assert!(is_valid(&case().allowed(of_session, Scope::Once, hint("s1"))));
    assert!(is_valid(&case().allowed(of_session, Scope::Once, None)));
    assert_eq!(case().allowed(of_session, Scope::Once, hint("s2")).verdict(), NOT_MET);
    assert_eq!(case().allowed(|_, _| {}, Scope::Once, hint("s1")).verdict(), NOT_MET);
    let number = Some(json!({"sessionId": 1}));
    assert_eq!(case().allowed(of_session, Scope::Once, number).verdict(), NOT_MET);
}

#[test]
fn attack_45_a_session_scope_names_its_session_and_was_offered() {
    let offered = |head: &mut ArtifactHead, route: &mut Route| {
        head.session_id = Some("s1".into());
        route.scopes.push(Scope::Session);
    };
    let hint = Some(json!({"sessionId": "s1"}));
    assert!(is_valid(&case().allowed(offered, Scope::Session, hint.clone())));
    assert_eq!(case().allowed(offered, Scope::Session, None).verdict(), NOT_MET);
    let sessionless = |_: &mut ArtifactHead, route: &mut Route| route.scopes.push(Scope::Session);
    assert_eq!(case().allowed(sessionless, Scope::Session, None).verdict(), NOT_MET);
    let unoffered = |head: &mut ArtifactHead, _: &mut Route| head.session_id = Some("s1".into());
    assert_eq!(case().allowed(unoffered, Scope::Session, hint).verdict(), NOT_MET);
    assert_eq!(case().allowed(|_, _| {}, Scope::Timebox, None).verdict(), NOT_MET);
}

#[test]
fn attack_43_an_allow_without_the_reason_that_the_route_asks_for_does_not_count() {
    let wants = |_: &mut ArtifactHead, route: &mut Route| route.reason_required = true;
    let hint = |hash: Value| Some(json!({ "reasonHash": hash }));
    assert!(is_valid(&case().allowed(wants, Scope::Once, hint(json!(Hash([7; 32]))))));
    for none in [None, hint(json!("")), hint(json!(null)), hint(json!("because"))] {
        assert_eq!(case().allowed(wants, Scope::Once, none).verdict(), NOT_MET);
    }
}

#[test]
fn attack_43_a_reason_that_nobody_signed_is_not_believed() {
    let said = |case: &Case| super::super::ApproverDecision {
        verdict: "approved".into(),
        person: "ann".into(),
        key_id: case.person.key_id(),
        reason: Some("because".into()),
    };
    let mut case = case();
    case.content.entry.approver_decision = Some(said(&case));
    assert_eq!(case.verdict(), Verdict::LevelMismatch);
    let hint = Some(json!({"reasonHash": Hash([7; 32])}));
    case = self::case().allowed(|_, _| {}, Scope::Once, hint);
    case.content.entry.approver_decision = Some(said(&case));
    assert!(is_valid(&case));
}

#[test]
fn attack_19_an_artifact_from_the_verifiers_future_does_not_count() {
    let case = case();
    let early = |millis: i64| case.receipt().check(&case.trust, NOW.plus_millis(millis));
    assert!(matches!(early(-59_000), Verdict::Valid { .. }));
    assert_eq!(early(-61_000), NOT_MET);
}

#[test]
fn attack_43_artifacts_of_two_rounds_are_no_one_request() {
    type Change = fn(&mut ArtifactHead, &mut Route);
    let changes: [(&str, Change); 4] = [
        ("round", |_, route| route.round = 2),
        ("threshold", |_, route| route.threshold = 0),
        ("session", |head, _| head.session_id = Some("s2".into())),
        ("repository", |head, _| head.repo_ref = "other".into()),
    ];
    for (what, change) in changes {
        let mut case = case();
        let other = artifact_under(&case.person, change);
        case.content.entry.artifacts.push(other.head.clone());
        assert_eq!(case.verdict(), Verdict::HashMismatch, "{what}");
    }
}

/// An answer to the second of two artifacts, which says that it is of `request`; the first is of r1.
fn answered_beside(request: Option<&str>) -> Case {
    let mut case = case();
    let Artifact { mut head, payload } = case.artifact.clone();
    let context = Context { request: request.map(str::to_owned), ..Context::default() };
    let context = crate::json::value_of(&context).unwrap();
    head.request_id = "r2".into();
    head.extensions.as_mut().unwrap().insert("org.countersign.context".into(), context);
    let other = Artifact::build(head, payload).unwrap();
    case.content.entry.decisions = vec![decide(&other, Word::Allow, &case.person)];
    case.content.entry.artifacts.push(other.head);
    case
}

#[test]
fn attack_18_an_answer_to_another_request_is_worth_nothing_beside_an_artifact_of_this_one() {
    assert!(is_valid(&answered_beside(Some("r1"))));
    for other in [None, Some("r2"), Some("r3")] {
        assert_eq!(answered_beside(other).verdict(), Verdict::Malformed, "{other:?}");
    }
}

/// Ann with two devices and bob, of whom two must allow; all three keys did.
fn quorum() -> (Case, [SecretKeys; 3]) {
    let keys = [secret(2), secret(3), secret(4)];
    let seats = ["ann", "ann", "bob"].into_iter().zip(&keys);
    let roster: Vec<Seat> =
        seats.map(|(person, key)| Seat { person: person.into(), key_id: key.key_id() }).collect();
    let offered = |_: &mut ArtifactHead, route: &mut Route| {
        route.threshold = 2;
        route.roster = roster.clone();
    };
    let mut case = case().allowed(offered, Scope::Once, None);
    case.trust.approvers.push(approver(&keys[1], "ann"));
    case.trust.approvers.push(approver(&keys[2], "bob"));
    case.content.entry.decisions =
        keys.iter().map(|key| decide(&case.artifact, Word::Allow, key)).collect();
    let approvers = vec!["ann".to_owned(), "bob".to_owned()];
    case.content.entry.multi_approval =
        Some(super::super::MultiApproval { threshold: 2, roster, approvers });
    (case, keys)
}

#[test]
fn the_assurance_of_a_quorum_is_the_lowest_that_counted() {
    let (mut case, _) = quorum();
    for at in 0..3 {
        let mut trust = case.trust.clone();
        trust.approvers[at].assurance = Assurance::Local;
        std::mem::swap(&mut case.trust, &mut trust);
        let Verdict::Valid { assurance, approvers, .. } = case.verdict() else {
            panic!("{:?}", case.verdict())
        };
        assert_eq!((assurance, approvers.len()), (Some(Assurance::Local), 2), "{at}");
        case.trust = trust;
    }
}

#[test]
fn attack_43_the_words_name_the_person_whose_key_it_was() {
    let (mut case, keys) = quorum();
    let said = |person: &str, key: &SecretKeys| super::super::ApproverDecision {
        verdict: "approved".into(),
        person: person.into(),
        key_id: key.key_id(),
        reason: None,
    };
    case.content.entry.approver_decision = Some(said("ann", &keys[1]));
    assert!(is_valid(&case));
    case.content.entry.approver_decision = Some(said("ann", &keys[2]));
    assert_eq!(case.verdict(), Verdict::LevelMismatch);
}

#[test]
fn attack_43_one_device_of_a_person_says_no_for_both() {
    let (mut case, keys) = quorum();
    case.content.entry.decisions[1] = decide(&case.artifact, Word::Deny, &keys[1]);
    assert_eq!(case.verdict(), Verdict::ThresholdNotMet { have: 1, need: 2 });
}

#[test]
fn attack_28_a_receipt_says_of_the_policy_what_people_signed() {
    let note = PolicyNote {
        rule_id: "default".into(),
        display: "deploys ask".into(),
        policy_hash: Hash([0; 32]),
        risk: Risk::High,
        verb: "deploy".into(),
        matched: vec![],
    };
    let under = |note: PolicyNote| {
        let mut case = case();
        case.content.entry.policy = Some(note);
        case.verdict()
    };
    assert!(matches!(under(note.clone()), Verdict::Valid { .. }));
    for other in [
        PolicyNote { risk: Risk::Low, ..note.clone() },
        PolicyNote { rule_id: "reads".into(), ..note.clone() },
        PolicyNote { policy_hash: Hash([1; 32]), ..note },
    ] {
        assert_eq!(under(other), Verdict::HashMismatch);
    }
}

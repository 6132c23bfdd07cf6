mod passkey;

use super::*;
use crate::artifact::{
    Artifact, ArtifactHead, ArtifactType, Context, HashAlg, Risk, Seat, extensions,
};
use crate::decision::{Choice, Word};
use crate::encoding::{Fixed, Hash};
use crate::keys::SecretKeys;
use crate::trust::Status;
use crate::trust::tests::{approver, secret};
use serde_json::{Map, json};

const NOW: Instant = Instant(1_770_000_000_000);

struct Fresh;
impl ReplayView for Fresh {
    fn request_spent(&self, _: &str, _: &ArtifactHash) -> bool {
        false
    }
    fn nonce_spent(&self, _: &str, _: &KeyId) -> bool {
        false
    }
}

struct Spent(bool);
impl ReplayView for Spent {
    fn request_spent(&self, _: &str, _: &ArtifactHash) -> bool {
        self.0
    }
    fn nonce_spent(&self, _: &str, _: &KeyId) -> bool {
        !self.0
    }
}

struct Case {
    artifact: Artifact,
    trust: TrustStore,
    key: SecretKeys,
    choice: Choice,
    session: Option<String>,
    now: Instant,
}

fn route(key: &SecretKeys) -> Route {
    Route {
        round: 1,
        rule_id: "default".into(),
        risk: Risk::High,
        policy_hash: Hash([0; 32]),
        roster: vec![Seat { person: "ann".into(), key_id: key.key_id() }],
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

fn artifact(route: &Route, request_id: &str) -> Artifact {
    let payload = json!({"kind": "request", "action": "deploy", "parameters": {}});
    let head = ArtifactHead {
        request_id: request_id.into(),
        session_id: Some("s1".into()),
        artifact_type: ArtifactType::Command,
        repo_ref: "repo-1".into(),
        base_revision: None,
        created_at: NOW.timestamp(),
        expires_at: NOW.plus_millis(300_000).timestamp(),
        artifact_hash_alg: HashAlg::Sha256,
        artifact_hash: ArtifactHash(Hash([0; 32])),
        metadata: None,
        extensions: Some(extensions(Fixed([9; 32]), &Context::default(), route, None).unwrap()),
    };
    Artifact::build(head, payload.as_object().unwrap().clone()).unwrap()
}

fn case() -> Case {
    let key = secret(3);
    Case {
        artifact: artifact(&route(&key), "r1"),
        trust: TrustStore { approvers: vec![approver(&key, "ann")], ..TrustStore::default() },
        choice: Choice {
            word: Word::Allow,
            scope: Scope::Once,
            expires_at: NOW.plus_millis(200_000).timestamp(),
            nonce: Fixed([1; 24]),
            hints: None,
        },
        key,
        session: Some("s1".into()),
        now: NOW,
    }
}

impl Case {
    fn decide(&self) -> Decision {
        Decision::sign(&self.artifact, self.choice.clone(), &self.key).unwrap()
    }
    fn verify(&self, decision: Decision, replay: &dyn ReplayView) -> Result<Vote, Refusal> {
        verify(
            decision,
            &Check {
                subject: &Subject::of(&self.artifact)?,
                trust: &self.trust,
                session: self.session.as_deref(),
                now: self.now,
                skew_millis: DEFAULT_SKEW_MILLIS,
                replay,
            },
        )
    }
    fn refusal(&self) -> Refusal {
        self.verify(self.decide(), &Fresh).unwrap_err()
    }
}

#[test]
fn a_refusal_quotes_no_more_than_200_characters_of_a_key_id() {
    let long = KeyId("k".repeat(60_000));
    for refusal in [
        Refusal::UnknownSigner(long.clone()),
        Refusal::RevokedSigner(long.clone()),
        Refusal::OffRoster(long.clone()),
    ] {
        let said = refusal.to_string();
        assert!(said.contains(&"k".repeat(200)) && !said.contains(&"k".repeat(201)), "{said}");
    }
    let pinned = crate::trust::TrustError::WrongKeyId(long).to_string();
    assert!(pinned.len() < 300, "{pinned}");
}

#[test]
fn a_good_decision_is_a_vote_and_enough_votes_are_an_approval() {
    let case = case();
    let vote = case.verify(case.decide(), &Fresh).unwrap();
    assert!(vote.allows());
    assert_eq!(vote.person(), "ann");
    assert_eq!(Approved::count(vec![vote]).unwrap().votes().len(), 1);
}

#[test]
fn both_pairs_of_words_are_read() {
    let mut case = case();
    case.choice.word = Word::Approve;
    assert!(case.verify(case.decide(), &Fresh).unwrap().allows());
    case.choice.word = Word::Reject;
    let vote = case.verify(case.decide(), &Fresh).unwrap();
    assert!(!vote.allows());
    assert!(Approved::count(vec![vote]).is_err());
}

#[test]
fn attack_07_a_key_that_nobody_pinned_proves_nothing() {
    let mut case = case();
    case.key = secret(4);
    assert!(matches!(case.refusal(), Refusal::UnknownSigner(_)));
    case = self::case();
    case.trust = TrustStore::default();
    assert!(matches!(case.refusal(), Refusal::UnknownSigner(_)));
}

#[test]
fn attack_10_a_revoked_key_or_one_off_the_roster_does_not_count() {
    let mut case = case();
    case.trust.approvers[0].status =
        Status::Revoked { at: NOW.timestamp(), compromised_since: None };
    assert!(matches!(case.refusal(), Refusal::RevokedSigner(_)));
    case = self::case();
    let other = secret(4);
    case.trust.approvers.push(approver(&other, "bob"));
    case.key = other;
    assert!(matches!(case.refusal(), Refusal::OffRoster(_)));
}

#[test]
fn attack_10_one_person_on_two_devices_is_one_person() {
    let mut case = case();
    let second = secret(4);
    let mut route = route(&case.key);
    route.threshold = 2;
    route.roster.push(Seat { person: "ann".into(), key_id: second.key_id() });
    case.artifact = artifact(&route, "r1");
    case.trust.approvers.push(approver(&second, "ann"));
    let first = case.verify(case.decide(), &Fresh).unwrap();
    case.key = second;
    case.choice.nonce = Fixed([2; 24]);
    let again = case.verify(case.decide(), &Fresh).unwrap();
    assert_eq!(Approved::count(vec![first, again]).unwrap_err().len(), 2);
}

/// A vote of ann's and one of bob's, each on an artifact under its own route and action.
fn two_votes(change: impl Fn(&mut Artifact, &mut Route)) -> Vec<Vote> {
    let mut case = case();
    let second = secret(4);
    case.trust.approvers.push(approver(&second, "bob"));
    let mut route = route(&case.key);
    route.threshold = 2;
    route.roster.push(Seat { person: "bob".into(), key_id: second.key_id() });
    case.artifact = artifact(&route, "r1");
    let first = case.verify(case.decide(), &Fresh).unwrap();
    let mut other = artifact(&route, "r2");
    change(&mut other, &mut route);
    let extensions = extensions(Fixed([8; 32]), &Context::default(), &route, None).unwrap();
    other.head.extensions = Some(extensions);
    case.artifact = Artifact::build(other.head, other.payload).unwrap();
    case.session = case.artifact.head.session_id.clone();
    case.key = second;
    vec![first, case.verify(case.decide(), &Fresh).unwrap()]
}

#[test]
fn votes_on_the_artifacts_of_one_round_count_together() {
    let approved = Approved::count(two_votes(|_, _| {})).unwrap();
    assert_eq!(approved.votes().len(), 2);
    assert_eq!(approved.votes()[0].round(), 1);
    assert_eq!(approved.votes()[0].action_hash(), approved.votes()[1].action_hash());
}

#[test]
fn attack_43_who_said_both_yes_and_no_said_no() {
    let mut case = case();
    let (second, third) = (secret(4), secret(5));
    let mut route = route(&case.key);
    route.threshold = 2;
    for (person, key) in [("ann", &second), ("bob", &third)] {
        case.trust.approvers.push(approver(key, person));
        route.roster.push(Seat { person: person.into(), key_id: key.key_id() });
    }
    case.artifact = artifact(&route, "r1");
    let mut vote = |word: Word, key: SecretKeys| {
        case.choice.word = word;
        case.key = key;
        case.verify(case.decide(), &Fresh).unwrap()
    };
    let votes = |no: Option<Vote>, vote: &mut dyn FnMut(Word, SecretKeys) -> Vote| {
        let yes = [vote(Word::Allow, secret(3)), vote(Word::Allow, secret(5))];
        yes.into_iter().chain(no).collect::<Vec<_>>()
    };
    assert!(Approved::count(votes(None, &mut vote)).is_ok());
    let no = vote(Word::Deny, secret(4));
    assert_eq!(Approved::count(votes(Some(no), &mut vote)).unwrap_err().len(), 3);
}

#[test]
fn attack_43_votes_of_another_round_action_or_route_do_not_count_together() {
    type Change = fn(&mut Artifact, &mut Route);
    let changes: [(&str, Change); 9] = [
        ("round", |_, r| r.round = 2),
        ("threshold below", |_, r| r.threshold = 1),
        ("threshold above", |_, r| r.threshold = 3),
        ("roster", |_, r| r.roster.retain(|seat| seat.person == "bob")),
        ("policy", |_, r| r.policy_hash = Hash([1; 32])),
        ("scopes", |_, r| r.scopes.push(Scope::Timebox)),
        ("action", |a, _| drop(a.payload.insert("action".into(), json!("delete")))),
        ("session", |a, _| a.head.session_id = Some("s2".into())),
        ("repository", |a, _| a.head.repo_ref = "repo-2".into()),
    ];
    for (what, change) in changes {
        assert_eq!(Approved::count(two_votes(change)).unwrap_err().len(), 2, "{what}");
    }
}

#[test]
fn assurance_below_the_routes_is_refused() {
    let mut case = case();
    let mut route = route(&case.key);
    route.min_assurance = Assurance::Verified;
    case.artifact = artifact(&route, "r1");
    assert!(matches!(case.refusal(), Refusal::Assurance { .. }));
}

#[test]
fn a_broken_signature_is_refused() {
    let case = case();
    let mut decision = case.decide();
    decision.signature.0[0] ^= 1;
    assert_eq!(case.verify(decision, &Fresh).unwrap_err(), Refusal::Signature);
    let mut decision = case.decide();
    decision.decision = Word::Approve;
    assert_eq!(case.verify(decision, &Fresh).unwrap_err(), Refusal::Signature);
}

#[test]
fn attack_19_expiry_ends_it_on_either_side() {
    let mut case = case();
    case.now = NOW.plus_millis(260_000);
    assert!(matches!(case.refusal(), Refusal::DecisionExpired(_)));
    case.choice.expires_at = NOW.plus_millis(999_000).timestamp();
    case.now = NOW.plus_millis(360_000);
    assert!(matches!(case.refusal(), Refusal::ArtifactExpired(_)));
    case.now = NOW.plus_millis(-61_000);
    assert!(matches!(case.refusal(), Refusal::FromTheFuture(_)));
    case.now = NOW.plus_millis(-59_000);
    assert!(case.verify(case.decide(), &Fresh).is_ok());
}

#[test]
fn attack_03_a_decision_for_anything_else_is_refused() {
    let case = case();
    let decision = case.decide();
    let mut other = self::case();
    other.artifact = artifact(&route(&other.key), "r2");
    assert_eq!(other.verify(decision, &Fresh).unwrap_err(), Refusal::HashMismatch);

    let mut relabelled = self::case();
    relabelled.artifact.head.request_id = "r2".into();
    let mut decision = relabelled.decide();
    decision.request_id = "r1".into();
    decision.signature = relabelled.key.sign_decision(&decision.signable().unwrap()).unwrap();
    let refusal = relabelled.verify(decision, &Fresh).unwrap_err();
    assert_eq!(refusal, Refusal::WrongRequest("r1".into()));

    let mut decision = case.decide();
    decision.repo_ref = "repo-2".into();
    decision.signature = case.key.sign_decision(&decision.signable().unwrap()).unwrap();
    assert_eq!(case.verify(decision, &Fresh).unwrap_err(), Refusal::WrongRepository);
}

#[test]
fn attack_44_another_session_is_refused() {
    let mut case = case();
    case.session = Some("s2".into());
    assert_eq!(case.refusal(), Refusal::WrongSession);
    case = self::case();
    let hints = json!({"sessionId": "s2"}).as_object().unwrap().clone();
    case.choice.hints = Some(hints);
    assert_eq!(case.refusal(), Refusal::WrongSession);
    case.choice.hints = Some(Map::new());
    assert!(case.verify(case.decide(), &Fresh).is_ok());
}

#[test]
fn attack_45_a_scope_that_was_not_offered_is_refused() {
    let mut case = case();
    case.choice.scope = Scope::Timebox;
    assert_eq!(case.refusal(), Refusal::Scope(Scope::Timebox));
    case.choice.scope = Scope::Session;
    assert_eq!(case.refusal(), Refusal::WrongSession, "a session scope names its session");
}

#[test]
fn a_required_reason_must_be_signed() {
    let mut case = case();
    let mut route = route(&case.key);
    route.reason_required = true;
    case.artifact = artifact(&route, "r1");
    assert_eq!(case.refusal(), Refusal::NoReason);
    for empty in [json!(""), json!(null), json!("because"), json!({})] {
        let hints = json!({"reasonHash": empty}).as_object().unwrap().clone();
        case.choice.hints = Some(hints);
        assert_eq!(case.refusal(), Refusal::NoReason, "{empty} is the hash of no reason");
    }
    let hints = json!({"reasonHash": Hash([7; 32])}).as_object().unwrap().clone();
    case.choice.hints = Some(hints);
    assert!(case.verify(case.decide(), &Fresh).is_ok());
    case.choice.hints = None;
    case.choice.word = Word::Deny;
    assert!(case.verify(case.decide(), &Fresh).is_ok());
}

#[test]
fn attack_18_a_second_use_is_a_replay() {
    let case = case();
    for spent in [Spent(true), Spent(false)] {
        assert_eq!(case.verify(case.decide(), &spent).unwrap_err(), Refusal::Replay);
    }
}

#[test]
fn a_foreign_artifact_asks_for_nobody() {
    let mut case = case();
    case.artifact.head.extensions = None;
    assert_eq!(case.refusal(), Refusal::NoRoute);
}

use super::*;
use crate::artifact::{
    Artifact, ArtifactHash, ArtifactType, Assurance, Group, HashAlg, Scope, Seat, extensions,
};
use crate::decision::{Choice, Word};
use crate::encoding::{Fixed, Hash};
use crate::keys::{KeyId, SecretKeys};
use crate::trust::TrustStore;
use crate::trust::tests::{approver, secret};
use crate::verify::{Check, Refusal, ReplayView, Subject, Vote, verify};
use serde_json::json;

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

fn key() -> SecretKeys {
    secret(3)
}

fn route(session: bool) -> Route {
    Route {
        round: 1,
        rule_id: "edits".into(),
        risk: Risk::Medium,
        policy_hash: Hash([0; 32]),
        roster: vec![Seat { person: "ann".into(), key_id: key().key_id() }],
        threshold: 1,
        min_assurance: Assurance::Local,
        reason_required: false,
        scopes: vec![Scope::Once],
        max_uses: 1,
        groups: vec![],
        veto: false,
        escalate_to: vec![],
        grant: Some(GrantOffer { max_seconds: 3_600, session }),
    }
}

fn context() -> Context {
    Context { principal: Some("uid:1".into()), workspace: Some("/w".into()), ..Context::default() }
}

fn artifact(route: &Route, context: &Context) -> Artifact {
    let payload = json!({"kind": "request", "action": "deploy", "parameters": {}});
    let head = ArtifactHead {
        request_id: "r1".into(),
        session_id: Some("s1".into()),
        artifact_type: ArtifactType::Command,
        repo_ref: "repo-1".into(),
        base_revision: None,
        created_at: NOW.timestamp(),
        expires_at: NOW.plus_millis(300_000).timestamp(),
        artifact_hash_alg: HashAlg::Sha256,
        artifact_hash: ArtifactHash(Hash([0; 32])),
        metadata: None,
        extensions: Some(extensions(Fixed([9; 32]), context, route, None).unwrap()),
    };
    Artifact::build(head, payload.as_object().unwrap().clone()).unwrap()
}

fn taken() -> Taken {
    let expires_at = NOW.plus_millis(3_600_000).timestamp();
    Taken { expires_at, session: Some("s1".into()), count: Some(3) }
}

fn signed(artifact: &Artifact, word: Word, hint: Value) -> Decision {
    let choice = Choice {
        word,
        scope: Scope::Once,
        expires_at: NOW.plus_millis(200_000).timestamp(),
        nonce: Fixed([1; 24]),
        hints: Some(json!({"grant": hint}).as_object().unwrap().clone()),
    };
    Decision::sign(artifact, choice, &key()).unwrap()
}

fn judged(artifact: &Artifact, decision: Decision) -> Result<Vote, Refusal> {
    let trust = TrustStore { approvers: vec![approver(&key(), "ann")], ..TrustStore::default() };
    let check = Check {
        subject: &Subject::of(artifact).unwrap(),
        trust: &trust,
        session: Some("s1"),
        now: NOW,
        skew_millis: 0,
        replay: &Fresh,
    };
    verify(decision, &check)
}

#[test]
fn what_is_taken_beside_a_yes_reads_back_as_the_grant_that_it_gives() {
    let artifact = artifact(&route(true), &context());
    let decision = signed(&artifact, Word::Allow, json::value_of(&taken()).unwrap());
    let vote = judged(&artifact, decision.clone()).unwrap();
    assert!(vote.allows());
    assert_eq!(vote.taken(), Some(&taken()));
    let grant = Grant::signed(&artifact.payload, &[&artifact.head], &[&decision]).unwrap();
    assert_eq!((grant.principal.as_str(), grant.workspace.as_str()), ("uid:1", "/w"));
    assert_eq!(grant.action, artifact.payload);
    assert_eq!((grant.session.as_deref(), grant.count), (Some("s1"), Some(3)));
    assert_eq!(grant.expires_at, taken().expires_at);
    assert!(grant.words().contains(&format!("until       {}", grant.expires_at)));
}

#[test]
fn a_plain_yes_gives_no_grant() {
    let artifact = artifact(&route(false), &context());
    let mut decision = signed(&artifact, Word::Allow, json!({}));
    assert_eq!(judged(&artifact, decision.clone()).unwrap_err(), Unclear::Grant.into());
    decision.policy_hints = None;
    assert_eq!(Grant::signed(&artifact.payload, &[&artifact.head], &[&decision]), None);
    assert_eq!(Grant::signed(&artifact.payload, &[&artifact.head], &[]), None);
}

#[test]
fn attack_45_more_than_the_route_offers_is_no_answer() {
    let offered = artifact(&route(true), &context());
    let late = NOW.plus_millis(3_601_000).timestamp();
    for (name, wider) in [
        ("longer", json!({"expiresAt": late, "session": "s1"})),
        ("over before it begins", json!({"expiresAt": NOW.timestamp(), "session": "s1"})),
        ("in every session", json!({"expiresAt": taken().expires_at})),
        ("in another session", json!({"expiresAt": taken().expires_at, "session": "s2"})),
        ("for no use", json!({"expiresAt": taken().expires_at, "session": "s1", "count": 0})),
        (
            "of another call",
            json!({"expiresAt": taken().expires_at, "session": "s1", "action": {}}),
        ),
        ("in two forms", json!({"expiresAt": taken().expires_at, "session": "s1", "count": null})),
    ] {
        let refused = judged(&offered, signed(&offered, Word::Allow, wider)).unwrap_err();
        assert_eq!(refused, Refusal::Unclear(Unclear::Grant), "{name}");
        assert_eq!(refused.code(), "HARP_ERR_SCOPE", "{name}");
    }
    let denied = signed(&offered, Word::Deny, json::value_of(&taken()).unwrap());
    assert!(judged(&offered, denied).is_err(), "a no gives nothing");
}

#[test]
fn attack_45_nothing_is_taken_where_nothing_may_be_offered() {
    let group = Group { name: None, persons: vec!["ann".into()], threshold: 1 };
    for (name, route, context) in [
        ("no offer", Route { grant: None, ..route(false) }, context()),
        ("critical", Route { risk: Risk::Critical, ..route(false) }, context()),
        ("one of each", Route { groups: vec![group], ..route(false) }, context()),
        ("nobody's call", route(false), Context { principal: None, ..context() }),
        ("nowhere", route(false), Context { workspace: None, ..context() }),
    ] {
        let artifact = artifact(&route, &context);
        assert_eq!(offer(&artifact.head, &route), None, "{name}");
        let decision = signed(&artifact, Word::Allow, json::value_of(&taken()).unwrap());
        assert!(judged(&artifact, decision.clone()).is_err(), "{name}");
        assert_eq!(Grant::signed(&artifact.payload, &[&artifact.head], &[&decision]), None);
    }
}

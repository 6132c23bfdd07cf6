//! The people, keys and good objects that every vector starts from.

use countersign_core::artifact::{
    Artifact, ArtifactHash, ArtifactHead, ArtifactType, Assurance, Context, HashAlg, Risk, Route,
    Scope, Seat, extensions,
};
use countersign_core::decision::{Choice, Decision, Word};
use countersign_core::encoding::{Fixed, Hash};
use countersign_core::keys::SecretKeys;
use countersign_core::time::Instant;
use countersign_core::trust::{Approver, Operator, Status, TrustStore};
use serde_json::{Map, Value, json};

use super::Made;

/// The moment in which everything happens: 2026-02-02T02:40:00Z.
pub(super) const NOW: Instant = Instant(1_770_000_000_000);
/// When the good artifact ends, after [`NOW`].
pub(super) const ARTIFACT_ENDS: i64 = 300_000;
/// When the good decision ends, after [`NOW`].
pub(super) const DECISION_ENDS: i64 = 200_000;

/// A key pair whose 64 secret bytes are all `n`.
pub(super) fn secret(n: u8) -> Made<SecretKeys> {
    Ok(SecretKeys::from_bytes(&[n; 64])?)
}

/// The operator's keys.
pub(super) fn operator_key() -> Made<SecretKeys> {
    secret(1)
}

/// The keys of Ann, who is asked.
pub(super) fn anns() -> Made<SecretKeys> {
    secret(2)
}

/// The keys of Bob, who is pinned and not asked.
pub(super) fn bobs() -> Made<SecretKeys> {
    secret(3)
}

/// Keys that nobody pinned.
pub(super) fn strangers() -> Made<SecretKeys> {
    secret(4)
}

pub(super) fn operator(key: &SecretKeys) -> Operator {
    Operator {
        key_id: key.key_id(),
        keys: *key.public(),
        label: "operator".into(),
        created_at: Instant(0).timestamp(),
        status: Status::Active {},
    }
}

pub(super) fn approver(key: &SecretKeys, person: &str) -> Approver {
    Approver {
        key_id: key.key_id(),
        keys: *key.public(),
        device_id: format!("dev-{person}"),
        person: person.into(),
        label: "phone".into(),
        roles: vec![],
        assurance: Assurance::Device,
        passkey: None,
        created_at: Instant(0).timestamp(),
        status: Status::Active {},
        pair_id: "pair_1".into(),
        past: Vec::new(),
    }
}

/// The operator, Ann and Bob.
pub(super) fn trust() -> Made<TrustStore> {
    Ok(TrustStore {
        operators: vec![operator(&operator_key()?)],
        approvers: vec![approver(&anns()?, "ann"), approver(&bobs()?, "bob")],
        ..TrustStore::default()
    })
}

pub(super) fn seat(key: &SecretKeys, person: &str) -> Seat {
    Seat { person: person.into(), key_id: key.key_id() }
}

/// Ann alone, once.
pub(super) fn route() -> Made<Route> {
    Ok(Route {
        round: 1,
        rule_id: "default".into(),
        risk: Risk::High,
        policy_hash: Hash([0; 32]),
        roster: vec![seat(&anns()?, "ann")],
        threshold: 1,
        min_assurance: Assurance::Local,
        reason_required: false,
        scopes: vec![Scope::Once],
        max_uses: 1,
        groups: vec![],
        veto: false,
        escalate_to: vec![],
        grant: None,
    })
}

pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

pub(super) fn payload() -> Map<String, Value> {
    object(json!({"kind": "request", "action": "deploy", "parameters": {"to": "production"}}))
}

pub(super) fn head(route: &Route) -> Made<ArtifactHead> {
    Ok(ArtifactHead {
        request_id: "req-1".into(),
        session_id: Some("session-1".into()),
        artifact_type: ArtifactType::Command,
        repo_ref: "repo-1".into(),
        base_revision: None,
        created_at: NOW.timestamp(),
        expires_at: NOW.plus_millis(ARTIFACT_ENDS).timestamp(),
        artifact_hash_alg: HashAlg::Sha256,
        artifact_hash: ArtifactHash(Hash([0; 32])),
        metadata: None,
        extensions: Some(extensions(Fixed([9; 32]), &Context::default(), route, None)?),
    })
}

/// The good artifact with another route.
pub(super) fn artifact(route: &Route) -> Made<Artifact> {
    Ok(Artifact::build(head(route)?, payload())?)
}

/// The same of a call of which it says whose it is and where: what can be granted.
pub(super) fn placed(route: &Route) -> Made<Artifact> {
    let (principal, workspace) = (Some("uid:1".into()), Some("/work".into()));
    let context = Context { principal, workspace, ..Context::default() };
    let mut head = head(route)?;
    head.extensions = Some(extensions(Fixed([9; 32]), &context, route, None)?);
    Ok(Artifact::build(head, payload())?)
}

/// Yes, once.
pub(super) fn choice() -> Choice {
    Choice {
        word: Word::Allow,
        scope: Scope::Once,
        expires_at: NOW.plus_millis(DECISION_ENDS).timestamp(),
        nonce: Fixed([5; 24]),
        hints: None,
    }
}

/// A yes or no of `key` about `artifact`.
pub(super) fn decide(artifact: &Artifact, word: Word, key: &SecretKeys) -> Made<Decision> {
    Ok(Decision::sign(artifact, Choice { word, ..choice() }, key)?)
}

/// The canonical text of an object.
pub(super) fn text(object: &impl serde::Serialize) -> Made<String> {
    Ok(String::from_utf8(countersign_core::json::canonical(object)?)?)
}

//! Whether a well signed receipt says one thing, about one action and one request.

use countersign_core::action::ActionHash;
use countersign_core::artifact::{Artifact, Risk};
use countersign_core::checkpoint::{Checkpoint, Head};
use countersign_core::decision::Word;
use countersign_core::encoding::Hash;
use countersign_core::receipt::{Basis, Content, Level, PolicyNote};
use serde_json::json;

use super::super::object::{self, NOW};
use super::{Case, Made, Vector};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let mut all = hashes()?;
    all.extend(shape()?);
    all.extend(heads()?);
    all.extend(judged()?);
    Ok(all)
}

fn hashes() -> Made<Vec<Vector>> {
    let other = object::object(json!({"kind": "request", "action": "delete", "parameters": {}}));
    let hash = ActionHash(Hash(countersign_core::json::sha256(&other)?));
    let signed = |name, change: &dyn Fn(&mut Content)| {
        Case::but(|content| change(content))?.verdict(name, "HashMismatch")
    };
    Ok(vec![
        signed("attack-04-other-action", &|c| c.entry.action = Some(other.clone()))?,
        signed("attack-04-other-action-with-its-hash", &|c| {
            (c.entry.action, c.entry.action_hash) = (Some(other.clone()), Some(hash));
        })?,
        signed("other-action-hash", &|c| c.entry.action_hash = Some(hash))?,
        signed("no-action-hash", &|c| c.entry.action_hash = None)?,
        signed("artifact-of-another-repository", &|c| {
            c.entry.artifacts.iter_mut().for_each(|a| a.repo_ref = "repo-2".into());
        })?,
        signed("artifact-that-ends-later", &|c| {
            let ends = NOW.plus_millis(9_000_000).timestamp();
            c.entry.artifacts.iter_mut().for_each(|a| a.expires_at = ends.clone());
        })?,
        signed("decisions-of-no-artifact", &|c| {
            c.entry.decisions.iter_mut().for_each(|d| d.artifact_hash.0 = Hash([7; 32]));
            resign(c);
        })?,
        signed("decision-for-another-request", &|c| {
            c.entry.decisions.iter_mut().for_each(|d| d.request_id = "req-2".into());
            resign(c);
        })?,
        signed("decision-for-another-repository", &|c| {
            c.entry.decisions.iter_mut().for_each(|d| d.repo_ref = "repo-2".into());
            resign(c);
        })?,
    ])
}

/// Signs every decision again under Ann's key.
fn resign(content: &mut Content) {
    for decision in &mut content.entry.decisions {
        let again =
            object::anns().and_then(|key| super::super::forge::sign_again(decision.clone(), &key));
        if let Ok(again) = again {
            *decision = again;
        }
    }
}

fn shape() -> Made<Vec<Vector>> {
    let said = |name, expect, change: fn(&mut Content)| Case::but(change)?.verdict(name, expect);
    let (malformed, level) = ("Malformed", "LevelMismatch");
    let mut nothing = Case::but(|c| c.entry.basis = Basis::Policy)?;
    nothing.content.entry.artifacts.clear();
    nothing.content.entry.decisions.clear();
    let policy = |name, basis| {
        Case::but(|c| (c.entry.basis, c.entry.trust_level) = (basis, Level::L0))?
            .verdict(name, level)
    };
    Ok(vec![
        said("sequence-zero", malformed, |c| c.seq = 0)?,
        said("first-with-one-before-it", malformed, |c| c.prev = Some(Hash([1; 32])))?,
        said("later-with-none-before-it", malformed, |c| c.seq = 5)?,
        said("executed-without-outcome", malformed, |c| c.entry.outcome = None)?,
        said("approved-with-outcome", malformed, |c| {
            c.entry.event = countersign_core::receipt::Event::Approved;
        })?,
        said("no-request", malformed, |c| c.entry.request_id = None)?,
        said("attack-04-other-request", malformed, |c| c.entry.request_id = Some("req-2".into()))?,
        said("artifact-without-action", malformed, |c| {
            (c.entry.action, c.entry.action_hash) = (None, None);
        })?,
        said("artifact-twice", malformed, |c| c.entry.artifacts.extend(c.entry.artifacts.clone()))?,
        said("decision-twice", malformed, |c| c.entry.decisions.extend(c.entry.decisions.clone()))?,
        said("level-too-low", level, |c| c.entry.trust_level = Level::L0)?,
        nothing.verdict("level-too-high-under-a-policy", level)?,
        policy("attack-43-policy-with-decisions", Basis::Policy)?,
        policy("attack-43-grant-with-decisions", Basis::Grant)?,
    ])
}

/// What the policy said, as people signed it, and otherwise.
fn judged() -> Made<Vec<Vector>> {
    let under = |change: fn(&mut PolicyNote)| {
        let mut case = Case::new()?;
        let route = case.artifact.route()?.ok_or("no route")?;
        let mut note = PolicyNote {
            rule_id: route.rule_id,
            display: "deploys ask".into(),
            policy_hash: route.policy_hash,
            risk: route.risk,
            verb: "deploy".into(),
            matched: vec![],
        };
        change(&mut note);
        case.content.entry.policy = Some(note);
        Made::Ok(case)
    };
    let other = |name, change| under(change)?.verdict(name, "HashMismatch");
    Ok(vec![
        under(|_| ())?.allowed_by("judged-as-people-signed", &["ann"])?,
        other("attack-43-another-risk-than-people-signed", |note| note.risk = Risk::Low)?,
        other("attack-43-another-rule-than-people-signed", |note| note.rule_id = "reads".into())?,
        other("attack-43-another-policy-than-people-signed", |note| {
            note.policy_hash = Hash([9; 32]);
        })?,
    ])
}

/// Artifacts whose own head says that they belong elsewhere in the ledger, or to another one.
fn heads() -> Made<Vec<Vector>> {
    let with = |name, ledger: &str, seq| {
        let mut case = Case::new()?;
        let time = NOW.timestamp();
        let head = Head {
            ledger: ledger.into(),
            seq,
            content_hash: Hash([8; 32]),
            time,
            changes: None,
            usable: None,
        };
        let checkpoint = Checkpoint::sign(head, &case.operator)?;
        let Artifact { mut head, payload } = case.artifact;
        let value = countersign_core::json::value_of(&checkpoint)?;
        head.extensions.get_or_insert_default().insert("org.countersign.head".into(), value);
        case.artifact = Artifact::build(head, payload)?;
        (case.content.seq, case.content.prev) = (5, Some(Hash([8; 32])));
        let entry = &mut case.content.entry;
        entry.artifacts = vec![case.artifact.head.clone()];
        entry.decisions = vec![object::decide(&case.artifact, Word::Allow, &object::anns()?)?];
        case.verdict(name, "HashMismatch")
    };
    Ok(vec![
        with("attack-39-artifact-of-another-ledger", "ledger-2", 4)?,
        with("artifact-made-after-its-receipt", "ledger-1", 5)?,
    ])
}

//! What a decision answers, and whether that is still asked.

use countersign_core::artifact::{Artifact, Scope};
use countersign_core::decision::Decision;
use serde_json::json;

use super::super::object::{self, ARTIFACT_ENDS, DECISION_ENDS, NOW};
use super::{Case, Made, Vector};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let mut all = times()?;
    all.extend(other_question()?);
    all.extend(relabelled()?);
    all.extend(sessions()?);
    Ok(all)
}

fn times() -> Made<Vec<Vector>> {
    let at = |now: i64, skew| {
        Case::but(|c| {
            (c.now, c.skew) = (NOW.plus_millis(now), skew);
        })
    };
    let outlives = |now, skew| {
        let mut case = at(now, skew)?;
        case.choice.expires_at = NOW.plus_millis(9_000_000).timestamp();
        Made::Ok(case)
    };
    let (decision, artifact) = ("DecisionExpired", "ArtifactExpired");
    let future = "FromTheFuture";
    Ok(vec![
        at(DECISION_ENDS + 60_000, 60_000)?.refused("decision-over-this-moment", decision)?,
        at(DECISION_ENDS, 0)?.refused("decision-over-without-skew", decision)?,
        at(DECISION_ENDS + 90_000, 60_000)?
            .refused("decision-over-before-the-artifact", decision)?,
        Case::but(|c| c.choice.expires_at = NOW.plus_millis(-60_000).timestamp())?
            .refused("decision-born-expired", decision)?,
        outlives(ARTIFACT_ENDS + 60_000, 60_000)?.refused("artifact-over-this-moment", artifact)?,
        outlives(ARTIFACT_ENDS, 0)?.refused("artifact-over-without-skew", artifact)?,
        outlives(8_000_000, 60_000)?.refused("artifact-long-over", artifact)?,
        at(-60_001, 60_000)?.refused("made-in-the-future", future)?,
        at(-1, 0)?.refused("made-in-the-future-without-skew", future)?,
    ])
}

/// Another artifact, which was answered; the one stored here was not.
fn other_question() -> Made<Vec<Vector>> {
    let answered = |name, change: fn(&mut Artifact)| {
        let mut other = Case::new()?;
        change(&mut other.artifact);
        let Artifact { head, payload } = other.artifact;
        other.artifact = Artifact::build(head, payload)?;
        let decision = other.decision()?;
        Case::new()?.with(name, "HashMismatch", &decision)
    };
    let claimed = Case::new()?.resigned(|d| d.artifact_hash.0.0 = [7; 32])?;
    let mut relied = Case::new()?;
    relied.artifact.head.artifact_hash = claimed.artifact_hash;
    Ok(vec![
        answered("attack-02-other-parameters", |a| {
            a.payload.insert("parameters".into(), json!({"to": "staging"}));
        })?,
        answered("other-action", |a| {
            a.payload.insert("action".into(), json!("delete"));
        })?,
        answered("member-more-in-the-payload", |a| {
            a.payload.insert("verb".into(), json!("read"));
        })?,
        answered("other-type-of-review", |a| {
            a.head.artifact_type = countersign_core::artifact::ArtifactType::Plan;
        })?,
        answered("other-end", |a| a.head.expires_at = NOW.plus_millis(299_000).timestamp())?,
        answered("other-session", |a| a.head.session_id = Some("session-2".into()))?,
        answered("other-salt", |a| extend(a, "org.countersign.salt", json!("A".repeat(43))))?,
        answered("other-context", |a| {
            extend(a, "org.countersign.context", json!({"agent": "other"}));
        })?,
        answered("extension-more", |a| extend(a, "org.example", json!(1)))?,
        answered("metadata-more", |a| a.head.metadata = Some(object::object(json!({}))))?,
        Case::new()?.with("hash-of-nothing", "HashMismatch", &claimed)?,
        relied.with("hash-that-the-artifact-only-claims", "HashMismatch", &claimed)?,
    ])
}

fn extend(artifact: &mut Artifact, name: &str, value: serde_json::Value) {
    artifact.head.extensions.get_or_insert_default().insert(name.into(), value);
}

fn relabelled() -> Made<Vec<Vector>> {
    let signed = |name, expect, change: fn(&mut Decision)| {
        let decision = Case::new()?.resigned(change)?;
        Case::new()?.with(name, expect, &decision)
    };
    let (request, repository) = ("WrongRequest", "WrongRepository");
    Ok(vec![
        signed("other-request", request, |d| d.request_id = "req-2".into())?,
        signed("request-in-capitals", request, |d| d.request_id = "REQ-1".into())?,
        signed("request-with-a-space", request, |d| d.request_id.push(' '))?,
        signed("request-empty", request, |d| d.request_id.clear())?,
        signed("request-that-looks-alike", request, |d| d.request_id = "r\u{435}q-1".into())?,
        signed("other-repository", repository, |d| d.repo_ref = "repo-2".into())?,
        signed("repository-empty", repository, |d| d.repo_ref.clear())?,
        signed("repository-with-a-slash", repository, |d| d.repo_ref.push('/'))?,
    ])
}

fn sessions() -> Made<Vec<Vector>> {
    let hinted = |name, hints| {
        Case::but(|c| c.choice.hints = Some(object::object(hints)))?.refused(name, "WrongSession")
    };
    let mut unsaid = Case::routed(|r| r.scopes.push(Scope::Session))?;
    unsaid.choice.scope = Scope::Session;
    let mut nowhere = Case::routed(|r| r.scopes.push(Scope::Session))?;
    let Artifact { mut head, payload } = nowhere.artifact;
    head.session_id = None;
    nowhere.artifact = Artifact::build(head, payload)?;
    (nowhere.session, nowhere.choice.scope) = (None, Scope::Session);
    let mut unasked = Case::new()?;
    let Artifact { mut head, payload } = unasked.artifact;
    head.session_id = None;
    unasked.artifact = Artifact::build(head, payload)?;
    let expect = "WrongSession";
    Ok(vec![
        Case::but(|c| c.session = Some("session-2"))?
            .refused("enforcer-in-another-session", expect)?,
        Case::but(|c| c.session = None)?.refused("enforcer-in-no-session", expect)?,
        unasked.refused("artifact-of-no-session", expect)?,
        hinted("hint-of-another-session", json!({"sessionId": "session-2"}))?,
        hinted("hint-that-is-a-number", json!({"sessionId": 1}))?,
        hinted("hint-that-is-null", json!({"sessionId": null}))?,
        unsaid.refused("session-scope-without-hint", expect)?,
        nowhere.refused("session-scope-without-session", expect)?,
    ])
}

//! Decisions that count, up to the edge of each rule.

use countersign_core::artifact::{Artifact, Assurance, Scope};
use countersign_core::decision::Word;
use countersign_core::time::Timestamp;
use countersign_core::trust::Status;
use serde_json::json;

use super::super::object::{self, ARTIFACT_ENDS, DECISION_ENDS, NOW, seat, secret};
use super::{Case, Made, Vector};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let (second, session) = (secret(5)?, object::object(json!({"sessionId": "session-1"})));
    let mut spaced = Case::new()?.decision().and_then(|d| object::text(&d))?;
    spaced = spaced.replace(":\"", " :\n\t\"");
    let mut two_keys = Case::routed(|r| r.roster.insert(0, seat(&second, "ann")))?;
    two_keys.trust.approvers.push(object::approver(&second, "ann"));
    two_keys.key = second;
    let mut scoped = Case::routed(|r| r.scopes.push(Scope::Session))?;
    (scoped.choice.scope, scoped.choice.hints) = (Scope::Session, Some(session.clone()));
    let mut timebox = Case::routed(|r| r.scopes = vec![Scope::Timebox])?;
    timebox.choice.scope = Scope::Timebox;
    let mut reason = Case::routed(|r| r.reason_required = true)?;
    reason.choice.hints = Some(object::object(json!({"reasonHash": "ab".repeat(32)})));
    let mut silent_no = Case::routed(|r| r.reason_required = true)?;
    silent_no.choice.word = Word::Deny;
    let mut used = Case::new()?;
    let other = object::artifact(&object::route()?)?.action_hash()?;
    used.spent_requests = vec![["req-1".into(), other.to_string()]];
    used.spent_nonces = vec![[used.choice.nonce.to_string(), object::bobs()?.key_id().0]];
    let text = Case::new()?;
    let taken = text.decision()?;
    let whole = text.takes("white-space-around-members", &taken)?.with("decision", spaced);
    Ok(vec![
        Case::new()?.accepted("allow")?,
        said("deny", Word::Deny)?,
        said("approve", Word::Approve)?,
        said("reject", Word::Reject)?,
        whole,
        two_keys.accepted("second-key-of-the-person")?,
        Case::routed(|r| r.threshold = 2)?.accepted("one-vote-of-two")?,
        Case::routed(|r| r.min_assurance = Assurance::Device)?.accepted("assurance-just-enough")?,
        scoped.accepted("session-scope-with-its-session")?,
        timebox.accepted("timebox-on-offer")?,
        Case::but(|c| (c.choice.word, c.choice.scope) = (Word::Deny, Scope::Timebox))?
            .accepted("deny-in-a-scope-not-on-offer")?,
        Case::but(|c| c.choice.hints = Some(session))?.accepted("session-hint-agrees")?,
        Case::but(|c| c.choice.hints = Some(object::object(json!({}))))?
            .accepted("no-hints-in-it")?,
        Case::but(|c| c.choice.hints = Some(object::object(json!({"x": [1.5, null, "é"]}))))?
            .accepted("foreign-hints")?,
        reason.accepted("reason-signed")?,
        silent_no.accepted("denial-without-reason")?,
        used.accepted("used-by-others-only")?,
        rotated()?.accepted("rotated-key-before-its-end")?,
        Case::but(|c| c.now = NOW.plus_millis(DECISION_ENDS + 59_999))?
            .accepted("last-moment-within-skew")?,
        Case::but(|c| (c.now, c.skew) = (NOW.plus_millis(DECISION_ENDS - 1), 0))?
            .accepted("last-moment-without-skew")?,
        Case::but(|c| c.now = NOW.plus_millis(-60_000))?
            .accepted("made-in-the-future-within-skew")?,
        no_session()?.accepted("no-session-anywhere")?,
        foreign()?.accepted("foreign-payload-with-a-route")?,
        offset()?.accepted("time-with-an-offset")?,
    ])
}

fn said(name: &'static str, word: Word) -> Made<Vector> {
    Case::but(|c| c.choice.word = word)?.accepted(name)
}

fn rotated() -> Made<Case> {
    let until = NOW.plus_millis(1).timestamp();
    let mut case = Case::new()?;
    case.trust
        .approvers
        .iter_mut()
        .for_each(|a| a.status = Status::Rotated { until: until.clone() });
    Ok(case)
}

fn no_session() -> Made<Case> {
    let mut case = Case::new()?;
    case.artifact.head.session_id = None;
    case.artifact = Artifact::build(case.artifact.head, case.artifact.payload)?;
    case.session = None;
    Ok(case)
}

fn foreign() -> Made<Case> {
    let mut case = Case::new()?;
    let payload = object::object(json!({"kind": "plan", "steps": [1, null], "title": "é"}));
    case.artifact = Artifact::build(case.artifact.head, payload)?;
    Ok(case)
}

fn offset() -> Made<Case> {
    let mut case = Case::new()?;
    let ends = NOW.plus_millis(ARTIFACT_ENDS).timestamp();
    let moved = ends.as_str().replace("T02:", "T04:").replace('Z', ".000+02:00");
    case.choice.expires_at = Timestamp::parse(&moved).ok_or("no timestamp")?;
    Ok(case)
}

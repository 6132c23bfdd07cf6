//! What was on offer, and what was used before.

use countersign_core::artifact::{Artifact, Scope};
use serde_json::json;

use super::super::object;
use super::{Case, Made, Vector};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let mut all = routes()?;
    all.extend(wide()?);
    all.extend(unclear()?);
    all.extend(used()?);
    Ok(all)
}

/// Artifacts that ask for nobody's answer.
fn routes() -> Made<Vec<Vector>> {
    let without = |name, extensions: Option<serde_json::Value>| {
        let mut case = Case::new()?;
        let Artifact { mut head, payload } = case.artifact;
        head.extensions = extensions.map(object::object);
        case.artifact = Artifact::build(head, payload)?;
        case.refused(name, "NoRoute")
    };
    Ok(vec![
        without("no-extensions", None)?,
        without("no-extension-of-ours", Some(json!({"org.example": {}})))?,
        without("salt-and-no-route", Some(json!({"org.countersign.salt": "A".repeat(43)})))?,
        without("route-under-another-name", Some(json!({"org.countersign.Route": {}})))?,
    ])
}

fn wide() -> Made<Vec<Vector>> {
    let session = object::object(json!({"sessionId": "session-1"}));
    let mut once = Case::routed(|r| r.scopes = vec![Scope::Timebox])?;
    once.choice.scope = Scope::Once;
    let silent = |name, hints: Option<serde_json::Value>| {
        let mut case = Case::routed(|r| r.reason_required = true)?;
        case.choice.hints = hints.map(object::object);
        case.refused(name, "NoReason")
    };
    Ok(vec![
        Case::but(|c| c.choice.scope = Scope::Timebox)?
            .refused("attack-45-timebox-not-on-offer", "Scope")?,
        Case::but(|c| (c.choice.scope, c.choice.hints) = (Scope::Session, Some(session)))?
            .refused("session-not-on-offer", "Scope")?,
        once.refused("once-not-on-offer", "Scope")?,
        Case::routed(|r| r.scopes.clear())?.refused("nothing-on-offer", "Scope")?,
        silent("reason-asked-for-no-hints", None)?,
        silent("reason-asked-for-hints-empty", Some(json!({})))?,
        silent("reason-asked-for-other-hint", Some(json!({"reason": "because"})))?,
    ])
}

/// Answers that say two things, or something about what is not there.
fn unclear() -> Made<Vec<Vector>> {
    use countersign_core::decision::Word::{Allow, Deny};
    let said = |name, word, hints: serde_json::Value| {
        let hints = Some(object::object(hints));
        Case::but(|c| (c.choice.word, c.choice.hints) = (word, hints))?.refused(name, "Unclear")
    };
    Ok(vec![
        said("attack-43-allow-that-names-items", Allow, json!({"items": [0]}))?,
        said("attack-43-allow-that-asks-another", Allow, json!({"escalate": {}}))?,
        said("items-of-what-is-no-batch", Deny, json!({"items": [0]}))?,
        said("items-and-an-escalation", Deny, json!({"items": [0], "escalate": {}}))?,
        said("escalation-that-is-no-object", Deny, json!({"escalate": true}))?,
        said("escalation-to-nobody", Deny, json!({"escalate": {"to": ""}}))?,
        said("escalation-with-more", Deny, json!({"escalate": {"to": "lead", "until": 1}}))?,
    ])
}

fn used() -> Made<Vec<Vector>> {
    let good = Case::new()?;
    let request = ["req-1".to_owned(), good.artifact.hash()?.to_string()];
    let nonce = [good.choice.nonce.to_string(), good.key.key_id().0];
    let again = |name, requests: &[[String; 2]], nonces: &[[String; 2]]| {
        let mut case = Case::new()?;
        (case.spent_requests, case.spent_nonces) = (requests.to_vec(), nonces.to_vec());
        case.refused(name, "Replay")
    };
    let (requests, nonces) = (std::slice::from_ref(&request), std::slice::from_ref(&nonce));
    let mut denied = Case::new()?;
    denied.choice.word = countersign_core::decision::Word::Deny;
    denied.spent_nonces = nonces.to_vec();
    Ok(vec![
        again("attack-18-request-answered-before", requests, &[])?,
        again("nonce-used-before", &[], nonces)?,
        again("both-used-before", requests, nonces)?,
        denied.refused("denial-with-a-used-nonce", "Replay")?,
    ])
}

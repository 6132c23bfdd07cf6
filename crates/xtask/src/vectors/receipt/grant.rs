//! Runs under a standing permission: who gave it, for which call, and until when.

use countersign_core::artifact::{Artifact, Route};
use countersign_core::decision::Word;
use countersign_core::grant::{Grant, GrantNote};
use countersign_core::receipt::{Basis, Event, Level};
use serde_json::{Map, Value, json};

use super::super::object::{self, NOW};
use super::{Case, Made, Vector};

/// When the grant was given, in milliseconds after `NOW`.
pub(super) const GIVEN: i64 = 1_000;

/// A run under a grant that Ann gave.
pub(super) fn good() -> Made<Case> {
    given(Word::Allow, |_| (), |_| ())
}

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let (few, malformed) = ("ThresholdNotMet", "Malformed");
    let under = |name, expect, change: fn(&mut Case)| {
        let mut case = good()?;
        change(&mut case);
        case.verdict(name, expect)
    };
    let note = |name, expect, change: fn(&mut GrantNote)| {
        let mut case = good()?;
        case.content.entry.grant.iter_mut().for_each(|note| change(note));
        case.verdict(name, expect)
    };
    let ended = |grant: &mut Grant| grant.expires_at = NOW.plus_millis(4_000).timestamp();
    let never = |grant: &mut Grant| grant.count = Some(0);
    let two = |route: &mut Route| route.threshold = 2;
    Ok(vec![
        good()?.allowed_by("executed-under-a-grant", &[])?,
        given(Word::Deny, |_| (), |_| ())?.verdict("attack-43-grant-that-was-denied", few)?,
        given(Word::Allow, ended, |_| ())?.verdict("attack-19-grant-that-had-ended", few)?,
        given(Word::Allow, never, |_| ())?.verdict("grant-for-no-use", malformed)?,
        given(Word::Allow, |_| (), two)?.verdict("grant-by-one-of-two", few)?,
        under("grant-that-is-not-shown", malformed, |c| c.content.entry.grant = None)?,
        under("policy-with-a-grant", malformed, |c| c.content.entry.basis = Basis::Policy)?,
        under("approved-under-a-grant", malformed, |c| {
            (c.content.entry.event, c.content.entry.outcome) = (Event::Approved, None);
        })?,
        under("attack-43-grant-that-claims-a-level", "LevelMismatch", |c| {
            c.content.entry.trust_level = Level::L1;
        })?,
        note("grant-without-decision", few, |note| note.decisions.clear())?,
        note("grant-without-artifact", few, |note| {
            (note.artifacts, note.decisions) = (vec![], vec![]);
        })?,
        note("grant-given-after-its-use", few, |note| {
            note.granted_at = NOW.plus_millis(70_000).timestamp();
        })?,
        note("grant-of-another-request", malformed, |note| {
            note.action.insert("action".into(), "countersign.policy.accept".into());
        })?,
        note("attack-44-grant-for-another-principal", "HashMismatch", |note| {
            let parameters = note.action.get_mut("parameters");
            if let Some(principal) = parameters.and_then(|p| p.get_mut("principal")) {
                *principal = json!("uid:2");
            }
        })?,
        note("attack-04-grant-for-another-call", "HashMismatch", |note| {
            let parameters = note.action.get_mut("parameters");
            if let Some(call) = parameters.and_then(|p| p.get_mut("action")) {
                *call = json!({"kind": "request", "action": "delete", "parameters": {}});
            }
        })?,
    ])
}

fn payload(grant: &Grant) -> Made<Map<String, Value>> {
    Ok(object::object(grant.to_action()?.to_payload()?))
}

/// A run of the good call under a grant that Ann was asked for.
fn given(word: Word, grant: impl Fn(&mut Grant), route: impl Fn(&mut Route)) -> Made<Case> {
    let mut case = Case::routed(route)?;
    let mut call = Grant {
        action: case.artifact.payload.clone(),
        principal: "uid:1".into(),
        session: None,
        workspace: "/work".into(),
        expires_at: NOW.plus_millis(100_000).timestamp(),
        count: Some(3),
    };
    grant(&mut call);
    let asked = Artifact::build(case.artifact.head.clone(), payload(&call)?)?;
    let entry = &mut case.content.entry;
    (entry.basis, entry.trust_level) = (Basis::Grant, Level::L0);
    entry.artifacts.clear();
    entry.decisions.clear();
    entry.grant = Some(Box::new(GrantNote {
        id: "grant-1".into(),
        granted_at: NOW.plus_millis(GIVEN).timestamp(),
        action: asked.payload.clone(),
        artifacts: vec![asked.head.clone()],
        decisions: vec![object::decide(&asked, word, &object::anns()?)?],
    }));
    Ok(case)
}

//! Runs under a grant that was taken beside a yes to the very call.

use countersign_core::artifact::{Artifact, GrantOffer};
use countersign_core::decision::{Choice, Decision, Word};
use countersign_core::grant::GrantNote;
use countersign_core::receipt::{Basis, Level};
use serde_json::{Value, json};

use super::super::object::{self, NOW};
use super::{Case, Made, Vector};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let taken = |millis: i64| json!({"expiresAt": NOW.plus_millis(millis).timestamp()});
    let good = || under(Some(taken(100_000)), true);
    let mut another = good()?;
    let call = json!({"kind": "request", "action": "delete", "parameters": {}});
    another
        .content
        .entry
        .grant
        .iter_mut()
        .for_each(|note| note.action = object::object(call.clone()));
    let mut twice = good()?;
    twice.content.entry.grant.iter_mut().for_each(|note| {
        note.decisions.extend(note.decisions.clone());
    });
    Ok(vec![
        good()?.allowed_by("executed-under-a-grant-taken-beside-a-yes", &[])?,
        under(None, true)?.verdict("attack-43-one-yes-is-no-grant", "Malformed")?,
        under(Some(taken(4_000)), true)?
            .verdict("attack-19-taken-grant-that-had-ended", "ThresholdNotMet")?,
        under(Some(taken(3_700_000)), true)?
            .verdict("attack-45-taken-grant-wider-than-offered", "Malformed")?,
        under(Some(taken(100_000)), false)?
            .verdict("attack-45-taken-grant-not-offered", "Malformed")?,
        another.verdict("attack-04-taken-grant-of-another-call", "HashMismatch")?,
        twice.verdict("taken-grant-with-one-answer-twice", "Malformed")?,
        in_two_places()?.verdict("attack-44-one-taken-grant-in-two-workspaces", "Malformed")?,
    ])
}

/// Ann and Bob took the same beside their yes, each in another workspace.
fn in_two_places() -> Made<Case> {
    let (anns, bobs) = (object::anns()?, object::bobs()?);
    let mut route = object::route()?;
    route.grant = Some(GrantOffer { max_seconds: 3_600, session: false });
    route.roster = vec![object::seat(&anns, "ann"), object::seat(&bobs, "bob")];
    let here = object::placed(&route)?;
    let mut head = here.head.clone();
    let context = json!({"principal": "uid:1", "workspace": "/elsewhere"});
    head.extensions.get_or_insert_default().insert("org.countersign.context".into(), context);
    let there = Artifact::build(head, here.payload.clone())?;
    let taken = json!({"grant": {"expiresAt": NOW.plus_millis(100_000).timestamp()}});
    let yes = |about: &Artifact, key| -> Made<Decision> {
        let hints = Some(object::object(taken.clone()));
        let choice = Choice { word: Word::Allow, hints, ..object::choice() };
        Ok(Decision::sign(about, choice, key)?)
    };
    let mut case = under(None, true)?;
    if let Some(note) = &mut case.content.entry.grant {
        note.artifacts = vec![here.head.clone(), there.head.clone()];
        note.decisions = vec![yes(&here, &anns)?, yes(&there, &bobs)?];
    }
    Ok(case)
}

/// A run of the good call under what Ann took beside a yes, where an hour was offered or nothing.
fn under(taken: Option<Value>, offered: bool) -> Made<Case> {
    let mut route = object::route()?;
    route.grant = offered.then_some(GrantOffer { max_seconds: 3_600, session: false });
    let asked = object::placed(&route)?;
    let hints = taken.map(|taken| object::object(json!({"grant": taken})));
    let choice = Choice { word: Word::Allow, hints, ..object::choice() };
    let mut case = Case::new()?;
    let entry = &mut case.content.entry;
    (entry.basis, entry.trust_level) = (Basis::Grant, Level::L0);
    entry.artifacts.clear();
    entry.decisions.clear();
    entry.grant = Some(Box::new(GrantNote {
        id: "grant-1".into(),
        granted_at: NOW.plus_millis(1_000).timestamp(),
        action: asked.payload.clone(),
        artifacts: vec![asked.head.clone()],
        decisions: vec![Decision::sign(&asked, choice, &object::anns()?)?],
    }));
    Ok(case)
}

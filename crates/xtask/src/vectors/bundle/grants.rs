//! Standing permissions: given once, used as often as they were signed for, and not after their end.

use countersign_core::grant::{Grant, GrantNote};
use countersign_core::receipt::{Basis, Entry, Event, Level};
use serde_json::json;

use super::super::object::{self, NOW};
use super::course::{can, told};
use super::story::{Question, allowed, change};
use super::{Made, Vector};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let giver = asked(Some(2))?;
    let given = |then: Vec<Entry>| -> Made<Vec<Entry>> {
        let before =
            [giver.waits(Event::Suspended)?, giver.allowed(Event::Approved)?, giver.granted()?];
        Ok(before.into_iter().chain(then).collect())
    };
    let uses =
        |names: &[&str]| names.iter().map(|name| used(name, &giver)).collect::<Made<Vec<_>>>();
    let back = |value| change(Event::Revoked, value);
    let by_name = back(json!({"kind": "grant", "change": "revoked", "grant": "grant-1"}))?;
    let by_giver =
        back(json!({"kind": "grant", "change": "revoked", "grant": "other", "request": "giver"}))?;
    let after = |one: &Entry| given(vec![one.clone(), used("u1", &giver)?]);
    Ok(vec![
        can("grant-used-as-often-as-signed", given(uses(&["u1", "u2"])?)?)?,
        told("attack-19-grant-used-once-more", given(uses(&["u1", "u2", "u3"])?)?)?,
        told("attack-19-grant-used-after-it-was-taken-back", after(&by_name)?)?,
        told("attack-19-grant-used-after-its-giver-was-taken-back", after(&by_giver)?)?,
        told("attack-19-grant-that-no-receipt-gives", uses(&["u1"])?)?,
        told("grant-used-twice-under-one-name", given(uses(&["u1", "u1"])?)?)?,
        told("grant-given-twice", given(vec![giver.granted()?])?)?,
        told(
            "attack-18-grant-and-a-use-of-its-approval",
            given(vec![giver.allowed(Event::Released)?])?,
        )?,
        told("grant-that-nobody-allowed", vec![giver.waits(Event::Suspended)?, giver.granted()?])?,
    ])
}

/// The request for a grant of the good call.
fn asked(count: Option<u32>) -> Made<Question> {
    let grant = Grant {
        action: object::payload(),
        principal: "uid:1".into(),
        session: None,
        workspace: "/work".into(),
        expires_at: NOW.plus_millis(100_000).timestamp(),
        count,
    };
    Question::about("giver", object::object(grant.to_action()?.to_payload()?))
}

/// One use of what this request gave.
fn used(request: &str, giver: &Question) -> Made<Entry> {
    let decide =
        object::decide(&giver.artifact, countersign_core::decision::Word::Allow, &object::anns()?)?;
    Ok(Entry {
        event: Event::Released,
        basis: Basis::Grant,
        trust_level: Level::L0,
        grant: Some(Box::new(GrantNote {
            id: "grant-1".into(),
            granted_at: NOW.plus_millis(3_000).timestamp(),
            action: giver.artifact.payload.clone(),
            artifacts: vec![giver.artifact.head.clone()],
            decisions: vec![decide],
        })),
        ..allowed(request)?
    })
}

//! Receipts about a part of a batch.

use countersign_core::artifact::{Artifact, Group, Route};
use countersign_core::decision::{Choice, Decision, Word};
use countersign_core::receipt::{Event, Level};
use serde_json::{Value, json};

use super::super::object;
use super::{Case, Made, Vector};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let few = "ThresholdNotMet";
    let partial = || Some(json!({"items": [1]}));
    let item = |items: &[usize]| batch(Word::Deny, partial(), Some(items), |_| ());
    let malformed = |name, items: &[usize]| item(items)?.verdict(name, "Malformed");
    let hinted =
        |name, hints| batch(Word::Deny, Some(hints), Some(&[1]), |_| ())?.verdict(name, few);
    let group = Group { name: None, persons: vec!["ann".into()], threshold: 1 };
    let grouped = |route: &mut Route| route.groups = vec![group.clone()];
    let mut plain = Case::new()?;
    plain.content.entry.items = Some(vec![0]);
    let mut denied = item(&[1])?;
    let entry = &mut denied.content.entry;
    (entry.event, entry.trust_level, entry.outcome) = (Event::Denied, Level::L0, None);
    Ok(vec![
        item(&[1])?.allowed_by("item-that-was-allowed", &["ann"])?,
        batch(Word::Allow, None, Some(&[2]), |_| ())?
            .allowed_by("item-of-a-batch-allowed-whole", &["ann"])?,
        item(&[0])?.verdict("attack-43-item-that-was-not-allowed", few)?,
        item(&[2])?.verdict("attack-43-another-item-that-was-not-allowed", few)?,
        batch(Word::Deny, partial(), None, |_| ())?
            .verdict("attack-43-whole-batch-after-a-partial-yes", few)?,
        batch(Word::Deny, None, Some(&[1]), |_| ())?.verdict("item-of-a-denied-batch", few)?,
        batch(Word::Allow, partial(), Some(&[1]), |_| ())?
            .verdict("attack-43-allow-that-names-items", few)?,
        batch(Word::Deny, partial(), Some(&[1]), grouped)?
            .verdict("partial-yes-where-several-must-agree", few)?,
        hinted("items-out-of-order", json!({"items": [1, 0]}))?,
        hinted("items-twice", json!({"items": [1, 1]}))?,
        hinted("items-that-are-all", json!({"items": [0, 1, 2]}))?,
        hinted("items-beyond-the-batch", json!({"items": [1, 3]}))?,
        hinted("items-that-are-no-list", json!({"items": 1}))?,
        hinted("items-and-an-escalation", json!({"items": [1], "escalate": {}}))?,
        malformed("item-beyond-the-batch", &[3])?,
        malformed("no-item", &[])?,
        malformed("two-items-in-one-run", &[0, 1])?,
        plain.verdict("item-of-what-is-no-batch", "Malformed")?,
        denied.verdict("item-that-was-denied", "Malformed")?,
    ])
}

/// A batch of three, Ann's answer to it, and the receipt of a run of `about`.
fn batch(
    word: Word,
    hints: Option<Value>,
    about: Option<&[usize]>,
    change: impl Fn(&mut Route),
) -> Made<Case> {
    let mut case = Case::routed(change)?;
    let item = Value::Object(object::payload());
    let payload = object::object(json!({"kind": "batch", "items": [item, item, item]}));
    case.artifact = Artifact::build(case.artifact.head, payload)?;
    let choice = Choice { word, hints: hints.map(object::object), ..object::choice() };
    let decision = Decision::sign(&case.artifact, choice, &object::anns()?)?;
    let entry = &mut case.content.entry;
    entry.action_hash = Some(case.artifact.action_hash()?);
    entry.action = Some(case.artifact.payload.clone());
    entry.artifacts = vec![case.artifact.head.clone()];
    entry.decisions = vec![decision];
    entry.items = about.map(<[usize]>::to_vec);
    Ok(case)
}

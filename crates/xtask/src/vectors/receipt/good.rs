//! Receipts that are valid, and what they prove.

use countersign_core::artifact::Assurance;
use countersign_core::decision::Word;
use countersign_core::encoding::Hash;
use countersign_core::receipt::{ApproverDecision, Basis, Event, Level, MultiApproval};
use serde_json::Value;

use super::super::object::{self, seat};
use super::{Case, Made, Vector};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let anns = object::anns()?;
    let said = ApproverDecision {
        verdict: "approved".into(),
        person: "ann".into(),
        key_id: anns.key_id(),
        reason: None,
    };
    let mut later = Case::new()?;
    (later.content.seq, later.content.prev) = (7, Some(Hash([7; 32])));
    let failed = Case::but(|c| c.entry.event = Event::Failed)?;
    let uncertain = Case::but(|c| c.entry.event = Event::Uncertain)?;
    let approved = |event| Case::but(|c| (c.entry.event, c.entry.outcome) = (event, None));
    let mut words = Case::new()?;
    words.content.entry.decisions = vec![object::decide(&words.artifact, Word::Approve, &anns)?];
    let mut denied = Case::of_event(Event::Denied)?;
    denied.content.entry.decisions = vec![object::decide(&denied.artifact, Word::Deny, &anns)?];
    let mut allowed = Case::of_event(Event::Executed)?;
    allowed.content.entry.outcome = Case::new()?.content.entry.outcome;
    allowed.content.entry.artifacts.clear();
    allowed.content.entry.basis = Basis::Policy;
    let two = quorum()?;
    Ok(vec![
        proven(Case::new()?, "executed")?,
        proven(Case::but(|c| c.entry.approver_decision = Some(said))?, "executed-with-words")?,
        proven(later, "later-in-the-ledger")?,
        proven(failed, "failed")?,
        proven(uncertain, "uncertain")?,
        proven(approved(Event::Approved)?, "approved")?,
        proven(approved(Event::Released)?, "released")?,
        proven(words, "approve-in-the-other-words")?,
        proven(two, "two-of-two")?,
        proven(Case::of_event(Event::Suspended)?, "suspended")?,
        proven(Case::of_event(Event::Withdrawn)?, "withdrawn")?,
        proven(Case::of_event(Event::Expired)?, "expired")?,
        proven(denied, "denied")?,
        proven(allowed, "executed-under-a-policy")?,
    ])
}

/// Ann and Bob, both asked, both needed.
pub(super) fn quorum() -> Made<Case> {
    let (anns, bobs) = (object::anns()?, object::bobs()?);
    let roster = vec![seat(&anns, "ann"), seat(&bobs, "bob")];
    let seats = roster.clone();
    let mut case = Case::routed(|r| (r.threshold, r.roster) = (2, seats))?;
    case.trust.approvers.iter_mut().filter(|a| a.person == "bob").for_each(|a| {
        a.assurance = Assurance::Web;
    });
    let entry = &mut case.content.entry;
    entry.decisions.push(object::decide(&case.artifact, Word::Allow, &bobs)?);
    let approvers = vec!["ann".into(), "bob".into()];
    entry.multi_approval = Some(MultiApproval { threshold: 2, roster, approvers });
    Ok(case)
}

fn proven(case: Case, name: &'static str) -> Made<Vector> {
    let (level, event) = (case.content.entry.trust_level, case.content.entry.event);
    let approvers: &[&str] = match (level, name) {
        (Level::L0, _) => &[],
        (_, "two-of-two") => &["ann", "bob"],
        _ => &["ann"],
    };
    let assurance = match approvers {
        [] => Value::Null,
        [_] => "device".into(),
        _ => "web".into(),
    };
    Ok(case
        .verdict(name, "Valid")?
        .with("level", serde_json::to_value(level)?)
        .with("event", serde_json::to_value(event)?)
        .with("assurance", assurance)
        .with("approvers", approvers))
}

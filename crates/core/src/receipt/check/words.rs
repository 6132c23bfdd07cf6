//! Whether the words beside the decisions say what the decisions say.

use super::Verdict;
use super::quorum::{Weighed, allowing};
use crate::artifact::Route;
use crate::decision::{Decision, hint};
use crate::receipt::{ApproverDecision, Entry};
use crate::verify;
use std::collections::BTreeSet;

/// Threshold, roster, rule, risk and policy come from the signed route and must equal the receipt's.
pub(super) fn agrees(entry: &Entry, route: &Route) -> Result<(), Verdict> {
    if entry.policy.as_ref().is_some_and(|note| !note.is_of(route)) {
        return Err(Verdict::HashMismatch);
    }
    match &entry.multi_approval {
        Some(multi) if multi.threshold != route.threshold => Err(Verdict::LevelMismatch),
        Some(multi) if multi.roster != route.roster => Err(Verdict::OffRoster),
        None if route.threshold > 1 && entry.event.needs_approval() => Err(Verdict::LevelMismatch),
        _ => Ok(()),
    }
}

/// The words beside the decisions say what the decisions say, and nothing where there are none.
/// Who is said to have allowed is everybody whose yes counted, and nobody else.
pub(super) fn said_truly(entry: &Entry, weighed: &[Weighed<'_>]) -> Result<(), Verdict> {
    let allowing = allowing(weighed);
    let one = entry.approver_decision.as_ref().is_none_or(|said| {
        let mut answers = entry.decisions.iter().zip(weighed);
        answers.any(|(decision, by)| said.tells(decision, &by.signer.person))
            && (!entry.event.needs_approval() || allowing.contains(said.person.as_str()))
    });
    let many = entry.multi_approval.as_ref().is_none_or(|multi| {
        let named: BTreeSet<&str> = multi.approvers.iter().map(String::as_str).collect();
        named.len() == multi.approvers.len() && named == allowing && !weighed.is_empty()
    });
    if one && many { Ok(()) } else { Err(Verdict::LevelMismatch) }
}

impl ApproverDecision {
    /// Whether these are the words for this decision of this person.
    fn tells(&self, decision: &Decision, person: &str) -> bool {
        // A reason that is told was signed; its salt, and so its proof, is the approver's.
        let reasoned = self.reason.is_none() || verify::gives_reason(decision);
        let theirs = self.key_id == decision.signer_key_id && self.person == person;
        self.verdict == word(decision) && theirs && reasoned
    }
}

/// A decision in the word of a receipt.
#[must_use]
pub fn word(decision: &Decision) -> &'static str {
    let hints = |name| decision.hint(name).is_some();
    match decision.decision.allows() {
        true => "approved",
        false if hints(hint::ITEMS) => "partial",
        false if hints(hint::ESCALATE) => "escalated",
        false => "rejected",
    }
}

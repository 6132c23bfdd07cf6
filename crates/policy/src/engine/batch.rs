//! A batch: each item judged by itself, and the verdicts joined.
//!
//! Conditions on an argument would find none in a batch as a whole, and one harmless item would
//! vouch for the others. What restricts is looked for in the whole as well.

use super::{Engine, join};
use crate::condition::Sense;
use crate::facts::{Facts, Floor};
use crate::verdict::{Decision, OnTimeout, Verdict};
use countersign_core::action::Action;

/// The facts of each item; `None` where the payload is no batch that can be read.
pub(super) fn items(facts: &Facts) -> Option<Vec<Facts>> {
    let action = Action::from_payload(&facts.payload)?;
    let of = |item| Facts::of(item, facts.asker.clone(), facts.place.clone(), facts.at).ok();
    action.items()?.iter().map(of).collect()
}

impl Engine {
    pub(super) fn judge_batch(&self, facts: &Facts) -> Verdict {
        let whole = self.judge_one(facts);
        let Some(items) = items(facts) else { return unreadable(whole) };
        let own_risk = |facts: &Facts| self.view(facts).risk;
        let riskier = items.iter().all(|item| own_risk(item) < own_risk(facts));
        let items: Vec<Verdict> = items.iter().map(|item| self.judge_one(item)).collect();
        let counts = riskier || self.says_more(facts, &whole, &items);
        let mut parts: Vec<Verdict> =
            items.into_iter().chain(counts.then(|| whole.clone())).collect();
        // The first of the strictest gives the wording.
        let weight = |(_, part): &(usize, &Verdict)| (part.decision, part.risk);
        let Some((at, _)) = parts.iter().enumerate().rev().max_by_key(weight) else { return whole };
        let leader = parts.remove(at);
        let mut joined = parts.into_iter().fold(leader, joined);
        joined.verb = whole.verb;
        joined
    }

    /// Whether the whole says something strict that no item says: a rule that restricts, a floor.
    fn says_more(&self, facts: &Facts, whole: &Verdict, items: &[Verdict]) -> bool {
        let said = |name: &String| items.iter().any(|item| item.matched.contains(name));
        let restricts = self.lines.iter().filter(|line| line.sense == Sense::Restricts);
        let unsaid = |name: &String| whole.matched.contains(name) && !said(name);
        let lane = items.iter().filter_map(|item| item.lane).max();
        restricts.map(|line| &line.name).any(unsaid)
            || facts.class.floors.contains(&Floor::Protected)
            || facts.class.floors.contains(&Floor::Unreadable)
            || whole.lane > lane
    }
}

/// Both verdicts at once. The obligations are those of the parts that decide.
fn joined(mut first: Verdict, second: Verdict) -> Verdict {
    if first.decision == second.decision {
        oblige(&mut first, &second);
    }
    first.risk = first.risk.max(second.risk);
    first.lane = first.lane.max(second.lane);
    for name in second.matched {
        if !first.matched.contains(&name) {
            first.matched.push(name);
        }
    }
    first.redact.extend(second.redact);
    first.redact.sort();
    first.redact.dedup();
    first
}

fn oblige(first: &mut Verdict, second: &Verdict) {
    first.rosters.extend(second.rosters.iter().cloned());
    first.rosters.sort();
    first.rosters.dedup();
    if first.escalation.is_empty() {
        first.escalation.clone_from(&second.escalation);
    }
    first.persons = first.persons.max(second.persons);
    first.veto |= second.veto;
    first.require_reason |= second.require_reason;
    first.timeout_seconds = first.timeout_seconds.min(second.timeout_seconds);
    first.max_uses = first.max_uses.min(second.max_uses);
    first.min_assurance = first.min_assurance.max(second.min_assurance);
    first.always_allow = join::narrower(first.always_allow, second.always_allow);
    first.silence_ends |= second.silence_ends;
    first.on_timeout = OnTimeout::max(first.on_timeout, second.on_timeout);
}

/// A batch whose items nobody can tell apart does not run without a person.
fn unreadable(mut whole: Verdict) -> Verdict {
    if whole.decision < Decision::RequireApproval {
        whole.decision = Decision::RequireApproval;
        whole.rule_id = format!("floor.{}", Floor::Unreadable.name());
        whole.display = Floor::Unreadable.reason("");
    }
    whole
}

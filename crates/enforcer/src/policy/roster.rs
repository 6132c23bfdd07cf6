//! Labels of a policy made into pinned approvers. A name alone authorises nobody.

use super::PolicyError;
use crate::question::{Quorum, Step, Way};
use countersign_core::artifact::{Group, Risk};
use countersign_core::display::counted;
use countersign_core::time::Instant;
use countersign_policy::load::LabelPlace;
use countersign_policy::model::{Approver as Entry, Policy};
use countersign_policy::verdict::{Escalation, Roster};
use countersign_policy::{Engine, Verdict};
use std::collections::BTreeSet;

/// How deep groups and delegations are followed. Loading refuses circles; this ends them anyway.
const DEPTH: usize = 8;

/// What accepted policies say of people, and what they are looked at for.
struct People<'a> {
    entries: Vec<&'a Entry>,
    risk: Risk,
    now: Instant,
}

/// Whom a verdict asks, and how many of them must allow.
#[derive(Clone, Debug)]
pub struct Seated {
    /// Everyone whose answer counts.
    pub ways: Vec<Way>,
    /// How many must allow, and who is asked next.
    pub quorum: Quorum,
}

/// One list of a verdict, as people.
struct List<'v> {
    roster: &'v Roster,
    ways: Vec<Way>,
}

/// The people of a verdict's labels. Refused where they could never satisfy it.
///
/// Where one person decides and somebody is on every list, those are asked and any of them ends it.
/// Else everybody on a list is asked, and every list is met.
pub(super) fn seated(
    verdict: &Verdict,
    engine: &Engine,
    ways: &[Way],
    now: Instant,
) -> Result<Seated, PolicyError> {
    let layers = engine.layers().iter().filter(|layer| layer.accepted);
    let entries = layers.flat_map(|layer| &layer.policy.approvers).collect();
    let people = People { entries, risk: verdict.risk, now };
    let list = |roster| people.list(roster, verdict, ways);
    let lists = verdict.rosters.iter().map(list).collect::<Result<Vec<_>, _>>()?;
    let mut quorum = Quorum::of(verdict);
    let on_all = |way: &&Way| lists.iter().all(|list| list.ways.contains(way));
    let common: Vec<Way> = ways.iter().filter(on_all).cloned().collect();
    let ways_of = |on: &dyn Fn(&&Way) -> bool| ways.iter().filter(on).cloned().collect();
    let seated: Vec<Way> = if quorum.threshold == 1 && !common.is_empty() {
        common
    } else {
        if lists.len() > 1 {
            quorum.groups = lists.iter().map(group).collect();
        }
        ways_of(&|way| lists.iter().any(|list| list.ways.contains(way)))
    };
    enough(verdict, quorum.threshold, &seated)?;
    if lists.len() == 1 {
        quorum.first_millis = verdict.escalation.first().map(|step| millis(step.after));
        quorum.chain = people.chain(verdict, ways);
    }
    Ok(Seated { ways: seated, quorum })
}

fn group(list: &List<'_>) -> Group {
    let persons: BTreeSet<&String> = list.ways.iter().map(|way| &way.approver.person).collect();
    let labels = &list.roster.approvers;
    Group {
        name: Some(if labels.is_empty() { "anyone".to_owned() } else { labels.join(", ") }),
        persons: persons.into_iter().cloned().collect(),
        threshold: list.roster.quorum,
    }
}

/// Demands so many distinct persons of enough assurance; whether one is there is the question's.
fn enough(verdict: &Verdict, need: u32, ways: &[Way]) -> Result<(), PolicyError> {
    let strong = ways.iter().filter(|way| way.approver.reach() >= verdict.min_assurance);
    let persons: BTreeSet<&str> = strong.map(|way| way.approver.person.as_str()).collect();
    if need <= 1 || persons.len() >= need as usize {
        return Ok(());
    }
    let who: Vec<&str> = persons.into_iter().collect();
    let have = match who.len() {
        0 => "nobody who may answer is pinned".to_owned(),
        n => {
            format!("only {} who may answer: `{}`", counted(n, "person"), who.join("`, `"))
        }
    };
    let need = format!("{need} persons");
    Err(PolicyError::Quorum { rule: verdict.rule_id.clone(), need, have })
}

fn nobody(verdict: &Verdict, label: &str) -> PolicyError {
    let label = if label.is_empty() { "anyone".to_owned() } else { label.to_owned() };
    PolicyError::Nobody { rule: verdict.rule_id.clone(), label }
}

fn millis(seconds: u32) -> i64 {
    i64::from(seconds).saturating_mul(1_000)
}

/// Demands that every label is somebody whom this home knows.
pub(super) fn known(
    policy: &Policy,
    labels: &[LabelPlace],
    ways: &[Way],
) -> Result<(), PolicyError> {
    let entries = policy.approvers.iter().collect();
    // Whoever may answer for anything at all is somebody.
    let people = People { entries, risk: Risk::Low, now: Instant(i64::MAX) };
    let unknown = labels.iter().find(|place| {
        let label = &place.label;
        !ways.iter().any(|way| people.is(label, way, DEPTH))
    });
    match unknown {
        // A home without approvers is set up in either order.
        Some(place) if !ways.is_empty() => Err(PolicyError::Nobody {
            rule: format!("line {}", place.line),
            label: place.label.clone(),
        }),
        _ => Ok(()),
    }
}

impl People<'_> {
    /// The people of one list, as many as it asks for.
    fn list<'v>(
        &self,
        roster: &'v Roster,
        verdict: &Verdict,
        ways: &[Way],
    ) -> Result<List<'v>, PolicyError> {
        let may = ways.iter().filter(|way| self.may(roster, way));
        let list = List { roster, ways: may.cloned().collect() };
        if list.ways.is_empty() {
            return Err(nobody(verdict, &roster.approvers.join("`, `")));
        }
        enough(verdict, roster.quorum, &list.ways)?;
        Ok(list)
    }

    /// Who is asked after one list did not end it. Any of them does: that is what the policy says
    /// of them. What several lists ask for is not handed to one person.
    fn chain(&self, verdict: &Verdict, ways: &[Way]) -> Vec<Step> {
        let after = verdict.escalation.iter().skip(1).map(|step| step.after);
        let times = after.chain(std::iter::once(verdict.timeout_seconds));
        let steps = verdict.escalation.iter().zip(times);
        let step = |(step, time): (&Escalation, u32)| Step {
            label: step.to.clone(),
            to: ways.iter().filter(|way| self.is(&step.to, way, DEPTH)).cloned().collect(),
            millis: millis(time.min(verdict.timeout_seconds)),
            threshold: 1,
            groups: Vec::new(),
        };
        steps.map(step).filter(|step| !step.to.is_empty()).collect()
    }

    fn may(&self, roster: &Roster, way: &Way) -> bool {
        let anyone = roster.approvers.is_empty() && self.counts(way);
        anyone || roster.approvers.iter().any(|label| self.is(label, way, DEPTH))
    }

    /// Whether a label is this approver: by name, by role, by group, or by delegation.
    fn is(&self, label: &str, way: &Way, depth: usize) -> bool {
        let Some(deeper) = depth.checked_sub(1) else { return false };
        let approver = &way.approver;
        let role = label.strip_prefix("role:");
        let named =
            role.is_none() && [approver.person.as_str(), approver.label.as_str()].contains(&label);
        let by_role = self.roles(way).contains(role.unwrap_or(label));
        let entry = self.entries.iter().filter(|entry| entry.name == label);
        let mut others: BTreeSet<&str> = BTreeSet::new();
        for entry in entry {
            others.extend(entry.members.iter().map(String::as_str));
            let active = entry.may_delegate_to.iter().filter(|delegation| {
                let begun = delegation.from.as_ref().is_none_or(|from| from.instant() <= self.now);
                begun && self.now < delegation.until.instant()
            });
            others.extend(active.map(|delegation| delegation.to.as_str()));
        }
        ((named || by_role) && self.counts(way))
            || others.into_iter().any(|other| self.is(other, way, deeper))
    }

    /// The roles of the trust store, and those that an accepted policy adds.
    fn roles<'w>(&'w self, way: &'w Way) -> BTreeSet<&'w str> {
        let own = way.approver.roles.iter();
        let added = self.of(way).flat_map(|entry| &entry.roles);
        own.chain(added).map(String::as_str).collect()
    }

    /// Whether what the policies pin of this person lets the key answer for the risk.
    fn counts(&self, way: &Way) -> bool {
        let fingerprint = way.approver.keys.fingerprint().to_string();
        self.of(way).all(|entry| {
            let pinned = entry.fingerprints.is_empty() || entry.fingerprints.contains(&fingerprint);
            pinned && entry.max_risk.is_none_or(|most| self.risk <= most)
        })
    }

    fn of<'w>(&'w self, way: &'w Way) -> impl Iterator<Item = &'w Entry> {
        let person = &way.approver.person;
        self.entries.iter().copied().filter(move |entry| entry.name == *person)
    }
}

#[cfg(test)]
mod tests;

//! Labels of a policy made into pinned approvers. A name alone authorises nobody.

use super::PolicyError;
use crate::question::Way;
use countersign_core::artifact::Risk;
use countersign_core::time::Instant;
use countersign_policy::load::LabelPlace;
use countersign_policy::model::{Approver as Entry, Policy};
use countersign_policy::verdict::Roster;
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

/// Those of `ways` whose one answer satisfies a verdict.
pub(super) fn seated(
    verdict: &Verdict,
    engine: &Engine,
    ways: Vec<Way>,
    now: Instant,
) -> Result<Vec<Way>, PolicyError> {
    let layers = engine.layers().iter().filter(|layer| layer.accepted);
    let entries = layers.flat_map(|layer| &layer.policy.approvers).collect();
    let people = People { entries, risk: verdict.risk, now };
    let mut seated = ways;
    for roster in &verdict.rosters {
        if roster.quorum > 1 {
            return Err(quorum(verdict, roster));
        }
        if let [label] = roster.approvers.as_slice()
            && !seated.iter().any(|way| people.is(label, way, DEPTH))
        {
            return Err(nobody(verdict, label));
        }
        seated.retain(|way| people.may(roster, way));
        if seated.is_empty() {
            return Err(nobody(verdict, &roster.approvers.join("`, `")));
        }
    }
    Ok(seated)
}

fn nobody(verdict: &Verdict, label: &str) -> PolicyError {
    let label = if label.is_empty() { "anyone".to_owned() } else { label.to_owned() };
    PolicyError::Nobody { rule: verdict.rule_id.clone(), label }
}

fn quorum(verdict: &Verdict, roster: &Roster) -> PolicyError {
    let need = format!("{} people", roster.quorum);
    PolicyError::Quorum { rule: verdict.rule_id.clone(), need }
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

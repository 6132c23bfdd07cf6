//! How far the answers to a question have come: a pure function of its route and who said what.
//!
//! Persons are counted and not keys: one person with two devices counts once, and who said both
//! yes and no said no. Whoever denied cannot allow any more, so a question ends as soon as too few
//! are left who could still allow it.

use crate::artifact::{Group, Route};
use std::collections::BTreeSet;

/// How far the answers of one round have come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tally {
    /// More people must answer.
    Waiting {
        /// How many distinct persons have allowed so far.
        have: usize,
        /// How many must; where one of each of several groups must, more may be needed.
        need: usize,
    },
    /// Enough people allowed it.
    Met,
    /// Enough people can no longer allow it.
    Lost,
}

/// Counts answers, each a person's and whether it allows. All of them must be of the one round
/// whose route this is, and by people whom it seats.
///
/// Where one person decides (a threshold of one and no groups), or with a veto, one no ends it.
#[must_use]
pub fn tally(route: &Route, answers: &[(&str, bool)]) -> Tally {
    let persons = |allows: bool| answers.iter().filter(move |a| a.1 == allows).map(|a| a.0);
    let against: BTreeSet<&str> = persons(false).collect();
    let yes = allowing(answers);
    let seated = route.roster.iter().map(|seat| seat.person.as_str());
    let left: BTreeSet<&str> = seated.filter(|person| !against.contains(person)).collect();
    if !against.is_empty() && one_no_ends(route) || !is_met(route, &left) {
        Tally::Lost
    } else if is_met(route, &yes) {
        Tally::Met
    } else {
        Tally::Waiting { have: yes.len(), need: need(route) }
    }
}

/// How many distinct persons must allow, at least 1.
#[must_use]
pub fn need(route: &Route) -> usize {
    route.threshold.max(1) as usize
}

fn one_no_ends(route: &Route) -> bool {
    route.veto || one_decides(route)
}

/// Whether any one person's answer is the answer.
#[must_use]
pub fn one_decides(route: &Route) -> bool {
    need(route) == 1 && route.groups.is_empty()
}

/// How many of these persons belong to a group.
pub(crate) fn of(group: &Group, persons: &BTreeSet<&str>) -> usize {
    let some = group.persons.iter().filter(|person| persons.contains(person.as_str()));
    some.collect::<BTreeSet<_>>().len()
}

/// How many of a group must allow, at least 1.
pub(crate) fn wanted(group: &Group) -> usize {
    group.threshold.max(1) as usize
}

/// Whether these persons are enough, if all of them allow.
fn is_met(route: &Route, persons: &BTreeSet<&str>) -> bool {
    let met = |group: &Group| of(group, persons) >= wanted(group);
    persons.len() >= need(route) && route.groups.iter().all(met)
}

/// The distinct persons who allow. Who said both yes and no said no.
pub(crate) fn allowing<'a>(answers: &[(&'a str, bool)]) -> BTreeSet<&'a str> {
    let who = |allows: bool| answers.iter().filter(move |(_, yes)| *yes == allows).map(|(p, _)| *p);
    let against: BTreeSet<&str> = who(false).collect();
    who(true).filter(|person| !against.contains(person)).collect()
}

#[cfg(test)]
mod tests;

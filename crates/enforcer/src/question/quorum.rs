//! How many of those asked must allow, who is asked after them, and for how long.

use super::{MAX_TTL_MILLIS, Question, Way};
use countersign_core::artifact::{Group, Route, Seat};
use countersign_core::display::counted;
use countersign_policy::Verdict;
use countersign_policy::verdict::OnTimeout;
use std::collections::BTreeSet;

/// How many of those asked must allow, and who is asked next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quorum {
    /// How many distinct persons must allow, at least 1.
    pub threshold: u32,
    /// Lists of people of whom some must allow, besides the threshold.
    pub groups: Vec<Group>,
    /// Whether one denial ends it.
    pub veto: bool,
    /// Who is asked next, one step after the other; at most 4.
    pub chain: Vec<Step>,
    /// Whether the next step is taken when the time of one is over; else only where an approver
    /// hands it on.
    pub timed: bool,
    /// How long those asked first have before the next step, in milliseconds, where that is less
    /// than the question's own time.
    pub first_millis: Option<i64>,
}

/// One step of an escalation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// What the policy or the caller calls them.
    pub label: String,
    /// Who is asked then.
    pub to: Vec<Way>,
    /// How long they have, in milliseconds.
    pub millis: i64,
    /// How many distinct persons of them must allow.
    pub threshold: u32,
    /// Lists of people of whom some must allow.
    pub groups: Vec<Group>,
}

impl Default for Quorum {
    fn default() -> Self {
        Self {
            threshold: 1,
            groups: Vec::new(),
            veto: false,
            chain: Vec::new(),
            timed: false,
            first_millis: None,
        }
    }
}

impl Quorum {
    /// What a verdict says by itself, before its labels are people.
    pub(crate) fn of(verdict: &Verdict) -> Self {
        let single = verdict.rosters.iter().map(|roster| roster.quorum).max().unwrap_or(1);
        Self {
            threshold: verdict.persons.max(single),
            veto: verdict.veto,
            timed: verdict.on_timeout == OnTimeout::Escalate,
            ..Self::default()
        }
    }

    /// What a stored route asks for. Whom it names as the next is known by name only.
    pub(super) fn of_route(route: &Route) -> Self {
        let (threshold, groups) = (route.threshold, route.groups.clone());
        Self { threshold, groups, veto: route.veto, ..Self::default() }
    }

    /// Leaves out of every step whom this call cannot be put to, and steps that nobody is left of.
    pub fn retain(&mut self, keep: impl Fn(&Way) -> bool) {
        self.chain.iter_mut().for_each(|step| step.to.retain(&keep));
        self.chain.retain(|step| !step.to.is_empty());
    }

    /// How many must allow, in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        let all = counted(self.threshold, "person");
        let of = |group: &Group| {
            let name = group.name.as_deref().unwrap_or("a list");
            format!("{} of `{name}`", group.threshold)
        };
        let groups: Vec<String> = self.groups.iter().map(of).collect();
        if groups.is_empty() { all } else { format!("{all}, with {}", groups.join(" and ")) }
    }
}

/// Who is asked in one round, and who after them.
pub(crate) struct Place<'a> {
    pub(crate) to: &'a [Way],
    pub(crate) threshold: u32,
    pub(crate) groups: &'a [Group],
    /// How long they have before the next step.
    pub(crate) millis: i64,
    pub(crate) rest: &'a [Step],
}

impl Question {
    /// The first round.
    pub(crate) fn first(&self) -> Place<'_> {
        let quorum = &self.grounds.quorum;
        let millis = quorum.first_millis.filter(|_| self.is_timed() && !quorum.chain.is_empty());
        Place {
            to: &self.to,
            threshold: quorum.threshold,
            groups: &quorum.groups,
            millis: millis.unwrap_or(self.ttl_millis).min(self.ttl_millis),
            rest: &quorum.chain,
        }
    }

    /// The round after one whose route names these people as the next: the first of them, or the
    /// one that an approver named. `None` where there is nobody, or somebody else was named.
    pub(crate) fn after(&self, route: &Route, named: Option<&str>) -> Option<(&str, Place<'_>)> {
        let label = next_of(route, named)?;
        let chain = &self.grounds.quorum.chain;
        let at = chain.iter().position(|step| step.label == label)?;
        let step = chain.get(at)?;
        Some((&step.label, place(step, chain.get(at + 1..).unwrap_or_default())))
    }

    /// Whether a route offers them as the next, and this question does not say who they are: then a
    /// caller named them.
    pub(crate) fn is_strange(&self, route: &Route, named: Option<&str>) -> bool {
        let chain = &self.grounds.quorum.chain;
        next_of(route, named).is_some_and(|label| chain.iter().all(|step| step.label != label))
    }

    /// The step whose rest is what a stored route names as the next.
    pub(super) fn place_of(&self, stored: &Route) -> Option<Place<'_>> {
        let chain = &self.grounds.quorum.chain;
        let at = chain.len().checked_sub(stored.escalate_to.len() + 1)?;
        Some(place(chain.get(at)?, chain.get(at + 1..).unwrap_or_default()))
    }

    /// Whether others are asked when the time of a round is over.
    pub(crate) fn steps_follow(&self, rest: &[Step]) -> bool {
        self.is_timed() && !rest.is_empty()
    }

    /// A caller in a hurry ends the question sooner, and hands nothing on: those asked first have
    /// the time that the policy gives them, or nobody is asked after them by their silence.
    fn is_timed(&self) -> bool {
        let quorum = &self.grounds.quorum;
        quorum.timed && quorum.first_millis.is_none_or(|millis| self.ttl_millis >= millis)
    }

    /// How long all rounds take together, at most a day.
    pub(crate) fn whole_millis(&self) -> i64 {
        let first = self.first();
        if !self.is_timed() {
            return self.ttl_millis;
        }
        let steps = first.rest.iter().map(|step| step.millis.max(0));
        steps.fold(first.millis, i64::saturating_add).min(MAX_TTL_MILLIS)
    }
}

/// Whom a route offers as the next: the one that is named, else the first. `None` is nobody, or
/// somebody else.
pub(crate) fn next_of<'a>(route: &'a Route, named: Option<&str>) -> Option<&'a str> {
    let mut all = route.escalate_to.iter().map(String::as_str);
    match named {
        Some(named) => all.find(|label| *label == named),
        None => all.next(),
    }
}

fn place<'a>(step: &'a Step, rest: &'a [Step]) -> Place<'a> {
    let Step { to, threshold, groups, millis, .. } = step;
    Place { to, threshold: *threshold, groups, millis: *millis, rest }
}

/// The groups, of those who are on the roster: only who is asked can answer.
pub(super) fn on_the_roster(groups: &[Group], roster: &[Seat]) -> Vec<Group> {
    let asked = |person: &String| roster.iter().any(|seat| seat.person == *person);
    let of = |group: &Group| Group {
        persons: group.persons.iter().filter(|person| asked(person)).cloned().collect(),
        ..group.clone()
    };
    groups.iter().map(of).collect()
}

/// The distinct persons on a route's roster, sorted.
pub(crate) fn persons(route: &Route) -> Vec<String> {
    let all: BTreeSet<&String> = route.roster.iter().map(|seat| &seat.person).collect();
    all.into_iter().cloned().collect()
}

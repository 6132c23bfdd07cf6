//! What an approval must satisfy: the obligations of all that ask, joined.
//!
//! Only what was written down counts here. What nothing states is filled in from `[defaults]`, and
//! then from the built-in values of the level of risk.

use super::Engine;
use super::judge::{Case, Source};
use crate::model::{Level, Obligations};
use crate::verdict::{AlwaysAllow, Decision, Escalation, OnTimeout, Roster};
use countersign_core::artifact::{Assurance, Risk};

/// Everything that has a say.
pub(super) struct Join<'e> {
    /// Those of the matching rules that ask or have no decision.
    rules: Vec<&'e Obligations>,
    /// Those of the entries of the risk table.
    entries: &'e [(Risk, &'e Level)],
    /// Those of `[defaults]`.
    defaults: Vec<&'e Obligations>,
    /// Those of whoever gives the wording.
    first: Option<&'e Obligations>,
    /// Whether some rule asks without a word on a standing permission.
    silent: bool,
    /// The levels of risk, from the action's own to the one that rules raise it to.
    levels: (Risk, Risk),
}

/// Eight hours.
const STANDING: AlwaysAllow = AlwaysAllow { max_seconds: 8 * 3600, session: true };

impl<'e> Join<'e> {
    pub(super) fn new(engine: &'e Engine, case: &'e Case<'e>, source: &Source<'e>) -> Self {
        let asks = |decision: Option<Decision>| decision == Some(Decision::RequireApproval);
        let joins = |decision: Option<Decision>| decision.is_none() || asks(decision);
        let accepted = case.matched.iter().filter(|line| line.accepted);
        let says_nothing =
            |line: &&super::Line| !line.accepted || line.rule.obligations.always_allow.is_none();
        Self {
            rules: accepted
                .filter(|line| joins(line.rule.decision))
                .map(|line| &line.rule.obligations)
                .collect(),
            entries: &case.entries,
            defaults: engine.accepted().map(|layer| &layer.policy.defaults).collect(),
            first: match source {
                Source::Rule(line) if line.accepted => Some(&line.rule.obligations),
                Source::Entry(_, entry) => Some(&entry.obligations),
                _ => None,
            },
            silent: case.matched.iter().any(|l| asks(l.rule.decision) && says_nothing(l)),
            levels: (case.own_risk, case.risk),
        }
    }

    /// What was written down by rules and entries.
    fn written(&self) -> impl Iterator<Item = &'e Obligations> {
        let entries = self.entries.iter().map(|(_, entry)| &entry.obligations);
        self.rules.iter().copied().chain(entries)
    }

    /// What is written down joined; where nothing is, the defaults joined.
    fn stated<T>(
        &self,
        of: impl Fn(&'e Obligations) -> Option<T> + Copy,
        stricter: impl Fn(T, T) -> T + Copy,
    ) -> Option<T> {
        let written = self.written().filter_map(of).reduce(stricter);
        written.or_else(|| self.defaults.iter().copied().filter_map(of).reduce(stricter))
    }

    pub(super) fn rosters(&self) -> Vec<Roster> {
        let all = |from: &mut dyn Iterator<Item = &'e Obligations>| {
            let mut rosters: Vec<Roster> = from.flat_map(|o| &o.rosters).map(plain).collect();
            rosters.sort();
            rosters.dedup();
            rosters
        };
        let mut rosters = all(&mut self.written());
        if rosters.is_empty() {
            rosters = all(&mut self.defaults.iter().copied());
        }
        if rosters.is_empty() {
            rosters.push(Roster { approvers: Vec::new(), quorum: 1 });
        }
        rosters
    }

    /// One person fills one place of a rule; the places of two rules may be one person's.
    pub(super) fn persons(&self) -> u32 {
        let of = |o: &'e Obligations| {
            let quorums = o.rosters.iter().map(|roster| roster.quorum.max(1));
            (!o.rosters.is_empty()).then(|| quorums.fold(0, u32::saturating_add))
        };
        self.stated(of, u32::max).unwrap_or(1)
    }

    pub(super) fn veto(&self) -> bool {
        self.stated(|o| o.veto, |a, b| a || b).unwrap_or(false)
    }

    pub(super) fn timeout(&self) -> u32 {
        let built_in = if self.levels.1 >= Risk::High { 300 } else { 120 };
        self.stated(|o| o.timeout, u32::min).unwrap_or(built_in)
    }

    pub(super) fn max_uses(&self) -> u32 {
        self.stated(|o| o.max_uses, u32::min).unwrap_or(1).max(1)
    }

    pub(super) fn on_timeout(&self) -> OnTimeout {
        self.stated(|o| o.on_timeout, OnTimeout::max).unwrap_or(OnTimeout::Escalate)
    }

    /// That of the wording, else the first that there is.
    pub(super) fn escalation(&self) -> Vec<Escalation> {
        let all = self.first.into_iter().chain(self.written()).chain(self.defaults.iter().copied());
        all.map(|o| &o.escalation).find(|steps| !steps.is_empty()).cloned().unwrap_or_default()
    }

    pub(super) fn reason(&self) -> bool {
        let level = |risk| {
            let built_in = risk == Risk::Critical;
            self.of_level(risk, |o| o.require_reason).reduce(|a, b| a || b).unwrap_or(built_in)
        };
        self.stated(|o| o.require_reason, |a, b| a || b).unwrap_or(false)
            || self.each_level().any(level)
    }

    pub(super) fn assurance(&self) -> Assurance {
        let level = |risk| {
            let built_in = if risk == Risk::Critical { Assurance::Web } else { Assurance::Local };
            self.of_level(risk, |o| o.min_assurance).max().unwrap_or(built_in)
        };
        let stated = self.stated(|o| o.min_assurance, Assurance::max);
        self.each_level().map(level).chain(stated).max().unwrap_or(Assurance::Web)
    }

    /// On offer only where all that ask offer it. One that does not say stands for what the level
    /// offers.
    pub(super) fn always_allow(&self) -> Option<AlwaysAllow> {
        let said = self.written().filter_map(|o| o.always_allow);
        let silent = self.silent || self.entries.iter().any(|(_, entry)| is_silent(entry));
        match said.reduce(narrower) {
            Some(said) if silent => narrower(said, self.level_offers()),
            Some(said) => said,
            None => self.level_offers(),
        }
    }

    fn level_offers(&self) -> Option<AlwaysAllow> {
        let entries = self.entries.iter().filter_map(|(_, entry)| entry.obligations.always_allow);
        let defaults = self.defaults.iter().filter_map(|o| o.always_allow);
        let built_in = (self.levels.1 < Risk::High).then_some(STANDING);
        entries.reduce(narrower).or_else(|| defaults.reduce(narrower)).unwrap_or(built_in)
    }

    fn each_level(&self) -> impl Iterator<Item = Risk> {
        let (from, to) = self.levels;
        let all = [Risk::Low, Risk::Medium, Risk::High, Risk::Critical];
        all.into_iter().filter(move |risk| (from..=to).contains(risk))
    }

    fn of_level<T>(
        &self,
        risk: Risk,
        of: impl Fn(&Obligations) -> Option<T>,
    ) -> impl Iterator<Item = T> {
        let entries = self.entries.iter().filter(move |(level, _)| *level == risk);
        entries.filter_map(move |(_, entry)| of(&entry.obligations))
    }
}

/// An entry that asks without a word on a standing permission.
fn is_silent(entry: &Level) -> bool {
    let asks = entry.decision.is_none_or(|decision| decision == Decision::RequireApproval);
    asks && entry.obligations.always_allow.is_none()
}

/// Equal where the same persons are asked for the same number.
fn plain(roster: &Roster) -> Roster {
    let mut approvers = roster.approvers.clone();
    approvers.sort();
    approvers.dedup();
    Roster { approvers, quorum: roster.quorum.max(1) }
}

/// The shorter time, with the session if either wants it; none where either is none.
pub(super) fn narrower(
    left: Option<AlwaysAllow>,
    right: Option<AlwaysAllow>,
) -> Option<AlwaysAllow> {
    let (left, right) = (left?, right?);
    Some(AlwaysAllow {
        max_seconds: left.max_seconds.min(right.max_seconds),
        session: left.session || right.session,
    })
}

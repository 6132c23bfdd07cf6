//! One action judged: which rules match, which decision wins, and whose wording it has.

use super::Engine;
use super::join::Join;
use super::lines::Line;
use super::sieve::Sieve;
use super::view::View;
use crate::condition::Sense;
use crate::facts::{Facts, Floor};
use crate::model::{Level, Rule};
use crate::verdict::{Decision, Verdict};
use countersign_core::artifact::Risk;

/// All levels, from lowest to highest.
pub(super) const LEVELS: [(Risk, &str); 4] = [
    (Risk::Low, "low"),
    (Risk::Medium, "medium"),
    (Risk::High, "high"),
    (Risk::Critical, "critical"),
];

/// What counts for one action.
pub(super) struct Case<'e> {
    /// Whether no rule may let it through.
    floor: Option<Floor>,
    /// The rules that match, in the order of wording.
    pub(super) matched: Vec<&'e Line>,
    /// The entries of the risk table, the highest level first, then the widest layer. They are those
    /// of every level from the action's own risk to the one that rules raise it to, so that no rule
    /// takes an entry away.
    pub(super) entries: Vec<(Risk, &'e Level)>,
    /// The risk before any rule.
    pub(super) own_risk: Risk,
    /// The risk after all rules.
    pub(super) risk: Risk,
}

/// Who decided.
pub(super) enum Source<'e> {
    Rule(&'e Line),
    Entry(Risk, &'e Level),
    Floor(Floor),
    Nobody,
}

impl Engine {
    pub(super) fn judge_one(&self, facts: &Facts) -> Verdict {
        let view = self.view(facts);
        self.verdict(&view, &self.case(&view))
    }

    pub(super) fn case<'e>(&'e self, view: &View<'_>) -> Case<'e> {
        let action = Sieve::of_view(view);
        let sifted = self.sieves.iter().zip(&self.lines).filter(|(sieve, _)| sieve.lets(&action));
        let matched: Vec<&Line> =
            sifted.map(|(_, line)| line).filter(|line| line.matches(view)).collect();
        let raised = matched.iter().filter(|line| line.accepted).filter_map(|line| line.rule.risk);
        let risk = raised.fold(view.risk, Risk::max);
        let entries = self.entries(view.risk, risk);
        Case { floor: view.floors.last().cloned(), matched, entries, own_risk: view.risk, risk }
    }

    fn entries(&self, from: Risk, to: Risk) -> Vec<(Risk, &Level)> {
        let levels = LEVELS.iter().rev().map(|(level, _)| *level);
        let counting = levels.filter(|level| (from..=to).contains(level));
        counting
            .flat_map(|level| {
                self.accepted()
                    .filter_map(move |layer| layer.policy.risk.get(&level))
                    .map(move |entry| (level, entry))
            })
            .collect()
    }

    pub(super) fn verdict(&self, view: &View<'_>, case: &Case<'_>) -> Verdict {
        let (decision, source) = case.decide();
        let join = Join::new(self, case, &source);
        let mut verdict = Verdict {
            decision,
            rule_id: source.id(),
            risk: case.risk,
            verb: view.verb(),
            lane: view.lane(),
            rosters: join.rosters(),
            persons: join.persons(),
            veto: join.veto(),
            timeout_seconds: join.timeout(),
            escalation: join.escalation(),
            on_timeout: join.on_timeout(),
            silence_ends: join.on_timeout() == crate::verdict::OnTimeout::Deny,
            min_assurance: join.assurance(),
            require_reason: join.reason(),
            always_allow: join.always_allow(),
            max_uses: join.max_uses(),
            redact: case.redactions(),
            matched: case.matched.iter().map(|line| line.name.clone()).collect(),
            display: source.display(view),
            policy_hash: self.hash,
        };
        if verdict.escalation.is_empty() {
            verdict.on_timeout = crate::verdict::OnTimeout::Deny;
        }
        verdict
    }
}

impl<'e> Case<'e> {
    /// What a layer that nobody accepted says counts only where it is stricter.
    fn decide(&self) -> (Decision, Source<'e>) {
        let accepted = self.decide_accepted();
        let rest = self.matched.iter().copied().filter(|line| !line.accepted);
        match strictest(rest, Decision::RequireApproval) {
            Some((decision, line)) if decision > accepted.0 => (decision, Source::Rule(line)),
            _ => accepted,
        }
    }

    fn decide_accepted(&self) -> (Decision, Source<'e>) {
        let table = self.table();
        match self.ruled() {
            // A rule that asks opens nothing that the table closes.
            Some((Decision::RequireApproval, _)) if table.0 == Decision::Block => table,
            Some(_) if self.is_held_as_critical() => table,
            Some((decision, line)) => (decision, Source::Rule(line)),
            None => table,
        }
    }

    /// The rule that decides among those that somebody accepted.
    fn ruled(&self) -> Option<(Decision, &'e Line)> {
        let least = if self.floor.is_some() { Decision::RequireApproval } else { Decision::Allow };
        strictest(self.matched.iter().copied().filter(|line| line.accepted), least)
    }

    /// Whether a rule would let something critical through, the risk table would not, and no rule
    /// that loosens says by a condition that it means such things.
    pub(super) fn is_held_as_critical(&self) -> bool {
        let loosens = |line: &&&Line| line.accepted && line.sense == Sense::Loosens;
        self.own_risk == Risk::Critical
            && self.ruled().is_some_and(|(decision, line)| {
                line.sense == Sense::Loosens && self.table().0 > decision
            })
            && !self.matched.iter().filter(loosens).any(|line| line.names_risk())
    }

    /// The name of whoever decides.
    pub(super) fn decided_by(&self) -> String {
        self.decide().1.id()
    }

    /// What the risk table says, or whoever speaks where it says nothing.
    fn table(&self) -> (Decision, Source<'e>) {
        let has = |risk| self.entries.iter().any(|(level, _)| *level == risk);
        let gap = !has(self.own_risk) || !has(self.risk);
        let asks = gap || self.floor.is_some();
        let least = if asks { Decision::RequireApproval } else { Decision::Allow };
        let said = |entry: &Level| entry.decision.unwrap_or(Decision::RequireApproval);
        let entries = self.entries.iter().map(|(level, entry)| (said(entry), *level, *entry));
        // The first of the strictest: the highest level, then the widest layer.
        match (entries.rev().filter(|e| e.0 >= least).max_by_key(|e| e.0), &self.floor) {
            (Some((decision, level, entry)), _) => (decision, Source::Entry(level, entry)),
            (None, Some(floor)) => (Decision::RequireApproval, Source::Floor(floor.clone())),
            (None, None) => (Decision::RequireApproval, Source::Nobody),
        }
    }

    fn redactions(&self) -> Vec<String> {
        let accepted = self.matched.iter().filter(|line| line.accepted);
        let fields = accepted.flat_map(|line| &line.rule.redact).map(|field| field.text.clone());
        let mut fields: Vec<String> = fields.collect();
        fields.sort();
        fields.dedup();
        fields
    }
}

/// The first of the strictest decisions that count.
fn strictest<'e>(
    lines: impl DoubleEndedIterator<Item = &'e Line>,
    least: Decision,
) -> Option<(Decision, &'e Line)> {
    let decided = lines.rev().filter_map(|line| Some((line.rule.decision?, line)));
    decided.filter(|(decision, _)| *decision >= least).max_by_key(|(decision, _)| *decision)
}

impl Source<'_> {
    fn id(&self) -> String {
        match self {
            Self::Rule(line) => line.rule.id.clone(),
            Self::Entry(level, _) => format!("risk.{}", name(*level)),
            Self::Floor(floor) => format!("floor.{}", floor.name()),
            Self::Nobody => "default".into(),
        }
    }

    /// Words of a layer that nobody accepted are not put before a person.
    fn display(&self, view: &View<'_>) -> String {
        match self {
            Self::Rule(line) if line.accepted => wording(&line.rule),
            Self::Rule(line) => format!("`{}`, which nobody accepted, restricts this", line.name),
            Self::Entry(level, _) => format!("its risk is {}", name(*level)),
            Self::Floor(floor) => floor.reason(view.verb().as_str()),
            Self::Nobody => "nothing decides this, so a person does".into(),
        }
    }
}

/// A person's words for a rule, else those for its conditions, else its name.
fn wording(rule: &Rule) -> String {
    if let Some(display) = &rule.display {
        return display.clone();
    }
    let said = rule.conditions.iter().filter_map(|condition| condition.display.as_deref());
    let said: Vec<&str> = said.collect();
    if said.is_empty() { format!("the rule `{}`", rule.id) } else { said.join(", ") }
}

pub(super) fn name(risk: Risk) -> &'static str {
    LEVELS.iter().find(|(level, _)| *level == risk).map_or("critical", |(_, name)| *name)
}

impl Floor {
    /// What a verdict calls it: `floor.NAME`.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Lane(lane) => lane.name(),
            Self::Protected => "protected",
            Self::Unreadable => "unreadable",
        }
    }

    pub(super) fn reason(&self, verb: &str) -> String {
        match self {
            Self::Lane(_) => format!("{verb} never happens without a person"),
            Self::Protected => "it touches what holds the gate".into(),
            Self::Unreadable => "nobody can say what it does".into(),
        }
    }
}

//! What counts of all rules of all layers, and whether one of them matches.

use super::view::{View, names_fit};
use super::{Layer, LayerName};
use crate::condition::{Root, Sense};
use crate::model::{Rule, Subject};
use crate::pattern::Glob;
use crate::verdict::Decision;
use std::sync::Arc;

/// One rule that counts.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Shared by all clones of the engine.
    pub(super) rule: Arc<Rule>,
    /// `LAYER:RULE`.
    pub(super) name: String,
    /// Whether a person accepted its layer.
    pub(super) accepted: bool,
    pub(super) sense: Sense,
    /// What the path of each condition begins with.
    roots: Vec<Root>,
}

/// Every rule that counts, in the order of wording: accepted ones first, then by `order`, by
/// layer, by the file's order.
pub(super) fn compile(layers: &[Layer]) -> Vec<Line> {
    let rules = layers.iter().flat_map(|layer| layer.policy.rules.iter().map(move |r| (layer, r)));
    let mut lines: Vec<Line> = rules
        .filter(|(layer, rule)| counts(layer, rule))
        .map(|(layer, rule)| Line::new(layer, rule))
        .collect();
    lines.sort_by_key(|line| (!line.accepted, line.rule.order));
    lines
}

/// Of a layer that nobody accepted, only what restricts.
pub(super) fn counts(layer: &Layer, rule: &Rule) -> bool {
    let restricts = matches!(rule.decision, Some(Decision::Block | Decision::RequireApproval));
    !rule.disabled && (layer.accepted || restricts)
}

pub(super) fn full_name(layer: LayerName, rule: &Rule) -> String {
    format!("{}:{}", layer.name(), rule.id)
}

impl Line {
    fn new(layer: &Layer, rule: &Rule) -> Self {
        Self {
            name: full_name(layer.name, rule),
            accepted: layer.accepted,
            sense: Sense::of(rule.decision),
            roots: rule.conditions.iter().map(|condition| Root::of(&condition.field)).collect(),
            rule: Arc::new(rule.clone()),
        }
    }

    /// Whether a condition of it looks at the risk.
    pub(super) fn names_risk(&self) -> bool {
        self.roots.iter().any(|root| matches!(root, Root::Risk))
    }

    /// Whether every criterion holds.
    pub(super) fn matches(&self, view: &View<'_>) -> bool {
        let (rule, sense) = (&*self.rule, self.sense);
        let mut conditions = rule.conditions.iter().zip(&self.roots);
        CRITERIA.iter().all(|(_, holds)| holds(rule, sense, view))
            && conditions.all(|(asked, root)| asked.see_at(*root, view, sense).satisfies(sense))
    }
}

/// The criteria of a rule, in the order in which they are looked at; each by name.
pub(super) const CRITERIA: [Criterion; 6] = [
    ("subject", subject),
    ("verb", verbs),
    ("tools", tools),
    ("servers", servers),
    ("hosts", hosts),
    ("artifact types", artifact_types),
];

pub(super) type Criterion = (&'static str, fn(&Rule, Sense, &View<'_>) -> bool);

fn subject(rule: &Rule, sense: Sense, view: &View<'_>) -> bool {
    let asker = &view.facts.asker;
    let fits = |glob: &Glob, name: &Option<String>| name.as_ref().is_some_and(|n| glob.fits(n));
    let claimed = |glob, name| sense == Sense::Restricts && fits(glob, name);
    match &rule.subject {
        Subject::Any => true,
        Subject::Account(glob) => fits(glob, &asker.account),
        Subject::Agent(glob) => claimed(glob, &asker.agent),
        Subject::Session(glob) => claimed(glob, &asker.session),
        Subject::Workflow(glob) => claimed(glob, &asker.workflow),
    }
}

fn verbs(rule: &Rule, sense: Sense, view: &View<'_>) -> bool {
    let fits = |verb: &_| rule.verbs.iter().any(|written| written.covers(verb));
    rule.verbs.is_empty() || names_fit(&view.verbs, sense, fits)
}

fn tools(rule: &Rule, sense: Sense, view: &View<'_>) -> bool {
    let fits = |name: &String| rule.tools.iter().any(|glob| glob.fits(name));
    rule.tools.is_empty() || names_fit(&view.facts.class.tools, sense, fits)
}

fn servers(rule: &Rule, _: Sense, view: &View<'_>) -> bool {
    let fits = |name: &String| rule.servers.iter().any(|glob| glob.fits(name));
    rule.servers.is_empty() || view.facts.server.as_ref().is_some_and(fits)
}

fn hosts(rule: &Rule, sense: Sense, view: &View<'_>) -> bool {
    let any = rule.hosts.iter().any(|pattern| pattern.is_any());
    let fits = |host: &String| rule.hosts.iter().any(|pattern| pattern.fits(host));
    rule.hosts.is_empty() || any || names_fit(&view.facts.class.hosts, sense, fits)
}

fn artifact_types(rule: &Rule, _: Sense, view: &View<'_>) -> bool {
    rule.artifact_types.is_empty() || rule.artifact_types.contains(&view.facts.artifact_type)
}

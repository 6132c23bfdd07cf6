//! How a verdict came about, in plain words.
//!
//! It is worked out by the same functions as the verdict, so the two cannot differ.

mod sentence;
mod words;

use super::lines::{CRITERIA, counts, full_name};
use super::view::View;
use super::{Considered, Engine, Explanation, Layer, batch};
use crate::condition::Sense;
use crate::facts::Facts;
use crate::model::Rule;

/// Why something critical does not run although a rule fits.
const HELD: &str = "a rule that loosens it must name `risk` in a condition";

impl Engine {
    /// The same verdict, and how it came about.
    #[must_use]
    pub fn explain(&self, facts: &Facts) -> Explanation {
        let verdict = self.judge(facts);
        let held = parts(facts).iter().any(|(_, facts)| {
            let case = &self.case(&self.view(facts));
            case.is_held_as_critical() && case.decided_by() == verdict.rule_id
        });
        let sentence = sentence::of(&verdict, facts, self, held);
        Explanation { sentence, considered: self.considered(facts, &verdict.matched), verdict }
    }

    /// Every rule of every layer, those that do not count as well, in the order of wording.
    fn considered(&self, facts: &Facts, matched: &[String]) -> Vec<Considered> {
        let parts = parts(facts);
        let mut views: Vec<(String, bool, View<'_>)> = Vec::new();
        for (name, facts) in &parts {
            let view = self.view(facts);
            views.push((name.clone(), self.case(&view).is_held_as_critical(), view));
        }
        let rules =
            self.layers.iter().flat_map(|layer| layer.policy.rules.iter().map(move |r| (layer, r)));
        let mut rules: Vec<(&Layer, &Rule)> = rules.collect();
        rules.sort_by_key(|(layer, rule)| (!layer.accepted, rule.order));
        let one = |(layer, rule): (&Layer, &Rule)| {
            let name = full_name(layer.name, rule);
            let because = match why_not_counted(layer, rule) {
                Some(why) => vec![why.to_owned()],
                None => {
                    let seen = |(part, held, view): &(String, bool, View<'_>)| {
                        seen(part, rule, view, *held)
                    };
                    views.iter().flat_map(seen).collect()
                }
            };
            let matched = counts(layer, rule) && matched.contains(&name);
            Considered { rule: name, decision: rule.decision, matched, because }
        };
        rules.into_iter().map(one).collect()
    }
}

/// What is judged by itself, with what to call it before a reason.
fn parts(facts: &Facts) -> Vec<(String, Facts)> {
    let items = (facts.kind == "batch").then(|| batch::items(facts)).flatten();
    let whole = (if items.is_some() { "the batch: " } else { "" }.to_owned(), facts.clone());
    let items = items.into_iter().flatten().zip(1..);
    items.map(|(item, n)| (format!("item {n}: "), item)).chain([whole]).collect()
}

fn why_not_counted(layer: &Layer, rule: &Rule) -> Option<&'static str> {
    if rule.disabled {
        return Some("it is disabled");
    }
    (!counts(layer, rule))
        .then_some("nobody accepted its file, so only what blocks or asks counts of it")
}

/// What was looked at, and why a rule that fits does not let it through where that is held.
fn seen(part: &str, rule: &Rule, view: &View<'_>, held: bool) -> Vec<String> {
    let (mut because, fits) = looked_at(part, rule, view);
    if held && fits && Sense::of(rule.decision) == Sense::Loosens {
        because.push(format!("{part}critical: {HELD}"));
    }
    because
}

/// The criteria that held and the first that did not, and whether all of them held.
fn looked_at(part: &str, rule: &Rule, view: &View<'_>) -> (Vec<String>, bool) {
    let sense = Sense::of(rule.decision);
    let mut because = Vec::new();
    for (name, holds) in CRITERIA {
        let held = holds(rule, sense, view);
        if let Some(words) = words::criterion(name, rule, view, held) {
            because.push(format!("{part}{words}"));
        }
        if !held {
            return (because, false);
        }
    }
    for condition in &rule.conditions {
        let held = condition.see(view, sense);
        let satisfied = held.satisfies(sense);
        because.push(format!("{part}{}", words::condition(condition, &held, view, satisfied)));
        if !satisfied {
            return (because, false);
        }
    }
    if because.is_empty() {
        because.push(format!("{part}it asks nothing, so it holds for every action"));
    }
    (because, true)
}

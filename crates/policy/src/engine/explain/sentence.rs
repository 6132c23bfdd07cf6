//! A verdict in one or two sentences.

use super::words::shown;
use crate::engine::{Engine, LayerName};
use crate::facts::Facts;
use crate::verdict::{Decision, Roster, Verdict};

/// `held`: whether something critical is held back that a rule would have let run.
pub(super) fn of(verdict: &Verdict, facts: &Facts, engine: &Engine, held: bool) -> String {
    let who_says = |does: &str| match held {
        true => held_back(verdict, does),
        false => who_says(verdict, engine, does),
    };
    let what = what_it_does(verdict, facts);
    match verdict.decision {
        Decision::Allow => {
            format!("This runs: {what}. {}.", who_says("allows it"))
        }
        Decision::Redact => {
            format!("This runs with fields hidden: {what}. {}.", who_says("hides them"))
        }
        Decision::Block => {
            format!("This does not run: {what}. {}.", who_says("blocks it"))
        }
        Decision::RequireApproval => format!(
            "A person must allow this: {what}. {}{}.",
            who_says(&format!("asks {}", people(&verdict.rosters))),
            if verdict.require_reason { "; a reason is required" } else { "" }
        ),
    }
}

/// The finding with the verb of the verdict says best why it is what it is.
fn what_it_does(verdict: &Verdict, facts: &Facts) -> String {
    let findings = &facts.class.findings;
    let leads = findings.iter().find(|finding| finding.verb == verdict.verb);
    match leads.or_else(|| findings.first()) {
        Some(finding) => format!(
            "{} (`{}`: {}), risk {}",
            verdict.verb,
            shown(&finding.part),
            shown(&finding.why),
            super::super::judge::name(verdict.risk)
        ),
        None => format!("{}, risk {}", verdict.verb, super::super::judge::name(verdict.risk)),
    }
}

fn held_back(verdict: &Verdict, does: &str) -> String {
    let held = super::HELD;
    match verdict.rule_id.strip_prefix("risk.") {
        Some(level) => format!("Critical: {held}, so the risk table {does} at {level}"),
        None => format!("Critical: {held}, and nothing else decides, which {does}"),
    }
}

fn who_says(verdict: &Verdict, engine: &Engine, does: &str) -> String {
    let id = &verdict.rule_id;
    if let Some(level) = id.strip_prefix("risk.") {
        return format!("No rule decides; the risk table {does} at {level}");
    }
    if let Some(floor) = id.strip_prefix("floor.") {
        return format!("No rule may let it through (`{floor}`); the floor {does}");
    }
    let layer = verdict.matched.iter().find_map(|name| {
        let (layer, rule) = name.split_once(':')?;
        let is = |known: &&crate::engine::Layer| known.name.name() == layer;
        (rule == id).then(|| engine.layers().iter().find(is)).flatten().map(|layer| layer.name)
    });
    match layer {
        Some(layer) => format!("Rule `{id}` of {} {does}", place(layer)),
        None => format!("Nothing decides it, which {does}"),
    }
}

fn place(layer: LayerName) -> &'static str {
    match layer {
        LayerName::Builtin => "the built-in policy",
        LayerName::Organisation => "the organisation",
        LayerName::Home => "the home",
        LayerName::Workspace => "the workspace",
    }
}

/// `2 of finance and 1 of security`.
fn people(rosters: &[Roster]) -> String {
    let one = |roster: &Roster| {
        let of = match roster.approvers.as_slice() {
            [] => "the pinned approvers".to_owned(),
            labels => labels.join(", "),
        };
        format!("{} of {of}", roster.quorum)
    };
    rosters.iter().map(one).collect::<Vec<_>>().join(" and ")
}

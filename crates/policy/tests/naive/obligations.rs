//! What an approval must satisfy.

use countersign_core::artifact::{Assurance, Risk};
use countersign_policy::model::{Level, Obligations, Rule};
use countersign_policy::verdict::{AlwaysAllow, Decision, OnTimeout, Roster};
use countersign_policy::{Layer, Verdict};

type Standing = Option<AlwaysAllow>;

/// Fills in all that is asked for.
pub(crate) fn oblige(
    mut verdict: Verdict,
    layers: &[Layer],
    matching: &[(&Layer, usize, &Rule)],
    entries: &[(Risk, &Level)],
    (own, risk): (Risk, Risk),
) -> Verdict {
    let asking = |d: Option<Decision>| d.is_none() || d == Some(Decision::RequireApproval);
    let mut written: Vec<&Obligations> = Vec::new();
    for (layer, _, rule) in matching {
        if layer.accepted && asking(rule.decision) {
            written.push(&rule.obligations);
        }
    }
    for (_, entry) in entries {
        written.push(&entry.obligations);
    }
    let defaults: Vec<&Obligations> =
        layers.iter().filter(|l| l.accepted).map(|l| &l.policy.defaults).collect();

    verdict.rosters = rosters(&written);
    if verdict.rosters.is_empty() {
        verdict.rosters = rosters(&defaults);
    }
    if verdict.rosters.is_empty() {
        verdict.rosters.push(Roster { approvers: Vec::new(), quorum: 1 });
    }

    let persons = values(&written, &defaults, |o| {
        let wanted: u32 = o.rosters.iter().map(|roster| roster.quorum).sum();
        if o.rosters.is_empty() { None } else { Some(wanted) }
    });
    verdict.persons = persons.into_iter().max().unwrap_or(1);

    let veto = values(&written, &defaults, |o| o.veto);
    verdict.veto = veto.contains(&true);
    let high = risk == Risk::High || risk == Risk::Critical;
    let time = values(&written, &defaults, |o| o.timeout);
    verdict.timeout_seconds = time.into_iter().min().unwrap_or(if high { 300 } else { 120 });
    let uses = values(&written, &defaults, |o| o.max_uses);
    verdict.max_uses = uses.into_iter().min().unwrap_or(1);

    verdict.escalation = escalation(&verdict, matching, entries, &written, &defaults);
    let on_timeout = values(&written, &defaults, |o| o.on_timeout);
    verdict.silence_ends = on_timeout.contains(&OnTimeout::Deny);
    let denies = on_timeout.contains(&OnTimeout::Deny) || verdict.escalation.is_empty();
    verdict.on_timeout = if denies { OnTimeout::Deny } else { OnTimeout::Escalate };

    let mut reasons = values(&written, &defaults, |o| o.require_reason);
    let mut assurances = values(&written, &defaults, |o| o.min_assurance);
    for level in [Risk::Low, Risk::Medium, Risk::High, Risk::Critical] {
        if level < own || level > risk {
            continue;
        }
        let of: Vec<&Obligations> =
            entries.iter().filter(|e| e.0 == level).map(|e| &e.1.obligations).collect();
        let stated: Vec<bool> = of.iter().filter_map(|o| o.require_reason).collect();
        let critical = level == Risk::Critical;
        reasons.push(if stated.is_empty() { critical } else { stated.contains(&true) });
        let stated: Vec<Assurance> = of.iter().filter_map(|o| o.min_assurance).collect();
        let built_in = if critical { Assurance::Web } else { Assurance::Local };
        assurances.push(stated.into_iter().max().unwrap_or(built_in));
    }
    verdict.require_reason = reasons.contains(&true);
    verdict.min_assurance = assurances.into_iter().max().unwrap();
    verdict.always_allow = standing(matching, entries, &written, &defaults, high);
    verdict
}

/// All that is written down; where nothing is, the defaults.
fn values<T>(
    written: &[&Obligations],
    defaults: &[&Obligations],
    of: impl Fn(&Obligations) -> Option<T>,
) -> Vec<T> {
    let all: Vec<T> = written.iter().filter_map(|o| of(o)).collect();
    if all.is_empty() { defaults.iter().filter_map(|o| of(o)).collect() } else { all }
}

fn rosters(from: &[&Obligations]) -> Vec<Roster> {
    let mut all = std::collections::BTreeSet::new();
    for roster in from.iter().flat_map(|o| &o.rosters) {
        let labels: std::collections::BTreeSet<_> = roster.approvers.iter().cloned().collect();
        let approvers = labels.into_iter().collect();
        all.insert(Roster { approvers, quorum: roster.quorum });
    }
    all.into_iter().collect()
}

fn escalation(
    verdict: &Verdict,
    matching: &[(&Layer, usize, &Rule)],
    entries: &[(Risk, &Level)],
    written: &[&Obligations],
    defaults: &[&Obligations],
) -> Vec<countersign_policy::verdict::Escalation> {
    let mut order: Vec<&Obligations> = Vec::new();
    for (layer, _, rule) in matching {
        if layer.accepted && rule.decision == Some(verdict.decision) && rule.id == verdict.rule_id {
            order.push(&rule.obligations);
            break;
        }
    }
    for (level, entry) in entries {
        let says = entry.decision.unwrap_or(Decision::RequireApproval);
        let id = format!("risk.{level:?}").to_lowercase();
        if id == verdict.rule_id && says == verdict.decision {
            order.push(&entry.obligations);
            break;
        }
    }
    order.extend(written);
    order.extend(defaults);
    let steps = order.into_iter().map(|o| o.escalation.clone());
    steps.into_iter().find(|steps| !steps.is_empty()).unwrap_or_default()
}

fn standing(
    matching: &[(&Layer, usize, &Rule)],
    entries: &[(Risk, &Level)],
    written: &[&Obligations],
    defaults: &[&Obligations],
    high: bool,
) -> Standing {
    // What the level offers.
    let of_table: Vec<Standing> =
        entries.iter().filter_map(|e| e.1.obligations.always_allow).collect();
    let of_defaults: Vec<Standing> = defaults.iter().filter_map(|o| o.always_allow).collect();
    let session = AlwaysAllow { max_seconds: 28_800, session: true };
    let built_in = vec![if high { None } else { Some(session) }];
    let level = [of_table, of_defaults, built_in].into_iter().find(|all| !all.is_empty()).unwrap();

    // What everybody says, and the level for whoever asks and says nothing.
    let mut all: Vec<Standing> = written.iter().filter_map(|o| o.always_allow).collect();
    let mut silent = all.is_empty();
    for (layer, _, rule) in matching {
        let says = layer.accepted && rule.obligations.always_allow.is_some();
        silent |= rule.decision == Some(Decision::RequireApproval) && !says;
    }
    for (_, entry) in entries {
        let asks = entry.decision.unwrap_or(Decision::RequireApproval) == Decision::RequireApproval;
        silent |= asks && entry.obligations.always_allow.is_none();
    }
    if silent {
        all.extend(level);
    }
    all.into_iter().reduce(least).unwrap()
}

/// The less of two offers.
pub(crate) fn least(left: Standing, right: Standing) -> Standing {
    match (left, right) {
        (Some(left), Some(right)) => Some(AlwaysAllow {
            max_seconds: left.max_seconds.min(right.max_seconds),
            session: left.session || right.session,
        }),
        _ => None,
    }
}

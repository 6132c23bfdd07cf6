//! The engine against a second evaluator, and against what it promises.
//!
//! `COUNTERSIGN_CASES` says how many cases each test tries; every case is made of its number.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a generator and an oracle of tests: a panic is a failed test"
)]

#[path = "engine/generate.rs"]
mod generate;
mod naive;

use countersign_core::encoding::Hash;
use countersign_policy::model::{Obligations, Rule};
use countersign_policy::verdict::{Decision, OnTimeout};
use countersign_policy::{Engine, Facts, Layer, LayerName, Verdict};
use generate::Dice;

fn cases() -> u64 {
    std::env::var("COUNTERSIGN_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000)
}

/// Each case by its number, with layers and an action made of it.
fn each(check: impl Fn(u64, &mut Dice, Vec<Layer>, Facts)) {
    for case in 0..cases() {
        let mut dice = Dice(case.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let (layers, facts) = (dice.layers(), dice.facts());
        check(case, &mut dice, layers, facts);
    }
}

fn judge(layers: &[Layer], facts: &Facts) -> Verdict {
    Engine::new(layers.to_vec()).unwrap().judge(facts)
}

/// What a verdict says besides its wording.
fn plain(mut verdict: Verdict, batch: bool) -> Verdict {
    verdict.policy_hash = Hash([0; 32]);
    verdict.display.clear();
    if batch {
        verdict.matched.sort();
    }
    verdict
}

#[test]
fn a_second_evaluator_written_from_the_page_agrees() {
    let mut seen = [0u64; 4];
    let counted = std::cell::RefCell::new(&mut seen);
    each(|case, _, layers, facts| {
        let batch = facts.kind == "batch";
        let naive = plain(naive::judge(&layers, &facts), batch);
        let engine = plain(judge(&layers, &facts), batch);
        assert_eq!(engine, naive, "case {case}: {layers:#?} {facts:#?}");
        counted.borrow_mut()[engine.decision as usize] += 1;
    });
    // A generator that never allows, or never blocks, would prove nothing.
    assert!(seen.iter().all(|times| *times > cases() / 100), "{seen:?}");
}

#[test]
fn attack_15_what_is_explained_is_what_is_judged() {
    each(|case, _, layers, facts| {
        let engine = Engine::new(layers).unwrap();
        let (verdict, explanation) = (engine.judge(&facts), engine.explain(&facts));
        assert_eq!(explanation.verdict, verdict, "case {case}");
        let mut shown: Vec<&String> =
            explanation.considered.iter().filter(|c| c.matched).map(|c| &c.rule).collect();
        let mut matched: Vec<&String> = verdict.matched.iter().collect();
        if facts.kind == "batch" {
            shown.sort();
            matched.sort();
        }
        assert_eq!(shown, matched, "case {case}");
        let rules: usize = engine.layers().iter().map(|layer| layer.policy.rules.len()).sum();
        assert_eq!(explanation.considered.len(), rules);
        assert!(explanation.considered.iter().all(|c| !c.because.is_empty()), "case {case}");
        assert!(!explanation.sentence.contains('\n'));
    });
}

/// Adds a rule somewhere.
fn with(dice: &mut Dice, layers: &[Layer], rule: Rule) -> Vec<Layer> {
    let mut layers = layers.to_vec();
    if layers.is_empty() {
        let policy = Default::default();
        layers.push(Layer { name: LayerName::Home, policy, sha256: Hash([9; 32]), accepted: true });
    }
    let at = dice.below(layers.len());
    let rules = &mut layers[at].policy.rules;
    let place = dice.below(rules.len() + 1);
    rules.insert(place, rule);
    layers
}

#[test]
fn a_rule_that_blocks_or_asks_makes_nothing_more_permissive() {
    each(|case, dice, layers, facts| {
        let before = judge(&layers, &facts);
        let mut rule = dice.rule("added".into());
        rule.decision =
            Some(if dice.one_in(2) { Decision::Block } else { Decision::RequireApproval });
        let after = judge(&with(dice, &layers, rule.clone()), &facts);
        assert!(after.decision >= before.decision, "case {case}: {layers:#?} {rule:#?} {facts:#?}");
        assert!(after.risk >= before.risk, "case {case}");
        // One that obliges to nothing takes nothing away, whoever wrote the rest.
        rule.obligations = Obligations::default();
        rule.risk = None;
        let after = judge(&with(dice, &layers, rule.clone()), &facts);
        let less = before.asks_for_more_than(&after) && after.decision != Decision::Block;
        assert!(!less, "case {case}: {layers:#?} {rule:#?} {facts:#?}");
    });
}

#[test]
fn attack_42_what_nobody_accepted_makes_nothing_more_permissive_and_asks_nobody_else() {
    each(|case, dice, mut layers, facts| {
        layers.retain(|layer| layer.name != LayerName::Workspace);
        for layer in &mut layers {
            layer.accepted = true;
        }
        let before = judge(&layers, &facts);
        let policy = dice.policy();
        let sha256 = Hash([7; 32]);
        layers.push(Layer { name: LayerName::Workspace, policy, sha256, accepted: false });
        let after = judge(&layers, &facts);
        assert!(after.decision >= before.decision, "case {case}: {layers:#?} {facts:#?}");
        assert_eq!((after.risk, &after.redact), (before.risk, &before.redact), "case {case}");
        // An item of a batch that only such a layer stops brings its own obligations and words.
        if before.decision == after.decision && facts.kind != "batch" {
            assert!(!before.asks_for_more_than(&after), "case {case}");
            assert_eq!(after.rule_id, before.rule_id, "case {case}");
            assert_eq!(after.display, before.display, "case {case}");
            assert_eq!(after.rosters, before.rosters, "case {case}");
            assert_eq!(after.escalation, before.escalation, "case {case}: {layers:#?} {facts:#?}");
            assert_eq!(after.timeout_seconds, before.timeout_seconds, "case {case}");
        }
    });
}

/// What the rules that match an action wrote down is what its verdict asks for.
fn meets(verdict: &Verdict, layers: &[Layer], named: &[String]) -> bool {
    let rules = layers.iter().filter(|layer| layer.accepted).flat_map(|layer| {
        layer
            .policy
            .rules
            .iter()
            .map(move |rule| (format!("{}:{}", layer.name.name(), rule.id), rule))
    });
    let asks =
        |rule: &Rule| rule.decision.is_none() || rule.decision == Some(Decision::RequireApproval);
    rules.filter(|(name, rule)| named.contains(name) && asks(rule)).all(|(_, rule)| {
        let o = &rule.obligations;
        let met = |roster: &countersign_policy::verdict::Roster| {
            let mut roster = roster.clone();
            roster.approvers.sort();
            roster.approvers.dedup();
            verdict.rosters.contains(&roster)
        };
        let no_more = |offered: countersign_policy::verdict::AlwaysAllow| {
            o.always_allow
                .is_none_or(|said| said.is_some_and(|s| offered.max_seconds <= s.max_seconds))
        };
        o.rosters.iter().all(met)
            && (verdict.veto || o.veto != Some(true))
            && (verdict.require_reason || o.require_reason != Some(true))
            && o.timeout.is_none_or(|time| verdict.timeout_seconds <= time)
            && o.max_uses.is_none_or(|uses| verdict.max_uses <= uses)
            && o.min_assurance.is_none_or(|least| verdict.min_assurance >= least)
            && (o.on_timeout != Some(OnTimeout::Deny) || verdict.on_timeout == OnTimeout::Deny)
            && verdict.always_allow.is_none_or(no_more)
    })
}

#[test]
fn an_added_rule_takes_no_obligation_away() {
    each(|case, dice, layers, facts| {
        let before = judge(&layers, &facts);
        let rule = dice.rule("added".into());
        let after = judge(&with(dice, &layers, rule.clone()), &facts);
        let kept = |name: &String| after.matched.contains(name);
        assert!(before.matched.iter().all(kept), "case {case}");
        assert!(before.redact.iter().all(|field| after.redact.contains(field)), "case {case}");
        // Items of a batch that no longer decide oblige to nothing.
        if after.decision == Decision::RequireApproval && facts.kind != "batch" {
            let why = || format!("case {case}: {layers:#?} {rule:#?} {facts:#?}");
            assert!(meets(&after, &layers, &before.matched), "{}", why());
            if before.decision == Decision::RequireApproval {
                assert!(before.rosters.iter().all(|roster| {
                    after.rosters.contains(roster) || filled_in(&layers, roster)
                }));
            }
        }
    });
}

/// Whether a roster may have come from `[defaults]` or from nowhere.
fn filled_in(layers: &[Layer], roster: &countersign_policy::verdict::Roster) -> bool {
    let sorted = |labels: &[String]| {
        let labels: std::collections::BTreeSet<String> = labels.iter().cloned().collect();
        labels.into_iter().collect::<Vec<_>>()
    };
    let mut defaults = layers.iter().flat_map(|layer| &layer.policy.defaults.rosters);
    roster.approvers.is_empty()
        || defaults.any(|default| sorted(&default.approvers) == roster.approvers)
}

#[test]
fn a_disabled_rule_is_as_good_as_none() {
    each(|case, _, layers, facts| {
        let mut without = layers.clone();
        for layer in &mut without {
            layer.policy.rules.retain(|rule| !rule.disabled);
        }
        assert_eq!(judge(&layers, &facts), judge(&without, &facts), "case {case}");
    });
}

#[test]
fn order_changes_only_the_wording() {
    each(|case, dice, layers, facts| {
        let mut shuffled = layers.clone();
        for rule in shuffled.iter_mut().flat_map(|layer| &mut layer.policy.rules) {
            rule.order = dice.below(5) as i64;
        }
        let wordless = |layers: &[Layer]| {
            let mut verdict = judge(layers, &facts);
            let hidden = (&mut verdict.rule_id, &mut verdict.display);
            hidden.0.clear();
            hidden.1.clear();
            verdict.matched.sort();
            // Who is asked next goes with the wording, and with it whether there is anyone.
            verdict.escalation.clear();
            verdict.on_timeout = OnTimeout::Deny;
            verdict
        };
        assert_eq!(wordless(&shuffled), wordless(&layers), "case {case}: {layers:#?}");
    });
}

#[test]
fn an_engine_may_be_shared() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    shared(&Engine::new(Vec::new()).unwrap());
}

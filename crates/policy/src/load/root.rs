//! The root of a policy in TOML.

use super::node::{Kind, Node, Span};
use super::reader::{Fields, Reader, Style};
use super::source::shown;
use super::words::{DECISIONS, RISKS, nearest};
use super::{condition, duty, person, rule, sense, test};
use crate::model::{Level, Limits, Mode, Policy, Reclass};
use crate::pattern::HostPattern;
use countersign_core::artifact::Risk;
use std::collections::BTreeMap;

/// The keys of the root of a file of ours.
pub(super) const KEYS: [&str; 9] =
    ["version", "mode", "rule", "approver", "classify", "risk", "defaults", "limits", "test"];

/// Reads a file of either grammar of TOML.
pub(super) fn read(reader: &mut Reader, root: &Node) -> Policy {
    match root.member("version") {
        Some(version) => ours(reader, root, version),
        None => receipts(reader, root),
    }
}

fn ours(reader: &mut Reader, root: &Node, version: &Node) -> Policy {
    reader.style = Style::Ours;
    if !matches!(&version.kind, Kind::Number(text) if text == "1") {
        reader.wrong_hint(version.span, "an unknown version of the policy", "write `version = 1`");
    }
    let Some(fields) = reader.fields(root, "a policy", &KEYS) else { return Policy::default() };
    let modes = [("enforce", Mode::Enforce), ("observe", Mode::Observe)];
    let mode = fields.get("mode").and_then(|node| reader.word(node, "mode", &modes));
    // Before the rules, for those that name a quorum and nobody.
    let defaults = fields.get("defaults").map(|node| duty::defaults(reader, node));
    let approvers = fields.get("approver").map(|node| person::read_all(reader, node));
    let approvers = approvers.unwrap_or_default();
    let policy = Policy {
        mode: mode.unwrap_or_default(),
        rules: rules(reader, &fields),
        classify: fields.get("classify").map(|node| classify(reader, node)).unwrap_or_default(),
        risk: fields.get("risk").map(|node| levels(reader, node)).unwrap_or_default(),
        defaults: defaults.unwrap_or_default(),
        limits: fields.get("limits").map(|node| limits(reader, node)).unwrap_or_default(),
        tests: fields.get("test").map(|node| test::read_all(reader, node)).unwrap_or_default(),
        approvers,
    };
    person::quorums(reader, &policy.approvers);
    policy
}

fn receipts(reader: &mut Reader, root: &Node) -> Policy {
    reader.style = Style::Receipts;
    let Some(fields) = reader.fields(root, "a policy without `version`", &["rule"]) else {
        return Policy::default();
    };
    if fields.entries().is_empty() {
        let hint = "put `version = 1` at its head, and then `[[rule]]`";
        reader.wrong_hint(Span::default(), "the file is empty", hint);
    }
    let rules = rules(reader, &fields);
    person::quorums(reader, &[]);
    Policy { rules, ..Policy::default() }
}

fn rules(reader: &mut Reader, fields: &Fields<'_>) -> Vec<crate::model::Rule> {
    let placed = fields.get("rule").map(|node| rule::read_all(reader, node)).unwrap_or_default();
    sense::covered(reader, &placed);
    placed.into_iter().map(|placed| placed.rule).collect()
}

/// The table of risks, by level.
pub(super) fn levels(reader: &mut Reader, node: &Node) -> BTreeMap<Risk, Level> {
    let Some(fields) = reader.open(node) else { return BTreeMap::new() };
    let mut known = duty::level_keys(reader.style);
    known.push(if reader.style == Style::Hitl { "require_approval" } else { "decision" });
    let mut levels = BTreeMap::new();
    for (key, node) in fields.entries() {
        let Some((_, risk)) = RISKS.iter().find(|(word, _)| *word == key.name) else {
            let words = RISKS.map(|(word, _)| word);
            let hint = nearest(&key.name, &words)
                .unwrap_or_else(|| format!("known: {}", words.join(", ")));
            reader.wrong(key.span, format!("unknown risk `{}`", shown(&key.name)), Some(hint));
            continue;
        };
        if let Some(level) = level(reader, node, &known) {
            levels.insert(*risk, level);
        }
    }
    levels
}

fn level(reader: &mut Reader, node: &Node, known: &[&str]) -> Option<Level> {
    let fields = reader.fields(node, "a level of risk", known)?;
    if fields.entries().is_empty() {
        reader.wrong_hint(fields.span, "an empty level of risk", "add `decision`, or remove it");
        return None;
    }
    let decision = rule::decision(reader, &fields);
    if decision == Some(crate::verdict::Decision::Redact) {
        let words = DECISIONS.map(|(word, _)| word).into_iter().filter(|word| *word != "redact");
        let words: Vec<&str> = words.collect();
        let span = fields.get("decision").map_or(fields.span, |node| node.span);
        let hint = format!("only a rule names fields; write one of: {}", words.join(", "));
        reader.wrong(span, "a level of risk that redacts", Some(hint));
    }
    Some(Level { decision, obligations: duty::read(reader, &fields) })
}

fn limits(reader: &mut Reader, node: &Node) -> Limits {
    let known = ["max_pending_per_agent", "max_pending"];
    let Some(fields) = reader.fields(node, "the limits", &known) else { return Limits::default() };
    let mut read = |name: &str| {
        let number = reader.whole(fields.get(name)?, 1, 1_000_000)?;
        u32::try_from(number).ok()
    };
    Limits {
        max_pending_per_agent: read("max_pending_per_agent"),
        max_pending: read("max_pending"),
    }
}

fn classify(reader: &mut Reader, node: &Node) -> Vec<Reclass> {
    let items = reader.list(node).unwrap_or_default();
    items.iter().filter_map(|item| reclass(reader, item)).collect()
}

fn reclass(reader: &mut Reader, node: &Node) -> Option<Reclass> {
    let criteria = ["tools", "servers", "hosts", "conditions"];
    let known = [&criteria[..], &["verb", "risk"]].concat();
    let fields = reader.fields(node, "a classification", &known)?;
    if fields.first(&criteria).is_none() {
        let hint = format!("add one of: {}", criteria.join(", "));
        reader.wrong(fields.span, "a classification of everything", Some(hint));
    }
    if fields.first(&["verb", "risk"]).is_none() {
        reader.wrong_hint(fields.span, "a classification as nothing", "add `verb` or `risk`");
    }
    let globs = |reader: &mut Reader, name: &str| {
        let node = fields.get(name);
        node.map(|node| reader.one_or_more(node, |r, n| r.pattern(n, rule::glob)))
            .unwrap_or_default()
    };
    let hosts =
        |reader: &mut Reader, node| reader.one_or_more(node, |r, n| r.pattern(n, HostPattern::new));
    Some(Reclass {
        tools: globs(reader, "tools"),
        servers: globs(reader, "servers"),
        hosts: fields.get("hosts").map(|node| hosts(reader, node)).unwrap_or_default(),
        conditions: fields
            .get("conditions")
            .map(|node| condition::read_all(reader, node))
            .unwrap_or_default(),
        verb: fields.get("verb").and_then(|node| rule::read_verb(reader, node)),
        risk: fields.get("risk").and_then(|node| reader.word(node, "risk", &RISKS)),
    })
}

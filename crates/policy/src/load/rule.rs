//! One rule.

use super::duty;
use super::node::{Kind, Node, Span};
use super::reader::{Fields, Reader, Style};
use super::sense::PlacedRule;
use super::source::shown;
use super::words::{ARTIFACT_TYPES, DECISIONS, RISKS, verb, verb_hint};
use super::{condition, field};
use crate::condition::{Condition, FieldPath, Test};
use crate::model::{Rule, Subject};
use crate::pattern::{Glob, HostPattern};
use crate::verb::Verb;
use crate::verdict::Decision;
use serde_json::Value;

/// The keys of a rule of ours, apart from those of [`duty::KEYS`].
pub(super) const KEYS: [&str; 15] = [
    "id",
    "order",
    "enabled",
    "subject",
    "verb",
    "tools",
    "servers",
    "hosts",
    "scope",
    "artifact_types",
    "conditions",
    "risk",
    "decision",
    "redact",
    "display",
];

/// The keys of the receipts document.
const RECEIPTS: [&str; 8] =
    ["id", "order", "verb", "scope", "decision", "approvers", "sla_minutes", "conditions"];

/// The longest pattern for names, in bytes, and the longest wording.
const MAX_PATTERN: usize = 256;
const MAX_DISPLAY: usize = 1_000;

fn known(style: Style) -> Vec<&'static str> {
    match style {
        Style::Receipts => RECEIPTS.to_vec(),
        Style::Ours => [&KEYS[..], &duty::level_keys(style)].concat(),
        Style::Hitl => [&KEYS[..], &duty::KEYS[..], &["require_approval"]].concat(),
    }
}

/// Reads the rule at this position of its list, from 0.
pub(super) fn read(reader: &mut Reader, node: &Node, position: usize) -> Option<PlacedRule> {
    if matches!(&node.kind, Kind::Table(entries) if entries.is_empty()) {
        reader.wrong_hint(node.span, "an empty rule", "remove it, or say what it asks");
        return None;
    }
    let wrongs = reader.wrongs.len();
    let fields = reader.fields(node, "a rule", &known(reader.style))?;
    let mut rule = Rule {
        id: id(reader, &fields, position),
        order: number(reader, &fields, "order").unwrap_or_default(),
        disabled: fields.get("enabled").and_then(|node| reader.flag(node)) == Some(false),
        subject: fields.get("subject").and_then(|node| subject(reader, node)).unwrap_or_default(),
        ..Rule::default()
    };
    criteria(reader, &fields, &mut rule);
    rule.decision = decision(reader, &fields);
    rule.redact = fields.get("redact").map(|node| paths(reader, node)).unwrap_or_default();
    rule.display = fields.get("display").and_then(|node| wording(reader, node));
    rule.obligations = duty::read(reader, &fields);
    coherent(reader, &fields, &rule);
    let placed = fields.entry("tools").map_or(fields.span, |(_, node)| node.span);
    Some(PlacedRule { span: placed, rule, sound: reader.wrongs.len() == wrongs })
}

fn number(reader: &mut Reader, fields: &Fields<'_>, name: &str) -> Option<i64> {
    reader.whole(fields.get(name)?, -1_000_000_000, 1_000_000_000)
}

fn id(reader: &mut Reader, fields: &Fields<'_>, position: usize) -> String {
    let Some(node) = fields.get("id") else {
        if reader.style != Style::Hitl {
            reader.wrong_hint(
                fields.span,
                "a rule without a name",
                "add `id`, such as `id = \"reads\"`",
            );
        }
        return format!("rule-{}", position + 1);
    };
    let text = reader.text(node).unwrap_or_default();
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let ours = text == "default" || text.starts_with("risk.") || text.starts_with("floor.");
    if ours {
        let message = format!("the name `{}` is one that verdicts use themselves", shown(text));
        reader.wrong_hint(node.span, message, "choose another than `default`, `risk.…`, `floor.…`");
    } else if !text.is_empty() && (!text.chars().all(letter) || text.len() > 64) {
        let hint = "a name has letters `a-z`, `A-Z`, digits, `-`, `_`, `.`, at most 64 of them";
        reader.wrong_hint(node.span, format!("`{}` is no name for a rule", shown(text)), hint);
    }
    text.to_owned()
}

fn subject(reader: &mut Reader, node: &Node) -> Option<Subject> {
    let text = reader.text(node)?;
    if text == "any" {
        return Some(Subject::Any);
    }
    let (kind, pattern) = text.split_once(':').unwrap_or((text, ""));
    let make = match kind {
        "account" => Subject::Account,
        "agent" => Subject::Agent,
        "session" => Subject::Session,
        "workflow" => Subject::Workflow,
        _ => {
            let words = ["any", "account", "agent", "session", "workflow"];
            let hint = super::words::nearest(kind, &words);
            let hint = hint.unwrap_or_else(|| {
                "write `any`, `account:…`, `agent:…`, `session:…` or `workflow:…`".into()
            });
            reader.wrong(node.span, format!("unknown subject `{}`", shown(text)), Some(hint));
            return None;
        }
    };
    match glob(pattern) {
        Ok(glob) => Some(make(glob)),
        Err(why) => {
            let message = format!("the subject `{}` names nobody: {why}", shown(text));
            reader.wrong(node.span, message, Some(format!("write `{kind}:NAME` or `{kind}:*`")));
            None
        }
    }
}

/// A pattern for names that is not too long.
pub(super) fn glob(text: &str) -> Result<Glob, String> {
    if text.len() > MAX_PATTERN {
        return Err(format!("a pattern is at most {MAX_PATTERN} bytes"));
    }
    Glob::new(text).map_err(|e| e.to_string())
}

fn criteria(reader: &mut Reader, fields: &Fields<'_>, rule: &mut Rule) {
    let globs = |reader: &mut Reader, name: &str| {
        let node = fields.get(name);
        node.map(|node| reader.one_or_more(node, |r, n| r.pattern(n, glob))).unwrap_or_default()
    };
    rule.tools = globs(reader, "tools");
    rule.servers = globs(reader, "servers");
    if let Some(node) = fields.get("verb") {
        rule.verbs = reader.one_or_more(node, read_verb);
    }
    duty::only_one(reader, fields, "hosts", "scope");
    if let Some(node) = fields.get("hosts").or_else(|| fields.get("scope")) {
        rule.hosts = reader.one_or_more(node, |r, n| r.pattern(n, HostPattern::new));
    }
    if let Some(node) = fields.get("artifact_types") {
        let read = |r: &mut Reader, n: &Node| r.word(n, "artifact type", &ARTIFACT_TYPES);
        rule.artifact_types = reader.one_or_more(node, read);
    }
    if let Some(node) = fields.get("conditions") {
        rule.conditions = condition::read_all(reader, node);
    }
    rule.risk = fields.get("risk").and_then(|node| reader.word(node, "risk", &RISKS));
}

/// A verb that is known, or refines one.
pub(super) fn read_verb(reader: &mut Reader, node: &Node) -> Option<Verb> {
    let text = reader.text(node)?;
    let found = verb(text).ok();
    if found.is_none() {
        reader.wrong(node.span, format!("unknown verb `{}`", shown(text)), Some(verb_hint(text)));
    }
    found
}

/// A decision, in the words of either document.
pub(super) fn decision(reader: &mut Reader, fields: &Fields<'_>) -> Option<Decision> {
    duty::only_one(reader, fields, "decision", "require_approval");
    if let Some(node) = fields.get("require_approval") {
        let asks = reader.flag(node)?;
        return Some(if asks { Decision::RequireApproval } else { Decision::Allow });
    }
    reader.word(fields.get("decision")?, "decision", &DECISIONS)
}

fn paths(reader: &mut Reader, node: &Node) -> Vec<FieldPath> {
    reader.one_or_more(node, |reader, node| reader.pattern(node, field::parse_hidden))
}

fn wording(reader: &mut Reader, node: &Node) -> Option<String> {
    let text = reader.text(node)?;
    if text.len() > MAX_DISPLAY {
        reader.wrong(node.span, format!("a wording is at most {MAX_DISPLAY} bytes"), None);
        return None;
    }
    Some(text.to_owned())
}

/// Whether what the rule says fits together.
fn coherent(reader: &mut Reader, fields: &Fields<'_>, rule: &Rule) {
    match rule.decision {
        Some(Decision::Block) => duty::useless(reader, fields, "block"),
        Some(Decision::Allow) => {
            duty::useless(reader, fields, "allow");
            loosens(reader, fields, rule, "allow");
        }
        Some(Decision::Redact) => {
            duty::useless(reader, fields, "redact");
            loosens(reader, fields, rule, "redact");
            if !fields.entries().iter().any(|(key, _)| key.name == "redact") {
                let hint = "add `redact`, such as `redact = [\"args.body\"]`";
                reader.wrong_hint(at(fields, "decision"), "`redact` without fields", hint);
            }
        }
        Some(Decision::RequireApproval) => somebody(reader, fields),
        None => effective(reader, fields),
    }
    standing(reader, fields, rule);
}

fn at(fields: &Fields<'_>, name: &str) -> Span {
    fields.get(name).map_or(fields.span, |node| node.span)
}

/// A rule of ours says who is asked, and so does one of the receipts document.
fn somebody(reader: &mut Reader, fields: &Fields<'_>) {
    let named = fields.get("approvers").is_some()
        || matches!(fields.get("quorum"), Some(Node { kind: Kind::Table(_), .. }))
        || reader.roster.is_some();
    if named || reader.style == Style::Hitl {
        return;
    }
    let hint = match reader.style {
        Style::Receipts => "add `approvers`, such as `approvers = [\"finance-lead\"]`",
        _ => "add `approvers`, or `[defaults]` with `approvers = [\"anyone\"]`",
    };
    reader.wrong_hint(at(fields, "decision"), "nobody is named who would be asked", hint);
}

/// Without a decision it says at least something.
fn effective(reader: &mut Reader, fields: &Fields<'_>) {
    let says: Vec<&str> =
        [&duty::KEYS[..], &["risk", "redact", "decision", "require_approval"]].concat();
    if fields.first(&says).is_none() {
        let hint = "add `decision`, one of: allow, redact, require_approval, block";
        reader.wrong_hint(fields.span, "a rule that changes nothing", hint);
    }
}

/// A dangerous lane never runs without a person, so no rule may say that it does.
fn loosens(reader: &mut Reader, fields: &Fields<'_>, rule: &Rule, word: &str) {
    let lane = rule.verbs.iter().find(|verb| verb.lane().is_some());
    let told = lane.cloned().or_else(|| rule.conditions.iter().find_map(dangerous));
    let Some(verb) = told else { return };
    let name = if lane.is_some() { "verb" } else { "conditions" };
    let message = format!(
        "the rule `{}` says `{word}` of `{verb}`, which never runs without a person",
        shown(&rule.id)
    );
    reader.wrong_hint(at(fields, name), message, "remove the verb, or write `require_approval`");
}

/// The dangerous verb that a condition asks for.
fn dangerous(condition: &Condition) -> Option<Verb> {
    if condition.field.text != "verb" {
        return None;
    }
    let values: &[Value] = match &condition.test {
        Test::Eq(value) => std::slice::from_ref(value),
        Test::In(values) => values,
        _ => return None,
    };
    let verbs = values.iter().filter_map(|value| Verb::new(value.as_str()?));
    verbs.into_iter().find(|verb| verb.lane().is_some())
}

/// In a dangerous lane a standing permission ends with the session.
fn standing(reader: &mut Reader, fields: &Fields<'_>, rule: &Rule) {
    let Some(Some(offer)) = rule.obligations.always_allow else { return };
    let lane = rule.verbs.iter().find(|verb| verb.lane().is_some());
    if let (false, Some(verb)) = (offer.session, lane) {
        let message = format!(
            "the rule `{}` offers a permission for `{verb}` beyond one session",
            shown(&rule.id)
        );
        reader.wrong_hint(at(fields, "always_allow"), message, "write `session = true`");
    }
}

/// Reads all rules of a list; names are unique.
pub(super) fn read_all(reader: &mut Reader, node: &Node) -> Vec<PlacedRule> {
    let items = reader.list(node).unwrap_or_default();
    let mut seen = std::collections::HashSet::new();
    let mut rules = Vec::new();
    for (position, item) in items.iter().enumerate() {
        let Some(placed) = read(reader, item, position) else { continue };
        let id = placed.rule.id.clone();
        if !id.is_empty() && !seen.insert(id.clone()) {
            let span = item.member("id").map_or(item.span, |node| node.span);
            let message = format!("the name `{}` is that of an earlier rule", shown(&id));
            reader.wrong_hint(span, message, "give each rule a name of its own");
        }
        rules.push(placed);
    }
    rules
}

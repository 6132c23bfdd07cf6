//! Criteria and conditions in plain words.

use super::View;
use crate::condition::{Condition, Held, Test};
use crate::facts::Names;
use crate::model::{Rule, Subject};
use countersign_core::artifact::ArtifactType;
use serde_json::Value;

/// The longest value that is shown.
const SHOWN: usize = 60;

/// What a criterion asks and what the action is; nothing where it asks nothing.
pub(super) fn criterion(name: &str, rule: &Rule, view: &View<'_>, held: bool) -> Option<String> {
    let (asked, here) = match name {
        "subject" => subject(&rule.subject, view)?,
        "verb" => (list(rule.verbs.iter().map(|v| v.as_str())), names(&view.verbs, |v| v.as_str())),
        "tools" => (
            list(rule.tools.iter().map(|glob| glob.as_str())),
            names(&view.facts.class.tools, String::as_str),
        ),
        "servers" => (
            list(rule.servers.iter().map(|glob| glob.as_str())),
            list(view.facts.server.iter().map(String::as_str)),
        ),
        "hosts" => (
            list(rule.hosts.iter().map(|pattern| pattern.as_str())),
            names(&view.facts.class.hosts, String::as_str),
        ),
        _ => (
            list(rule.artifact_types.iter().map(|kind| type_name(*kind))),
            type_name(view.facts.artifact_type).to_owned(),
        ),
    };
    if asked.is_empty() {
        return None;
    }
    let here = if here.is_empty() { "has none".to_owned() } else { format!("is {here}") };
    let rest = if held { "" } else { ", which does not fit" };
    Some(format!("`{name}` is {asked}, and this {here}{rest}"))
}

fn subject(subject: &Subject, view: &View<'_>) -> Option<(String, String)> {
    let asker = &view.facts.asker;
    let (kind, glob, name) = match subject {
        Subject::Any => return None,
        Subject::Account(glob) => ("account", glob, &asker.account),
        Subject::Agent(glob) => ("agent", glob, &asker.agent),
        Subject::Session(glob) => ("session", glob, &asker.session),
        Subject::Workflow(glob) => ("workflow", glob, &asker.workflow),
    };
    let here = name.as_deref().map(shown).unwrap_or_default();
    Some((format!("{kind}:{}", glob.as_str()), here))
}

/// What a condition asks and what it found.
pub(super) fn condition(
    condition: &Condition,
    held: &Held,
    view: &View<'_>,
    satisfied: bool,
) -> String {
    let field = &condition.field.text;
    let asked = test(&condition.test);
    let here = match condition.part_in_words(view) {
        Some(text) => format!("`{field}` is {}", shown(&text)),
        None => format!("`{field}`"),
    };
    match held {
        Held::Yes => format!("{here}: {asked}"),
        Held::No => format!("{here}, not {asked}"),
        Held::Missing => format!("`{field}` is missing"),
        Held::Error(why) if satisfied => {
            format!("`{field}` cannot be compared ({why}), which counts as {asked}")
        }
        Held::Error(why) => format!("`{field}` cannot be compared: {why}"),
    }
}

fn test(test: &Test) -> String {
    let one = |word: &str, value: &Value| format!("{word} {}", shown(&value.to_string()));
    let any = |word: &str, values: &[Value]| {
        format!("{word} {}", shown(&list(values.iter().map(Value::to_string))))
    };
    match test {
        Test::Eq(value) => one("equal to", value),
        Test::Neq(value) => one("other than", value),
        Test::Gt(value) => one("above", value),
        Test::Gte(value) => one("at or above", value),
        Test::Lt(value) => one("below", value),
        Test::Lte(value) => one("at or below", value),
        Test::In(values) => any("one of", values),
        Test::NotIn(values) => any("none of", values),
        Test::Exists(true) => "there".into(),
        Test::Exists(false) => "absent".into(),
        Test::Matches(expression) => format!("matching `{}`", shown(expression.as_str())),
        Test::Contains(value) => one("containing", value),
        Test::StartsWith(start) => format!("beginning with `{}`", shown(start)),
    }
}

fn type_name(kind: ArtifactType) -> &'static str {
    match kind {
        ArtifactType::Plan => "plan.review",
        ArtifactType::Task => "task.review",
        ArtifactType::Patch => "patch.review",
        ArtifactType::Command => "command.review",
        ArtifactType::Checkpoint => "checkpoint.review",
    }
}

fn names<T>(names: &Names<T>, text: impl Fn(&T) -> &str) -> String {
    list(names.own.iter().chain(&names.also).map(|name| shown(text(name))))
}

fn list(all: impl Iterator<Item = impl AsRef<str>>) -> String {
    let all: Vec<String> = all.map(|one| one.as_ref().to_owned()).collect();
    all.join(" or ")
}

/// One line without control characters, cut where it is long.
pub(super) fn shown(text: &str) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = clean.take(SHOWN).collect();
    if text.chars().nth(SHOWN).is_some() {
        short.push('…');
    }
    short
}

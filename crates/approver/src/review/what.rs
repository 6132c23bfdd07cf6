//! What exactly would happen: every part of an action as a fact.

use super::text::{quoted, quoted_lines, step, word};
use super::{Fact, ours, records};
use crate::open::Opened;
use countersign_core::action::{
    Action, Batch, Command, Move, Operation, PinnedFile, Request, Tool,
};
use countersign_core::display::counted;
use countersign_core::redact::{Commitment, Text, token};
use serde_json::Value;

/// The whole action on one line.
pub(super) fn headline(opened: &Opened, action: Option<&Action>) -> String {
    match action {
        Some(Action::Request(request)) => {
            let payload = &opened.artifact().payload;
            ours::headline(request, payload).unwrap_or_else(|| request_line(request))
        }
        Some(action) => line(action),
        None => format!("decide on a foreign {}", opened.artifact().head.artifact_type.name()),
    }
}

pub(super) fn line(action: &Action) -> String {
    match action {
        Action::Command(command) => {
            let argv = command.argv.iter().map(|text| text.plain().map_or("<secret>".into(), word));
            format!("run {}", argv.collect::<Vec<String>>().join(" "))
        }
        Action::Tool(tool) => format!("call {} of {}", word(&tool.tool), word(&tool.server)),
        Action::Http(http) => format!("send {} to {}", word(http.method()), word(http.url())),
        Action::Patch(patch) => {
            format!("change files at {}", word(short(patch.base_revision.as_str())))
        }
        Action::Checkpoint(operation) => boundary(operation),
        Action::Plan(plan) => format!("follow the plan {}", quoted(plan.title.as_str())),
        Action::Task(task) => format!("do the task {}", quoted(task.title.as_str())),
        Action::Request(request) => request_line(request),
        Action::Batch(batch) => {
            let items: Vec<String> = batch.items().iter().map(line).collect();
            format!("{} at once: {}", counted(items.len(), "action"), items.join("; "))
        }
    }
}

/// A hash by its first digits, as people name it; the whole stands among the facts. Any other name is
/// whole.
fn short(revision: &str) -> &str {
    let hex = revision.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let is_hash = hex && [40, 64].contains(&revision.len());
    revision.get(..12).filter(|_| is_hash).unwrap_or(revision)
}

fn request_line(request: &Request) -> String {
    format!("request {}", word(&request.action))
}

fn boundary(operation: &Operation) -> String {
    let moved = |verb: &str, to: &Move| {
        format!("{verb} {} with {}", word(to.target.as_str()), word(to.revision.as_str()))
    };
    match operation {
        Operation::Commit(commit) => format!("commit {}", quoted(&commit.message)),
        Operation::Push(push) => {
            let force = if push.force() { " and rewrite history" } else { "" };
            let refs = counted(push.refs().len(), "ref");
            format!("push {refs} to {}{force}", word(push.remote()))
        }
        Operation::Tag(to) => moved("tag", to),
        Operation::Deploy(to) => moved("deploy to", to),
        Operation::Release(to) => moved("release to", to),
        Operation::Migration(to) => moved("migrate", to),
    }
}

/// The action, whole.
pub(super) fn facts(opened: &Opened, action: Option<&Action>) -> Vec<Fact> {
    match action {
        Some(Action::Command(command)) => command_facts(opened, command),
        Some(Action::Tool(tool)) => tool_facts(opened, tool),
        Some(Action::Request(request)) => request_facts(opened, request),
        // One way for the others: every leaf of what was hashed, so that none can be left out.
        Some(Action::Http(_)) => every_leaf(opened, "a request over http", "request"),
        Some(Action::Patch(_)) => every_leaf(opened, "a change to files", "patch"),
        Some(Action::Checkpoint(_)) => every_leaf(opened, "a boundary", "checkpoint"),
        Some(Action::Plan(_)) => every_leaf(opened, "a plan; nothing runs by it", "plan"),
        Some(Action::Task(_)) => every_leaf(opened, "a task; nothing runs by it", "task"),
        Some(Action::Batch(batch)) => batch_facts(opened, batch),
        None => every_leaf(opened, "a payload of another system, shown whole", "payload"),
    }
}

/// Each item under its number, as an answer names it: every leaf of what was hashed.
fn batch_facts(opened: &Opened, batch: &Batch) -> Vec<Fact> {
    let kind = counted(batch.items().len(), "action") + ", answered together or one by one";
    let mut facts = vec![Fact::new("kind", kind)];
    let mut payload = opened.artifact().payload.clone();
    let payloads = payload.remove("items").unwrap_or_default();
    leaves(opened, &Value::Object(payload), "batch", "", &mut facts);
    let payloads = payloads.as_array().map_or(&[][..], Vec::as_slice);
    for (index, (item, payload)) in batch.items().iter().zip(payloads).enumerate() {
        let label = format!("item {}", index + 1);
        facts.push(Fact::new(&label, line(item)));
        leaves(opened, payload, &label, &format!("/items/{index}"), &mut facts);
    }
    facts
}

fn every_leaf(opened: &Opened, kind: &str, label: &str) -> Vec<Fact> {
    let mut facts = vec![Fact::new("kind", kind)];
    let payload = Value::Object(opened.artifact().payload.clone());
    leaves(opened, &payload, label, "", &mut facts);
    facts
}

fn command_facts(opened: &Opened, command: &Command) -> Vec<Fact> {
    let mut facts = vec![Fact::new("kind", "a command"), file("program", &command.program)];
    for (i, argument) in command.argv.iter().enumerate() {
        facts.push(text(opened, format!("argv[{i}]"), &format!("/argv/{i}"), argument));
    }
    facts.push(Fact::quoted("directory", &command.cwd));
    for (i, script) in command.files.iter().enumerate() {
        facts.push(file(&format!("file[{i}]"), script));
    }
    facts.push(match command.stdin_sha256 {
        Some(hash) => Fact::new("standard input", format!("sha256 {hash}")),
        None => Fact::new("standard input", "empty"),
    });
    for (name, value) in &command.env {
        let path = format!("/env/{}", token(name));
        facts.push(text(opened, format!("env {}", step(name)), &path, value));
    }
    facts.extend(verb(command.verb.as_deref()));
    facts
}

fn tool_facts(opened: &Opened, tool: &Tool) -> Vec<Fact> {
    let mut facts = vec![
        Fact::new("kind", "a call of a tool"),
        Fact::quoted("server", &tool.server),
        Fact::quoted("tool", &tool.tool),
    ];
    let described = tool.description_sha256;
    facts.extend(described.map(|hash| Fact::new("description", format!("sha256 {hash}"))));
    leaves(opened, &tool.arguments, "arguments", "/arguments", &mut facts);
    facts.extend(verb(tool.verb.as_deref()));
    facts
}

fn request_facts(opened: &Opened, request: &Request) -> Vec<Fact> {
    let mut facts = vec![Fact::new("kind", "a request"), Fact::quoted("action", &request.action)];
    match records::facts(request) {
        Some(records) => facts.extend(records),
        None => leaves(opened, &request.parameters, "parameters", "/parameters", &mut facts),
    }
    facts.extend(verb(request.verb.as_deref()));
    facts
}

fn verb(verb: Option<&str>) -> Option<Fact> {
    verb.map(|verb| Fact::quoted("declared verb", verb))
}

fn file(label: &str, file: &PinnedFile) -> Fact {
    let mut fact = Fact::quoted(label, &file.path);
    fact.lines.push(format!("sha256 {}", file.sha256));
    fact
}

fn text(opened: &Opened, label: String, path: &str, value: &Text) -> Fact {
    match value {
        Text::Plain(text) => Fact::quoted(label, text),
        Text::Committed(commitment) => committed(opened, label, path, commitment),
    }
}

fn committed(opened: &Opened, label: String, path: &str, commitment: &Commitment) -> Fact {
    match opened.disclosed(path, commitment) {
        Some(value) => {
            let mut lines = vec!["hidden in every record, disclosed to this device:".to_owned()];
            lines.extend(scalar(value));
            Fact { lines, secret: true, ..Fact::of_lines(label, Vec::new()) }
        }
        None => Fact::new(label, format!("hidden from you; committed to as {}", commitment.sd)),
    }
}

/// Every leaf of a value with the path to it. `label` is for the reader, `path` is the place in
/// the form of a disclosure.
fn leaves(opened: &Opened, value: &Value, label: &str, path: &str, facts: &mut Vec<Fact>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            if let Ok(commitment) = serde_json::from_value::<Commitment>(value.clone()) {
                facts.push(committed(opened, label.to_owned(), path, &commitment));
                return;
            }
            for (key, item) in members {
                let label = format!("{label}/{}", step(key));
                let path = format!("{path}/{}", token(key));
                leaves(opened, item, &label, &path, facts);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (i, item) in items.iter().enumerate() {
                let (label, path) = (format!("{label}[{i}]"), format!("{path}/{i}"));
                leaves(opened, item, &label, &path, facts);
            }
        }
        leaf => facts.push(Fact::of_lines(label, scalar(leaf))),
    }
}

/// A string in quotes; anything else as JSON, so that `5` and `"5"` differ.
fn scalar(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => quoted_lines(text),
        Value::Object(members) if !members.is_empty() => vec![quoted(&value.to_string())],
        Value::Array(items) if !items.is_empty() => vec![quoted(&value.to_string())],
        plain => vec![plain.to_string()],
    }
}

//! What exactly would happen: every part of an action as a fact.

use super::Fact;
use super::text::{quoted, quoted_lines, step, word};
use crate::open::Opened;
use countersign_core::action::{Action, Command, PinnedFile, Request, Tool};
use countersign_core::redact::{Commitment, Text};
use serde_json::Value;

/// The whole action on one line.
pub(super) fn headline(opened: &Opened, action: Option<&Action>) -> String {
    match action {
        Some(Action::Command(command)) => {
            let argv = command.argv.iter().map(|text| text.plain().map_or("<secret>".into(), word));
            format!("run {}", argv.collect::<Vec<String>>().join(" "))
        }
        Some(Action::Tool(tool)) => format!("call {} of {}", word(&tool.tool), word(&tool.server)),
        Some(Action::Request(request)) => format!("request {}", word(&request.action)),
        None => format!("decide on a foreign {}", opened.artifact().head.artifact_type.name()),
    }
}

/// The action, whole.
pub(super) fn facts(opened: &Opened, action: Option<&Action>) -> Vec<Fact> {
    match action {
        Some(Action::Command(command)) => command_facts(opened, command),
        Some(Action::Tool(tool)) => tool_facts(opened, tool),
        Some(Action::Request(request)) => request_facts(opened, request),
        None => {
            let mut facts = vec![Fact::new("kind", "a payload of another system, shown whole")];
            let payload = Value::Object(opened.artifact().payload.clone());
            leaves(opened, &payload, "payload", "", &mut facts);
            facts
        }
    }
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
        facts.push(text(opened, format!("env {}", step(name)), &format!("/env/{name}"), value));
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
    leaves(opened, &request.parameters, "parameters", "/parameters", &mut facts);
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
            let mut lines = vec!["a secret, disclosed to this device:".to_owned()];
            lines.extend(scalar(value));
            Fact { label, lines, secret: true }
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
                let (label, path) = (format!("{label}/{}", step(key)), format!("{path}/{key}"));
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

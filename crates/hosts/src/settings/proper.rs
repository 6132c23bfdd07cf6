//! Members that Claude Code takes in one shape only.
//!
//! With one of another shape it passes over more than that member, and says nothing: over the whole
//! file, or over every hook before the same event. What is not known here may do the same.

use super::shape::{Document, Handler, is, kind, shape};
use super::{BadSettings, spans};
use crate::{Event, Host};
use serde_json::Value;
use std::ops::Range;

/// The words for what needs no asking.
const MODES: [&str; 7] =
    ["acceptEdits", "auto", "bypassPermissions", "default", "dontAsk", "manual", "plan"];

/// The first character of a value, and what it is then.
const KINDS: [(&str, &str, &str); 6] = [
    ("model", "\"", "a text"),
    ("permissions", "{", "an object"),
    ("env", "{", "an object"),
    ("enabledPlugins", "{", "an object"),
    ("includeCoAuthoredBy", "tf", "a boolean"),
    ("statusLine", "{", "an object"),
];

/// The kinds of handlers, and the texts that each must have.
const HANDLERS: [(&str, &[&str]); 5] = [
    ("command", &["command"]),
    ("prompt", &["prompt"]),
    ("agent", &["prompt"]),
    ("http", &["url"]),
    ("mcp_tool", &["server", "tool"]),
];

/// Refuses a file of Claude Code that it would not take as it stands.
pub(super) fn proper(host: Host, document: &Document<'_>) -> Result<(), BadSettings> {
    if host != Host::ClaudeCode {
        return Ok(());
    }
    for member in &document.members {
        let name = member.name.as_str();
        if let Some((_, first, wanted)) = KINDS.iter().find(|(known, _, _)| *known == name) {
            is(document.text, &member.value, first, name, wanted)?;
        }
        match name {
            "permissions" => permissions(document.text, &member.value)?,
            "env" => env(document.text, &member.value)?,
            "cleanupPeriodDays" => days(document.text, &member.value)?,
            _ => {}
        }
    }
    host.events(None).iter().try_for_each(|event| handlers(document, *event))
}

fn permissions(text: &str, at: &Range<usize>) -> Result<(), BadSettings> {
    for member in spans::members(text, at) {
        let path = format!("permissions.{}", member.name);
        match member.name.as_str() {
            "defaultMode" => mode(text, &member.value, &path)?,
            "allow" | "deny" | "ask" => {
                is(text, &member.value, "[", &path, "a list of texts")?;
                for (n, rule) in spans::elements(text, &member.value).iter().enumerate() {
                    is(text, rule, "\"", &format!("{path}[{n}]"), "a text")?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn mode(text: &str, at: &Range<usize>, path: &str) -> Result<(), BadSettings> {
    let wanted = format!("one of {}", MODES.join(", "));
    is(text, at, "\"", path, &wanted)?;
    let word: Option<String> =
        text.get(at.clone()).and_then(|part| serde_json::from_str(part).ok());
    match word.is_some_and(|word| MODES.contains(&word.as_str())) {
        true => Ok(()),
        false => Err(shape(path, "another word", &wanted)),
    }
}

fn env(text: &str, at: &Range<usize>) -> Result<(), BadSettings> {
    for member in spans::members(text, at) {
        let path = format!("env.{}", member.name);
        is(text, &member.value, "\"tf-0123456789", &path, "a text, a number or a boolean")?;
    }
    Ok(())
}

fn days(text: &str, at: &Range<usize>) -> Result<(), BadSettings> {
    is(text, at, "0123456789", "cleanupPeriodDays", "a number of days from 0")
}

/// Of one handler that is none, every hook before its event goes.
fn handlers(document: &Document<'_>, event: Event) -> Result<(), BadSettings> {
    let name = event.name();
    let groups = document.event(name).map(|(_, event)| &event.groups);
    for (n, group) in groups.into_iter().flatten().enumerate() {
        for (m, handler) in group.handlers.iter().enumerate() {
            is_one(handler, &format!("hooks.{name}[{n}].hooks[{m}]"))?;
        }
    }
    Ok(())
}

fn is_one(handler: &Handler, path: &str) -> Result<(), BadSettings> {
    let member = |name: &str| handler.members.get(name);
    let word = member("type").and_then(Value::as_str);
    let Some((_, texts)) = HANDLERS.iter().find(|(kind, _)| Some(*kind) == word) else {
        let kinds: Vec<&str> = HANDLERS.iter().map(|(kind, _)| *kind).collect();
        let found = member("type").map_or("not there", |value| match value {
            Value::String(_) => "another word",
            other => kind(&other.to_string()),
        });
        return Err(shape(&format!("{path}.type"), found, &format!("one of {}", kinds.join(", "))));
    };
    for name in *texts {
        text_in(member(name), &format!("{path}.{name}"))?;
    }
    let wanted = "a number of seconds above 0";
    match member("timeout") {
        None => Ok(()),
        Some(Value::Number(n)) if n.as_f64().is_some_and(|n| n > 0.0) => Ok(()),
        Some(Value::Number(_)) => Err(shape(&format!("{path}.timeout"), "0 or less", wanted)),
        Some(other) => Err(shape(&format!("{path}.timeout"), kind(&other.to_string()), wanted)),
    }
}

fn text_in(value: Option<&Value>, path: &str) -> Result<(), BadSettings> {
    match value {
        Some(Value::String(_)) => Ok(()),
        Some(other) => Err(shape(path, kind(&other.to_string()), "a text")),
        None => Err(shape(path, "not there", "a text")),
    }
}

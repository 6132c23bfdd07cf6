//! The tools that an agent host has of its own, by what is known of each.
//!
//! A name vouches for a tool only where the host itself is its server: the tools of a server that a
//! host has added come as `HOST/SERVER`, and are judged by their names and arguments like any other.
//! Of a host's tool every argument that it is known to have is taken for what it is: a text that is
//! written is no shell line, a text that is searched for no path. One that is not known is judged
//! like an argument of any tool, and makes the call one of which nothing is known.

mod codex;
mod source;
mod table;

use super::call;
use super::change::envelope;
use super::judge::Judge;
use super::path::Use;
use countersign_core::artifact::Risk;
use serde_json::{Map, Value};
use table::{Arg, Known};

/// Where the session stands: whoever made the action adds this to what the host said.
const SESSION_CWD: &str = "session_cwd";
/// The longest text that is searched for somewhere else, in bytes: a longer one carries something.
const QUERY: usize = 500;

/// Whether the tools of this server are a host's own.
pub(super) fn is_host(server: &str) -> bool {
    table::of(server).is_some()
}

/// A tool of a host with its arguments.
pub(super) fn tool(judge: &mut Judge<'_>, server: &str, name: &str, arguments: &Value) {
    let tools = table::of(server).unwrap_or_default();
    let known = tools.iter().find(|known| known.names.contains(&name));
    let (Some(known), Value::Object(members)) = (known, arguments) else {
        judge.report.unknown(name, "nothing is known of this tool of the host", "tool_call");
        call::tool(judge, name, arguments);
        return;
    };
    judge.report.tool(name);
    begins(judge, members);
    judge.report.find(name, known.why, known.verb, known.risk);
    let said = |key: &str, value: &Value| key != SESSION_CWD && !value.is_null();
    for (key, value) in members.iter().filter(|(key, value)| said(key, value)) {
        argument(judge, known, key, value);
    }
    if known.needs.iter().any(|key| !members.get(*key).is_some_and(Value::is_string)) {
        judge.report.unknown(name, "what it needs is not there", "tool_call");
    }
    if let Some(more) = known.more {
        more(judge, name, members);
    }
}

/// Where relative paths may begin, as far as the call says.
fn begins(judge: &mut Judge<'_>, members: &Map<String, Value>) {
    match members.get(SESSION_CWD) {
        None => {}
        Some(Value::String(place)) if place.starts_with('/') => judge.begins(place),
        Some(_) => judge.report.unreadable(SESSION_CWD, "where its paths begin is not known"),
    }
    for key in ["cwd", "workdir"] {
        if let Some(place) = text(members, key) {
            judge.begins(place);
        }
    }
}

fn text<'m>(members: &'m Map<String, Value>, key: &str) -> Option<&'m str> {
    members.get(key).and_then(Value::as_str)
}

fn argument(judge: &mut Judge<'_>, known: &Known, key: &str, value: &Value) {
    let arg = known.args.iter().find(|(name, _)| *name == key).map(|(_, arg)| *arg);
    if holds_secret(value, 0) {
        judge.report.find(key, "an argument is kept secret", "tool_call", Risk::High);
    }
    match (arg, value) {
        (Some(Arg::Plain), _) => {}
        (Some(Arg::Read), Value::String(path)) => {
            let path = judge.at_home(path);
            judge.opened(&path, Use::Read);
        }
        (Some(Arg::Edit), Value::String(path)) => judge.edited(path, source::is),
        (Some(Arg::Address), Value::String(address)) => call::address(judge, address),
        (Some(_), _) => {
            judge.report.unreadable(key, "an argument has another form than the tool takes");
        }
        (None, _) if known.open => {}
        (None, _) => {
            let why = "an argument that this tool is not known to have";
            judge.report.unknown(key, why, "tool_call");
            call::argument(judge, key, value);
        }
    }
}

/// Whether some of a value is only committed to. What is too deep to be looked at counts as such.
fn holds_secret(value: &Value, depth: u32) -> bool {
    match value {
        _ if depth > 48 => true,
        Value::Object(members) => {
            members.contains_key("_sd") || members.values().any(|v| holds_secret(v, depth + 1))
        }
        Value::Array(values) => values.iter().any(|value| holds_secret(value, depth + 1)),
        _ => false,
    }
}

/// A search below a directory, perhaps only in files of some names.
fn searches(judge: &mut Judge<'_>, _: &str, members: &Map<String, Value>) {
    let place = text(members, "path").unwrap_or(".");
    judge.searched(place, text(members, "glob"));
}

/// Files whose names fit.
fn names(judge: &mut Judge<'_>, _: &str, members: &Map<String, Value>) {
    let place = text(members, "path").unwrap_or(".");
    judge.searched(place, text(members, "pattern"));
}

/// What is asked for goes to somebody else.
fn asked(judge: &mut Judge<'_>, name: &str, members: &Map<String, Value>) {
    if members.values().filter_map(Value::as_str).map(str::len).sum::<usize>() > QUERY {
        let why = "what it asks for is long enough to carry anything";
        judge.report.find(name, why, "http_request", Risk::Medium);
    }
}

/// A shell of the host. Which one it is nobody says here, so a line is read in both ways.
fn shell(judge: &mut Judge<'_>, name: &str, members: &Map<String, Value>) {
    for key in ["command", "cmd"] {
        match members.get(key) {
            Some(Value::String(line)) => judge.either_way(line),
            Some(Value::Array(words)) => {
                let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
                judge.started_with(&words);
            }
            None | Some(Value::Null) => {}
            Some(_) => judge.report.unreadable(name, "which line it runs is not known"),
        }
    }
    if !["command", "cmd"].iter().any(|key| members.get(*key).is_some_and(|line| !line.is_null())) {
        judge.report.unreadable(name, "which line it runs is not known");
    }
    let leaves = members.get("dangerouslyDisableSandbox").is_some_and(|v| *v != Value::Bool(false));
    let more = text(members, "sandbox_permissions").is_some_and(|said| said != "use_default")
        || ["additional_permissions", "with_escalated_permissions"].iter().any(|key| {
            members.get(*key).is_some_and(|v| !matches!(v, Value::Null | Value::Bool(false)))
        });
    if leaves || more {
        judge.report.find(name, "it asks to leave the host's sandbox", "shell_exec", Risk::High);
    }
}

/// More input for a program that runs already.
fn typed(judge: &mut Judge<'_>, name: &str, members: &Map<String, Value>) {
    let chars = text(members, "chars").unwrap_or_default();
    if !chars.is_empty() {
        judge.report.find(name, "it types into a program that runs", "shell_exec", Risk::High);
    }
    if chars.chars().any(|c| !c.is_control()) {
        judge.either_way(chars);
    }
}

/// A patch of Codex.
fn patch(judge: &mut Judge<'_>, name: &str, members: &Map<String, Value>) {
    let patches: Vec<&str> =
        ["command", "input", "patch"].iter().filter_map(|key| text(members, key)).collect();
    if patches.is_empty() {
        judge.report.unreadable(name, "which files it changes is not known");
    }
    for patch in patches {
        envelope::judge(judge, patch, |judge, path| judge.edited(path, source::is));
    }
}

/// Another agent of the host: each of its tools comes here by itself, where it runs here.
fn agent(judge: &mut Judge<'_>, name: &str, members: &Map<String, Value>) {
    let here = members.get("isolation").is_none_or(|v| v.is_null() || *v == "worktree");
    if !here {
        let why = "it starts an agent elsewhere, where this gate does not stand";
        judge.report.find(name, why, "shell_exec.agent", Risk::High);
    }
    // Newer hosts take no notice of it; to older ones it may say that nothing is asked about.
    let asks = |mode: &Value| mode.is_null() || matches!(mode.as_str(), Some("default" | "plan"));
    if !members.get("mode").is_none_or(asks) {
        let why = "it starts an agent that may ask its user less";
        judge.report.find(name, why, "shell_exec.agent", Risk::High);
    }
}

/// The end of a work tree.
fn leaves(judge: &mut Judge<'_>, name: &str, members: &Map<String, Value>) {
    let discards = members.get("discard_changes").is_some_and(|v| *v != Value::Bool(false));
    if discards || members.get("action").is_none_or(|action| *action != "keep") {
        let why = "it removes a work tree, and what is not committed with it";
        judge.report.find(name, why, "delete.work", Risk::High);
    }
}

/// A setting of the host: read, or changed.
fn setting(judge: &mut Judge<'_>, name: &str, members: &Map<String, Value>) {
    if members.get("value").is_some_and(|value| !value.is_null()) {
        judge.report.protected(name, "it changes what a host of agents obeys", "file_write");
    }
}

/// A line that the host runs again and again, or an address that it listens to.
fn watches(judge: &mut Judge<'_>, name: &str, members: &Map<String, Value>) {
    if let Some(line) = text(members, "command") {
        judge.either_way(line);
    }
    let address = members.get("ws").and_then(|ws| ws.get("url")).and_then(Value::as_str);
    if let Some(address) = address {
        call::address(judge, address);
    }
    if address.is_none() && text(members, "command").is_none() {
        judge.report.unreadable(name, "what it watches is not known");
    }
}

#[cfg(test)]
mod tests;

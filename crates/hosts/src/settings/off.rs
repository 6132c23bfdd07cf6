//! What switches every hook of Claude Code off, from inside its settings or from its environment.

use super::{BadSettings, shape, spans, strict};
use crate::Host;
use serde_json::Value;
use shape::Document;
use spans::Member;
use std::ops::Range;

/// Switches every hook of Claude Code off.
const OFF: &str = "disableAllHooks";

/// Switch every hook off that the managed settings do not hold.
const MANAGED: [&str; 2] = ["allowManagedHooksOnly", "strictPluginOnlyCustomization"];

/// Variables with which Claude Code runs no hook, or none as its line stands in the settings: in
/// its environment, or under `env` in settings of any scope.
pub const VARIABLES: [&str; 4] = [
    "CLAUDE_CODE_SIMPLE",
    "CLAUDE_CODE_SAFE_MODE",
    "CLAUDE_CODE_PERSONAL_HOOKS_OFF",
    "CLAUDE_CODE_SHELL_PREFIX",
];

/// One that names a program, which is given every line of shell in place of the shell.
const PREFIX: &str = "CLAUDE_CODE_SHELL_PREFIX";

/// Whether one of [`VARIABLES`] with this value keeps hooks from running as they stand. Words that
/// are not known for a no are taken for a yes.
#[must_use]
pub fn variable_is_off(name: &str, value: &str) -> bool {
    let value = value.trim().to_lowercase();
    let no = ["", "0", "false", "no", "off"];
    let names_none = name != PREFIX && no.contains(&value.as_str());
    VARIABLES.contains(&name) && !value.is_empty() && !names_none
}

/// The members by which settings of Claude Code, of whatever scope, switch off every hook, or, in
/// settings that are `managed` for the whole machine, every hook but their own: `disableAllHooks`,
/// `env.CLAUDE_CODE_SIMPLE`. None also where the host does not read the text.
#[must_use]
pub fn switches_off(text: &str, managed: bool) -> Vec<String> {
    let Ok(root) = strict::root(Host::ClaudeCode, text) else { return Vec::new() };
    let mut off = offs(text, &spans::members(text, &root));
    let set = |member: &&Member| {
        let no = matches!(text.get(member.value.clone()), Some("false" | "null"));
        MANAGED.contains(&member.name.as_str()) && !no
    };
    let members = spans::members(text, &root);
    off.extend(members.iter().filter(|_| managed).filter(set).map(|member| member.name.clone()));
    off
}

/// Of two members of one name the host takes the last, and here either counts.
fn offs(text: &str, members: &[Member]) -> Vec<String> {
    let part = |at: &Range<usize>| text.get(at.clone()).unwrap_or_default();
    let mut off = Vec::new();
    for member in members {
        match member.name.as_str() {
            OFF if is_off(part(&member.value)) => off.push(OFF.to_owned()),
            "env" => {
                let variables = spans::members(text, &member.value);
                let set = variables.iter().filter(|one| sets(&one.name, part(&one.value)));
                off.extend(set.map(|one| format!("env.{}", one.name)));
            }
            _ => {}
        }
    }
    off
}

/// How Claude Code reads it.
fn is_off(value: &str) -> bool {
    !matches!(value, "false" | "null" | "\"false\"")
}

fn sets(name: &str, value: &str) -> bool {
    match serde_json::from_str(value) {
        Ok(Value::String(value)) => variable_is_off(name, &value),
        _ => variable_is_off(name, value),
    }
}

/// A file that switches hooks off would hold ours for show.
pub(super) fn refused(host: Host, document: &Document<'_>) -> Result<(), BadSettings> {
    let off = offs(document.text, &document.members);
    match off.first().filter(|_| host == Host::ClaudeCode) {
        None => Ok(()),
        Some(name) if name == OFF => {
            let value = document.member(OFF).unwrap_or_default();
            Err(shape::shape(OFF, value, "false, so no hook of Claude Code runs"))
        }
        Some(name) => {
            let wanted = "left out, so no hook of Claude Code runs as it stands here";
            Err(shape::shape(name, "set", wanted))
        }
    }
}

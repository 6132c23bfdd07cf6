//! From an action to what it does. Every finding counts, the most dangerous one leads, and
//! nothing an action says of itself makes it less dangerous than what was found.
//!
//! # Rooms, from words to actions
//! * `report`: what has been found so far.
//! * `shell`: the grammar of shell lines. `sql`: the grammar of statements.
//! * `path`, `name`: what a path leads to, what a name speaks of.
//! * `judge`: a shell line, a program with its arguments, a text; `judge/…` knows the programs.
//! * `host`: the tools that an agent host has of its own.
//! * `call`, `change`: everything that is no program: tools, requests, patches, checkpoints.

mod call;
mod change;
mod host;
mod judge;
mod name;
mod path;
mod report;
mod shell;
mod sql;

use crate::facts::{Class, Place};
use crate::verb::Verb;
use countersign_core::action::{Action, Operation};
use countersign_core::artifact::Risk;
use judge::Judge;
use report::Report;

/// What an action does, how dangerous that is, and why. Takes time linear in the action's text;
/// what is too long or too deep to be read is unreadable.
#[must_use]
pub fn classify(action: &Action, place: &Place) -> Class {
    let mut judge = Judge::new(place, Report::new(coarse(action)));
    action_of(&mut judge, action);
    judge.report.finish()
}

fn coarse(action: &Action) -> &'static str {
    match action {
        Action::Command(_) => "shell_exec",
        Action::Http(_) => "http_request",
        Action::Patch(_) => "patch",
        Action::Checkpoint(_) => "checkpoint",
        _ => "tool_call",
    }
}

fn action_of(judge: &mut Judge<'_>, action: &Action) {
    match action {
        Action::Command(command) => judge.command(command),
        Action::Tool(tool) if host::is_host(&tool.server) => {
            host::tool(judge, &tool.server, &tool.tool, &tool.arguments);
        }
        Action::Tool(tool) => call::tool(judge, &tool.tool, &tool.arguments),
        Action::Request(request) => call::tool(judge, &request.action, &request.parameters),
        Action::Http(http) => call::http(judge, http),
        Action::Patch(patch) => change::patch(judge, patch),
        Action::Checkpoint(operation) => change::checkpoint(judge, operation),
        Action::Plan(plan) | Action::Task(plan) => {
            let title = plan.title.as_str();
            judge.report.find(
                title,
                "it is a plan, and allowing it runs nothing",
                "tool_call",
                Risk::Medium,
            );
        }
        Action::Batch(batch) => batch.items().iter().for_each(|item| action_of(judge, item)),
    }
    if let Some(verb) = declared(action) {
        declare(judge, &verb);
    }
}

/// A declared verb is one more finding. One that nobody knows says that it is something unknown.
fn declare(judge: &mut Judge<'_>, text: &str) {
    let Some(verb) = Verb::new(text) else {
        let why = "whoever asks calls it something that nobody knows";
        judge.report.find(text, why, "tool_call", Risk::High);
        return;
    };
    let risk = match verb.coarse() {
        "file_read" => Risk::Low,
        "llm_call" | "tool_call" | "http_request" | "file_write" | "patch" | "checkpoint" => {
            Risk::Medium
        }
        _ => Risk::High,
    };
    judge.report.declared(text, verb, risk);
}

/// The verb that whoever asks declares.
fn declared(action: &Action) -> Option<String> {
    match action {
        Action::Command(command) => command.verb.clone(),
        Action::Tool(tool) => tool.verb.clone(),
        Action::Request(request) => request.verb.clone(),
        Action::Patch(patch) => patch.verb.clone(),
        Action::Plan(plan) | Action::Task(plan) => plan.verb.clone(),
        Action::Batch(batch) => batch.verb().map(str::to_owned),
        Action::Http(_) | Action::Checkpoint(_) => member(action),
    }
}

/// The same of a kind that keeps its verb to itself.
fn member(action: &Action) -> Option<String> {
    if let Action::Checkpoint(Operation::Commit(commit)) = action {
        return commit.verb.clone();
    }
    let payload = action.to_payload().ok()?;
    payload.get("verb").and_then(|verb| verb.as_str()).map(str::to_owned)
}

//! `request` and `wait`: asked of a person, answered with an exit code, good for once.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

#[path = "request/asking.rs"]
mod asking;
#[path = "request/batch.rs"]
mod batch;
mod common;
#[path = "request/detached.rs"]
mod detached;
#[path = "request/given.rs"]
mod given;
#[path = "common/heard.rs"]
mod heard;
#[path = "common/hostile.rs"]
mod hostile;
#[path = "request/hostile_end.rs"]
mod hostile_end;
#[path = "request/ledger.rs"]
mod ledger;

use common::{Process, World, json};
use serde_json::Value;
use std::process::Output;

/// What most tests ask for.
const DEPLOY: [&str; 4] =
    ["--action", "deploy_production", "--parameters", r#"{"service":"api","version":"2.1.0"}"#];

/// Starts a request of the enforcer's, with its document on standard output.
fn ask(world: &World, args: &[&str]) -> Process {
    world.spawn("enforcer", &[&["request", "--json"], args].concat())
}

/// Asks for [`DEPLOY`].
fn deploy(world: &World, args: &[&str]) -> Process {
    ask(world, &[&DEPLOY, args].concat())
}

/// Hands [`DEPLOY`] in without waiting, and names it.
fn detached(world: &World) -> String {
    let output = deploy(world, &["--detach"]).output();
    assert_eq!(output.status.code(), Some(15), "{output:?}");
    said(&output)["requestId"].as_str().unwrap().to_owned()
}

fn wait(world: &World, id: &str, args: &[&str]) -> Process {
    world.spawn("enforcer", &[&["wait", id, "--json"], args].concat())
}

/// The document of a command, whatever its exit code; it says that code itself.
fn said(output: &Output) -> Value {
    let document = json(&output.stdout);
    assert_eq!(document["exitCode"], output.status.code().unwrap(), "{output:?}");
    document
}

/// Its exit code and the verdict of its document.
fn verdict(output: &Output) -> (i32, String) {
    let document = said(output);
    (output.status.code().unwrap(), document["verdict"].as_str().unwrap().to_owned())
}

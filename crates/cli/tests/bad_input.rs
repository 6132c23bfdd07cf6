//! What goes wrong before anything runs: one clear line with a code and a hint, an exit code, and
//! nothing lost. Failing disks and damaged ledgers are in `faults`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

#[path = "bad_input/answers.rs"]
mod answers;
#[path = "bad_input/commands.rs"]
mod commands;
mod common;
#[path = "bad_input/damaged.rs"]
mod damaged;
#[path = "bad_input/homes.rs"]
mod homes;
#[path = "bad_input/outages.rs"]
mod outages;
#[path = "bad_input/outputs.rs"]
mod outputs;

use common::{World, json};
use std::process::Output;

/// The gated command of most tests: it leaves a line each time it runs.
const LINE: [&str; 3] = ["sh", "-c", "echo RUN >> out"];

fn runs(world: &World) -> usize {
    std::fs::read_to_string(world.work().join("out")).unwrap_or_default().lines().count()
}

/// The code and the exit code of a command that refused: one document on standard error with a
/// message of one line and a hint, and nothing on standard output.
fn refused(output: &Output) -> (String, i32) {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(output.stdout.is_empty(), "{output:?}");
    assert_eq!(said.lines().count(), 1, "{said}");
    let error = json(said.as_bytes())["error"].clone();
    for part in ["code", "message", "hint"] {
        let text = error[part].as_str().unwrap_or_default();
        assert!(!text.is_empty() && !text.contains('\n'), "no {part}: {said}");
    }
    let code = output.status.code().unwrap();
    assert!(code != 0 && code != 101, "{output:?}");
    (error["code"].as_str().unwrap().to_owned(), code)
}

/// Runs a command of one party that must refuse.
fn refusal(world: &World, party: &str, args: &[&str]) -> (String, i32) {
    let mut all: Vec<&str> = args.to_vec();
    all.insert(1, "--json");
    refused(&world.run(party, &all))
}

fn is(code: &str, exit: i32) -> (String, i32) {
    (code.to_owned(), exit)
}

/// Nothing was lost: the next gated command asks, is approved, and runs.
fn works_again(world: &World) {
    let before = runs(world);
    let mut run = world.gate(&[], &LINE);
    world.answer("approve");
    assert!(run.wait().success());
    assert_eq!(runs(world), before + 1);
}

fn inbox_is_empty(world: &World) -> bool {
    world.json("approver", &["inbox"])["items"].as_array().unwrap().is_empty()
}

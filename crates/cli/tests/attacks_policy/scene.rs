//! A home with a policy that somebody accepted, and what becomes of a command there.

use crate::common::World;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// A search path on which nobody may put programs.
pub(crate) const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What a command that asks ends with where nobody is pinned: at once.
pub(crate) const ASKS: &str = "no_approver";

/// A home that has pinned nobody, and accepted this text as its first.
pub(crate) fn home(text: &str) -> World {
    let world = World::bare();
    std::fs::create_dir(world.path("person")).unwrap();
    accept(&world, text, "home");
    world
}

/// Accepts a text while nobody is pinned.
pub(crate) fn accept(world: &World, text: &str, at: &str) {
    let file = world.path("accepted.toml");
    std::fs::write(&file, text).unwrap();
    world.json("enforcer", &["policy", "accept", file.to_str().unwrap(), "--at", at]);
}

/// A command behind the gate, in an environment that hides nothing.
pub(crate) fn gate(world: &World, args: &[&str], command: &[&str]) -> Command {
    let mut run = world.gate_command(args, command);
    run.env("PATH", PATH).env("HOME", world.path("person"));
    run
}

/// What becomes of a command: the report's error, or else its verdict.
pub(crate) fn outcome(world: &World, command: &[&str]) -> String {
    said(world, &gate(world, &[], command).output().unwrap())
}

/// The word of the report that this run wrote.
pub(crate) fn said(world: &World, output: &Output) -> String {
    let report = world.report();
    let word = report["error"]["code"].as_str().or_else(|| report["verdict"].as_str());
    word.unwrap_or_else(|| panic!("{report}: {output:?}")).to_owned()
}

/// The newest receipt of the enforcer.
pub(crate) fn newest(world: &World) -> Value {
    world.json("enforcer", &["receipt", "show", "last"])["content"].clone()
}

/// Demands that the last command was refused with this code, and that its receipt proves it.
pub(crate) fn refused(world: &World, output: &Output, code: &str) {
    assert_eq!(output.status.code(), Some(126), "{output:?}");
    let report = world.report();
    assert_eq!(report["error"]["code"], code, "{report}");
    assert_eq!(report["verdict"], "blocked", "{report}");
    let receipt = report["receipt"].as_str().unwrap();
    let (judged, exit) = world.verify(receipt, &["--event", "blocked"]);
    assert_eq!((&judged["verdict"], exit), (&"Valid".into(), 0), "{judged}");
}

/// Puts a file where a policy lies.
pub(crate) fn put(dir: &Path, name: &str, text: &str) {
    std::fs::create_dir_all(dir).unwrap();
    std::fs::write(dir.join(name), text).unwrap();
}

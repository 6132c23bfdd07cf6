//! The scripts of `examples/`, as a person would start them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

mod common;

use common::{BINARY, Process, World};
use std::path::PathBuf;
use std::process::{Command, Output};

/// A script of the examples that is not started yet.
fn script(world: &World, name: &str, args: &[&str]) -> Command {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name).join("run.sh");
    let mut command = world.like(&world.command("enforcer", &[]), path.to_str().unwrap());
    command.env("COUNTERSIGN", BINARY).env("COUNTERSIGN_HOME", world.path("enforcer")).args(args);
    command
}

fn start(world: &World, name: &str, args: &[&str]) -> Process {
    Process::start(script(world, name, args))
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn one_person_allows_one_command() {
    let world = World::paired();
    std::fs::create_dir(world.work().join("build")).unwrap();
    let mut script = start(&world, "1-simple", &["build"]);
    let id = world.waiting("approver");
    assert!(world.work().join("build").exists());
    world.json("approver", &["approve", &id]);
    assert!(script.wait().success());
    assert!(!world.work().join("build").exists());
}

#[test]
fn a_batch_is_carried_out_where_it_is_allowed() {
    let world = World::paired();
    let script = start(&world, "4-batch", &[]);
    world.answer("approve");
    let output = script.output();
    assert!(output.status.success(), "{output:?}");
    let lines: Vec<String> = text(&output).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[1].starts_with("carrying out: ") && lines[1].contains("users_v3"), "{lines:?}");
}

#[test]
fn a_denied_batch_carries_nothing_out() {
    let world = World::paired();
    let script = start(&world, "4-batch", &[]);
    world.answer("deny");
    let output = script.output();
    assert_eq!((output.status.code(), text(&output).as_str()), (Some(10), ""));
}

#[test]
fn a_pipeline_goes_on_only_with_a_yes() {
    let world = World::paired();
    let args = ["2.1.0", "sh", "-c", "echo deployed"];
    let denied = start(&world, "5-headless", &args);
    world.answer("deny");
    let output = denied.output();
    assert_eq!((output.status.code(), text(&output).as_str()), (Some(10), ""));
    let args = ["2.1.1", "sh", "-c", "echo deployed"];
    let mut command = script(&world, "5-headless", &args);
    command.env("PATIENCE", "1s");
    let approved = Process::start(command);
    world.answer("approve");
    let output = approved.output();
    assert_eq!((output.status.code(), text(&output).as_str()), (Some(0), "deployed\n"));
}

#[test]
fn a_denial_with_a_reason_leads_to_another_try() {
    let world = World::paired();
    std::fs::create_dir_all(world.work().join("projects/tmp")).unwrap();
    std::fs::create_dir_all(world.work().join("projects/mine")).unwrap();
    let adjust = world.path("adjust");
    std::fs::write(&adjust, "#!/bin/sh\ncase $2 in *tmp*) echo 'rm -rf projects/tmp' ;; esac\n")
        .unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&adjust, mode).unwrap();
    let mut script = start(&world, "7-feedback", &[adjust.to_str().unwrap(), "rm -rf projects"]);
    let first = world.waiting("approver");
    world.json("approver", &["deny", &first, "-m", "too broad: only projects/tmp"]);
    let second = world.waiting("approver");
    assert_ne!(first, second);
    let shown = world.json("approver", &["show", &second]).to_string();
    assert!(shown.contains("Adjusted after a denial: too broad"), "{shown}");
    world.json("approver", &["approve", &second]);
    assert!(script.wait().success());
    assert!(world.work().join("projects/mine").exists());
    assert!(!world.work().join("projects/tmp").exists());
}

#[test]
fn every_example_has_a_test() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let this = std::fs::read_to_string(file!().replace("crates/cli/", "")).unwrap();
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let mut count = 0;
    for entry in std::fs::read_dir(&root).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            assert!(this.contains(&format!("\"{name}\"")), "{name} is not run");
            assert!(readme.contains(&format!("({name}/run.sh)")), "{name} is not in the list");
            count += 1;
        }
    }
    assert_eq!(count, 4);
}

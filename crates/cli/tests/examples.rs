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
    let text = "#!/bin/sh\nprintf %s \"$2\" > told\ncase $2 in *tmp*) echo 'rm -rf projects/tmp' ;; esac\n";
    std::fs::write(&adjust, text).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&adjust, mode).unwrap();
    let mut script = start(&world, "7-feedback", &[adjust.to_str().unwrap(), "rm -rf projects"]);
    let first = world.waiting("approver");
    let why = "too broad: only \"projects/tmp\", caf\u{e9}\nand no C:\\new";
    world.json("approver", &["deny", &first, "-m", why]);
    let second = world.waiting("approver");
    assert_ne!(first, second);
    // As the person wrote it, and not as a document holds it.
    assert_eq!(std::fs::read_to_string(world.work().join("told")).unwrap(), why);
    let shown = world.json("approver", &["show", &second]).to_string();
    assert!(shown.contains("Adjusted after a denial: too broad"), "{shown}");
    world.json("approver", &["approve", &second]);
    assert!(script.wait().success());
    assert!(world.work().join("projects/mine").exists());
    assert!(!world.work().join("projects/tmp").exists());
}

/// Several people, each with a home of their own; the first one pins the others.
fn team(people: &[&str]) -> World {
    let world = World::with_gateway();
    let first = people[0];
    world.pair("enforcer", first, first, "device");
    for person in &people[1..] {
        let (mut pairing, link) = world.invite("enforcer", person, "device");
        world.json(person, &["join", &link]);
        answer(&world, first, &["approve"]);
        assert!(pairing.wait().success());
    }
    world
}

/// Answers the one request that waits for somebody.
fn answer(world: &World, person: &str, words: &[&str]) -> String {
    let id = world.waiting(person);
    let all: Vec<&str> = [words[0], &id].into_iter().chain(words[1..].iter().copied()).collect();
    world.json(person, &all);
    id
}

/// A program that writes down what it was called with.
fn program(world: &World) -> String {
    let path = world.path("transfer");
    std::fs::write(&path, "#!/bin/sh\necho \"$@\" >> moved\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&path, mode).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn two_of_three_move_the_money() {
    let world = team(&["cfo", "cto", "vp-eng"]);
    let transfer = program(&world);
    let moved = world.work().join("moved");
    let script = start(&world, "2-quorum", &["50000", "ACME", &transfer]);
    answer(&world, "cfo", &["approve"]);
    answer(&world, "vp-eng", &["deny", "-m", "who is that?"]);
    assert!(!moved.exists(), "one yes and one no");
    answer(&world, "cto", &["approve"]);
    let output = script.output();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(std::fs::read_to_string(&moved).unwrap(), "50000 ACME\n");
    let (verdict, code) = world.verify("last", &["--require", "L1", "--event", "executed"]);
    assert_eq!(code, 0, "{verdict}");
    // Two that say no leave too few.
    let script = start(&world, "2-quorum", &["60000", "ACME", &transfer]);
    answer(&world, "cfo", &["deny", "-m", "not again"]);
    answer(&world, "cto", &["deny", "-m", "not again"]);
    assert_eq!(script.output().status.code(), Some(126));
    assert_eq!(std::fs::read_to_string(&moved).unwrap(), "50000 ACME\n");
}

#[test]
fn silence_asks_the_next_and_a_no_ends_it() {
    let world = team(&["on-call-eng", "team-lead", "eng-director"]);
    let deploy = |file: &str, first: &str| {
        let mut deploy = script(&world, "3-escalation", &["touch", file]);
        deploy.env("FIRST", first).env("NEXT", "40s");
        Process::start(deploy)
    };
    let silent = deploy("deployed", "1s");
    let id = world.waiting("team-lead");
    let shown = world.json("team-lead", &["show", &id]).to_string();
    assert!(shown.contains("on-call-eng"), "{shown}");
    world.json("team-lead", &["approve", &id]);
    assert!(silent.output().status.success());
    assert!(world.work().join("deployed").exists());
    let denied = deploy("other", "30s");
    answer(&world, "on-call-eng", &["deny", "-m", "not during the freeze"]);
    assert_eq!(denied.output().status.code(), Some(126));
    world.waiting_for("team-lead", 0);
    assert!(!world.work().join("other").exists());
}

#[test]
fn one_device_answers_for_several_machines() {
    let world = World::with_gateway();
    let homes = ["laptop", "company"].map(|name| format!("{name}={}", world.path(name).display()));
    let mut pairing = script(&world, "6-one-device", &[world.url(), &homes[0], &homes[1]]);
    pairing.env("COUNTERSIGN_HOME", world.path("approver"));
    let output = Process::start(pairing).output();
    assert!(output.status.success(), "{output:?}");
    let listed = text(&output);
    assert!(listed.contains("laptop") && listed.contains("company"), "{listed}");
    let runs = ["laptop", "company"].map(|home| world.spawn(home, &["run", "--", "touch", home]));
    world.waiting_for("approver", 2);
    for item in world.json("approver", &["inbox"])["items"].as_array().unwrap() {
        world.json("approver", &["approve", item["requestId"].as_str().unwrap()]);
    }
    for run in runs {
        assert!(run.output().status.success());
    }
    // Each can be stopped by itself.
    world.json("approver", &["freeze", "--of", "laptop"]);
    let stopped = world.run("laptop", &["run", "--", "touch", "again"]);
    assert_eq!(stopped.status.code(), Some(126), "{stopped:?}");
    assert!(world.run("company", &["run", "--", "ls"]).status.success());
}

#[test]
fn both_sides_keep_the_same_signature() {
    let world = World::paired();
    let device = world.path("approver").display().to_string();
    // The device has a past: what it signs now is not all that it keeps.
    for word in ["approve", "deny"] {
        let run = world.gate(&[], &["echo", word]);
        world.answer(word);
        run.output();
    }
    let script = start(&world, "8-both-sides", &[&device, "touch", "deployed"]);
    let id = world.answer("approve");
    let output = script.output();
    assert!(output.status.success(), "{output:?}");
    assert!(world.work().join("deployed").exists());
    let lines = text(&output);
    assert!(lines.lines().all(|line| line.contains(&id)), "{lines}");
    let events = ["suspended", "approved", "released", "executed"];
    let told = lines.lines().map(|line| common::json(line.as_bytes())["event"].clone());
    assert_eq!(told.collect::<Vec<_>>(), events);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("both sides keep the signature "), "{said}");
}

#[test]
fn an_example_that_is_given_too_little_says_how_it_is_called() {
    let world = World::bare();
    for (name, most) in [
        ("2-quorum", &["50000", "ACME"][..]),
        ("3-escalation", &[]),
        ("5-headless", &["2.1.0"]),
        ("6-one-device", &["http://127.0.0.1:1"]),
        ("7-feedback", &["adjust"]),
        ("8-both-sides", &["device"]),
    ] {
        for given in [&[][..], most] {
            let output = script(&world, name, given).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{name}: {output:?}");
            assert!(said.starts_with("usage: ") && said.lines().count() == 1, "{name}: {said}");
        }
    }
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
    assert_eq!(count, 8);
}

//! Digests of what a run writes, which change neither what comes out nor how it ends.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step fails the test")]

mod common;

use common::{Process, World, json};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::Output;

/// Says nothing on standard error itself, so that what stands there is the child's.
const DIGEST: [&str; 2] = ["--json", "--digest-output"];

/// Gates a command, which is approved.
fn approved(world: &World, args: &[&str], command: &[&str]) -> Process {
    let run = world.gate(args, command);
    world.answer("approve");
    run
}

fn ended(world: &World, args: &[&str], command: &[&str]) -> Output {
    approved(world, args, command).output()
}

/// What the newest receipt says came of the run. It must be valid.
fn outcome(world: &World) -> Value {
    let report = world.report();
    let path = report["receipt"].as_str().unwrap();
    let (verdict, _) = world.verify(path, &["--require", "L1", "--event", "executed"]);
    assert_eq!(verdict["verdict"], "Valid", "{verdict}");
    json(&std::fs::read(path).unwrap())["content"]["outcome"].clone()
}

fn digest(bytes: &[u8]) -> Value {
    let sha256: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
    json!({"bytes": bytes.len(), "sha256": sha256})
}

fn cut(bytes: &[u8]) -> Value {
    let mut digest = digest(bytes);
    digest["cut"] = true.into();
    digest
}

#[test]
fn what_comes_out_is_the_childs_and_its_digests_stand_in_the_receipt() {
    let world = World::paired();
    let command = ["sh", "-c", r"printf 'a\000\377\n'; echo oops >&2; exit 7"];
    let output = ended(&world, &DIGEST, &command);
    assert_eq!(output.status.code(), Some(7));
    assert_eq!((&output.stdout[..], &output.stderr[..]), (&b"a\0\xff\n"[..], &b"oops\n"[..]));
    let outcome = outcome(&world);
    assert_eq!((&outcome["stdout"], &outcome["exitCode"]), (&digest(b"a\0\xff\n"), &7.into()));
    assert_eq!(outcome["stderr"], digest(b"oops\n"));
    let shown = world.run("enforcer", &["receipt", "show", "last"]).stdout;
    let line = format!("sha256 {} of 5 bytes\n", digest(b"oops\n")["sha256"].as_str().unwrap());
    assert!(String::from_utf8(shown).unwrap().contains(&line));
}

#[test]
fn attack_40_a_run_that_did_not_ask_for_digests_has_none() {
    let world = World::paired();
    let output = ended(&world, &["--json"], &["echo", "secret"]);
    assert_eq!(output.stdout, b"secret\n");
    let outcome = outcome(&world);
    assert_eq!((outcome.get("stdout"), outcome.get("stderr")), (None, None));
}

#[test]
fn megabytes_go_through_whole() {
    let world = World::paired();
    let output = ended(&world, &DIGEST, &["head", "-c", "3000000", "/dev/zero"]);
    assert_eq!(outcome(&world)["stdout"], digest(&output.stdout));
    assert_eq!(output.stdout.len(), 3_000_000);
}

#[test]
fn what_a_child_leaves_running_is_not_waited_for() {
    let world = World::paired();
    // It holds both outputs for longer than anybody here waits.
    let output = ended(&world, &DIGEST, &["sh", "-c", "sleep 40 & echo early; exit 3"]);
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(3), &b"early\n"[..]));
    let outcome = outcome(&world);
    assert_eq!((&outcome["stdout"], &outcome["stderr"]), (&cut(b"early\n"), &cut(b"")));
}

#[test]
fn a_reader_that_goes_away_ends_the_child_as_it_would_without_us() {
    let world = World::paired();
    let mut run = approved(&world, &DIGEST, &["yes"]);
    let mut line = String::new();
    BufReader::new(run.printed()).read_line(&mut line).unwrap();
    assert_eq!((line.as_str(), run.wait().code()), ("y\n", Some(128 + 13)));
    let outcome = outcome(&world);
    assert_eq!((&outcome["signal"], &outcome["stdout"]["cut"]), (&13.into(), &true.into()));
    assert_eq!(outcome["stderr"], digest(b""));
}

#[test]
fn attack_20_a_full_disk_is_told_and_changes_no_exit_code() {
    let world = World::paired();
    let mut run = world.gate_command(&["--digest-output"], &["sh", "-c", "echo hi; exit 0"]);
    run.stdout(File::options().write(true).open("/dev/full").unwrap());
    let run = Process::start(run);
    world.answer("approve");
    let output = run.output();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("standard output was passed on for 0 bytes only"), "{said}");
    assert_eq!(outcome(&world)["stdout"], cut(b""));
}

#[test]
fn a_signal_reaches_the_child_and_its_last_words_are_hashed() {
    let world = World::paired();
    let script = "trap 'kill $!; echo bye; exit 5' TERM; sleep 40 & echo ready; wait";
    let mut run = approved(&world, &DIGEST, &["sh", "-c", script]);
    let mut lines = BufReader::new(run.printed()).lines().map(Result::unwrap);
    assert_eq!(lines.next().as_deref(), Some("ready"));
    run.signal("TERM");
    assert_eq!(lines.next().as_deref(), Some("bye"));
    assert_eq!(run.wait().code(), Some(5));
    assert_eq!(outcome(&world)["stdout"], digest(b"ready\nbye\n"));
}

#[test]
fn a_reader_that_reads_no_more_keeps_nothing_from_ending() {
    let world = World::paired();
    let mut run = approved(&world, &DIGEST, &["yes"]);
    let mut stuck = BufReader::new(run.printed());
    stuck.read_line(&mut String::new()).unwrap();
    run.signal("TERM");
    assert_eq!(run.wait().code(), Some(128 + 15));
    assert_eq!(outcome(&world)["stdout"]["cut"], true);
    drop(stuck);
}

#[test]
fn attack_18_a_gate_that_is_killed_while_it_hashes_leaves_an_uncertain_run() {
    let world = World::paired();
    let mut run = world.gate(&DIGEST, &["sh", "-c", "echo begun; sleep 40 >/dev/null 2>&1"]);
    let id = world.answer("approve");
    let mut line = String::new();
    BufReader::new(run.printed()).read_line(&mut line).unwrap();
    assert_eq!(line, "begun\n");
    run.kill();
    let status = world.json("enforcer", &["status"]);
    assert_eq!(status["uncertain"], json!([id]), "{status}");
}

//! A request outlives every process: whoever dies, stops or comes late, it is answered once and
//! runs once.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

mod common;
#[path = "common/heard.rs"]
mod heard;

use common::{PATIENCE, Process, World, error_code};
use countersign_testkit::database;
use heard::Heard;
use serde_json::Value;
use std::time::{Duration, Instant};

/// The gated command of most tests: it leaves a line each time it runs.
const LINE: [&str; 3] = ["sh", "-c", "echo RUN >> out"];

fn runs(world: &World) -> usize {
    std::fs::read_to_string(world.work().join("out")).unwrap_or_default().lines().count()
}

fn inbox(world: &World) -> Vec<String> {
    let items = world.json("approver", &["inbox"])["items"].clone();
    let id = |item: &Value| item["requestId"].as_str().unwrap().to_owned();
    items.as_array().unwrap().iter().map(id).collect()
}

/// The same call by several processes at once, each of which has found the request.
fn together(world: &World, count: usize) -> Vec<Process> {
    let all: Vec<&str> = ["run", "--"].into_iter().chain(LINE).collect();
    let mut processes = vec![world.spawn("enforcer", &all)];
    world.waiting("approver");
    for _ in 1..count {
        let mut process = world.spawn("enforcer", &all);
        Heard::of(&mut process).until("joined request");
        processes.push(process);
    }
    processes
}

/// Every receipt of the enforcer's ledger, each of which must be authentic.
fn receipts(world: &World) -> Vec<Value> {
    let newest = world.json("enforcer", &["status"])["ledger"]["receipts"].as_u64().unwrap();
    let receipt = |seq: u64| {
        let name = seq.to_string();
        assert_eq!(world.verify(&name, &[]).1, 0, "receipt {seq}");
        world.json("enforcer", &["receipt", "show", &name])["content"].clone()
    };
    (1..=newest).map(receipt).collect()
}

#[test]
fn the_same_call_joins_the_request_that_waits() {
    let world = World::paired();
    let processes = together(&world, 2);
    assert_eq!(inbox(&world).len(), 1);
    drop(processes);
}

#[test]
fn attack_18_several_processes_on_one_approval_run_it_once() {
    let world = World::paired();
    let mut processes = together(&world, 4);
    world.answer("approve");
    let codes: Vec<i32> = processes.iter_mut().map(|p| p.wait().code().unwrap()).collect();
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| [0, 126].contains(code)), "{codes:?}");
    assert_eq!(runs(&world), 1);
    let events: Vec<Value> = receipts(&world).iter().map(|r| r["event"].clone()).collect();
    assert_eq!(events.iter().filter(|event| *event == "executed").count(), 1, "{events:?}");
}

#[test]
fn a_denial_reaches_everybody_who_waits() {
    let world = World::paired();
    let processes = together(&world, 2);
    let id = world.waiting("approver");
    world.json("approver", &["deny", &id, "-m", "not today"]);
    for mut process in processes {
        assert_eq!(process.wait().code(), Some(126));
    }
    assert_eq!(runs(&world), 0);
}

#[test]
fn attack_18_an_approval_is_used_once_and_the_next_call_asks_anew() {
    let world = World::paired();
    let mut ids = Vec::new();
    for count in 1..=2 {
        let mut run = world.gate(&[], &LINE);
        ids.push(world.answer("approve"));
        assert!(run.wait().success());
        assert_eq!(runs(&world), count);
    }
    assert_ne!(ids[0], ids[1]);
}

/// A script goes on where `wait` ends well.
#[test]
fn attack_18_a_used_approval_whose_row_says_otherwise_is_reported_to_nobody() {
    let world = World::paired();
    let mut run = world.gate(&[], &LINE);
    let id = world.answer("approve");
    assert!(run.wait().success());
    let edit = format!("UPDATE request SET state = 'APPROVED' WHERE id LIKE '{id}%';");
    database::edit(&world.path("enforcer").join("ledger.db"), &edit).unwrap();
    let waited = world.run("enforcer", &["wait", &id, "--json"]);
    let found = (waited.status.code(), error_code(&waited));
    assert_eq!(found, (Some(13), "ledger_contradicted".into()), "{waited:?}");
}

#[test]
fn attack_21_an_approval_given_after_the_asker_was_killed_is_used_by_the_next_call() {
    let world = World::paired();
    let mut run = world.gate(&[], &LINE);
    let id = world.waiting("approver");
    run.kill();
    world.json("approver", &["approve", &id]);
    assert_eq!(runs(&world), 0);
    let mut again = world.gate(&[], &LINE);
    let heard = Heard::of(&mut again);
    assert!(again.wait().success());
    assert_eq!(runs(&world), 1);
    assert!(heard.lines().iter().any(|line| line.contains(&id)), "it asked anew");
    assert!(inbox(&world).is_empty());
}

#[test]
fn attack_21_a_denial_given_after_the_asker_was_killed_holds() {
    let world = World::paired();
    let mut run = world.gate(&[], &LINE);
    let id = world.waiting("approver");
    run.kill();
    world.json("approver", &["deny", &id, "-m", "no"]);
    let output = world.gate(&["--json"], &LINE).output();
    assert_eq!(
        (output.status.code(), error_code(&output).as_str()),
        (Some(126), "HARP_ERR_POLICY_DENY")
    );
    assert_eq!((runs(&world), world.report()["reason"].clone()), (0, "no".into()));
}

#[test]
fn attack_46_after_a_denial_the_same_call_asks_only_with_a_new_explanation() {
    let world = World::paired();
    let mut run = world.gate(&[], &LINE);
    let denied = world.answer("deny");
    assert_eq!(run.wait().code(), Some(126));
    let output = world.gate(&["--json"], &LINE).output();
    let refused = (output.status.code(), error_code(&output));
    assert_eq!(refused, (Some(126), "HARP_ERR_POLICY_DENY".into()));
    assert!(inbox(&world).is_empty(), "nobody is asked");
    let mut run = world.gate(&["--description", "the tests pass now"], &LINE);
    let approved = world.answer("approve");
    assert!(run.wait().success());
    assert_ne!(denied, approved);
    assert_eq!(runs(&world), 1);
}

#[test]
fn attack_21_a_gateway_killed_before_the_answer_still_has_the_request() {
    let mut world = World::paired();
    let mut run = world.gate(&[], &LINE);
    let id = world.waiting("approver");
    world.kill_gateway();
    world.start_gateway();
    assert_eq!(inbox(&world), [id]);
    world.answer("approve");
    assert!(run.wait().success());
    assert_eq!(runs(&world), 1);
}

#[test]
fn attack_21_a_gateway_killed_after_the_answer_still_delivers_it() {
    let mut world = World::paired();
    let mut run = world.gate(&[], &LINE);
    let id = world.waiting("approver");
    // The asker hears nothing until the gateway was killed and is back.
    run.signal("STOP");
    world.json("approver", &["approve", &id]);
    world.kill_gateway();
    world.start_gateway();
    assert_eq!(runs(&world), 0);
    run.signal("CONT");
    assert!(run.wait().success());
    assert_eq!(runs(&world), 1);
}

#[test]
fn attack_21_everybody_is_killed_and_the_answer_is_still_there() {
    let mut world = World::paired();
    let mut run = world.gate(&[], &LINE);
    let id = world.waiting("approver");
    run.kill();
    world.json("approver", &["approve", &id]);
    world.kill_gateway();
    world.start_gateway();
    assert!(world.gate(&[], &LINE).wait().success());
    assert_eq!(runs(&world), 1);
}

#[test]
fn a_caller_with_less_time_gives_up_and_the_request_waits_on() {
    let world = World::paired();
    let mut patient = world.spawn("enforcer", &["run", "--", LINE[0], LINE[1], LINE[2]]);
    let id = world.waiting("approver");
    let output = world.gate(&["--ttl", "1s", "--json"], &LINE).output();
    assert_eq!((output.status.code(), error_code(&output).as_str()), (Some(126), "pending"));
    assert_eq!((world.report()["verdict"].clone(), inbox(&world)), ("pending".into(), vec![id]));
    world.answer("approve");
    assert!(patient.wait().success());
    assert_eq!(runs(&world), 1);
}

#[test]
fn attack_19_an_approval_that_was_not_used_in_time_is_void() {
    let world = World::paired();
    let mut run = world.gate(&["--ttl", "6s"], &LINE);
    let id = world.waiting("approver");
    run.kill();
    world.json("approver", &["approve", &id]);
    let deadline = Instant::now() + PATIENCE;
    while world.json("enforcer", &["status"])["waiting"] != Value::Array(Vec::new()) {
        assert!(Instant::now() < deadline, "the request does not expire");
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut late = world.gate(&["--ttl", "2s"], &LINE);
    assert_eq!(late.wait().code(), Some(126));
    assert_eq!(runs(&world), 0);
}

#[test]
fn attack_44_another_session_does_not_use_the_approval() {
    let world = World::paired();
    let mut one = world.gate(&["--session", "one"], &LINE);
    let asked = world.waiting("approver");
    one.kill();
    world.json("approver", &["approve", &asked]);
    // The same words, another caller: a question of its own, which nobody answers.
    let mut two = world.gate(&["--session", "two", "--ttl", "5s"], &LINE);
    let other = world.waiting("approver");
    assert_ne!(asked, other);
    assert_eq!((two.wait().code(), runs(&world)), (Some(126), 0));
    // The approval is still there for whom it was given.
    assert!(world.gate(&["--session", "one"], &LINE).wait().success());
    assert_eq!(runs(&world), 1);
}

#[test]
fn attack_44_another_directory_does_not_use_the_approval() {
    let world = World::paired();
    let mut run = world.gate(&[], &LINE);
    let id = world.waiting("approver");
    run.kill();
    world.json("approver", &["approve", &id]);
    std::fs::create_dir(world.work().join("inner")).unwrap();
    let mut command = world.gate_command(&["--ttl", "2s"], &LINE);
    command.current_dir(world.work().join("inner"));
    assert_eq!(Process::start(command).wait().code(), Some(126));
    assert_eq!(runs(&world), 0);
}

/// A script whose variable is empty must not go on, whatever waits.
#[test]
fn attack_20_wait_without_an_id_names_what_waits_and_lets_nothing_go() {
    let world = World::paired();
    let nothing = world.run("enforcer", &["wait", "--json"]);
    let told = String::from_utf8_lossy(&nothing.stderr).into_owned();
    assert_eq!((nothing.status.code(), error_code(&nothing).as_str()), (Some(2), "usage"));
    assert!(told.contains("nothing waits in this home"), "{told}");
    let asked = world.run("enforcer", &["request", "--action", "deploy", "--detach"]);
    let id = String::from_utf8(asked.stdout).unwrap().trim().to_owned();
    world.answer("approve");
    let one = world.run("enforcer", &["wait"]);
    let told = String::from_utf8_lossy(&one.stderr).into_owned();
    assert_eq!(one.status.code(), Some(2), "{told}");
    assert!(told.contains(&format!("There waits {id} until ")), "{told}");
    assert!(world.run("enforcer", &["wait", &id]).status.success(), "it was not used");
}

#[test]
fn several_processes_share_a_home_and_its_ledger() {
    let world = World::paired();
    let words: Vec<String> = (0..6).map(|n| format!("echo {n} >> out")).collect();
    let mut processes: Vec<Process> = words
        .iter()
        .map(|line| world.spawn("enforcer", &["run", "--", "sh", "-c", line]))
        .collect();
    world.waiting_for("approver", processes.len());
    for id in inbox(&world) {
        world.json("approver", &["approve", &id]);
    }
    assert!(processes.iter_mut().all(|process| process.wait().success()));
    let mut lines: Vec<String> = std::fs::read_to_string(world.work().join("out"))
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    lines.sort();
    assert_eq!(lines, ["0", "1", "2", "3", "4", "5"]);
    let receipts = receipts(&world);
    let executed = receipts.iter().filter(|r| r["event"] == "executed").count();
    assert_eq!(executed, 6);
    let ids: std::collections::BTreeSet<String> = receipts
        .iter()
        .filter(|r| r["event"] == "suspended")
        .map(|r| r["requestId"].to_string())
        .collect();
    assert_eq!(ids.len(), 6);
}

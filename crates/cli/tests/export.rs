//! Audit lines out of a ledger: on demand, and as daily files that follow it by themselves.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod common;

#[path = "common/heard.rs"]
#[allow(dead_code, reason = "only tracers of running processes listen")]
mod heard;
#[path = "common/tracer.rs"]
#[allow(dead_code, reason = "these tests trap calls and nothing else")]
mod tracer;

use common::{Process, World, error_code, json};
use serde_json::Value;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use tracer::{Trap, trapped};

/// One command that is approved and runs, and one that is denied.
fn story() -> World {
    let world = World::paired();
    let mut run = world.gate(&["--description", "=1+1, \"why\""], &["sh", "-c", "exit 7"]);
    world.answer("approve");
    assert_eq!(run.wait().code(), Some(7));
    let run = world.gate(&[], &["sh", "-c", "exit 8"]);
    let id = world.waiting("approver");
    world.json("approver", &["deny", &id, "-m", "not during\npeak hours"]);
    run.output();
    world
}

fn exported(world: &World, args: &[&str]) -> String {
    let all: Vec<&str> = ["audit", "export"].into_iter().chain(args.iter().copied()).collect();
    let output = world.run("enforcer", &all);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| json(line.as_bytes())).collect()
}

/// The daily files of the enforcer's home, one after the other.
fn daily(world: &World) -> String {
    let audit = world.path("enforcer").join("audit");
    let files: BTreeMap<_, _> = common::files(&audit).into_iter().collect();
    let days = files.iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "jsonl"));
    days.map(|(_, bytes)| String::from_utf8(bytes.clone()).unwrap()).collect()
}

#[test]
fn attack_27_every_step_is_a_line_and_refusals_are_too() {
    let world = story();
    let found = lines(&exported(&world, &[]));
    let events: Vec<&str> = found.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(
        events,
        ["key", "suspended", "approved", "released", "executed", "suspended", "denied"]
    );
    let (approved, executed, denied) = (&found[2], &found[4], &found[6]);
    assert_eq!((&approved["decision"], &approved["approver"]), (&"approved".into(), &"ann".into()));
    assert!(approved["pair_id"].is_string() && approved["signature"].is_string(), "{approved}");
    assert_eq!((&executed["exit_code"], &executed["decision"]), (&7.into(), &Value::Null));
    assert_eq!(denied["reason"], "not during\npeak hours");
    for (line, seq) in found.iter().zip(1..) {
        let shown = world.json("enforcer", &["receipt", "show", &seq.to_string()]);
        assert_eq!(line["receipt"], shown["contentHash"]);
    }
}

#[test]
fn the_daily_files_follow_by_themselves_and_hold_the_same_lines() {
    let world = story();
    assert_eq!(daily(&world), exported(&world, &[]));
    let audit = world.path("enforcer").join("audit");
    for (path, _) in common::files(&audit) {
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{path:?}");
    }
    // The lines are there, and this makes them durable.
    for receipts in [7, 0] {
        let done = world.json("enforcer", &["audit", "export", "--daily"]);
        assert_eq!((&done["receipts"], &done["seq"]), (&receipts.into(), &7.into()));
    }
}

#[test]
fn attack_20_a_home_that_takes_no_audit_files_changes_no_answer() {
    let world = World::paired();
    let audit = world.path("enforcer").join("audit");
    std::fs::remove_dir_all(&audit).unwrap();
    // No directory can be made here, as on a disk that is full.
    std::fs::write(&audit, "").unwrap();
    let run = world.gate(&[], &["sh", "-c", "exit 7"]);
    world.answer("approve");
    let output = run.output();
    assert_eq!(output.status.code(), Some(7));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("daily audit files are behind"), "{said}");
    let run = world.gate(&[], &["sh", "-c", "exit 8"]);
    world.answer("deny");
    assert_eq!(run.output().status.code(), Some(126));
    std::fs::remove_file(&audit).unwrap();
    world.json("enforcer", &["audit", "export", "--daily"]);
    assert_eq!(daily(&world), exported(&world, &[]));
}

/// Writes the daily files in a trap, anew or what is missing, then without; whether it was struck.
fn struck(world: &World, right: &str, effort: &str, trap: &Trap) -> bool {
    let audit = world.path("enforcer").join("audit");
    if effort == "--daily" {
        std::fs::remove_dir_all(&audit).unwrap();
    }
    let args = ["audit", "export", effort];
    let output = trapped(&world.command("enforcer", &args), trap).output().unwrap();
    world.json("enforcer", &["audit", "export", "--daily"]);
    assert_eq!(daily(world), right, "{effort} in {trap:?}");
    !output.status.success()
}

#[test]
fn attack_28_daily_files_lose_and_double_nothing_wherever_their_writer_dies_or_the_disk_fails() {
    let world = story();
    let right = exported(&world, &[]);
    for (calls, does) in [
        ("fsync,fdatasync", "signal=KILL"),
        ("rename,renameat,renameat2,link,linkat", "signal=KILL"),
        ("unlink,unlinkat", "signal=KILL"),
        ("fsync,fdatasync", "error=EIO"),
        ("ftruncate", "error=ENOSPC"),
    ] {
        let mut times = 0;
        for effort in ["--daily", "--rebuild"] {
            for number in 1..=12 {
                let when = number.to_string();
                if !struck(&world, &right, effort, &Trap { calls, when, does }) {
                    break;
                }
                times += 1;
            }
        }
        assert!(times > 0, "{calls}, {does}: nobody was struck");
    }
}

#[test]
fn attack_28_a_deleted_cursor_is_noticed() {
    let world = story();
    let right = daily(&world);
    std::fs::remove_file(world.path("enforcer").join("audit/cursor.json")).unwrap();
    let output = world.run("enforcer", &["audit", "export", "--daily", "--json"]);
    assert_eq!((output.status.code(), error_code(&output).as_str()), (Some(13), "no_cursor"));
    world.json("enforcer", &["audit", "export", "--rebuild"]);
    assert_eq!(daily(&world), right);
}

#[test]
fn attack_28_a_ledger_that_was_cut_is_not_written_out() {
    let world = World::paired();
    let home = world.path("enforcer");
    let early = world.path("early");
    std::fs::create_dir(&early).unwrap();
    let ledger = ["ledger.db", "ledger.db-wal", "ledger.db-shm", "head.json"];
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        for name in ledger {
            let _ = std::fs::remove_file(to.join(name));
            let _ = std::fs::copy(from.join(name), to.join(name));
        }
    };
    copy(&home, &early);
    let run = world.gate(&[], &["true"]);
    world.answer("approve");
    run.output();
    copy(&early, &home);
    let output = world.run("enforcer", &["audit", "export", "--daily", "--json"]);
    let code = error_code(&output);
    assert_eq!((output.status.code(), code.as_str()), (Some(13), "ledger_contradicted"));
}

#[test]
fn attack_30_a_secret_is_a_commitment_in_every_shape() {
    let world = World::paired();
    let secret = "sk-live-4f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c";
    let mut command = world.gate_command(&["--env", "API_TOKEN"], &["sh", "-c", "exit 0"]);
    command.env("API_TOKEN", secret);
    let run = Process::start(command);
    world.answer("approve");
    assert!(run.output().status.success());
    for format in ["jsonl", "csv", "hitl"] {
        let text = exported(&world, &["--format", format]);
        assert!(!text.contains(secret), "{format}");
        assert!(text.contains("_sd"), "{format}: {text}");
    }
    assert!(!daily(&world).contains(secret) && daily(&world).contains("_sd"));
}

#[test]
fn attack_06_a_table_runs_no_formula() {
    let world = story();
    let table = exported(&world, &["--format", "csv"]);
    assert!(table.contains("\"'=1+1, \"\"why\"\"\""), "{table}");
    assert!(table.contains(r"not during\npeak hours"), "{table}");
    assert_eq!(table.matches("\r\n").count(), table.matches('\n').count());
    assert_eq!(table.lines().count(), 8);
}

#[test]
fn the_entries_of_a_gate_are_the_decisions() {
    let world = story();
    let found = lines(&exported(&world, &["--format", "hitl"]));
    let words: Vec<_> = found.iter().map(|entry| entry["decision"].as_str().unwrap()).collect();
    assert_eq!(words, ["approve", "deny"]);
    assert!(found.iter().all(|entry| entry["event_type"] == "hitl_decision"));
    assert_eq!(found[1]["user"], "ann");
}

#[test]
fn a_span_and_a_file() {
    let world = story();
    assert_eq!(exported(&world, &["--until", "2026-01-01"]), "");
    assert_eq!(exported(&world, &["--since", "1h"]), exported(&world, &[]));
    let file = world.path("lines.jsonl");
    let done = world.json("enforcer", &["audit", "export", "-o", file.to_str().unwrap()]);
    assert_eq!((&done["lines"], &done["receipts"]), (&7.into(), &7.into()));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), exported(&world, &[]));
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let inside = world.path("enforcer").join("policy.toml");
    let output =
        world.run("enforcer", &["audit", "export", "--json", "-o", inside.to_str().unwrap()]);
    assert_eq!((output.status.code(), error_code(&output).as_str()), (Some(1), "file"));
    let output = world.run("enforcer", &["audit", "export", "--json", "--since", "yesterday"]);
    assert_eq!((output.status.code(), error_code(&output).as_str()), (Some(2), "usage"));
}

//! Yesterday's ledger put back into the home that remembers today's.

use crate::common::error_code;
use crate::hostile::{PRIZE, Stage};
use countersign_testkit::Kind;
use std::fs;
use std::path::Path;

/// The ledger with what stands beside it, by name.
fn ledger(home: &Path) -> Vec<(std::ffi::OsString, Vec<u8>)> {
    let files = fs::read_dir(home).unwrap().map(|entry| entry.unwrap());
    files
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("ledger.db"))
        .map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap()))
        .collect()
}

fn restore(home: &Path, copy: &[(std::ffi::OsString, Vec<u8>)]) {
    for (name, _) in ledger(home) {
        fs::remove_file(home.join(name)).unwrap();
    }
    for (name, bytes) in copy {
        fs::write(home.join(name), bytes).unwrap();
    }
}

/// Everything that reads or writes the ledger refuses it.
fn is_refused(stage: &Stage) {
    let run = ["run", "--json", "--ttl", "5s", "--", PRIZE[0], PRIZE[1], PRIZE[2]];
    for (args, code) in [(&run[..], 126), (&["status", "--json"][..], 13)] {
        let output = stage.world.run("enforcer", args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
        assert_eq!(error_code(&output), "ledger_contradicted", "{args:?}");
    }
}

#[test]
fn attack_39_a_ledger_restored_from_before_the_approval_was_used_runs_nothing() {
    let stage = Stage::set();
    let home = stage.world.path("enforcer");
    let mut run = stage.go(&[]);
    stage.gateway.wait_for_calls(Kind::Wait, 1);
    run.kill();
    // In this copy the request still waits, and its answer lies at the gateway.
    let yesterday = ledger(&home);
    stage.ann.approve();
    assert!(stage.go(&[]).wait().success());
    restore(&home, &yesterday);
    is_refused(&stage);
    assert_eq!(stage.runs(), 1, "once, and not again");
}

#[test]
fn attack_39_a_new_ledger_in_an_old_home_is_refused() {
    let stage = Stage::set();
    let mut run = stage.go(&[]);
    stage.ann.approve();
    assert!(run.wait().success());
    restore(&stage.world.path("enforcer"), &[]);
    is_refused(&stage);
    assert_eq!(stage.runs(), 1);
}

#[test]
fn attack_39_the_ledger_of_another_enforcer_is_refused() {
    let stage = Stage::set();
    let mut run = stage.go(&[]);
    stage.gateway.wait_for_calls(Kind::Wait, 1);
    run.kill();
    stage.ann.approve();
    let other = Stage::set();
    let mut run = other.go(&["--ttl", "1s"]);
    run.wait();
    restore(&other.world.path("enforcer"), &ledger(&stage.world.path("enforcer")));
    is_refused(&other);
    assert_eq!((stage.runs(), other.runs()), (0, 0));
}

#[test]
fn attack_39_a_trust_store_of_yesterday_revives_no_approver() {
    let stage = Stage::set();
    let home = stage.world.path("enforcer");
    let read = |name| (home.join(name), fs::read(home.join(name)).unwrap());
    let yesterday = ["trust.json", "pairings/ann.json"].map(read);
    stage.world.json("enforcer", &["revoke", "ann"]);
    yesterday.iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
    let output = stage.go(&["--ttl", "5s"]).output();
    assert_eq!((output.status.code(), stage.runs()), (Some(126), 0));
    assert_eq!(stage.world.report()["error"]["code"], "no_approver");
    assert_eq!(stage.world.json("enforcer", &["list"])["pairings"][0]["status"], "revoked");
    let doctor = stage.world.run("enforcer", &["doctor", "--json"]);
    let found = String::from_utf8(doctor.stdout).unwrap();
    assert!(found.contains("`trust.json` is older than the ledger"), "{found}");
}

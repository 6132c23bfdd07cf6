//! Yesterday's ledger put back: what the gateway remembers of it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step fails the test")]

mod common;
#[path = "common/hostile.rs"]
mod hostile;

use common::World;
use countersign_testkit::Kind;
use hostile::{Stage, shared, until};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

const LINE: [&str; 3] = ["sh", "-c", "echo RUN >> out"];

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

fn runs(world: &World) -> usize {
    let out = std::fs::read_to_string(world.work().join("out")).unwrap_or_default();
    out.lines().count()
}

/// Everything in the home is put back, also what the home itself remembers: only the gateway is
/// left to notice that the approval was used.
#[test]
fn attack_39_a_home_restored_from_before_the_run_does_not_run_again() {
    let world = World::paired();
    let mut first = world.gate(&[], &LINE);
    let id = world.waiting("approver");
    first.kill();
    copy(&world.path("enforcer"), &world.path("backup"));
    world.json("approver", &["approve", &id]);
    assert!(world.gate(&[], &LINE).wait().success());
    assert_eq!(runs(&world), 1);
    copy(&world.path("backup"), &world.path("enforcer"));
    let mut again = world.gate(&["--ttl", "5s"], &LINE);
    assert_eq!(again.wait().code(), Some(126));
    assert_eq!(runs(&world), 1);
    assert_ne!(world.report()["verdict"], "approved");
}

/// A copy of the ledger that goes on by itself is noticed before anybody is asked for it.
#[test]
fn attack_39_a_second_enforcer_with_a_copy_of_the_ledger_runs_nothing() {
    let world = World::paired();
    copy(&world.path("enforcer"), &world.path("copy"));
    let mut run = world.gate(&[], &LINE);
    world.answer("approve");
    assert!(run.wait().success());
    let report = world.path("copy.json").display().to_string();
    let args = ["run", "--report", &report, "--ttl", "20s", "--", "sh", "-c", "echo RUN >> out"];
    let mut second = world.spawn("copy", &args);
    assert_eq!(second.wait().code(), Some(126));
    assert_eq!(runs(&world), 1);
    let report = common::json(&std::fs::read(report).unwrap());
    assert_eq!(report["error"]["code"], "ledger_contradicted");
}

/// What was denied, and everything else that a ledger forgets with its home, asks nobody once more:
/// neither as a new question nor where the old one waits again.
#[test]
fn attack_39_a_restored_home_asks_nobody_again_about_what_was_denied() {
    let world = World::paired();
    world.gate(&["--ttl", "1s"], &["ls"]).output();
    let (home, before, held) = (world.path("enforcer"), world.path("before"), world.path("held"));
    copy(&home, &before);
    let mut first = world.gate(&[], &LINE);
    let id = world.waiting("approver");
    first.kill();
    copy(&home, &held);
    world.json("approver", &["deny", &id, "-m", "no"]);
    assert_eq!(world.gate(&[], &LINE).wait().code(), Some(126));
    for backup in [before, held] {
        copy(&backup, &home);
        for _ in 0..2 {
            let again = world.gate(&["--json", "--ttl", "20s"], &LINE).output();
            assert_eq!(common::error_code(&again), "ledger_contradicted", "{again:?}");
            let receipt = world.json("enforcer", &["receipt", "show", "last"]);
            let policy = &receipt["content"]["policy"];
            assert_eq!(
                (&receipt["content"]["event"], &policy["ruleId"]),
                (&"blocked".into(), &"ledger".into()),
                "{receipt}"
            );
        }
    }
    let inbox = world.json("approver", &["inbox"]);
    assert_eq!(inbox["items"].as_array().map(Vec::len), Some(0), "{inbox}");
    assert_eq!(runs(&world), 0);
}

/// A ledger that was put back and then grew past the head that the gateway remembers is still
/// another one, however often it is tried.
#[test]
fn attack_39_a_home_restored_from_before_the_run_does_not_outgrow_its_witness() {
    let world = World::paired();
    let mut first = world.gate(&[], &LINE);
    let id = world.waiting("approver");
    first.kill();
    copy(&world.path("enforcer"), &world.path("backup"));
    world.json("approver", &["approve", &id]);
    assert!(world.gate(&[], &LINE).wait().success());
    copy(&world.path("backup"), &world.path("enforcer"));
    // Each is held, given up, and leaves receipts behind.
    for n in 0..3 {
        let other = format!("echo {n}");
        world.gate(&["--ttl", "1s"], &["sh", "-c", &other]).wait();
    }
    for _ in 0..2 {
        let mut again = world.gate(&["--ttl", "5s"], &LINE);
        assert_eq!(again.wait().code(), Some(126));
        assert_eq!(runs(&world), 1);
    }
}

/// Uses that were counted, and permissions that were taken back, stay so.
#[test]
fn attack_39_a_restored_home_brings_no_grant_back() {
    let granted = ["touch", "granted"];
    let back = |ends: &dyn Fn(&World)| {
        let world = World::paired();
        let run = world.gate(&[], &granted);
        let id = world.waiting("approver");
        world.json("approver", &["approve", &id, "--always", "--count", "1"]);
        assert!(run.output().status.success());
        copy(&world.path("enforcer"), &world.path("backup"));
        ends(&world);
        copy(&world.path("backup"), &world.path("enforcer"));
        std::fs::remove_file(world.work().join("granted")).unwrap();
        let again = world.gate(&["--json", "--ttl", "1s"], &granted).output();
        assert_eq!(common::error_code(&again), "ledger_contradicted", "{again:?}");
        assert!(!world.work().join("granted").exists());
    };
    back(&|world| assert!(world.gate(&[], &granted).output().status.success()));
    back(&|world| {
        let list = world.json("enforcer", &["grant", "list"]);
        world.json("enforcer", &["grant", "revoke", list["grants"][0]["id"].as_str().unwrap()]);
    });
}

/// A stop is dropped at the gateway only after the head that holds it stands there.
#[test]
fn attack_39_a_restored_home_forgets_no_stop() {
    let world = World::paired();
    world.gate(&["--ttl", "1s"], &["ls"]).output();
    copy(&world.path("enforcer"), &world.path("backup"));
    world.json("approver", &["freeze", "-m", "leak"]);
    let asked = world.gate(&["--json"], &LINE).output();
    assert_eq!(common::error_code(&asked), "frozen", "{asked:?}");
    copy(&world.path("backup"), &world.path("enforcer"));
    let mut run = world.gate(&["--ttl", "20s"], &LINE);
    assert_eq!(run.wait().code(), Some(126));
    assert_eq!(world.report()["error"]["code"], "ledger_contradicted");
    assert_eq!(runs(&world), 0);
}

/// What a policy allows hangs on no approval and goes on. Whoever looks is told that the ledger is
/// another one, although the home itself agrees with it.
#[test]
fn attack_39_status_and_doctor_say_what_only_the_gateway_remembers() {
    let world = World::paired();
    world.hold_nothing_more();
    world.gate(&["--ttl", "1s"], &LINE).output();
    copy(&world.path("enforcer"), &world.path("backup"));
    let denied = world.gate(&[], &["sh", "-c", "echo ONCE >> out"]);
    world.answer("deny");
    denied.output();
    let well = world.json("enforcer", &["status"]);
    assert_eq!(well["contradicted"], serde_json::json!([]), "{well}");
    copy(&world.path("backup"), &world.path("enforcer"));
    let allowed = world.gate(&[], &["cat", "/dev/null"]).output();
    assert!(allowed.status.success(), "{allowed:?}");
    let status = world.run("enforcer", &["status", "--json"]);
    assert_eq!(status.status.code(), Some(13), "{status:?}");
    let told = common::json(&status.stdout)["contradicted"][0].as_str().unwrap().to_owned();
    assert!(told.contains(world.url()) && told.contains("remembers"), "{told}");
    let doctor = world.run("enforcer", &["doctor", "--json"]);
    let doctor = common::json(&doctor.stdout);
    let name = format!("gateway {}", world.url());
    let check =
        doctor["checks"].as_array().unwrap().iter().find(|one| one["check"] == name.as_str());
    let check = check.unwrap();
    assert_eq!(check["state"], "fail", "{check}");
    assert!(check["found"].as_str().unwrap().contains("what a policy allows goes on"), "{check}");
}

/// Lets the gateway answer the next question what it remembers no earlier than it is told to, and
/// tells that it was asked.
fn held_at_heads(stage: &Stage) -> (Arc<Mutex<bool>>, watch::Sender<bool>) {
    let (asked, is_asked) = shared(false);
    let (goes_on, may_go_on) = watch::channel(false);
    stage.gateway.script(move |call, honest| {
        let (asked, mut may_go_on) = (asked.clone(), may_go_on.clone());
        async move {
            let is_first = call.kind == Kind::Other
                && call.path().ends_with("/heads")
                && !std::mem::replace(&mut *asked.lock().unwrap(), true);
            if is_first {
                may_go_on.wait_for(|may| *may).await.unwrap();
            }
            honest.answer(call).await
        }
    });
    (is_asked, goes_on)
}

/// What is written while a ledger is checked is no cut of it.
#[test]
fn a_check_beside_a_run_finds_nothing_missing() {
    let stage = Stage::set();
    let ran = || {
        let mut run = stage.go(&[]);
        stage.ann.approve();
        assert!(run.wait().success());
    };
    ran();
    let (is_asked, goes_on) = held_at_heads(&stage);
    let verify = stage.world.spawn("enforcer", &["audit", "verify", "--json"]);
    until("the question what the gateway remembers", || *is_asked.lock().unwrap());
    ran();
    goes_on.send(true).unwrap();
    let output = verify.output();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// A grant that its owner takes back beside a run is no grant any more, and no sign of an edit.
#[test]
fn attack_19_a_grant_that_is_taken_back_beside_a_run_is_void_and_contradicts_nothing() {
    let stage = Stage::set();
    let add = ["grant", "add", "--json", "--"].into_iter().chain(hostile::PRIZE);
    let asking = stage.world.spawn("enforcer", &add.collect::<Vec<_>>());
    stage.ann.approve();
    let grant = common::json(&asking.output().stdout);
    let (is_asked, goes_on) = held_at_heads(&stage);
    let mut run = stage.go(&["--ttl", "1s"]);
    until("the question what the gateway remembers", || *is_asked.lock().unwrap());
    stage.world.json("enforcer", &["grant", "revoke", grant["id"].as_str().unwrap()]);
    goes_on.send(true).unwrap();
    assert_eq!(run.wait().code(), Some(126));
    assert_eq!((stage.runs(), stage.world.report()["verdict"].as_str()), (0, Some("expired")));
    assert_eq!(stage.count("observed"), 0, "nothing is recorded as a contradiction");
}

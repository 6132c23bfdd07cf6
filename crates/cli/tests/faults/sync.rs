//! A sync that fails: nobody knows what is on the disk, so nothing may follow from it.

use crate::book::Book;
use crate::common::{Process, World};
use crate::heard::Heard;
use crate::scene::{check, drive, lines, not_run, refused, runs};
use crate::tracer::failing_syncs;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// More syncs than one gated command makes in a thread.
const SYNCS: usize = 12;

fn ledger(world: &World) -> Vec<PathBuf> {
    ["ledger.db", "ledger.db-wal"].map(|name| world.path("enforcer").join(name)).to_vec()
}

/// Gates a command while the syncs fail as `when` says, then again with a sound disk; returns how
/// the first ended.
fn fail_once(world: &World, book: &mut Book, files: &[PathBuf], when: &str, out: &str) -> String {
    let script = format!("echo RUN >> {out}");
    let gated = world.gate_command(&["--json"], &["sh", "-c", &script]);
    let mut run = Process::start(failing_syncs(&gated, files, when));
    drive(world, &mut run);
    let output = run.output();
    let ended = if output.status.success() { "ran".to_owned() } else { not_run(&output) };
    let ran = lines(world, out);
    match ended.as_str() {
        "ran" => assert_eq!(ran, 1, "{when}"),
        "uncertain" => assert!(ran <= 1, "{when}: {ran} runs"),
        // Nothing follows a sync that failed.
        _ => assert_eq!(ran, 0, "{when}: {ended}"),
    }
    let mut again = world.gate(&[], &["sh", "-c", &script]);
    drive(world, &mut again);
    assert!(again.wait().success(), "{when}");
    let checked = book
        .catch_up(world)
        .and_then(|()| book.check_requests())
        .and_then(|()| book.check_lines(world, &world.report(), &[]));
    assert!(checked.is_ok(), "sync {when}, {ended}: {checked:?}\n{}", book.story());
    ended
}

#[test]
fn attack_20_no_run_follows_a_failed_sync_of_the_ledger() {
    let world = World::paired();
    let mut book = Book::open(&world);
    let files = ledger(&world);
    let ends: Vec<String> = (1..=SYNCS)
        .map(|n| fail_once(&world, &mut book, &files, &n.to_string(), &format!("out-{n}")))
        .collect();
    let seen: BTreeSet<&str> = ends.iter().map(String::as_str).collect();
    // Before the run, after it, and past the last sync.
    assert_eq!(seen, BTreeSet::from(["ran", "store_unavailable", "uncertain"]), "{ends:?}");
    assert_eq!(ends.last().map(String::as_str), Some("ran"), "{ends:?}");
}

#[test]
fn attack_20_no_run_follows_a_failed_sync_of_any_file_of_the_home() {
    let world = World::paired();
    let mut book = Book::open(&world);
    let ends: Vec<String> = (1..=6)
        .map(|n| fail_once(&world, &mut book, &[], &n.to_string(), &format!("out-{n}")))
        .collect();
    assert!(ends.iter().any(|end| end != "ran"), "{ends:?}");
}

#[test]
fn attack_20_a_gateway_whose_syncs_fail_takes_no_request_and_no_answer() {
    let mut world = World::paired();
    let database = ["gateway.db", "gateway.db-wal"]
        .map(|name| world.path("gateway").join("gateway").join(name));
    let fail = |world: &mut World| {
        world.kill_gateway();
        world.start_gateway_as(|command| failing_syncs(&command, &database, "1+"));
    };
    let mend = |world: &mut World| {
        world.kill_gateway();
        world.start_gateway();
    };
    fail(&mut world);
    let mut run = world.gate(&[], &crate::scene::LINE);
    let said = Heard::of(&mut run).until("trying again");
    assert!(!said.concat().contains("delivered"), "{said:?}");
    assert_eq!(world.json("approver", &["inbox"])["items"], Value::Array(vec![]));
    mend(&mut world);
    let id = world.waiting("approver");
    fail(&mut world);
    let unsent = world.run("approver", &["approve", &id, "--json"]);
    assert_eq!((refused(&unsent).as_str(), unsent.status.code()), ("not_sent", Some(14)));
    assert!(run.ended().is_none() && runs(&world) == 0);
    mend(&mut world);
    drive(&world, &mut run);
    assert!(run.wait().success());
    assert_eq!(runs(&world), 1);
    check(&world);
}

//! A disk that is full, at every point of the main job.

use crate::common::{Process, World};
use crate::disk::{Disk, with_own_mounts};
use crate::heard::Heard;
use crate::scene::{
    LINE, check, drive, gate, gate_and_hold, goes_on_without_asking, let_go, lines, not_run,
    refused, runs, works_again,
};
use serde_json::Value;

/// A paired world in which the home of `party` is a small disk.
pub(crate) fn world_on_a_small_disk(party: &str) -> (World, Disk) {
    let mut world = World::empty();
    let disk = Disk::at(world.path(party));
    world.start_gateway();
    world.pair("enforcer", "approver", "ann", "device");
    (world, disk)
}

/// A request that is approved and not yet used: the head of the ledger could not be remembered,
/// and without that nothing is claimed.
pub(crate) fn approve_without_a_claim(world: &World) {
    let lock = world.path("enforcer").join("head.lock");
    let _ = std::fs::remove_file(&lock);
    std::fs::create_dir(&lock).unwrap();
    let run = gate(world);
    world.answer("approve");
    assert_eq!(not_run(&run.output()), "home");
    std::fs::remove_dir(&lock).unwrap();
    assert_eq!(runs(world), 0);
}

#[test]
fn attack_20_a_disk_that_is_full_before_the_call_refuses_it() {
    with_own_mounts("full::attack_20_a_disk_that_is_full_before_the_call_refuses_it", || {
        let (world, disk) = world_on_a_small_disk("enforcer");
        disk.fill();
        assert_eq!(not_run(&gate(&world).output()), "store_unavailable");
        assert_eq!(runs(&world), 0);
        disk.free();
        works_again(&world);
    });
}

/// A limit on the size of files is no signal that ends us: it is a full disk.
#[test]
fn attack_20_a_limit_on_files_refuses_with_words_and_is_the_child_s_own() {
    let world = World::paired();
    works_again(&world);
    let line = "ulimit -f 1; exec \"$0\" \"$@\"";
    let limited = |args: &[&str]| {
        let ours = world.command("enforcer", args);
        let mut command = world.like(&ours, "sh");
        command.args(["-c", line]).arg(ours.get_program()).args(ours.get_args());
        Process::start(command).output()
    };
    let refused = limited(&["run", "--json", "--", "sh", "-c", LINE[2]]);
    assert_eq!(not_run(&refused), "store_unavailable");
    assert_eq!(runs(&world), 1);
    works_again(&world);
    // What runs has the signal as it always is.
    let big = "ulimit -f 1; exec head -c 99999 /dev/zero > big";
    let mut run = world.gate(&[], &["bash", "-c", big]);
    drive(&world, &mut run);
    assert_eq!(run.wait().code(), Some(128 + 25));
}

#[test]
fn attack_20_a_disk_that_is_full_when_the_answer_comes_lets_nothing_run_and_keeps_the_answer() {
    with_own_mounts(
        "full::attack_20_a_disk_that_is_full_when_the_answer_comes_lets_nothing_run_and_keeps_the_answer",
        || {
            let (world, disk) = world_on_a_small_disk("enforcer");
            let run = gate(&world);
            let id = world.waiting("approver");
            disk.fill();
            world.json("approver", &["approve", &id]);
            assert_eq!(not_run(&run.output()), "store_unavailable");
            assert_eq!(runs(&world), 0);
            disk.free();
            goes_on_without_asking(&world);
        },
    );
}

#[test]
fn attack_20_a_disk_that_is_full_before_the_claim_lets_nothing_run_and_keeps_the_approval() {
    with_own_mounts(
        "full::attack_20_a_disk_that_is_full_before_the_claim_lets_nothing_run_and_keeps_the_approval",
        || {
            let (world, disk) = world_on_a_small_disk("enforcer");
            approve_without_a_claim(&world);
            disk.fill();
            let code = not_run(&gate(&world).output());
            assert!(matches!(code.as_str(), "home" | "store_unavailable"), "{code}");
            assert_eq!(runs(&world), 0);
            disk.free();
            goes_on_without_asking(&world);
        },
    );
}

/// The gated command has run and ended, and what came of it could not be written down.
pub(crate) fn ends_uncertain(world: &World, run: Process) {
    let output = run.output();
    assert_eq!(not_run(&output), "uncertain");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("may have run") && !said.contains("nothing was run"), "{said}");
    assert_eq!(world.report()["verdict"], "uncertain");
}

/// Whoever looks next finds the run among those of which nobody knows.
pub(crate) fn is_found_uncertain(world: &World) {
    let request = world.report()["requestId"].clone();
    let status = world.json("enforcer", &["status"]);
    assert_eq!(status["uncertain"], Value::Array(vec![request]));
    assert_eq!(status["running"], Value::Array(vec![]));
    assert_eq!(lines(world, "held"), 1);
    works_again(world);
}

#[test]
fn attack_21_an_outcome_that_finds_a_full_disk_is_uncertain_and_says_so() {
    with_own_mounts(
        "full::attack_21_an_outcome_that_finds_a_full_disk_is_uncertain_and_says_so",
        || {
            let (world, disk) = world_on_a_small_disk("enforcer");
            let run = gate_and_hold(&world);
            disk.fill();
            let_go(&world);
            ends_uncertain(&world, run);
            disk.free();
            is_found_uncertain(&world);
        },
    );
}

#[test]
fn attack_20_a_gateway_on_a_full_disk_takes_no_request_and_no_answer() {
    with_own_mounts(
        "full::attack_20_a_gateway_on_a_full_disk_takes_no_request_and_no_answer",
        || {
            let (world, disk) = world_on_a_small_disk("gateway");
            disk.fill();
            let mut run = world.gate(&[], &crate::scene::LINE);
            let said = Heard::of(&mut run).until("trying again");
            assert!(!said.concat().contains("delivered"), "{said:?}");
            assert_eq!(world.json("approver", &["inbox"])["items"], Value::Array(vec![]));
            disk.free();
            let id = world.waiting("approver");
            disk.fill();
            let unsent = world.run("approver", &["approve", &id, "--json"]);
            assert_eq!((refused(&unsent).as_str(), unsent.status.code()), ("not_sent", Some(14)));
            assert!(run.ended().is_none() && runs(&world) == 0);
            disk.free();
            drive(&world, &mut run);
            assert!(run.wait().success());
            assert_eq!(runs(&world), 1);
            check(&world);
        },
    );
}

#[test]
fn attack_20_an_answer_that_the_approver_cannot_write_down_is_not_sent() {
    with_own_mounts(
        "full::attack_20_an_answer_that_the_approver_cannot_write_down_is_not_sent",
        || {
            let (world, disk) = world_on_a_small_disk("approver");
            let mut run = gate(&world);
            let id = world.waiting("approver");
            disk.fill();
            let code = refused(&world.run("approver", &["approve", &id, "--json"]));
            assert!(!code.is_empty() && code != "not_sent", "{code}");
            assert!(run.ended().is_none() && runs(&world) == 0);
            disk.free();
            // Nothing was decided yet: the person may still think otherwise.
            world.json("approver", &["deny", &id]);
            assert_eq!(run.wait().code(), Some(126));
            // What was denied is asked about again only with other words.
            let mut run = world.gate(&["--description", "the disk has room again"], &LINE);
            drive(&world, &mut run);
            assert!(run.wait().success() && runs(&world) == 1);
        },
    );
}

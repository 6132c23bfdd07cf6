//! A disk that allows no writes, at every point of the main job.

use crate::common::{Process, World, error_code};
use crate::disk::with_own_mounts;
use crate::full::{
    approve_without_a_claim, ends_uncertain, is_found_uncertain, world_on_a_small_disk,
};
use crate::scene::{
    gate, gate_and_hold, goes_on_without_asking, let_go, not_run, refused, runs, works_again,
};
use crate::tracer::fail_writes;

#[test]
fn attack_20_a_home_that_cannot_be_written_to_refuses_the_call() {
    with_own_mounts(
        "read_only::attack_20_a_home_that_cannot_be_written_to_refuses_the_call",
        || {
            let (world, disk) = world_on_a_small_disk("enforcer");
            disk.close();
            let code = not_run(&gate(&world).output());
            assert!(matches!(code.as_str(), "home" | "store_unavailable"), "{code}");
            assert_eq!(runs(&world), 0);
            disk.open();
            works_again(&world);
        },
    );
}

#[test]
fn attack_20_an_answer_that_meets_a_home_without_writes_is_kept() {
    with_own_mounts(
        "read_only::attack_20_an_answer_that_meets_a_home_without_writes_is_kept",
        || {
            let (world, disk) = world_on_a_small_disk("enforcer");
            let mut run = gate(&world);
            let id = world.waiting("approver");
            run.kill();
            disk.close();
            world.json("approver", &["approve", &id]);
            not_run(&gate(&world).output());
            assert_eq!(runs(&world), 0);
            disk.open();
            goes_on_without_asking(&world);
        },
    );
}

#[test]
fn attack_20_an_approval_in_a_home_without_writes_is_kept() {
    with_own_mounts("read_only::attack_20_an_approval_in_a_home_without_writes_is_kept", || {
        let (world, disk) = world_on_a_small_disk("enforcer");
        approve_without_a_claim(&world);
        disk.close();
        not_run(&gate(&world).output());
        assert_eq!(runs(&world), 0);
        disk.open();
        goes_on_without_asking(&world);
    });
}

/// A disk on which somebody writes cannot be closed, so the writes fail one by one.
#[test]
fn attack_21_an_outcome_that_finds_no_writes_is_uncertain_and_says_so() {
    let world = World::paired();
    let run = gate_and_hold(&world);
    let _tracer = fail_writes(&run);
    let_go(&world);
    ends_uncertain(&world, run);
    is_found_uncertain(&world);
}

#[test]
fn a_gateway_that_cannot_write_does_not_start() {
    with_own_mounts("read_only::a_gateway_that_cannot_write_does_not_start", || {
        let (mut world, disk) = world_on_a_small_disk("gateway");
        world.kill_gateway();
        disk.close();
        let args = ["gateway", "--json", "--listen", "127.0.0.1:0"];
        let output = Process::start(world.command("gateway", &args)).output();
        assert_eq!(
            (error_code(&output).as_str(), output.status.code()),
            ("store_unavailable", Some(1))
        );
        disk.open();
        world.start_gateway();
        works_again(&world);
    });
}

#[test]
fn attack_20_an_approver_that_cannot_write_sends_nothing() {
    with_own_mounts("read_only::attack_20_an_approver_that_cannot_write_sends_nothing", || {
        let (world, disk) = world_on_a_small_disk("approver");
        let mut run = gate(&world);
        let id = world.waiting("approver");
        disk.close();
        refused(&world.run("approver", &["approve", &id, "--json"]));
        assert!(run.ended().is_none() && runs(&world) == 0);
        disk.open();
        world.json("approver", &["approve", &id]);
        assert!(run.wait().success());
        assert_eq!(runs(&world), 1);
    });
}

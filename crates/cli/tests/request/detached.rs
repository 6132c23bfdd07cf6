//! Nobody waits while a person answers; whoever looks later finds the answer, once.

use crate::common::{World, error_code};
use crate::heard::Heard;
use crate::ledger::events;
use crate::{DEPLOY, ask, deploy, detached, said, verdict, wait};

#[test]
fn a_detached_request_prints_its_id_and_ends_with_fifteen() {
    let world = World::paired();
    let output = world.run("enforcer", &[&["request", "--detach"], &DEPLOY[..]].concat());
    assert_eq!(output.status.code(), Some(15));
    let id = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    assert_eq!(world.waiting("approver"), id);
    assert_eq!(detached(&world), id, "the same request again joins");
}

#[test]
fn attack_22_repeating_a_detached_request_uses_its_approval_once() {
    let world = World::paired();
    let id = detached(&world);
    world.json("approver", &["approve", &id]);
    let output = deploy(&world, &["--detach"]).output();
    assert_eq!(
        (verdict(&output), said(&output)["requestId"].clone()),
        ((0, "approved".into()), id.as_str().into())
    );
    assert_ne!(detached(&world), id, "it asks anew");
}

#[test]
fn wait_ends_with_the_answer_and_a_second_one_says_that_it_was_used() {
    let world = World::paired();
    let id = detached(&world);
    let waiting = wait(&world, &id[..10], &[]);
    world.json("approver", &["approve", &id]);
    let output = waiting.output();
    assert_eq!(verdict(&output), (0, "approved".into()));
    assert_eq!(said(&output)["approvedBy"][0], "ann");
    let again = wait(&world, &id, &[]).output();
    assert_eq!(
        (verdict(&again), error_code(&again)),
        ((13, "used".into()), "HARP_ERR_REPLAY".into())
    );
}

#[test]
fn attack_18_of_two_that_wait_exactly_one_gets_the_approval() {
    let world = World::paired();
    let id = detached(&world);
    let waiting: Vec<_> = (0..2).map(|_| wait(&world, &id, &[])).collect();
    world.json("approver", &["approve", &id]);
    let mut codes: Vec<_> =
        waiting.into_iter().map(|w| w.output().status.code().unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 13]);
    assert_eq!(events(&world), ["key", "suspended", "approved", "released"]);
}

#[test]
fn attack_21_everything_is_restarted_and_the_answer_is_still_there() {
    let mut world = World::paired();
    let id = detached(&world);
    world.kill_gateway();
    world.start_gateway();
    world.json("approver", &["approve", &id]);
    world.kill_gateway();
    world.start_gateway();
    assert_eq!(verdict(&wait(&world, &id, &[]).output()), (0, "approved".into()));
}

#[test]
fn attack_21_a_waiter_killed_between_answer_and_use_uses_nothing() {
    let world = World::paired();
    let id = detached(&world);
    let mut waiting = wait(&world, &id, &[]);
    waiting.signal("STOP");
    world.json("approver", &["approve", &id]);
    waiting.kill();
    assert_eq!(verdict(&wait(&world, &id, &[]).output()), (0, "approved".into()));
    assert_eq!(events(&world).iter().filter(|event| *event == "released").count(), 1);
}

#[test]
fn a_denial_that_came_while_nobody_waited_is_told_with_its_reason() {
    let world = World::paired();
    let id = detached(&world);
    world.json("approver", &["deny", &id, "-m", "wrong week"]);
    for _ in 0..2 {
        let output = wait(&world, &id, &[]).output();
        assert_eq!(verdict(&output), (10, "denied".into()));
        assert_eq!(said(&output)["reason"], "wrong week");
    }
}

#[test]
fn attack_20_waiting_ends_in_time_and_the_request_waits_on() {
    let world = World::paired();
    let id = detached(&world);
    let output = wait(&world, &id, &["--timeout", "1s"]).output();
    assert_eq!((verdict(&output), error_code(&output)), ((15, "pending".into()), "pending".into()));
    assert_eq!(world.waiting("approver"), id);
}

#[test]
fn attack_20_a_request_whose_time_is_over_is_eleven() {
    let world = World::paired();
    let output = deploy(&world, &["--detach", "--ttl", "1s"]).output();
    let id = said(&output)["requestId"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        assert_eq!(verdict(&wait(&world, &id, &[]).output()), (11, "expired".into()));
    }
    assert_eq!(events(&world), ["key", "suspended", "expired"]);
}

#[test]
fn an_id_names_one_request_or_none() {
    let world = World::paired();
    let first = detached(&world);
    let other = ask(&world, &["--action", "other", "--detach"]).output();
    assert_ne!(said(&other)["requestId"], first.as_str());
    let known = |id: &str| error_code(&wait(&world, id, &["--timeout", "1s"]).output());
    assert_eq!(known("01"), "ambiguous_request");
    assert_eq!(known("nothing"), "unknown_request");
    assert_eq!(known(&first.to_lowercase()), "pending");
}

#[test]
fn attack_21_a_held_command_is_only_reported_and_uses_its_own_approval() {
    let world = World::paired();
    let command = ["run", "--", "sh", "-c", "echo ran >> ran"];
    let mut run = world.spawn("enforcer", &command);
    let id = world.waiting("approver");
    run.kill();
    world.json("approver", &["approve", &id]);
    for _ in 0..2 {
        let mut waiting = wait(&world, &id, &[]);
        let heard = Heard::of(&mut waiting);
        assert!(waiting.wait().success());
        let _ = heard;
    }
    assert!(!world.work().join("ran").exists());
    assert!(world.run("enforcer", &command).status.success());
    assert_eq!(std::fs::read_to_string(world.work().join("ran")).unwrap(), "ran\n");
    assert_eq!(wait(&world, &id, &[]).output().status.code(), Some(13));
}

#[test]
fn attack_09_wait_uses_no_approval_that_the_home_asked_for_itself() {
    let world = World::paired();
    let (mut pairing, link) = world.invite("enforcer", "bob", "device");
    let joining = world.spawn("bob", &["join", &link]);
    let id = world.waiting("approver");
    let waiting = wait(&world, &id, &[]);
    world.json("approver", &["approve", &id]);
    assert!(!waiting.output().stdout.is_empty());
    assert!(pairing.wait().success());
    drop(joining);
    assert!(events(&world).contains(&"executed".to_owned()));
}

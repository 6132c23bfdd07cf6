//! A gateway that is away, and a process that is asked to end while it waits.

use crate::common::{Process, World};
use crate::{LINE, inbox_is_empty, is, refused, runs, works_again};
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// Waits until a process says something with `words` in it.
fn until(run: &mut Process, words: &str) {
    let found =
        BufReader::new(run.errors()).lines().map_while(Result::ok).find(|l| l.contains(words));
    assert!(found.is_some(), "it ended without `{words}`");
}

#[test]
fn attack_20_a_gateway_that_is_down_refuses_at_the_deadline() {
    let mut world = World::paired();
    world.kill_gateway();
    let output = world.gate(&["--ttl", "2s", "--json"], &LINE).output();
    assert_eq!(refused(&output), is("HARP_ERR_TRANSPORT", 126));
    assert_eq!((world.report()["verdict"].clone(), runs(&world)), ("no_route".into(), 0));
    let (verdict, _) = world.verify(world.report()["receipt"].as_str().unwrap(), &[]);
    assert!(["expired", "withdrawn"].contains(&verdict["event"].as_str().unwrap()), "{verdict}");
    world.start_gateway();
    assert!(inbox_is_empty(&world));
    works_again(&world);
}

#[test]
fn a_gateway_that_comes_back_in_time_is_tried_again() {
    let mut world = World::paired();
    world.kill_gateway();
    let mut run = world.gate(&[], &LINE);
    until(&mut run, "trying again");
    assert_eq!(runs(&world), 0);
    world.start_gateway();
    world.answer("approve");
    assert!(run.wait().success());
    assert_eq!(runs(&world), 1);
}

#[test]
fn attack_20_a_gateway_that_goes_down_during_the_wait_refuses_at_the_deadline() {
    let mut world = World::paired();
    let run = world.gate(&["--ttl", "5s", "--json"], &LINE);
    world.waiting("approver");
    world.kill_gateway();
    let output = run.output();
    assert_eq!(refused(&output), is("HARP_ERR_EXPIRED", 126));
    assert_eq!(runs(&world), 0);
    world.start_gateway();
    works_again(&world);
}

#[test]
fn a_gateway_that_goes_down_during_the_wait_and_comes_back_delivers() {
    let mut world = World::paired();
    let mut run = world.gate(&[], &LINE);
    world.waiting("approver");
    world.kill_gateway();
    until(&mut run, "trying again");
    world.start_gateway();
    world.answer("approve");
    assert!(run.wait().success());
    assert_eq!(runs(&world), 1);
}

#[test]
fn attack_20_a_gateway_that_says_nothing_gets_no_more_time_than_the_caller_has() {
    let mut world = World::paired();
    world.kill_gateway();
    // It takes connections, and never answers.
    let silent = TcpListener::bind(world.url().strip_prefix("http://").unwrap()).unwrap();
    let begun = Instant::now();
    let output = world.gate(&["--ttl", "1s", "--json"], &LINE).output();
    assert_eq!((refused(&output), runs(&world)), (is("HARP_ERR_TRANSPORT", 126), 0));
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    drop(silent);
}

#[test]
fn an_approver_hears_that_the_gateway_is_down_and_nothing_is_lost() {
    let mut world = World::paired();
    let mut run = world.gate(&[], &LINE);
    let id = world.waiting("approver");
    world.kill_gateway();
    for args in [&["inbox", "--json"][..], &["show", "--json", &id], &["approve", "--json", &id]] {
        assert_eq!(refused(&world.run("approver", args)), is("no_route", 14), "{args:?}");
    }
    world.start_gateway();
    world.json("approver", &["approve", &id]);
    assert!(run.wait().success());
    assert_eq!(runs(&world), 1);
}

#[test]
fn what_was_answered_is_shown_without_a_gateway() {
    let mut world = World::paired();
    let mut run = world.gate(&[], &LINE);
    let id = world.answer("approve");
    assert!(run.wait().success());
    world.kill_gateway();
    let shown = world.run("approver", &["show", &id]);
    assert!(shown.status.success(), "{shown:?}");
    assert!(String::from_utf8_lossy(&shown.stdout).contains("echo RUN"), "{shown:?}");
    assert_eq!(refused(&world.run("approver", &["show", "--json", "nope"])), is("no_route", 14));
}

#[test]
fn another_gateway_at_the_address_is_taken_for_one() {
    let mut world = World::paired();
    world.kill_gateway();
    std::fs::rename(world.path("gateway"), world.path("another")).unwrap();
    world.start_gateway();
    let inbox = world.run("approver", &["inbox", "--json"]);
    assert_eq!(refused(&inbox), is("no_route", 14));
    let told = String::from_utf8(inbox.stderr).unwrap();
    assert!(told.contains("does not know this device's key"), "{told}");
}

#[test]
fn a_signal_while_waiting_withdraws() {
    let world = World::paired();
    for signal in ["INT", "TERM", "HUP"] {
        let run = world.gate(&["--json"], &LINE);
        world.waiting("approver");
        run.signal(signal);
        assert_eq!(refused(&run.output()), is("withdrawn", 126), "{signal}");
        assert!(inbox_is_empty(&world), "{signal}: it still waits in the inbox");
        let report = world.report();
        assert_eq!(report["verdict"], "withdrawn");
        let (verdict, _) = world.verify(report["receipt"].as_str().unwrap(), &[]);
        assert_eq!(verdict["event"], "withdrawn");
    }
    assert_eq!(runs(&world), 0);
    works_again(&world);
}

#[test]
fn attack_19_an_answer_after_the_withdrawal_runs_nothing() {
    let mut world = World::paired();
    let mut run = world.gate(&[], &LINE);
    let id = world.waiting("approver");
    // The gateway does not hear of the withdrawal, and takes the answer.
    world.kill_gateway();
    run.signal("TERM");
    assert_eq!(run.wait().code(), Some(126));
    world.start_gateway();
    world.json("approver", &["approve", &id]);
    assert_eq!(world.gate(&["--ttl", "1s"], &LINE).wait().code(), Some(126));
    assert_eq!(runs(&world), 0);
}

#[test]
fn a_signal_that_is_ignored_on_purpose_does_not_withdraw() {
    let world = World::paired();
    let command = world.gate_command(&[], &LINE);
    let mut nohup = world.like(&command, "nohup");
    nohup.arg(command.get_program()).args(command.get_args());
    let mut run = Process::start(nohup);
    world.waiting("approver");
    run.signal("HUP");
    world.answer("approve");
    assert!(run.wait().success());
    assert_eq!(runs(&world), 1);
}

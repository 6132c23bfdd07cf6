//! A sender that dies, or whose disk fails, at each of its calls to the disk.

use super::*;
use crate::tracer::{Trap, trapped};
use std::os::unix::process::ExitStatusExt as _;

/// More calls of a kind than a sender makes in one thread.
const MOST: u32 = 16;

/// The calls by which something becomes durable.
const CALLS: [&str; 2] = ["fsync,fdatasync", "rename,renameat,renameat2,link,linkat"];

/// What one collector was told; each round has an address of its own, and so a cursor of its own.
fn told(collector: &Collector, round: &str) -> Vec<Call> {
    let mut calls = collector.calls();
    calls.retain(|call| call.head.lines().next().unwrap().contains(round));
    calls
}

/// Sends in a trap, then again without; returns how the first ended.
fn strike(
    world: &World,
    collector: &Collector,
    round: &str,
    trap: &Trap,
) -> std::process::ExitStatus {
    let to = format!("{}?round={round}.", collector.url);
    let args = ["audit", "ship", "--to", &to, "--json"];
    let struck = trapped(&world.command("enforcer", &args), trap).output().unwrap();
    let before = told(collector, round).len();
    let output = world.run("enforcer", &args);
    assert!(output.status.success(), "{trap:?}: {output:?}");
    let calls = told(collector, round);
    // Nothing is lost, and what was told twice is the same under the same key.
    assert_eq!(calls[0].ids(), ids(world), "{trap:?}");
    for call in &calls {
        let (key, body) = (call.header("idempotency-key"), &call.body);
        assert_eq!((&key, body), (&calls[0].header("idempotency-key"), &calls[0].body), "{trap:?}");
    }
    // Who said that the collector has it had written that down.
    if struck.status.success() {
        assert_eq!((before, calls.len()), (1, 1), "{trap:?}");
    }
    struck.status
}

#[test]
fn attack_28_a_sender_that_is_killed_at_any_call_to_the_disk_loses_and_hides_nothing() {
    let world = story();
    let collector = Collector::start(vec![Does::Answers(TAKEN)]);
    for calls in CALLS {
        let mut ends = Vec::new();
        for number in 1..=MOST {
            let trap = Trap { calls, when: number.to_string(), does: "signal=KILL" };
            let round = format!("{}{number}", &calls[..1]);
            ends.push(strike(&world, &collector, &round, &trap).signal() == Some(9));
            if !ends[ends.len() - 1] {
                break;
            }
        }
        assert!(ends.len() > 1 && ends.ends_with(&[false]), "{calls}: {ends:?}");
    }
}

#[test]
fn attack_28_a_sender_whose_disk_fails_at_any_call_loses_and_hides_nothing() {
    let world = story();
    let collector = Collector::start(vec![Does::Answers(TAKEN)]);
    for (calls, does) in CALLS.into_iter().zip(["error=EIO", "error=ENOSPC"]) {
        let mut failed = 0;
        for number in 1..=4 {
            let trap = Trap { calls, when: number.to_string(), does };
            let round = format!("{}{number}", &calls[..1]);
            failed += u32::from(!strike(&world, &collector, &round, &trap).success());
        }
        assert!(failed > 0, "{calls}: nothing failed");
    }
}

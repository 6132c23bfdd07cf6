//! A policy that was accepted somewhere else, or once.

use crate::common::World;
use crate::hostile::receipts;
use crate::scene::{ASKS, accept, gate, home, outcome, put, said};
use countersign_policy::STARTER;
use std::fs;

const OPEN: &str = "version = 1\n[risk.low]\ndecision = \"allow\"\n[risk.medium]\n\
                    decision = \"allow\"\n";
const TOUCH: [&str; 2] = ["touch", "new"];

fn asks(world: &World) {
    assert_eq!(outcome(world, &TOUCH), ASKS);
    assert!(!world.work().join("new").exists());
}

#[test]
fn attack_42_a_policy_of_another_home_counts_for_nothing() {
    let (one, other) = (home(OPEN), home(STARTER));
    assert_eq!(outcome(&one, &TOUCH), "allowed");
    let text = fs::read(one.path("enforcer").join("policy.toml")).unwrap();
    fs::write(other.path("enforcer").join("policy.toml"), text).unwrap();
    asks(&other);
}

#[test]
fn attack_42_a_policy_of_another_workspace_counts_for_nothing() {
    let world = home(STARTER);
    accept(
        &world,
        "version = 1\n[[rule]]\nid = \"t\"\ntools = [\"touch\"]\ndecision = \"allow\"\n",
        "workspace",
    );
    let other = world.path("other");
    put(&other.join(".countersign"), "policy.toml", "");
    let text = world.work().join(".countersign/policy.toml");
    fs::copy(&text, other.join(".countersign/policy.toml")).unwrap();
    assert_eq!(outcome(&world, &TOUCH), "allowed");
    let output = gate(&world, &[], &TOUCH).current_dir(&other).output().unwrap();
    assert_eq!(said(&world, &output), ASKS);
    assert!(!other.join("new").exists());
}

#[test]
fn attack_42_an_old_policy_put_back_counts_for_nothing() {
    let world = home(OPEN);
    accept(&world, STARTER, "home");
    asks(&world);
    put(&world.path("enforcer"), "policy.toml", OPEN);
    asks(&world);
}

#[test]
fn attack_42_a_policy_that_nobody_accepted_asks_nobody_else() {
    let world = World::paired();
    world.hold_nothing_more();
    put(
        &world.work().join(".countersign"),
        "policy.toml",
        "version = 1\n[[rule]]\nid = \"mine\"\ntools = [\"touch\"]\n\
         decision = \"require_approval\"\napprovers = [\"mallory\"]\nrequire_reason = false\n",
    );
    let run = crate::common::Process::start(gate(&world, &[], &TOUCH));
    world.answer("approve");
    let output = run.output();
    assert!(output.status.success(), "{output:?}");
    let asked = receipts(&world, "enforcer");
    assert!(asked.iter().all(|receipt| !receipt.to_string().contains("mallory")));
}

#[test]
fn attack_42_a_ledger_of_another_home_brings_no_acceptances() {
    let (one, other) = (home(OPEN), home(STARTER));
    let (from, to) = (one.path("enforcer"), other.path("enforcer"));
    let mut copied = 0;
    for entry in fs::read_dir(&from).unwrap() {
        let name = entry.unwrap().file_name();
        let text = name.to_string_lossy().into_owned();
        if text.starts_with("ledger.db") {
            copied += 1;
            fs::copy(from.join(&name), to.join(&name)).unwrap();
        }
    }
    assert!(copied > 0, "the ledger lies elsewhere");
    put(&to, "policy.toml", OPEN);
    let output = gate(&other, &[], &TOUCH).output().unwrap();
    assert!(!output.status.success(), "{output:?}");
    assert!(!other.work().join("new").exists());
}

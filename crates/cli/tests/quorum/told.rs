//! What the next one is told of those who have answered.

use super::*;
use crate::common::PATIENCE;
use serde_json::{Value, json};
use std::time::Instant;

/// What `show` says of the others, once it says something that is `wanted`.
fn told(world: &World, home: &str, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let so_far = world.json(home, &["show", id])["soFar"].clone();
        if wanted(&so_far) {
            return so_far;
        }
        assert!(Instant::now() < deadline, "{home} was told {so_far}");
    }
}

fn text(world: &World, home: &str, args: &[&str]) -> String {
    let output = world.run(home, args);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

#[test]
fn whoever_is_next_reads_who_has_approved_before_signing() {
    let world = team(&["bob", "cat"]);
    let mut run = world.gate(&["--quorum", "2"], &LINE);
    let id = world.waiting("bob");
    assert_eq!(world.json("bob", &["show", &id])["soFar"], Value::Null, "nobody has answered");
    approve(&world, "approver");
    let so_far = told(&world, "bob", &id, Value::is_object);
    assert_eq!((&so_far["allowed"], &so_far["needed"]), (&json!(["ann"]), &json!(2)));
    let line = "1 of 2 approved so far: ann";
    for args in [&["inbox"][..], &["show", &id], &["approve", &id]] {
        let said = text(&world, "bob", args);
        assert!(said.contains(line), "{args:?}: {said}");
    }
    assert!(run.wait().success());
    let item = &world.json("bob", &["history"])["items"][0];
    assert!(!item.to_string().contains("so far"), "no part of what was signed: {item}");
}

#[test]
fn attack_21_what_a_dead_enforcer_told_nobody_the_next_look_tells() {
    let mut world = team(&["bob"]);
    let mut run = world.gate(&["--quorum", "2"], &LINE);
    let id = world.waiting("bob");
    run.kill();
    approve(&world, "approver");
    assert_eq!(world.json("bob", &["show", &id])["soFar"], Value::Null);
    let mut again = world.gate(&["--quorum", "2"], &LINE);
    told(&world, "bob", &id, Value::is_object);
    world.kill_gateway();
    world.start_gateway();
    let kept = world.json("bob", &["inbox"])["items"][0]["soFar"].clone();
    assert_eq!(kept["allowed"], json!(["ann"]), "the gateway kept it");
    world.json("bob", &["approve", &id]);
    assert!(again.wait().success());
    assert_eq!(runs(&world), 1);
}

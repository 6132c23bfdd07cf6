//! A change of who may answer that is killed between its receipts and the trust store: it raised the
//! floor already, and nobody may be left below it for ever.

use crate::common::{Process, World, json};
use crate::tracer::dying_at_the_link_of;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};

/// The trust store as its file says, which a command would mend first.
fn file(world: &World) -> Value {
    json(&std::fs::read(world.path("enforcer").join("trust.json")).unwrap())
}

/// A command that is killed when it makes a file of its home.
fn struck(world: &World, args: &[&str], file: &str) -> Process {
    let command = world.command("enforcer", args);
    Process::start(dying_at_the_link_of(&command, &world.path("enforcer").join(file)))
}

/// What `doctor` says of what was left half done.
fn told(world: &World) -> (Value, Value) {
    let output = world.run("enforcer", &["doctor", "--json"]);
    let checks = json(&output.stdout)["checks"].clone();
    let of = |name: &str| {
        let mut found = checks.as_array().unwrap().iter();
        found.find(|check| check["check"] == name).unwrap().clone()
    };
    (of("unfinished"), of("floor"))
}

fn is_half(world: &World, what: &str) {
    let (unfinished, floor) = told(world);
    assert_eq!(unfinished["state"], "fail", "{unfinished}");
    assert!(unfinished["found"].as_str().unwrap().contains(what), "{unfinished}");
    assert!(unfinished["fix"].as_str().unwrap().ends_with(" status"), "{unfinished}");
    assert_eq!(floor["state"], "skipped", "{floor}");
    world.json("enforcer", &["status"]);
}

/// The change is made, and somebody may allow the next one.
fn goes_on(world: &World, approver: &str) {
    let (unfinished, floor) = told(world);
    assert_eq!((&unfinished["state"], &floor["state"]), (&"ok".into(), &"ok".into()));
    assert!(world.run("enforcer", &["audit", "verify", "--json"]).status.success());
    let args = ["trust", "set", "ann", "--role", "sre", "--json"];
    let set = world.spawn("enforcer", &args);
    world.answer_of(approver, "approve", &[]);
    let output = set.output();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn attack_20_a_pairing_that_is_killed_before_it_is_kept_is_made_when_the_home_is_next_opened() {
    let world = World::with_gateway();
    world.pair("enforcer", "approver", "ann", "web");
    let url = world.url().to_owned();
    let args = ["pair", "--name", "tablet", "--relay", &url, "--assurance", "device", "--json"];
    let mut pairing = struck(&world, &args, "pairings/tablet.json");
    let mut line = String::new();
    BufReader::new(pairing.printed()).read_line(&mut line).unwrap();
    let link = json(line.as_bytes())["link"].as_str().unwrap().to_owned();
    world.json("tablet", &["join", &link]);
    world.answer("approve");
    assert!(!pairing.wait().success());
    assert_eq!(file(&world)["approvers"].as_array().unwrap().len(), 1);
    is_half(&world, "countersign.pair");
    let pinned = file(&world)["approvers"][1].clone();
    assert_eq!((&pinned["person"], &pinned["assurance"]), (&"tablet".into(), &"device".into()));
    goes_on(&world, "tablet");
}

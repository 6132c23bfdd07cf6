//! Everything stopped at once, and let go again by an approver.

use crate::common::{World, error_code, json};

#[test]
fn attack_19_a_frozen_home_runs_nothing_until_it_is_thawed() {
    let world = World::paired();
    // One that is approved, and waits to be run again.
    let asking = world.spawn("enforcer", &["request", "deploy", "--detach", "--json"]);
    drop(asking.output());
    let frozen = world.json("enforcer", &["freeze", "-m", "the key leaked"]);
    assert_eq!(frozen["frozen"]["why"], "the key leaked");
    let output = world.gate(&["--json"], &["touch", "granted"]).output();
    assert_eq!((output.status.code(), error_code(&output)), (Some(126), "frozen".into()));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the key leaked"));
    assert!(!world.work().join("granted").exists());
    let asked = world.run("enforcer", &["grant", "add", "--json", "--", "touch", "granted"]);
    assert_eq!((asked.status.code(), error_code(&asked)), (Some(12), "frozen".into()));
    let status = world.json("enforcer", &["status"]);
    assert_eq!(status["frozen"]["why"], "the key leaked");
    let doctor = world.run("enforcer", &["doctor", "--json"]);
    let checks = json(&doctor.stdout)["checks"].as_array().unwrap().clone();
    assert!(checks.iter().any(|check| check["check"] == "frozen" && check["state"] == "warn"));
    let (verdict, code) = world.verify("last", &[]);
    assert_eq!(code, 0, "{verdict}");
}

#[test]
fn a_thaw_needs_the_approver() {
    let world = World::paired();
    world.json("enforcer", &["freeze"]);
    let refused = world.spawn("enforcer", &["thaw", "--json"]);
    world.answer("deny");
    assert_eq!(refused.output().status.code(), Some(10));
    let output = world.gate(&["--json"], &["touch", "granted"]).output();
    assert_eq!(error_code(&output), "frozen");
    // What was denied a moment ago is asked once more only for another stop.
    world.json("enforcer", &["freeze", "-m", "again"]);
    let status = world.json("enforcer", &["status"]);
    assert_eq!(status["frozen"]["why"], "again", "the newest stop holds");
    assert_eq!(world.json("approver", &["inbox"])["items"].as_array().unwrap().len(), 0);
}

#[test]
fn what_is_thawed_runs_again() {
    let world = World::paired();
    world.json("enforcer", &["freeze"]);
    let thawing = world.spawn("enforcer", &["thaw", "--json"]);
    world.answer("approve");
    let output = thawing.output();
    assert_eq!(json(&output.stdout)["thawed"], true);
    let running = world.gate(&[], &["touch", "granted"]);
    world.answer("approve");
    assert!(running.output().status.success());
    assert_eq!(world.json("enforcer", &["thaw"])["thawed"], false);
}

#[test]
fn of_two_thaws_at_once_one_lets_go_and_the_other_says_that_it_is_done() {
    let world = World::paired();
    world.json("enforcer", &["freeze"]);
    let both = [(); 2].map(|()| world.spawn("enforcer", &["thaw", "--json"]));
    world.answer("approve");
    let ended = both.map(|thawing| thawing.output());
    let mut said: Vec<_> = ended.iter().map(|one| json(&one.stdout)["thawed"].clone()).collect();
    said.sort_by_key(|thawed| thawed.as_bool());
    assert_eq!(said, [false, true], "{ended:?}");
    assert!(ended.iter().all(|one| one.status.success()), "{ended:?}");
}

#[test]
fn attack_19_an_approver_stops_from_their_own_machine_what_is_approved_and_granted() {
    let world = World::paired();
    let deploy = ["request", "--action", "deploy", "--detach", "--json"];
    assert_eq!(world.run("enforcer", &deploy).status.code(), Some(15));
    world.answer("approve");
    let run = world.gate(&[], &["touch", "granted"]);
    let id = world.waiting("approver");
    world.json("approver", &["approve", &id, "--always"]);
    assert!(run.output().status.success());
    let sent = world.json("approver", &["freeze", "-m", "the key leaked"]);
    let stop = &sent["sent"][0]["stop"];
    assert_eq!(stop["stop"]["type"], "countersign.freeze/v1");
    // What is approved and not yet used, what is granted, and everything else.
    let used = world.run("enforcer", &deploy);
    assert_eq!(error_code(&used), "frozen", "{used:?}");
    assert!(String::from_utf8_lossy(&used.stderr).contains("from another device: the key leaked"));
    let granted = world.gate(&["--json"], &["touch", "granted"]).output();
    assert_eq!((granted.status.code(), error_code(&granted)), (Some(126), "frozen".into()));
    let read = world.gate(&["--json"], &["ls"]).output();
    assert_eq!((read.status.code(), error_code(&read)), (Some(126), "frozen".into()));
    // The receipt holds what was signed.
    let frozen = world.json("enforcer", &["audit", "query", "--event", "frozen"]);
    let frozen = serde_json::to_string(&frozen).unwrap();
    assert!(frozen.contains(stop["signature"].as_str().unwrap()), "{frozen}");
    // It ends with a decision, and does not come again.
    let thawing = world.spawn("enforcer", &["thaw", "--json"]);
    world.answer("approve");
    assert!(thawing.output().status.success());
    assert!(world.gate(&[], &["touch", "granted"]).output().status.success());
}

/// Nothing of this home looked at its gateways since the stop was sent.
#[test]
fn a_thaw_looks_at_the_gateways_before_it_says_that_nothing_is_frozen() {
    let world = World::paired();
    world.json("approver", &["freeze", "-m", "the key leaked"]);
    let thawing = world.spawn("enforcer", &["thaw", "--json"]);
    let id = world.waiting("approver");
    let shown = world.json("approver", &["show", &id]).to_string();
    assert!(shown.contains("the key leaked"), "{shown}");
    world.json("approver", &["approve", &id]);
    let output = thawing.output();
    assert_eq!(json(&output.stdout)["thawed"], true, "{output:?}");
    assert_eq!(world.json("enforcer", &["thaw"])["thawed"], false, "and only once");
}

#[test]
fn a_stop_reaches_what_a_policy_allows() {
    let world = World::paired();
    world.json("approver", &["freeze"]);
    let read = world.gate(&["--json"], &["ls"]).output();
    assert_eq!((read.status.code(), error_code(&read)), (Some(126), "frozen".into()));
    let status = world.json("enforcer", &["status"]);
    assert!(status["frozen"]["by"].as_str().unwrap().ends_with("from another device"));
}

#[test]
fn a_stop_that_no_gateway_takes_is_said_to_be_none() {
    let mut world = World::paired();
    let unknown = world.run("approver", &["freeze", "--of", "nobody", "--json"]);
    assert_eq!((unknown.status.code(), error_code(&unknown)), (Some(2), "unknown_pairing".into()));
    world.kill_gateway();
    let output = world.run("approver", &["freeze", "--json"]);
    assert_eq!((output.status.code(), error_code(&output)), (Some(14), "not_stopped".into()));
}

//! A grant is asked for in exact words, signed, used, listed and taken back.

use crate::common::{World, error_code, json};
use serde_json::Value;

/// Has the approver sign a grant, and returns its document.
fn granted(world: &World, args: &[&str]) -> Value {
    let all: Vec<&str> =
        ["grant", "add", "--json"].into_iter().chain(args.iter().copied()).collect();
    let asking = world.spawn("enforcer", &all);
    world.answer("approve");
    let output = asking.output();
    assert!(output.status.success(), "{output:?}");
    json(&output.stdout)
}

/// Whether a command runs without anybody's answer.
fn runs(world: &World, args: &[&str], command: &[&str]) -> bool {
    let args: Vec<&str> = args.iter().copied().chain(["--ttl", "1s"]).collect();
    let output = world.gate(&args, command).output();
    output.status.success()
}

#[test]
fn a_grant_runs_exactly_its_command_without_asking_again() {
    let world = World::paired();
    let grant = granted(&world, &["--until", "1h", "--count", "2", "--", "touch", "granted"]);
    assert_eq!((grant["count"].as_u64(), grant["stands"].as_bool()), (Some(2), Some(true)));
    assert_eq!(grant["call"], "touch granted");
    assert!(runs(&world, &[], &["touch", "granted"]));
    assert!(world.work().join("granted").exists());
    let (verdict, code) = world.verify("last", &["--event", "executed"]);
    assert_eq!((code, &verdict["verdict"]), (0, &Value::from("Valid")), "{verdict}");
    let receipt = json(&std::fs::read(world.report()["receipt"].as_str().unwrap()).unwrap());
    let content = &receipt["content"];
    assert_eq!((&content["basis"], &content["trustLevel"]), (&"grant".into(), &"L0".into()));
    assert_eq!(content["grant"]["id"], grant["id"]);
    assert_eq!(content["grant"]["decisions"].as_array().unwrap().len(), 1);
    // Nothing else is covered: other words, another session.
    assert!(!runs(&world, &[], &["touch", "other"]));
    assert!(!runs(&world, &["--session", "other"], &["touch", "granted"]));
    assert!(runs(&world, &[], &["touch", "granted"]));
    assert!(!runs(&world, &[], &["touch", "granted"]), "it is used up");
    let list = world.json("enforcer", &["grant", "list"]);
    assert_eq!(list["grants"][0]["used"], 2);
    assert_eq!(list["grants"][0]["stands"], false);
}

#[test]
fn the_exact_rule_is_shown_before_it_is_asked_for() {
    let world = World::paired();
    let asking =
        world.spawn("enforcer", &["grant", "add", "--ttl", "1s", "--", "touch", "granted"]);
    let output = asking.output();
    assert_eq!(output.status.code(), Some(11), "{output:?}");
    let shown = String::from_utf8_lossy(&output.stderr);
    for line in ["asks for    touch granted", "exactly this call and no other", "until       "] {
        assert!(shown.contains(line), "{shown}");
    }
}

#[test]
fn a_grant_that_is_taken_back_covers_nothing() {
    let world = World::paired();
    let grant = granted(&world, &["--", "touch", "granted"]);
    assert!(runs(&world, &[], &["touch", "granted"]));
    let id = grant["id"].as_str().unwrap();
    world.json("enforcer", &["grant", "revoke", id]);
    assert!(!runs(&world, &[], &["touch", "granted"]));
    let again = world.run("enforcer", &["grant", "revoke", "nothing", "--json"]);
    assert_eq!(error_code(&again), "unknown_grant");
}

#[test]
fn attack_45_what_the_policy_does_not_offer_is_not_asked_for() {
    let world = World::paired();
    for args in [
        &["--until", "24h", "--", "touch", "granted"][..],
        &["--until", "2020-01-01T00:00:00Z", "--", "touch", "granted"],
        &["--", "rm", "-rf", "granted"],
    ] {
        let all: Vec<&str> =
            ["grant", "add", "--json"].into_iter().chain(args.iter().copied()).collect();
        let output = world.run("enforcer", &all);
        assert_eq!(output.status.code(), Some(12), "{output:?}");
        assert_eq!(error_code(&output), "grant_not_offered");
    }
    assert_eq!(world.json("approver", &["inbox"])["items"].as_array().unwrap().len(), 0);
}

#[test]
fn a_grant_that_is_denied_is_none() {
    let world = World::paired();
    let asking = world.spawn("enforcer", &["grant", "add", "--json", "--", "touch", "granted"]);
    world.answer("deny");
    assert_eq!(asking.output().status.code(), Some(10));
    assert_eq!(world.json("enforcer", &["grant", "list"])["grants"].as_array().unwrap().len(), 0);
    assert!(!runs(&world, &[], &["touch", "granted"]));
}

#[test]
fn attack_18_of_two_processes_one_has_the_last_use() {
    let world = World::paired();
    granted(&world, &["--count", "1", "--", "touch", "granted"]);
    let start = || {
        let args = ["run", "--ttl", "1s", "--", "touch", "granted"];
        world.spawn("enforcer", &args)
    };
    let both = [start(), start()].map(|process| process.output().status.success());
    assert_eq!(both.iter().filter(|ran| **ran).count(), 1, "{both:?}");
    assert_eq!(world.json("enforcer", &["grant", "list"])["grants"][0]["used"], 1);
}

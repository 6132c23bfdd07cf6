//! Somebody waits while a person answers.

use crate::common::{World, error_code};
use crate::ledger::events;
use crate::{DEPLOY, ask, deploy, said, verdict};
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn an_approval_is_zero_once_and_the_next_request_asks_anew() {
    let world = World::paired();
    let mut ids = BTreeSet::new();
    for _ in 0..2 {
        let asking = deploy(&world, &["--description", "Deploy 2.1.0"]);
        let id = world.answer("approve");
        let output = asking.output();
        let document = said(&output);
        assert_eq!(verdict(&output), (0, "approved".into()));
        assert_eq!(
            (&document["requestId"], &document["approvedBy"][0]),
            (&id.as_str().into(), &"ann".into())
        );
        let (judged, _) = world.verify(document["receipt"].as_str().unwrap(), &["--require", "L1"]);
        assert_eq!((&judged["verdict"], &judged["event"]), (&"Valid".into(), &"released".into()));
        ids.insert(id);
    }
    assert_eq!(ids.len(), 2);
}

#[test]
fn a_person_is_shown_what_is_asked_and_what_the_asker_says_apart() {
    let world = World::paired();
    let words = [
        "--description",
        "Deploy 2.1.0",
        "--reasoning",
        "fixes login",
        "--context",
        "ticket=OPS-7",
    ];
    let asking = deploy(&world, &words);
    let id = world.waiting("approver");
    let review = world.json("approver", &["show", &id]);
    let lines = |part: &str| review[part].to_string();
    assert!(review["headline"] == "request deploy_production", "{review}");
    assert!(lines("action").contains("2.1.0") && !lines("action").contains("OPS-7"), "{review}");
    for text in ["Deploy 2.1.0", "fixes login", "says ticket", "OPS-7"] {
        assert!(lines("agentSays").contains(text), "{text}: {review}");
    }
    assert!(lines("warnings").contains("asked, not enforced"), "{review}");
    drop(asking);
}

#[test]
fn a_denial_is_ten_with_its_reason_in_both_places() {
    let world = World::paired();
    let asking = deploy(&world, &[]);
    let id = world.waiting("approver");
    world.json("approver", &["deny", &id, "-m", "not during peak hours"]);
    let output = asking.output();
    assert_eq!(verdict(&output), (10, "denied".into()));
    let document = said(&output);
    assert_eq!(document["reason"], "not during peak hours");
    assert_eq!(document["error"]["code"], "HARP_ERR_POLICY_DENY");
    assert_eq!(error_code(&output), "HARP_ERR_POLICY_DENY");
    assert!(String::from_utf8_lossy(&output.stderr).contains("not during peak hours"));
}

#[test]
fn attack_20_silence_is_eleven() {
    let world = World::paired();
    let output = deploy(&world, &["--ttl", "1s"]).output();
    assert_eq!(verdict(&output), (11, "expired".into()));
    assert_eq!(error_code(&output), "HARP_ERR_EXPIRED");
    let (judged, _) = world.verify(said(&output)["receipt"].as_str().unwrap(), &[]);
    assert_eq!(judged["event"], "expired");
}

#[test]
fn attack_20_a_gateway_that_is_away_is_fourteen() {
    let mut world = World::paired();
    world.kill_gateway();
    let output = deploy(&world, &["--ttl", "1s"]).output();
    assert_eq!(verdict(&output), (14, "no_route".into()));
    assert_eq!(error_code(&output), "HARP_ERR_TRANSPORT");
}

#[test]
fn attack_27_nobody_of_that_name_is_fourteen_and_recorded() {
    let world = World::paired();
    let output = deploy(&world, &["--to", "bob"]).output();
    assert_eq!(verdict(&output), (14, "no_route".into()));
    assert_eq!(error_code(&output), "no_approver");
    assert_eq!(events(&world), ["key", "blocked"]);
}

#[test]
fn a_home_without_an_approver_is_no_gate() {
    let world = World::empty();
    let output = deploy(&world, &[]).output();
    assert_eq!((output.status.code(), error_code(&output).as_str()), (Some(1), "no_pairing"));
}

/// A policy that nobody accepted may only tighten: this one does.
fn policy(world: &World, rule: &str) {
    let path = world.path("enforcer").join("policy.toml");
    std::fs::write(path, format!("version = 1\n\n[[rule]]\nid = \"one\"\n{rule}")).unwrap();
}

#[test]
fn what_a_policy_blocks_is_twelve_with_a_receipt_and_asks_nobody() {
    let world = World::paired();
    policy(&world, "decision = \"block\"\ntools = [\"deploy_*\"]\n");
    let output = deploy(&world, &[]).output();
    assert_eq!(verdict(&output), (12, "blocked".into()));
    assert_eq!(error_code(&output), "HARP_ERR_POLICY_DENY");
    let (judged, _) = world.verify(said(&output)["receipt"].as_str().unwrap(), &[]);
    assert_eq!(judged["event"], "blocked");
    assert_eq!(events(&world), ["key", "blocked"]);
}

#[test]
fn what_an_accepted_policy_allows_is_zero_at_once_with_a_receipt_of_the_operators() {
    let world = World::with_gateway();
    policy(&world, "decision = \"allow\"\ntools = [\"list_services\"]\n");
    let path = world.path("enforcer").join("policy.toml").display().to_string();
    world.json("enforcer", &["policy", "accept", &path]);
    let output = ask(&world, &["--action", "list_services"]).output();
    assert_eq!(verdict(&output), (0, "allowed".into()));
    assert_eq!(said(&output)["requestId"], Value::Null);
    let (judged, _) = world.verify(said(&output)["receipt"].as_str().unwrap(), &[]);
    assert_eq!((&judged["event"], &judged["level"]), (&"allowed".into(), &"L0".into()));
}

#[test]
fn a_policy_that_does_not_load_is_twelve() {
    let world = World::paired();
    policy(&world, "decision = \"maybe\"\n");
    let output = deploy(&world, &[]).output();
    assert_eq!(verdict(&output), (12, "blocked".into()));
    assert_eq!(error_code(&output), "policy");
}

#[test]
fn every_document_has_the_same_members() {
    let world = World::paired();
    let asking = deploy(&world, &[]);
    world.answer("approve");
    let members = |document: &Value| -> BTreeSet<String> {
        document.as_object().unwrap().keys().cloned().collect()
    };
    let always = ["verdict", "requestId", "actionHash", "receipt", "exitCode"];
    let with = |more: &[&str]| always.iter().chain(more).map(|m| (*m).to_owned()).collect();
    let approved: BTreeSet<String> = with(&["approvedBy"]);
    assert_eq!(members(&said(&asking.output())), approved);
    let late: BTreeSet<String> = with(&["error"]);
    assert_eq!(members(&said(&deploy(&world, &["--ttl", "1s"]).output())), late);
    let unusable = ask(&world, &["--action", "x", "--parameters", "{"]).output();
    assert_eq!(members(&said(&unusable)), late);
    assert_eq!(said(&unusable)["exitCode"], 2);
}

#[test]
fn the_founding_spelling_asks_the_same_of_the_same_person() {
    let world = World::paired();
    let args = [
        "--name",
        "ann",
        "--action",
        "deploy_production",
        "--description",
        "Deploy abc to production",
        "--ttl",
        "600",
    ];
    let asking = ask(&world, &args);
    world.answer("approve");
    assert_eq!(verdict(&asking.output()), (0, "approved".into()));
}

#[test]
fn a_directory_of_pairings_narrows_whom_is_asked() {
    let world = World::paired();
    let own = world.path("enforcer").join("pairings");
    for (dir, code) in [(own.display().to_string(), 11), (world.work().display().to_string(), 14)] {
        let mut command =
            world.command("enforcer", &["request", "--json", "--action", "x", "--ttl", "1s"]);
        command.env("HARP_PAIRINGS_DIR", dir);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
    }
}

#[test]
fn a_signal_takes_the_request_back() {
    let world = World::paired();
    let asking = deploy(&world, &[]);
    world.waiting("approver");
    asking.signal("TERM");
    let output = asking.output();
    assert_eq!(verdict(&output), (10, "withdrawn".into()));
    assert!(world.json("approver", &["inbox"])["items"].as_array().unwrap().is_empty());
}

#[test]
fn text_says_who_allowed_it() {
    let world = World::paired();
    let asking = world.spawn("enforcer", &[&["request"], &DEPLOY[..]].concat());
    let id = world.answer("approve");
    let output = asking.output();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("approved {id} by ann\n"));
}

#[test]
fn the_same_request_joins_while_it_waits_and_one_of_both_uses_the_approval() {
    let world = World::paired();
    let first = deploy(&world, &[]);
    world.waiting("approver");
    let mut second = world.spawn("enforcer", &[&["request"], &DEPLOY[..]].concat());
    crate::heard::Heard::of(&mut second).until("joined request");
    world.answer("approve");
    let mut codes = vec![first.output().status.code().unwrap(), second.wait().code().unwrap()];
    codes.sort_unstable();
    assert_eq!(codes, [0, 13]);
    assert_eq!(events(&world).iter().filter(|event| *event == "released").count(), 1);
}

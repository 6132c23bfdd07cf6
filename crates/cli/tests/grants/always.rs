//! `approve --always`: a standing permission taken out of what a request offers.

use crate::common::screen::Screen;
use crate::common::{World, error_code, json};
use serde_json::Value;

/// Allows the one request that waits, for ever as far as `args` say.
fn always(world: &World, args: &[&str]) -> String {
    let id = world.waiting("approver");
    let all: Vec<&str> =
        ["approve", &id, "--always"].into_iter().chain(args.iter().copied()).collect();
    let output = world.run("approver", &all);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn runs(world: &World, args: &[&str], command: &[&str]) -> bool {
    let args: Vec<&str> = args.iter().copied().chain(["--ttl", "1s"]).collect();
    world.gate(&args, command).output().status.success()
}

#[test]
fn always_runs_the_call_now_and_again_and_shows_the_rule_before_it_is_signed() {
    let world = World::paired();
    let run = world.gate(&[], &["touch", "granted"]);
    let shown = always(&world, &["--until", "1h", "--count", "1"]);
    assert!(run.output().status.success());
    let list = world.json("enforcer", &["grant", "list"]);
    let grant = &list["grants"][0];
    assert_eq!((&grant["call"], &grant["used"]), (&"touch granted".into(), &0.into()));
    let end = grant["expiresAt"].as_str().unwrap();
    for line in ["What you grant", "exactly this call and no other", "how often   once", end] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    assert!(!runs(&world, &["--session", "other"], &["touch", "granted"]), "another session");
    assert!(runs(&world, &[], &["touch", "granted"]));
    assert_eq!(world.report()["grant"], grant["id"]);
    let (verdict, code) = world.verify("last", &["--event", "executed"]);
    assert_eq!((code, &verdict["verdict"]), (0, &Value::from("Valid")), "{verdict}");
    assert!(!runs(&world, &[], &["touch", "granted"]), "it is used up");
}

#[test]
fn attack_45_no_device_signs_more_than_is_offered() {
    let world = World::paired();
    let run = world.gate(&["--ttl", "20s"], &["touch", "granted"]);
    let id = world.waiting("approver");
    for args in [&["--until", "24h"][..], &["--until", "2020-01-01T00:00:00Z"]] {
        let all: Vec<&str> = ["approve", &id, "--always", "--json"]
            .into_iter()
            .chain(args.iter().copied())
            .collect();
        let output = world.run("approver", &all);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert_eq!(error_code(&output), "HARP_ERR_SCOPE");
    }
    world.answer("deny");
    assert_eq!(run.output().status.code(), Some(126));
    // A deletion is on no offer.
    let run = world.gate(&["--ttl", "20s"], &["rm", "-rf", "granted"]);
    let id = world.waiting("approver");
    let output = world.run("approver", &["approve", &id, "--always", "--json"]);
    assert_eq!(error_code(&output), "HARP_ERR_SCOPE");
    world.answer("deny");
    drop(run);
    assert!(world.json("enforcer", &["grant", "list"])["grants"].as_array().unwrap().is_empty());
}

#[test]
fn a_request_is_answered_by_the_grant_that_covers_it() {
    let world = World::paired();
    let path = world.path("enforcer").join("policy.toml");
    let policy = "version = 1\n[[rule]]\nid = \"deploys\"\ntools = [\"deploy\"]\n\
        decision = \"require_approval\"\napprovers = [\"anyone\"]\nmin_assurance = \"local\"\n\
        always_allow = { max = \"1h\", session = false }\n";
    std::fs::write(&path, policy).unwrap();
    let accepting = world.spawn("enforcer", &["policy", "accept"]);
    world.answer("approve");
    assert!(accepting.output().status.success());
    let args = ["request", "--action", "deploy", "--parameters", "{\"to\":\"staging\"}", "--json"];
    let asking = world.spawn("enforcer", &args);
    always(&world, &["-m", "staging is free"]);
    let first = json(&asking.output().stdout);
    assert_eq!((&first["verdict"], &first["grant"]), (&"approved".into(), &Value::Null));
    let again = world.json("enforcer", &args[..args.len() - 1]);
    let list = world.json("enforcer", &["grant", "list"]);
    assert_eq!(
        (&again["verdict"], &again["grant"]),
        (&"approved".into(), &list["grants"][0]["id"])
    );
    assert_eq!(again["approvedBy"][0], first["approvedBy"][0]);
    let receipt = json(&std::fs::read(again["receipt"].as_str().unwrap()).unwrap());
    assert_eq!(receipt["content"]["basis"], "grant");
    let (verdict, _) = world.verify(again["receipt"].as_str().unwrap(), &[]);
    assert_eq!(verdict["verdict"], "Valid");
    // Other parameters are another call.
    let other = ["request", "--action", "deploy", "--ttl", "1s", "--json"];
    assert!(!world.run("enforcer", &other).status.success());
}

#[test]
fn at_the_terminal_the_word_is_typed_under_the_rule() {
    let world = World::empty();
    world.json("enforcer", &["pair", "--local", "--name", "me"]);
    let mut screen =
        Screen::of(&world.command("enforcer", &["run", "--local", "--", "touch", "granted"]));
    screen.sees("[w] Always allow");
    screen.types("w");
    screen.sees("exactly this call and no other");
    screen.sees("Type always to allow this: ");
    screen.types("always\r");
    screen.sees("Passphrase of the local key: ");
    screen.types("correct horse\r");
    let (code, text) = screen.end();
    assert_eq!(code, 0, "{text}");
    // Nobody is asked again.
    let again = world.command("enforcer", &["run", "--local", "--", "touch", "granted"]);
    let (code, text) = Screen::of(&again).end();
    assert_eq!(code, 0, "{text}");
    assert!(!text.contains("APPROVAL REQUIRED"), "{text}");
}

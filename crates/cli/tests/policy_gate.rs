//! The commands of the policy beside the gate itself: the same verdicts, and acceptance by the
//! people whom it binds.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod common;

use common::{Process, World, json};
use serde_json::{Value, json};
use std::process::Output;

/// A search path on which nobody may put programs.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

const BLOCKS: &str = "version = 1\n[[rule]]\nid = \"no-make\"\ntools = [\"mkfifo\"]\n\
                      decision = \"block\"\n[[rule]]\nid = \"tree\"\ntools = [\"tree\"]\n\
                      verb = \"file_read\"\ndecision = \"allow\"\n[risk.low]\ndecision = \"allow\"\n";

fn policy(world: &World, args: &[&str]) -> Output {
    let all: Vec<&str> = ["policy"].into_iter().chain(args.iter().copied()).collect();
    world.command("enforcer", &all).env("PATH", PATH).output().unwrap()
}

fn document(world: &World, args: &[&str]) -> Value {
    let args: Vec<&str> = ["--json"].into_iter().chain(args.iter().copied()).collect();
    let output = policy(world, &args);
    assert!(output.status.success(), "{args:?}: {output:?}");
    json(&output.stdout)
}

/// What the gate's receipt says of a command that it ran, asked about or blocked.
fn gated(world: &World, command: &[&str], answer: Option<&str>) -> Value {
    let mut run = world.gate_command(&[], command);
    run.env("PATH", PATH);
    let run = Process::start(run);
    if let Some(answer) = answer {
        world.answer(answer);
    }
    let output = run.output();
    let report = world.report();
    let path = report["receipt"].as_str().unwrap_or_else(|| panic!("{report}: {output:?}"));
    json(&std::fs::read(path).unwrap())["content"]["policy"].clone()
}

/// What explaining says in the members that a receipt has.
fn explained(world: &World, command: &[&str]) -> (Value, Value) {
    let args: Vec<&str> = ["explain", "--"].into_iter().chain(command.iter().copied()).collect();
    let said = document(world, &args);
    let members = ["ruleId", "display", "policyHash", "risk", "verb", "matched"];
    let note = members.map(|name| (name.to_owned(), said[name].clone()));
    (said["decision"].clone(), Value::Object(note.into_iter().collect()))
}

#[test]
fn attack_15_explaining_says_what_the_gate_does() {
    let world = World::paired();
    world.hold_nothing_more();
    std::fs::create_dir(world.work().join(".countersign")).unwrap();
    std::fs::write(world.work().join(".countersign/policy.toml"), BLOCKS).unwrap();
    for (command, decision, answer) in [
        (&["true"][..], "allow", None),
        (&["cat", "/etc/hostname"], "allow", None),
        (&["sh", "-c", "cat /etc/hostname; rm -rf build"], "require_approval", Some("deny")),
        (&["touch", "new"], "require_approval", Some("approve")),
        (&["mkfifo", "pipe"], "block", None),
    ] {
        let (said, note) = explained(&world, command);
        assert_eq!(said, decision, "{command:?}: {note}");
        assert_eq!(gated(&world, command, answer), note, "{command:?}");
    }
    assert!(!world.work().join("pipe").exists());
    // The same out of the ledger: under the policies that judged them nothing changes.
    let file = world.work().join("same.toml");
    std::fs::write(&file, countersign_policy::STARTER).unwrap();
    let said = document(&world, &["simulate", "--policy", file.to_str().unwrap()]);
    assert_eq!((&said["actions"], &said["changed"]), (&json!(5), &json!(0)), "{said:#}");
    // Somebody else may look at it as well, and nothing in it changes.
    let ledger = world.path("enforcer").display().to_string();
    let newest = || world.json("enforcer", &["receipt", "show", "last"]);
    let before = newest();
    let args = ["policy", "simulate", "--against", &ledger, "--policy", file.to_str().unwrap()];
    let said = world.json("somebody", &args);
    assert_eq!((&said["actions"], newest()), (&json!(5), before), "{said:#}");
    std::fs::write(&file, "version = 1\n").unwrap();
    let said = document(&world, &["simulate", "--policy", file.to_str().unwrap()]);
    let stricter = said["changes"].as_array().unwrap();
    assert!(stricter.iter().all(|c| c["turn"] != "looser" && c["to"] != "runs"), "{said:#}");
    assert!(
        said["counts"]
            .as_array()
            .unwrap()
            .contains(&json!({"from": "runs", "to": "asks", "count": 2}))
    );
}

fn accept(world: &World, file: &str) -> Process {
    world.spawn("enforcer", &["policy", "accept", file, "--json"])
}

fn home_layer(world: &World) -> Option<Value> {
    let status = document(world, &["status"]);
    status["layers"].as_array().unwrap().iter().find(|l| l["layer"] == "home").cloned()
}

const OPEN: &str = "version = 1\n[risk.low]\ndecision = \"allow\"\n[risk.medium]\n\
                    decision = \"allow\"\n";

#[test]
fn attack_42_a_later_policy_counts_only_when_an_approver_allowed_it() {
    let world = World::paired();
    world.hold_nothing_more();
    let file = world.path("p.toml").display().to_string();
    std::fs::write(&file, format!("{OPEN}\n# refused\n")).unwrap();
    let touch = ["explain", "--exit-code", "--", "touch", "new"];
    assert_eq!(policy(&world, &touch).status.code(), Some(10));

    let refused = accept(&world, &file);
    let id = world.waiting("approver");
    world.json("approver", &["deny", &id, "-m", "too open"]);
    let output = refused.output();
    let said = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(10));
    assert!(said.contains("the policy was denied: too open"), "{said}");
    assert!(!said.contains("pinned"), "words of another matter: {said}");
    assert_eq!(home_layer(&world), None, "what was not allowed is not put in its place");

    std::fs::write(&file, OPEN).unwrap();
    let accepted = accept(&world, &file);
    world.answer("approve");
    let output = accepted.output();
    assert!(output.status.success(), "{output:?}");
    let receipt = json(&output.stdout)["receipt"].as_str().unwrap().to_owned();
    assert_eq!(world.verify(&receipt, &["--event", "policy"]).1, 0);
    assert_eq!(home_layer(&world).unwrap()["accepted"], true);
    assert_eq!(policy(&world, &touch).status.code(), Some(0));

    // A byte more is another text, and so is an older one after a newer one was accepted.
    let home = world.path("enforcer").join("policy.toml");
    std::fs::write(&home, format!("{OPEN}\n")).unwrap();
    assert_eq!(home_layer(&world).unwrap()["accepted"], false);
    assert_eq!(policy(&world, &touch).status.code(), Some(10));
    let newer = accept(&world, home.to_str().unwrap());
    world.answer("approve");
    assert!(newer.output().status.success());
    assert_eq!(policy(&world, &touch).status.code(), Some(0));
    std::fs::write(&home, OPEN).unwrap();
    assert_eq!(policy(&world, &touch).status.code(), Some(10), "an old one that came back");
}

#[test]
fn attack_13_a_policy_that_asks_nobody_or_has_mistakes_is_never_put_to_an_approver() {
    let world = World::paired();
    world.hold_nothing_more();
    let file = world.path("p.toml").display().to_string();
    for text in [
        "version = 1\n[[rule]]\nid = \"a\"\ndecision = \"require_approval\"\napprovers = [\"bob\"]\n",
        "version = 1\n[[rule]]\nid = \"a\"\ndecison = \"block\"\n",
    ] {
        std::fs::write(&file, text).unwrap();
        let output = accept(&world, &file).output();
        assert!(!output.status.success(), "{output:?}");
        assert_eq!(world.json("approver", &["inbox"])["items"], json!([]));
    }
    let known = "version = 1\n[[rule]]\nid = \"a\"\ndecision = \"require_approval\"\n\
                 approvers = [\"ann\"]\n";
    std::fs::write(&file, known).unwrap();
    let said = document(&world, &["check", &file]);
    assert_eq!(said["files"][0]["warnings"], json!([]), "{said}");
    std::fs::write(&file, known.replace("ann", "bob")).unwrap();
    let said = document(&world, &["check", &file]);
    assert_eq!(said["files"][0]["warnings"][0]["label"], "bob", "{said}");
}

#[test]
fn a_home_with_a_policy_and_nobody_pinned_is_still_new() {
    let world = World::with_gateway();
    world.hold_nothing_more();
    assert!(policy(&world, &["init"]).status.success());
    let home = world.path("enforcer").join("policy.toml");
    std::fs::write(&home, OPEN).unwrap();
    assert!(accept(&world, home.to_str().unwrap()).output().status.success());
    assert_eq!(world.gate(&[], &["true"]).wait().code(), Some(0));
    world.pair("enforcer", "approver", "ann", "device");
    // From now on somebody is there who must allow it.
    std::fs::write(&home, "version = 1\n").unwrap();
    let later = accept(&world, home.to_str().unwrap());
    world.answer("approve");
    assert!(later.output().status.success());
}

#[test]
fn attack_11_a_marker_further_down_leads_away_from_no_policy_above() {
    let world = World::paired();
    world.hold_nothing_more();
    std::fs::create_dir(world.work().join(".countersign")).unwrap();
    std::fs::write(world.work().join(".countersign/policy.toml"), BLOCKS).unwrap();
    // What an agent can make, to be in a workspace of its own.
    let below = world.work().join("below");
    std::fs::create_dir_all(below.join(".git")).unwrap();
    std::fs::create_dir_all(below.join(".countersign")).unwrap();
    let mut run = world.gate_command(&[], &["mkfifo", "pipe"]);
    run.current_dir(&below).env("PATH", PATH);
    let output = Process::start(run).output();
    assert_eq!(output.status.code(), Some(126), "{output:?}");
    assert_eq!(world.report()["verdict"], "blocked");
    assert!(!below.join("pipe").exists());
}

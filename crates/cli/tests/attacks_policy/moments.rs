//! The policy changes, or somebody dies, between two steps; and what is written down of it.

use crate::common::{Process, World, json};
use crate::hostile::{receipts, until};
use crate::scene::{PATH, gate, home, newest, outcome, put, refused};
use countersign_policy::STARTER;
use serde_json::Value;

const TOUCH: [&str; 2] = ["touch", "new"];
const MORE: &str =
    "version = 1\n[[rule]]\nid = \"more\"\ntools = [\"true\"]\ndecision = \"block\"\n";

/// Demands that an approval given under another policy runs nothing, and that the same is asked
/// anew.
fn void(world: &World, asked: &str, output: &std::process::Output) {
    assert!(!output.status.success(), "{output:?}");
    assert!(!world.work().join("new").exists());
    let run = Process::start(gate(world, &[], &TOUCH));
    let anew = world.waiting("approver");
    assert_ne!(anew, asked);
    world.json("approver", &["approve", &anew]);
    assert!(run.output().status.success());
    assert!(world.work().join("new").exists());
}

#[test]
fn attack_11_a_policy_changed_while_a_request_waits_voids_the_approval() {
    let world = World::paired();
    world.hold_nothing_more();
    let run = Process::start(gate(&world, &[], &TOUCH));
    let asked = world.waiting("approver");
    put(&world.work().join(".countersign"), "policy.toml", MORE);
    world.json("approver", &["approve", &asked]);
    let output = run.output();
    assert_eq!(world.report()["error"]["code"], "HARP_ERR_POLICY_DENY", "{output:?}");
    void(&world, &asked, &output);
}

#[test]
fn attack_11_a_policy_changed_between_approval_and_use_voids_the_approval() {
    let world = World::paired();
    world.hold_nothing_more();
    let mut run = Process::start(gate(&world, &[], &TOUCH));
    let asked = world.waiting("approver");
    run.kill();
    world.json("approver", &["approve", &asked]);
    put(&world.path("enforcer"), "policy.toml", MORE);
    let output = gate(&world, &["--ttl", "1s"], &TOUCH).output().unwrap();
    void(&world, &asked, &output);
}

#[test]
fn attack_18_an_allowed_run_that_is_killed_ends_as_uncertain_and_runs_once() {
    let world = home(STARTER);
    let mut run = Process::start(gate(&world, &[], &["sleep", "5"]));
    until("the run", || {
        let shown = world.run("enforcer", &["receipt", "show", "last", "--json"]);
        shown.status.success() && json(&shown.stdout)["content"]["event"] == "allowed"
    });
    run.kill();
    let request = newest(&world)["requestId"].clone();
    assert_eq!(outcome(&world, &["true"]), "allowed");
    let all = receipts(&world, "enforcer");
    let of = all.iter().map(|r| &r["content"]).filter(|c| c["requestId"] == request);
    let events: Vec<&Value> = of.map(|content| &content["event"]).collect();
    assert_eq!(events, ["allowed", "uncertain"]);
}

#[test]
fn a_blocked_action_leaves_a_receipt_that_proves_it() {
    let world = home(MORE);
    let output = gate(&world, &[], &["true"]).output().unwrap();
    refused(&world, &output, "HARP_ERR_POLICY_DENY");
    assert_eq!(newest(&world)["policy"]["ruleId"], "more");
}

#[test]
fn attack_15_thirty_commands_are_explained_as_they_are_judged() {
    let block = |risk: &str| format!("[risk.{risk}]\ndecision = \"block\"\n");
    let text = format!(
        "version = 1\n[risk.low]\ndecision = \"allow\"\n{}{}{}",
        block("medium"),
        block("high"),
        block("critical")
    );
    let world = home(&text);
    let mut compared = 0;
    for line in [
        "true",
        "false",
        "ls",
        "ls -la",
        "pwd",
        "id",
        "cat /etc/hostname",
        "head -1 /etc/hostname",
        "wc -l /etc/hostname",
        "date",
        "touch new",
        "mkdir d",
        "cp a b",
        "mv a b",
        "rm a",
        "rm -rf .",
        "chmod 777 a",
        "dd if=a of=b",
        "tee a",
        "sed -i s/a/b/ a",
        "git status",
        "git push --force",
        "curl http://localhost:1/x",
        "env true",
        "sudo true",
        "nice true",
        "sh -c ls",
        "sh -c rm",
        "python3 -c 1",
        "find . -delete",
        "tar xf a",
    ] {
        let command: Vec<&str> = line.split(' ').collect();
        if gate(&world, &[], &command).output().unwrap().status.code() == Some(125) {
            continue; // Not on this machine.
        }
        let report = world.report();
        let Some(receipt) = report["receipt"].as_str() else { continue };
        let receipt = json(&std::fs::read(receipt).unwrap())["content"].clone();
        let args = ["--json", "policy", "explain", "--"];
        let args: Vec<&str> = args.into_iter().chain(command.iter().copied()).collect();
        let mut explain = world.command("enforcer", &args);
        explain.env("PATH", PATH).env("HOME", world.path("person"));
        let said = json(&explain.output().unwrap().stdout);
        for name in ["ruleId", "display", "policyHash", "risk", "verb", "matched"] {
            assert_eq!(said[name], receipt["policy"][name], "{line}: {name}: {said}");
        }
        let blocked = receipt["event"] == "blocked";
        assert_eq!(said["decision"] == "block", blocked, "{line}");
        compared += 1;
    }
    assert!(compared >= 25, "only {compared} were compared");
}

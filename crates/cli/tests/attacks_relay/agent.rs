//! An agent beside the enforcer, with all that its user can read, tries to be its own approver.

use crate::common::{Process, error_code, files};
use crate::hostile::{Stage, between, operator};
use countersign_client::{Client, ClientError, Clock, Role};
use countersign_core::decision::{Choice, Decision, Word};
use countersign_core::time::Timestamp;
use countersign_testkit::{Kind, forge};
use serde_json::Value;
use std::sync::Arc;

#[test]
fn attack_09_a_link_that_was_used_pairs_nobody_else() {
    let (world, _gateway) = between();
    let (mut pairing, link) = world.invite("enforcer", "ann", "device");
    world.json("approver", &["join", &link]);
    assert!(pairing.wait().success());
    let output = world.run("agent", &["join", &link, "--json"]);
    assert!(!output.status.success());
    let trust: Value = world.json("enforcer", &["trust", "show"]);
    assert_eq!(trust["approvers"].as_array().unwrap().len(), 1);
}

#[test]
fn attack_09_an_agent_cannot_pair_itself_without_the_approver() {
    let stage = Stage::set();
    let (pairing, link) = stage.world.invite("enforcer", "agent", "device");
    let joining = stage.world.spawn("agent", &["join", &link, "--json"]);
    let asked = stage.ann.request();
    assert_eq!(asked.payload["action"], "countersign.pair", "she is asked: {:?}", asked.payload);
    assert_eq!(asked.payload["parameters"]["assurance"], "device");
    let no = Choice { word: Word::Deny, ..forge::yes(&asked) };
    stage.ann.send(&stage.ann.sign(&asked, no), &asked);
    let output = pairing.output();
    assert_eq!(
        (output.status.code(), error_code(&output)),
        (Some(10), "pairing_not_allowed".into())
    );
    drop(joining);
    // What it then signs counts for nothing, because it is not asked.
    let output = stage.world.run("enforcer", &["run", "--to", "agent", "--", "touch", "ran"]);
    assert_eq!(output.status.code(), Some(126));
    assert_eq!((stage.runs(), stage.count("denied")), (0, 1));
}

#[test]
fn attack_09_the_enforcers_home_holds_nothing_to_approve_with() {
    let stage = Stage::set();
    let run = stage.go(&["--ttl", "20s"]);
    let id = stage.ann.request().head.request_id;
    for command in ["approve", "deny", "inbox"] {
        let args: &[&str] =
            if command == "inbox" { &["inbox", "--json"] } else { &[command, &id, "--json"] };
        let output = stage.world.run("enforcer", args);
        assert_eq!((output.status.code(), error_code(&output)), (Some(1), "no_pairing".into()));
    }
    let secret = stage.ann.keys().to_bytes().unwrap();
    for (path, bytes) in files(&stage.world.path("enforcer")) {
        let holds = |half: &[u8]| bytes.windows(32).any(|window| window == half);
        assert!(!holds(&secret[..32]) && !holds(&secret[32..]), "{}", path.display());
    }
    assert!(stage.gateway.calls(Kind::Decide).is_empty());
    run.signal("TERM");
    stage.refused(run, "withdrawn", "withdrawn");
}

#[test]
fn attack_09_an_enforcer_cannot_answer_through_the_gateway() {
    let stage = Stage::set();
    let run = stage.go(&["--ttl", "20s"]);
    let asked = stage.ann.request();
    stage.gateway.wait_for_calls(Kind::Wait, 1);
    // With the enforcer's own session and the operator's key: all that the agent's user can reach.
    let (id, keys) = operator(&stage.world);
    let yes = Decision::sign(&asked, forge::yes(&asked), &keys).unwrap();
    let now = Timestamp::parse(&asked.head.created_at.to_string()).unwrap().instant();
    let clock: Clock = Arc::new(move || now);
    let client =
        Client::new(stage.gateway.url(), Role::Enforcer, &id, Arc::new(keys), clock).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let told = client.decide(&asked.head.request_id, forge::told(&yes), None);
    let refused = runtime.block_on(told).unwrap_err();
    assert!(matches!(refused, ClientError::Refused { status: 403, .. }), "{refused}");
    run.signal("TERM");
    stage.refused(run, "withdrawn", "withdrawn");
}

#[test]
fn attack_09_the_child_sees_nothing_of_the_gate() {
    let stage = Stage::set();
    let mut command = stage.world.command("enforcer", &["run", "--", "env"]);
    command.env("COUNTERSIGN_CANARY", "seen").env("HARP_CANARY", "seen");
    let run = Process::start(command);
    stage.ann.approve();
    let output = run.output();
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("PATH=") && !text.contains("COUNTERSIGN") && !text.contains("HARP"),
        "{text}"
    );
}

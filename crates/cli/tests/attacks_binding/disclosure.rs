//! A commitment and what it is said to hide.

use crate::common::{World, error_code};
use crate::hostile::{Stage, between};
use countersign_core::artifact::{
    Artifact, ArtifactHash, ArtifactHead, ArtifactType, Assurance, Context, HashAlg, Risk, Route,
    Scope, Seat, Statement, extensions,
};
use countersign_core::encoding::{Fixed, Hash};
use countersign_core::redact::{Disclosure, commit};
use countersign_core::time::Instant;
use countersign_testkit::{HostileEnforcer, HostileGateway, Kind};
use serde_json::{Map, Value, json};

/// An approver of the binary's, and an enforcer that it trusts.
fn trusted() -> (World, HostileGateway, HostileEnforcer) {
    let (world, gateway) = between();
    let join = |link: String| world.json("approver", &["join", &link]);
    let (enforcer, _) = HostileEnforcer::pair(gateway.url(), join);
    (world, gateway, enforcer)
}

/// A question about a command whose variable `TOKEN` is committed to.
fn question(enforcer: &HostileEnforcer, token: Value) -> Artifact {
    let payload = json!({
        "kind": "command", "argv": ["deploy"], "cwd": "/srv", "env": {"TOKEN": token},
        "program": {"path": "/bin/deploy", "sha256": "ab".repeat(32)},
    });
    let Value::Object(payload) = payload else { panic!("an object") };
    Artifact::build(head(enforcer), payload).unwrap()
}

fn head(enforcer: &HostileEnforcer) -> ArtifactHead {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = Instant(i64::try_from(now.as_millis()).unwrap());
    ArtifactHead {
        request_id: "01KAH000000000000000000001".into(),
        session_id: Some("session".into()),
        artifact_type: ArtifactType::Command,
        repo_ref: "repo_one".into(),
        base_revision: None,
        created_at: now.timestamp(),
        expires_at: now.plus_millis(60_000).timestamp(),
        artifact_hash_alg: HashAlg::Sha256,
        artifact_hash: ArtifactHash(Hash([0; 32])),
        metadata: None,
        extensions: Some(routed(enforcer)),
    }
}

fn routed(enforcer: &HostileEnforcer) -> Map<String, Value> {
    let seat = Seat { person: "ann".into(), key_id: enforcer.approver().key_id() };
    let route = Route {
        round: 1,
        rule_id: "default".into(),
        risk: Risk::High,
        policy_hash: Hash([0; 32]),
        roster: vec![seat],
        threshold: 1,
        min_assurance: Assurance::Local,
        reason_required: false,
        scopes: vec![Scope::Once],
        max_uses: 1,
        groups: vec![],
        veto: false,
        escalate_to: vec![],
        grant: None,
    };
    extensions(Fixed([7; 32]), &Context::default(), &route, None).unwrap()
}

#[test]
fn attack_47_a_value_that_its_commitment_does_not_hold_is_not_shown() {
    let (world, gateway, enforcer) = trusted();
    let (commitment, disclosure) = commit(&[1; 32], "/env/TOKEN", json!("real")).unwrap();
    let artifact = question(&enforcer, serde_json::to_value(commitment).unwrap());
    let Disclosure(path, _, salt) = disclosure;
    let lie = Disclosure(path, json!("harmless"), salt);
    let statement = Statement::sign(artifact, vec![lie], enforcer.keys()).unwrap();
    enforcer.put(&statement);
    let id = world.waiting("approver");
    let inbox = world.json("approver", &["inbox"]);
    let refused = inbox["items"][0]["refused"].as_str().unwrap();
    assert!(refused.contains("/env/TOKEN"), "{inbox}");
    assert!(!inbox.to_string().contains("harmless"));
    let output = world.run("approver", &["approve", &id, "--json"]);
    assert_eq!(
        (output.status.code(), error_code(&output)),
        (Some(13), "HARP_ERR_SIGNATURE_INVALID".into())
    );
    assert!(gateway.calls(Kind::Decide).is_empty(), "nothing was signed");
}

#[test]
fn attack_47_a_value_that_its_commitment_holds_is_shown_as_a_secret() {
    let (world, _gateway, enforcer) = trusted();
    let (commitment, disclosure) = commit(&[1; 32], "/env/TOKEN", json!("real")).unwrap();
    let artifact = question(&enforcer, serde_json::to_value(commitment).unwrap());
    enforcer.put(&Statement::sign(artifact, vec![disclosure], enforcer.keys()).unwrap());
    let id = world.waiting("approver");
    let shown = world.run("approver", &["show", &id]);
    assert!(String::from_utf8(shown.stdout).unwrap().contains("real"));
}

#[test]
fn attack_47_an_agent_cannot_write_a_commitment_in_place_of_the_text() {
    let stage = Stage::set();
    let smuggled = format!("{{\"_sd\":\"{}\"}}", "ab".repeat(32));
    let report = stage.world.path("report.json").display().to_string();
    let args =
        ["run", "--report", &report, "--env", "NOTE", "--ttl", "60s", "--", "true", &smuggled];
    let mut command = stage.world.command("enforcer", &args);
    command.env("NOTE", &smuggled);
    let run = crate::common::Process::start(command);
    let asked = stage.ann.request();
    // It is what it is: a text with braces in it, or a commitment of the enforcer's own to that text.
    assert_eq!(asked.payload["argv"], json!(["true", smuggled]));
    let note = &asked.payload["env"]["NOTE"];
    assert!(*note == json!(smuggled) || note["_sd"] != json!("ab".repeat(32)), "{note}");
    run.signal("TERM");
    stage.refused(run, "withdrawn", "withdrawn");
}

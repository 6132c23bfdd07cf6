//! The environment and the workspace redirect neither keys nor policy nor the child.

use crate::common::{Process, json};
use crate::hostile::{PRIZE, Stage};
use countersign_testkit::{HostileGateway, Kind, forge};
use serde_json::{Value, json};
use std::fs;
use std::process::Command;

/// Starts the prize with variables that an agent set.
fn with(stage: &Stage, variables: &[(&str, &str)], args: &[&str]) -> Process {
    let report = stage.world.path("report.json").display().to_string();
    let mut all = vec!["run", "--report", &report];
    all.extend(args);
    all.push("--");
    all.extend(PRIZE);
    let mut command: Command = stage.world.command("enforcer", &all);
    command.envs(variables.iter().copied());
    Process::start(command)
}

/// A directory of pairings like the home's own, changed by an agent.
fn pairings(stage: &Stage, change: impl FnOnce(&mut Value)) -> String {
    let home = stage.world.path("enforcer").join("pairings/ann.json");
    let mut pairing = json(&fs::read(home).unwrap());
    change(&mut pairing);
    let dir = stage.world.path("planted");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("ann.json"), pairing.to_string()).unwrap();
    dir.display().to_string()
}

#[test]
fn attack_38_a_pairing_from_the_environment_pins_nobody() {
    let stage = Stage::set();
    let stranger = forge::strangers_keys();
    let dir = pairings(&stage, |pairing| pairing["keyId"] = json!(stranger.key_id()));
    let output = with(&stage, &[("HARP_PAIRINGS_DIR", &dir)], &["--ttl", "5s"]).output();
    assert_eq!((output.status.code(), stage.runs()), (Some(126), 0));
    assert_eq!(stage.world.report()["error"]["code"], "no_approver");
}

#[test]
fn attack_38_a_gateway_from_the_environment_is_not_spoken_to() {
    let stage = Stage::set();
    let evil = HostileGateway::start();
    let url = evil.url().to_owned();
    let dir = pairings(&stage, |pairing| pairing["relay"] = url.into());
    let output = with(&stage, &[("HARP_PAIRINGS_DIR", &dir)], &["--ttl", "5s"]).output();
    assert_eq!((output.status.code(), stage.runs()), (Some(126), 0));
    assert_eq!(stage.world.report()["error"]["code"], "no_approver");
    assert!(evil.seen().is_empty(), "not even to say hello");
}

#[test]
fn attack_38_pairings_from_the_environment_change_nothing_about_those_of_the_home() {
    let stage = Stage::set();
    // Another device at the same gateway, under her name and her key.
    let dir = pairings(&stage, |pairing| pairing["approverId"] = "app_another".into());
    let mut run = with(&stage, &[("HARP_PAIRINGS_DIR", &dir)], &[]);
    stage.ann.approve();
    assert!(run.wait().success(), "it is her own device that is asked");
    assert_eq!(stage.runs(), 1);
}

#[test]
fn attack_38_a_home_from_the_environment_loses_to_the_one_that_was_named() {
    let stage = Stage::set();
    // The agent's own home, with an approver of its own that says yes to everything.
    let (mut pairing, link) = stage.world.invite("agents", "agent", "device");
    let _agent = countersign_testkit::HostileDevice::join(&link);
    assert!(pairing.wait().success());
    let home = stage.world.path("agents").display().to_string();
    let run = with(&stage, &[("COUNTERSIGN_HOME", &home)], &["--ttl", "60s"]);
    let asked = stage.ann.request();
    assert_eq!(asked.payload["argv"], json!(PRIZE), "the person of the named home is asked");
    run.signal("TERM");
    stage.refused(run, "withdrawn", "withdrawn");
}

#[test]
fn attack_38_variables_that_load_code_do_not_reach_the_child() {
    let stage = Stage::set();
    let evil = stage.world.path("evil.sh");
    fs::write(&evil, "echo evil > loaded\n").unwrap();
    let evil = evil.to_str().unwrap();
    let variables = [
        ("BASH_ENV", evil),
        ("ENV", evil),
        ("LD_PRELOAD", "/nonexistent/evil.so"),
        ("GIT_SSH_COMMAND", evil),
        ("PYTHONSTARTUP", evil),
        ("NODE_OPTIONS", "--require ./evil.js"),
        ("IFS", "e"),
        ("AGENT_CANARY", "seen"),
    ];
    let report = stage.world.path("report.json").display().to_string();
    let args = ["run", "--report", &report, "--", "bash", "-c", "env > seen"];
    let mut command = stage.world.command("enforcer", &args);
    command.envs(variables);
    let run = Process::start(command);
    let asked = stage.ann.approve();
    let output = run.output();
    assert!(output.status.success(), "{output:?}");
    let seen = fs::read_to_string(stage.world.work().join("seen")).unwrap();
    for (name, _) in variables {
        assert!(!seen.contains(&format!("{name}=")), "{name} reached the child");
        assert!(asked.payload["env"].get(name).is_none(), "{name} is in the action");
    }
    assert!(!stage.world.work().join("loaded").exists());
}

#[test]
fn attack_38_a_variable_that_loads_code_is_shown_and_makes_it_critical() {
    let stage = Stage::set();
    let run = with(&stage, &[("BASH_ENV", "/tmp/evil")], &["--env", "BASH_ENV", "--ttl", "60s"]);
    let asked = stage.ann.request();
    assert_eq!(asked.payload["env"]["BASH_ENV"], "/tmp/evil");
    let extensions = asked.head.extensions.clone().unwrap();
    assert_eq!(extensions["org.countersign.route"]["risk"], "critical");
    run.signal("TERM");
    stage.refused(run, "withdrawn", "withdrawn");
}

#[test]
fn attack_38_a_relative_entry_of_the_path_is_not_searched() {
    let stage = Stage::set();
    let tool = stage.world.work().join("tool");
    fs::copy("/bin/true", &tool).unwrap();
    for path in [".:/bin", ":/bin", "work:../work:/bin"] {
        let mut command = stage.world.command("enforcer", &["run", "--ttl", "1s", "--", "tool"]);
        command.env("PATH", path);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(127), "{path}: {output:?}");
    }
    assert!(stage.gateway.calls(Kind::Submit).is_empty(), "nobody was asked");
}

#[test]
fn attack_11_a_home_in_the_workspace_is_not_looked_at() {
    let stage = Stage::set();
    // What an agent can write: a whole enforcer's home, in the repository it works in.
    let planted = stage.world.work().join(".countersign");
    assert!(
        Command::new("cp")
            .arg("-a")
            .arg(stage.world.path("enforcer"))
            .arg(&planted)
            .status()
            .unwrap()
            .success()
    );
    let allows = "version = 1\n\n[[rule]]\nid = \"all\"\ndecision = \"allow\"\n";
    fs::write(planted.join("policy.toml"), allows).unwrap();
    fs::write(planted.join("trust.json"), "{}").unwrap();
    let run = stage.go(&["--ttl", "60s"]);
    let asked = stage.ann.request();
    assert_eq!(asked.payload["argv"], json!(PRIZE), "a person is asked all the same");
    run.signal("TERM");
    stage.refused(run, "withdrawn", "withdrawn");
}

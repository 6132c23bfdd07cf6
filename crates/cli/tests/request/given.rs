//! What is asked about: read strictly, within limits, and never with what only we may write.

use crate::common::{World, error_code};
use crate::ledger::events;
use crate::{ask, said};
use std::io::Write as _;
use std::process::Stdio;

fn refused(world: &World, args: &[&str]) -> (Option<i32>, String) {
    let output = ask(world, args).output();
    assert_eq!(said(&output)["verdict"], "error", "{output:?}");
    (output.status.code(), error_code(&output))
}

#[test]
fn attack_05_what_cannot_be_read_in_one_way_is_never_asked() {
    let world = World::paired();
    for bad in ["{", r#"{"a":1,"a":2}"#, "1e400", "9007199254740993", "@/nowhere/at/all"] {
        let (code, _) = refused(&world, &["--action", "x", "--parameters", bad]);
        assert_eq!(code, Some(2), "{bad}");
    }
    assert_eq!(events(&world), ["key"]);
}

#[test]
fn attack_47_a_smuggled_commitment_is_refused_and_recorded() {
    let world = World::paired();
    let smuggled = format!(r#"{{"card":{{"_sd":"{}"}}}}"#, "ab".repeat(32));
    let (code, error) = refused(&world, &["--action", "pay", "--parameters", &smuggled]);
    assert_eq!((code, error.as_str()), (Some(2), "HARP_ERR_POLICY_DENY"));
    assert_eq!(events(&world), ["key", "blocked"]);
    let receipt = world.json("enforcer", &["receipt", "show", "last"]).to_string();
    assert!(!receipt.contains(&"ab".repeat(32)), "{receipt}");
}

#[test]
fn more_than_an_artifact_holds_is_refused() {
    let world = World::paired();
    let path = world.path("huge.json");
    std::fs::write(&path, format!("\"{}\"", "x".repeat(2 * 1024 * 1024))).unwrap();
    let from = format!("@{}", path.display());
    assert_eq!(refused(&world, &["--action", "x", "--parameters", &from]).0, Some(2));
    std::fs::write(&path, format!("\"{}\"", "x".repeat(2 * 1024 * 1024 - 100))).unwrap();
    assert_eq!(refused(&world, &["--action", "x", "--parameters", &from]).0, Some(2));
}

#[test]
fn attack_31_parameters_come_from_a_file_or_a_pipe() {
    let world = World::paired();
    let path = world.path("parameters.json");
    std::fs::write(&path, r#"{"rows": 7}"#).unwrap();
    let from = format!("@{}", path.display());
    let file = ask(&world, &["--action", "migrate", "--parameters", &from]);
    let shown = world.json("approver", &["show", &world.waiting("approver")]);
    assert!(shown["action"].to_string().contains("parameters/rows"), "{shown}");
    // The same parameters are the same request, wherever they come from.
    let piped = ["request", "--json", "--action", "migrate", "--parameters", "-", "--detach"];
    let mut child = world.command("enforcer", &piped).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"{\"rows\":7}").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(said(&output)["requestId"], shown["requestId"]);
    drop(file);
}

#[test]
fn a_plan_and_a_task_are_reviewed_as_what_they_are() {
    let world = World::paired();
    let text = r#"{"title":"Refactor the parser","steps":["extract it","test it"]}"#;
    for kind in ["plan.review", "task.review"] {
        let asking = ask(&world, &["--type", kind, "--parameters", text]);
        let id = world.waiting("approver");
        let shown = world.json("approver", &["show", &id]);
        assert!(shown["action"].to_string().contains("extract it"), "{shown}");
        world.json("approver", &["approve", &id]);
        let document = said(&asking.output());
        let receipt = std::fs::read(document["receipt"].as_str().unwrap()).unwrap();
        let receipt = crate::common::json(&receipt);
        assert_eq!(receipt["content"]["artifacts"][0]["artifactType"], kind);
    }
    let (code, _) = refused(&world, &["--type", "plan.review", "--parameters", r#"{"title":"x"}"#]);
    assert_eq!(code, Some(2));
}

#[test]
fn times_are_those_of_every_command_and_at_most_what_the_policy_gives() {
    let world = World::paired();
    for bad in ["0", "25h", "5d", "-1"] {
        let output = ask(&world, &["--action", "x", "--ttl", bad]).output();
        assert_eq!(
            (output.status.code(), error_code(&output).as_str()),
            (Some(2), "usage"),
            "{bad}"
        );
    }
    let output = world.run("enforcer", &["request", "--action", "x", "--ttl", "24h", "--detach"]);
    assert_eq!(output.status.code(), Some(15), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("the policy gives 300 seconds"));
}

#[test]
fn attack_31_nothing_secret_is_asked_for_on_the_command_line() {
    let world = World::bare();
    let help = world.run("enforcer", &["request", "--help"]);
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("--parameters @FILE, --parameters -"), "{help}");
}

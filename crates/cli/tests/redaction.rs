//! What a policy hides is hidden in everything that is written, sent and told, and shown to the
//! person who decides and to the owner of the home.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod common;

use common::{Process, World, files, json};
use countersign_testkit::canary;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Output, Stdio};

/// What is hidden; no part of it stands anywhere else.
const SECRET: &str = "canary4711-hidden-value";

/// A search path on which nobody may put programs.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A home that accepted a policy before it was paired, so that its redactions count.
fn world(rules: &str) -> World {
    let world = World::with_gateway();
    world.hold_nothing_more();
    let file = world.path("accepted.toml");
    std::fs::write(&file, format!("version = 1\n{rules}")).unwrap();
    world.json("enforcer", &["policy", "accept", file.to_str().unwrap(), "--at", "home"]);
    world.pair("enforcer", "approver", "ann", "device");
    world
}

/// A rule that hides these fields, whatever is called.
fn hides(fields: &str) -> String {
    format!("[[rule]]\nid = \"hides\"\nredact = {fields}\n")
}

/// A rule with a decision about one request.
fn rule(decision: &str) -> String {
    let asks = if decision == "require_approval" { "approvers = [\"anyone\"]\n" } else { "" };
    let redact = if decision == "redact" { "redact = [\"card\"]\n" } else { "" };
    format!(
        "[[rule]]\nid = \"rule\"\ntools = [\"update_title\"]\ndecision = \"{decision}\"\n{asks}{redact}"
    )
}

fn send(world: &World, more: &[&str]) -> Process {
    let parameters = json!({"card": SECRET, "note": "plain"}).to_string();
    let args = [
        "request",
        "--json",
        "--action",
        "update_title",
        "--ttl",
        "20s",
        "--parameters",
        &parameters,
    ];
    world.spawn("enforcer", &[&args[..], more].concat())
}

/// Demands that the secret stands nowhere below the enforcer's and the gateway's homes, but in what
/// is kept apart, and in no word of these outputs.
fn is_hidden(world: &World, outputs: &[&Output]) {
    for party in ["enforcer", "gateway", "approver"] {
        for (path, bytes) in files(&world.path(party)) {
            let apart = path.starts_with(world.path("enforcer").join("disclosures"));
            assert!(apart || canary::find(&bytes, SECRET).is_none(), "{}", path.display());
        }
    }
    for output in outputs {
        for text in [&output.stdout, &output.stderr] {
            assert!(canary::find(text, SECRET).is_none(), "{output:?}");
        }
    }
}

fn newest(world: &World) -> Value {
    world.json("enforcer", &["receipt", "show", "last"])["content"].clone()
}

/// A receipt of the call by its event.
fn receipt(world: &World, event: &str) -> Value {
    let found = world.json("enforcer", &["audit", "query", "--event", event]);
    let seq = found["items"][0]["seq"].as_u64().unwrap().to_string();
    world.json("enforcer", &["receipt", "show", &seq])
}

#[test]
fn attack_30_what_is_hidden_stands_in_no_record_and_no_reply() {
    let world = world(&(rule("require_approval") + &hides("[\"card\"]")));
    let words = format!("send {SECRET} please");
    let why = format!("why={SECRET}");
    let asking = send(&world, &["--description", &words, "--context", &why, "--session", SECRET]);
    let id = world.waiting("approver");
    let shown = world.json("approver", &["show", &id]);
    let facts = shown["action"].as_array().unwrap();
    let card = facts.iter().find(|fact| fact["label"] == "parameters/card").unwrap();
    assert!(card.to_string().contains(SECRET) && card["secret"] == true, "{shown}");
    assert!(!shown["agentSays"].to_string().contains(SECRET), "{shown}");
    world.json("approver", &["approve", &id]);
    let output = asking.output();
    assert!(output.status.success(), "{output:?}");
    let exported = world.run("enforcer", &["audit", "export", "--format", "jsonl"]);
    let daily = world.run("enforcer", &["audit", "export", "--daily"]);
    let listed = world.run("enforcer", &["audit", "query", "--json"]);
    is_hidden(&world, &[&output, &exported, &daily, &listed]);
    let released = receipt(&world, "released");
    let action = &released["content"]["action"]["parameters"];
    assert_eq!(action["note"], "plain");
    assert!(action["card"]["_sd"].is_string(), "{action}");
    let (judged, exit) = world.verify(json(&output.stdout)["receipt"].as_str().unwrap(), &[]);
    assert_eq!((&judged["verdict"], exit), (&json!("Valid"), 0), "{judged}");
}

#[test]
fn attack_12_a_redaction_runs_at_level_0_and_lets_no_dangerous_lane_through() {
    let world = world(&rule("redact"));
    let output = send(&world, &[]).output();
    assert_eq!(json(&output.stdout)["verdict"], "allowed", "{output:?}");
    let content = newest(&world);
    assert_eq!((&content["event"], &content["trustLevel"]), (&json!("allowed"), &json!("L0")));
    assert!(content["action"]["parameters"]["card"]["_sd"].is_string(), "{content}");
    is_hidden(&world, &[&output]);

    let lane = self::world("[[rule]]\nid = \"all\"\ndecision = \"redact\"\nredact = [\"card\"]\n");
    let parameters = json!({"card": SECRET, "amount": 5}).to_string();
    let args = ["request", "--action", "send_payment", "--parameters", &parameters, "--detach"];
    assert_eq!(lane.run("enforcer", &args).status.code(), Some(15), "a person is asked");
    is_hidden(&lane, &[]);
}

#[test]
fn attack_22_equal_calls_are_one_request_and_another_value_is_another() {
    let world = world(&(rule("require_approval") + &hides("[\"card\"]")));
    let one = json(&send(&world, &["--detach"]).output().stdout);
    let two = json(&send(&world, &["--detach"]).output().stdout);
    assert_eq!((&one["requestId"], &one["actionHash"]), (&two["requestId"], &two["actionHash"]));
    let other = r#"{"card":"another-value","note":"plain"}"#;
    let args = ["request", "--json", "--action", "update_title", "--detach", "--parameters", other];
    let other = json(&world.run("enforcer", &args).stdout);
    assert_ne!(one["actionHash"], other["actionHash"]);
    is_hidden(&world, &[]);
}

#[test]
fn attack_15_an_approval_is_used_by_the_policy_that_judged_the_value() {
    // In the clear the rule does not match; a commitment would satisfy it.
    let blocks = "[[rule]]\nid = \"no\"\ndecision = \"block\"\ntools = [\"update_title\"]\n\
                  conditions = [{ field = \"card\", eq = \"another\" }]\n";
    let world = world(&(rule("require_approval") + &hides("[\"card\"]") + blocks));
    let asking = send(&world, &[]);
    world.answer("approve");
    let output = asking.output();
    assert!(output.status.success(), "{output:?}");
    let file = world.path("accepted.toml").display().to_string();
    let said = world.json("enforcer", &["policy", "simulate", "--policy", &file]);
    assert_eq!((&said["actions"], &said["changed"]), (&json!(1), &json!(0)), "{said:#}");
    assert!(!said["counts"].to_string().contains("blocked"), "{said:#}");
}

#[test]
fn attack_30_a_blocked_call_and_one_without_a_policy_are_recorded_without_the_value() {
    let world = world(&(rule("block") + &hides("[\"card\"]")));
    let output = send(&world, &[]).output();
    assert_eq!(output.status.code(), Some(12), "{output:?}");
    assert!(newest(&world)["action"]["parameters"]["card"]["_sd"].is_string());
    std::fs::write(world.path("enforcer").join("policy.toml"), "version = 1\nmistake = 1\n")
        .unwrap();
    let broken = send(&world, &[]).output();
    assert!(!broken.status.success());
    let content = newest(&world);
    assert_eq!(content["event"], "blocked");
    assert!(content["action"]["parameters"]["note"]["_sd"].is_string(), "nobody knows what it hid");
    is_hidden(&world, &[&output, &broken]);
}

#[test]
fn attack_30_words_of_a_command_are_hidden_and_the_command_gets_them() {
    let runs = "[[rule]]\nid = \"echo\"\ntools = [\"echo\"]\ndecision = \"redact\"\n\
                redact = [\"argv.key\"]\n";
    let world = world(&(hides("[\"argv.key\"]") + runs));
    let mut run = world.gate_command(&["--ttl", "20s"], &["echo", "--key", SECRET]);
    let output = run.env("PATH", PATH).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("--key {SECRET}\n"), "{output:?}");
    let content = newest(&world);
    assert_eq!((&content["event"], &content["trustLevel"]), (&json!("executed"), &json!("L0")));
    assert!(content["action"]["argv"][2]["_sd"].is_string(), "{content}");
    is_hidden(&world, &[]);

    std::fs::write(world.work().join("say.sh"), "printf '%s' \"$2\" > said\n").unwrap();
    let mut run = world.gate_command(&[], &["sh", "say.sh", "--key", SECRET]);
    run.env("PATH", PATH);
    let run = Process::start(run);
    let id = world.waiting("approver");
    let shown = world.json("approver", &["show", &id]).to_string();
    assert!(!shown.contains("looks like a secret"), "{shown}");
    world.json("approver", &["approve", &id]);
    let output = run.output();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(std::fs::read_to_string(world.work().join("said")).unwrap(), SECRET);
    let content = newest(&world);
    assert_eq!((&content["event"], &content["trustLevel"]), (&json!("executed"), &json!("L1")));
    is_hidden(&world, &[&output]);
    let found = world.json("enforcer", &["audit", "disclose", "last"]);
    assert_eq!(found["hidden"][0]["value"], SECRET, "{found}");
}

#[test]
fn attack_30_what_cannot_be_hidden_asks_a_person() {
    let allows = "[[rule]]\nid = \"reads\"\ntools = [\"true\"]\ndecision = \"redact\"\n\
                  redact = [\"cwd\"]\n";
    let world = world(allows);
    let mut run = world.gate_command(&[], &["true"]);
    run.env("PATH", PATH);
    let run = Process::start(run);
    let shown = world.json("approver", &["show", &world.waiting("approver")]);
    assert!(shown.to_string().contains("cannot be hidden in every record: cwd"), "{shown}");
    world.answer("deny");
    run.output();
    let explained = world.command("enforcer", &["policy", "explain", "--exit-code", "--", "true"]);
    let mut explained = explained;
    assert_eq!(explained.env("PATH", PATH).output().unwrap().status.code(), Some(10));
}

#[test]
fn attack_47_a_hook_that_is_handed_a_commitment_lets_nothing_run() {
    let world = world("[[rule]]\nid = \"all\"\ndecision = \"allow\"\ntools = [\"*\"]\n");
    let smuggled = json!({"to": {"_sd": "ab".repeat(32)}});
    let output = hook(&world, &smuggled);
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("_sd") && !said.contains("\"allow\""), "{output:?}");
    let content = newest(&world);
    assert_eq!(content["event"], "blocked");
    assert!(!content.to_string().contains(&"ab".repeat(32)), "{content}");
}

/// What the hook says of a tool of another server.
fn hook(world: &World, input: &Value) -> Output {
    let message = json!({
        "session_id": "s", "cwd": world.work(), "hook_event_name": "PreToolUse",
        "tool_name": "mcp__post__update_title", "tool_input": input,
    });
    let mut command = world.command("enforcer", &["hook", "claude-code", "--timeout", "10"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(message.to_string().as_bytes()).unwrap();
    Process { child }.output()
}

#[test]
fn attack_30_a_hooks_words_and_record_hold_the_commitment() {
    let world = world(
        "[[rule]]\nid = \"post\"\ntools = [\"update_title\"]\ndecision = \"redact\"\n\
                       redact = [\"card\"]\n",
    );
    let output = hook(&world, &json!({"card": SECRET, "text": format!("see {SECRET}")}));
    assert!(output.status.success(), "{output:?}");
    let content = newest(&world);
    let arguments = &content["action"]["arguments"];
    assert!(
        arguments["card"]["_sd"].is_string() && arguments["text"]["_sd"].is_string(),
        "{content}"
    );
    assert_eq!(content["event"], "allowed");
    // The host runs the tool with exactly this input, so it gets the values; nobody else does.
    let mut said = json(&output.stdout);
    let input = said["hookSpecificOutput"].as_object_mut().unwrap().remove("updatedInput");
    assert_eq!(input.unwrap()["card"], SECRET);
    assert!(canary::find(said.to_string().as_bytes(), SECRET).is_none(), "{said}");
    is_hidden(&world, &[]);
}

#[test]
fn attack_30_hidden_values_are_found_by_their_owner_and_erased_for_good() {
    let world = world(&rule("redact"));
    assert!(send(&world, &[]).output().status.success());
    let seq = newest(&world)["seq"].to_string();
    let kept = files(&world.path("enforcer").join("disclosures"));
    assert_eq!(kept.len(), 1);
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(&kept[0].0).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let found = world.json("enforcer", &["audit", "disclose", &seq]);
    let hidden = &found["hidden"][0];
    assert_eq!((&hidden["place"], &hidden["value"]), (&json!("/parameters/card"), &json!(SECRET)));

    let early = ["audit", "erase", "--before", "2020-01-01", "--reason", "old"];
    assert_eq!(world.json("enforcer", &early)["values"], 0);
    let erased =
        world.json("enforcer", &["audit", "erase", "--receipt", &seq, "--reason", "asked to"]);
    assert_eq!((&erased["calls"], &erased["values"]), (&json!(1), &json!(1)), "{erased}");
    assert!(files(&world.path("enforcer").join("disclosures")).is_empty());
    let note = newest(&world);
    assert_eq!((&note["event"], &note["action"]["change"]), (&json!("observed"), &json!("erased")));
    assert_eq!(
        (&note["action"]["reason"], &note["action"]["values"]),
        (&json!("asked to"), &json!("1"))
    );
    let found = world.json("enforcer", &["audit", "disclose", &seq]);
    assert_eq!(found["hidden"][0]["value"], Value::Null);
    assert!(found["hidden"][0]["commitment"].is_string());
    for number in [&seq, "last"] {
        assert_eq!(world.verify(number, &[]).0["verdict"], "Valid");
    }
    assert!(world.run("enforcer", &["audit", "verify"]).status.success());
    is_hidden(&world, &[]);
    // The same call again brings its value again, and only that.
    assert!(send(&world, &[]).output().status.success());
    assert_eq!(
        world.json("enforcer", &["audit", "disclose", "last"])["hidden"][0]["value"],
        SECRET
    );
}

#[test]
fn attack_47_a_value_that_was_changed_in_the_home_is_refused() {
    let world = world(&rule("redact"));
    assert!(send(&world, &[]).output().status.success());
    let (path, bytes) = files(&world.path("enforcer").join("disclosures")).remove(0);
    let text = String::from_utf8(bytes).unwrap().replace(SECRET, "harmless");
    std::fs::write(path, text).unwrap();
    let output = world.run("enforcer", &["audit", "disclose", "last", "--json"]);
    let code = common::error_code(&output);
    assert_eq!((output.status.code(), code.as_str()), (Some(13), "HARP_ERR_HASH_MISMATCH"));
}

#[test]
fn attack_20_what_still_waits_is_not_erased() {
    let world = world(&(rule("require_approval") + &hides("[\"card\"]")));
    let asked = json(&send(&world, &["--detach"]).output().stdout);
    let erased =
        world.json("enforcer", &["audit", "erase", "--before", "2099-01-01", "--reason", "x"]);
    assert_eq!((&erased["values"], erased["waiting"].as_array().unwrap().len()), (&json!(0), 1));
    world.answer("approve");
    let id = asked["requestId"].as_str().unwrap();
    assert_eq!(world.json("enforcer", &["wait", id])["verdict"], "approved");
}

#[test]
fn attack_20_an_approval_whose_value_is_gone_is_judged_as_a_commitment() {
    let blocks = "[[rule]]\nid = \"no\"\ndecision = \"block\"\ntools = [\"update_title\"]\n\
                  conditions = [{ field = \"card\", eq = \"another\" }]\n";
    let world = world(&(rule("require_approval") + &hides("[\"card\"]") + blocks));
    let asked = json(&send(&world, &["--detach"]).output().stdout);
    world.answer("approve");
    std::fs::remove_dir_all(world.path("enforcer").join("disclosures")).unwrap();
    let id = asked["requestId"].as_str().unwrap();
    let output = world.run("enforcer", &["wait", id, "--json"]);
    assert!(!output.status.success(), "{output:?}");
    let content = newest(&world);
    assert_eq!(content["event"], "observed", "{content}");
    let released = world.json("enforcer", &["audit", "query", "--event", "released"]);
    assert_eq!(released["items"], json!([]));
}

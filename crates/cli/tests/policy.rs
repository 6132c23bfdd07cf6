//! The commands of the policy, as a person at a terminal and a script meet them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod common;

use common::{World, error_code, json};
use serde_json::{Value, json};
use std::process::{Command, Output, Stdio};

/// A search path on which nobody may put programs.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

fn command(world: &World, args: &[&str]) -> Command {
    let all: Vec<&str> = ["policy"].into_iter().chain(args.iter().copied()).collect();
    let mut command = world.command("enforcer", &all);
    command.env("PATH", PATH);
    command
}

fn run(world: &World, args: &[&str]) -> Output {
    command(world, args).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// The document of a command that must succeed.
fn document(world: &World, args: &[&str]) -> Value {
    let args: Vec<&str> = ["--json"].into_iter().chain(args.iter().copied()).collect();
    let output = run(world, &args);
    assert!(output.status.success(), "{args:?}: {output:?}");
    json(&output.stdout)
}

fn write(world: &World, name: &str, text: &str) -> String {
    std::fs::write(world.work().join(name), text).unwrap();
    name.to_owned()
}

const FORCE: &str = r#"version = 1
[[rule]]
id = "no-force"
tools = ["git"]
verb = "delete.ref"
decision = "block"
"#;

#[test]
fn attack_16_what_slips_through_a_prefix_is_found_and_asked_about() {
    let world = World::bare();
    let line = "git status && rm -rf ~";
    for args in [&["explain", "--shell", line][..], &["explain", "--", "bash", "-c", line]] {
        let said = document(&world, args);
        let seen = (&said["verb"], &said["lane"], &said["risk"], &said["decision"]);
        assert_eq!(
            seen,
            (&json!("delete"), &json!("delete"), &json!("critical"), &json!("require_approval"))
        );
        let parts = said["findings"].as_array().unwrap();
        assert!(parts.iter().any(|finding| finding["part"] == "git status"), "{said}");
    }
    let said = document(&world, &["explain", "--", "git", "status"]);
    assert_eq!((&said["decision"], &said["ruleId"]), (&json!("allow"), &json!("risk.low")));
    assert!(!world.path("enforcer").exists(), "looking makes no home");
}

#[test]
fn the_exit_code_tells_a_script_what_would_happen() {
    let world = World::bare();
    let policy = write(&world, "p.toml", FORCE);
    let said = |args: &[&str]| {
        let args: Vec<&str> = ["explain", "--exit-code", "--policy", &policy]
            .into_iter()
            .chain(args.iter().copied())
            .collect();
        code(&run(&world, &args))
    };
    assert_eq!(said(&["--shell", "git push --force"]), 12);
    assert_eq!(said(&["--shell", "rm -rf build"]), 10);
    assert_eq!(said(&["--", "no-such-program-anywhere", "x"]), 10);
    // A file stands in the place of the home's policy, and it has no risk table.
    assert_eq!(said(&["--", "git", "status"]), 10);
    assert_eq!(code(&run(&world, &["explain", "--exit-code", "--", "git", "status"])), 0);
    assert_eq!(code(&run(&world, &["explain"])), 2);
    assert_eq!(
        code(&run(&world, &["explain", "--exit-code", "--policy", "absent", "--", "ls"])),
        1
    );
}

#[test]
fn a_verdict_has_every_member_that_others_rely_on() {
    let world = World::bare();
    let said = document(&world, &["explain", "--shell", "rm -rf build"]);
    for member in [
        "decision",
        "ruleId",
        "risk",
        "verb",
        "lane",
        "approvers",
        "quorum",
        "timeoutSeconds",
        "escalation",
        "minAssurance",
        "requireReason",
        "alwaysAllow",
        "matched",
        "display",
        "policyHash",
        "sentence",
        "findings",
        "considered",
    ] {
        assert!(said.get(member).is_some(), "{member}: {said}");
    }
}

#[test]
fn an_explanation_says_of_every_rule_why_it_matched_or_not() {
    let world = World::bare();
    let policy = write(&world, "p.toml", FORCE);
    let output = run(&world, &["explain", "--policy", &policy, "--", "git", "push"]);
    let text = out(&output);
    assert!(text.starts_with("ASKS  git push\n"), "{text}");
    assert!(text.contains("home:no-force (block) does not match"), "{text}");
    assert!(text.contains("`verb` is delete.ref, and this is checkpoint.push"), "{text}");
    let output = run(&world, &["explain", "--policy", &policy, "--", "git", "push", "--force"]);
    let text = out(&output);
    assert!(text.starts_with("BLOCKED  git push --force\n"), "{text}");
    assert!(text.contains("home:no-force (block) matches"), "{text}");
}

fn explain_stdin(world: &World, text: &str, args: &[&str]) -> Output {
    use std::io::Write as _;
    let all: Vec<&str> =
        ["explain", "--action", "-"].into_iter().chain(args.iter().copied()).collect();
    let mut child = command(world, &all).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn an_action_is_read_strictly_with_the_context_that_it_names() {
    let world = World::bare();
    let policy = write(
        &world,
        "p.toml",
        "version = 1\n[[rule]]\nid = \"new\"\nsubject = \"agent:new-*\"\ndecision = \"block\"\n",
    );
    let bare = r#"{"kind":"request","action":"refund","parameters":{"amount":5}}"#;
    let by = |agent: &str| format!(r#"{{"action":{bare},"context":{{"agent":"{agent}"}}}}"#);
    let said =
        |text: &str| code(&explain_stdin(&world, text, &["--exit-code", "--policy", &policy]));
    assert_eq!(said(bare), 10);
    assert_eq!(said(&by("old-1")), 10);
    assert_eq!(said(&by("new-1")), 12);
    assert_eq!(said(r#"{"somebody":"else's"}"#), 10, "a foreign payload asks");
    for bad in [
        r#"{"kind":"request","kind":"request","action":"a","parameters":{}}"#,
        r#"{"action":{"kind":"request","action":"a","parameters":{}},"context":{"agnet":"a"}}"#,
        "[1]",
        "",
    ] {
        let output = explain_stdin(&world, bad, &["--exit-code", "--json"]);
        assert_eq!((code(&output), error_code(&output).as_str()), (1, "action"), "{bad}");
    }
}

/// Five mistakes, and what is said of them.
const FIVE: &str = r#"version = 1

[[rule]]
id = "large"
condtions = [{ field = "amount_usd", gt = 1000 }]
decision = "require_aproval"
approvers = ["ann", "bob"]
quorum = 3

[risk.hihg]
decision = "block"

[[rule]]
id = "large"
decision = "block"
"#;

const SAID: &str = "\
five.toml:5:1: unknown key `condtions` in a rule
    condtions = [{ field = \"amount_usd\", gt = 1000 }]
    ^^^^^^^^^
    did you mean `conditions`?
five.toml:6:12: unknown decision `require_aproval`
    decision = \"require_aproval\"
               ^^^^^^^^^^^^^^^^^
    did you mean `require_approval`?
five.toml:8:10: a quorum of 3 where 2 people are named
    quorum = 3
             ^
    lower it, name more, or name a role: `role:NAME`
five.toml:10:7: unknown risk `hihg`
    [risk.hihg]
          ^^^^
    did you mean `high`?
five.toml:14:6: the name `large` is that of an earlier rule
    id = \"large\"
         ^^^^^^^
    give each rule a name of its own
five.toml: 5 mistakes
";

#[test]
fn attack_13_every_mistake_is_shown_with_its_place_and_what_to_do() {
    let world = World::bare();
    let file = write(&world, "five.toml", FIVE);
    let output = run(&world, &["check", &file]);
    assert_eq!((code(&output), out(&output).as_str()), (1, SAID));
    let output = run(&world, &["check", "--json", &file]);
    let said = json(&output.stdout);
    assert_eq!((code(&output), &said["ok"]), (1, &json!(false)));
    let mistakes = said["files"][0]["mistakes"].as_array().unwrap();
    assert_eq!(mistakes.len(), 5);
    assert_eq!((&mistakes[0]["line"], &mistakes[0]["column"]), (&json!(5), &json!(1)));
}

#[test]
fn attack_13_a_typo_of_the_home_s_policy_denies_everything() {
    let world = World::bare();
    std::fs::create_dir(world.path("enforcer")).unwrap();
    std::fs::write(world.path("enforcer").join("policy.toml"), FIVE).unwrap();
    let explained = run(&world, &["explain", "--exit-code", "--", "git", "status"]);
    assert_eq!(code(&explained), 12, "{explained:?}");
    assert_eq!(code(&run(&world, &["check"])), 1);
    assert_eq!(code(&run(&world, &["status"])), 1);
    assert_eq!(code(&run(&world, &["accept"])), 1);
    let file = write(&world, "good.toml", FORCE);
    let instead =
        run(&world, &["explain", "--exit-code", "--policy", &file, "--", "git", "status"]);
    assert_eq!(code(&instead), 10, "a file can be looked at all the same: {instead:?}");
}

#[test]
fn a_label_that_nobody_can_tell_is_a_warning() {
    let world = World::bare();
    let text = "version = 1\n[[rule]]\nid = \"a\"\ndecision = \"require_approval\"\n\
                approvers = [\"role:sre\", \"ann\"]\n";
    let file = write(&world, "labels.toml", text);
    let output = run(&world, &["check", &file]);
    let text = out(&output);
    assert_eq!(code(&output), 0);
    assert!(text.contains("labels.toml: warning: nobody can tell whose the 2 labels"), "{text}");
}

#[test]
fn a_beginning_is_written_once_and_loads_and_counts_in_a_new_home() {
    let world = World::bare();
    let begun = document(&world, &["init"]);
    assert_eq!(begun["accepted"], true);
    let path = world.path("enforcer").join("policy.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let again = run(&world, &["init", "--json"]);
    assert_eq!((code(&again), error_code(&again).as_str()), (1, "exists"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    let status = document(&world, &["status"]);
    let layers = status["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 1, "{status}");
    assert_eq!((&layers[0]["layer"], &layers[0]["accepted"]), (&json!("home"), &json!(true)));
    // One byte more, and it is a text that nobody accepted.
    std::fs::write(&path, text + "\n").unwrap();
    let status = document(&world, &["status"]);
    let home = status["layers"].as_array().unwrap().iter().find(|l| l["layer"] == "home").unwrap();
    assert_eq!(home["accepted"], false, "{status}");
    assert_eq!(code(&run(&world, &["check"])), 0);
    // What stands in for the accepted one is said to be that, in words of the file.
    let stands_in = |status: &Value| {
        let layers = status["layers"].as_array().unwrap();
        layers.iter().find(|l| l["missing"].is_object()).unwrap().clone()
    };
    let layer = stands_in(&status);
    assert_eq!(layer["file"], json!(path.display().to_string()));
    assert_eq!(layer["missing"]["sha256"], layers[0]["sha256"]);
    let said =
        |args: &[&str]| out(&run(&world, args)).split_whitespace().collect::<Vec<_>>().join(" ");
    let accepted = layers[0]["sha256"].as_str().unwrap();
    for command in ["status", "check"] {
        let text = said(&[command]);
        assert!(text.contains("is not the text that was accepted"), "{text}");
        assert!(text.contains(accepted) && !text.contains("root owns it"), "{text}");
    }
    std::fs::remove_file(&path).unwrap();
    let text = said(&["status"]);
    assert!(text.contains("the accepted text is gone") && text.contains("policy init"), "{text}");
    assert_eq!(stands_in(&document(&world, &["status"]))["file"], layer["file"]);
}

#[test]
fn a_workspace_s_beginning_stands_beside_the_work() {
    let world = World::bare();
    let begun = document(&world, &["init", "--at", "workspace"]);
    assert_eq!(begun["accepted"], false, "{begun}");
    assert!(world.work().join(".countersign/policy.toml").is_file());
    let status = document(&world, &["status"]);
    let names: Vec<&str> =
        status["layers"].as_array().unwrap().iter().map(|l| l["layer"].as_str().unwrap()).collect();
    assert_eq!(names, ["builtin", "workspace"]);
}

#[test]
fn attack_11_an_unaccepted_policy_of_the_workspace_only_tightens() {
    let world = World::bare();
    std::fs::create_dir(world.work().join(".countersign")).unwrap();
    let path = world.work().join(".countersign/policy.toml");
    let loose = "version = 1\n[risk.high]\ndecision = \"allow\"\n[[rule]]\nid = \"all\"\n\
                 tools = [\"*\"]\ndecision = \"allow\"\n";
    let said = |args: &[&str]| code(&run(&world, args));
    let ask = ["explain", "--exit-code", "--", "no-such-program"];
    assert_eq!(said(&ask), 10);
    std::fs::write(&path, loose).unwrap();
    assert_eq!(said(&ask), 10);
    std::fs::write(&path, FORCE).unwrap();
    assert_eq!(said(&["explain", "--exit-code", "--", "git", "push", "--force"]), 12);
    // As the accepted policy of the home the same text would let it run.
    let file = write(&world, "loose.toml", loose);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(said(&["explain", "--exit-code", "--policy", &file, "--", "no-such-program"]), 0);
}

#[test]
fn cases_that_differ_are_named_with_both_answers() {
    let world = World::bare();
    let text = format!(
        "{FORCE}[[test]]\nname = \"pushes\"\nshell = \"git push --force\"\nexpect = \"block\"\n\
         [[test]]\nname = \"wrong\"\nargv = [\"rm\", \"-rf\", \"build\"]\n\
         expect = {{ decision = \"allow\", verb = \"delete\" }}\n"
    );
    let file = write(&world, "cases.toml", &text);
    let output = run(&world, &["test", &file]);
    let text = out(&output);
    assert_eq!(code(&output), 1);
    assert!(text.starts_with("failed  wrong\n"), "{text}");
    assert!(text.contains("decision: expected allow, got require_approval"), "{text}");
    assert!(!text.contains("pushes") && !text.contains("verb:"), "{text}");
    assert!(text.ends_with("2 cases, 1 not as expected\n"), "{text}");
    let said = json(&run(&world, &["test", "--json", &file]).stdout);
    assert_eq!((&said["cases"], &said["failed"]), (&json!(2), &json!(1)));
}

#[test]
fn no_case_is_no_success() {
    let world = World::bare();
    let file = write(&world, "none.toml", FORCE);
    let output = run(&world, &["test", "--json", &file]);
    assert_eq!((code(&output), error_code(&output).as_str()), (1, "no_cases"));
    let cases = "version = 1\n[[test]]\nshell = \"git push --force\"\nexpect = \"block\"\n";
    let cases = write(&world, "beside.toml", cases);
    let output = run(&world, &["test", &file, "--cases", &cases]);
    assert_eq!((code(&output), out(&output).as_str()), (0, "1 case, all as expected\n"));
    assert_eq!(code(&run(&world, &["test", &write(&world, "five.toml", FIVE)])), 1);
}

#[test]
fn a_simulation_counts_every_action_and_lists_what_becomes_looser_first() {
    let world = World::bare();
    let refund =
        r#"{"kind":"tool","server":"https://a.example","tool":"lookup","arguments":{"n":1}}"#;
    let line = format!(r#"{{"action":{refund},"context":{{"agent":"a"}}}}"#);
    let read = r#"{"kind":"tool","server":"https://a.example","tool":"frobnicate","arguments":{}}"#;
    let lines = format!("{refund}\n\n{line}\n{read}\n{{\"other\":1}}\n");
    let actions = write(&world, "actions.jsonl", &lines);
    let policy = "version = 1\n[[rule]]\nid = \"f\"\ntools = [\"frobnicate\"]\ndecision = \"allow\"\n\
                  [[rule]]\nid = \"l\"\ntools = [\"lookup\"]\ndecision = \"block\"\n";
    let policy = write(&world, "p.toml", policy);
    let args = ["simulate", "--against", &actions, "--policy", &policy];
    let said = document(&world, &args);
    assert_eq!(said["actions"], 4, "{said}");
    let total: u64 =
        said["counts"].as_array().unwrap().iter().map(|c| c["count"].as_u64().unwrap()).sum();
    assert_eq!(total, 4);
    let changes = said["changes"].as_array().unwrap();
    assert_eq!((&changes[0]["turn"], &changes[0]["toRule"]), (&json!("looser"), &json!("f")));
    let last = changes.last().unwrap();
    assert_eq!((&last["turn"], &last["times"]), (&json!("stricter"), &json!(2)), "{said}");
    let text = out(&run(&world, &args));
    assert!(text.starts_with("4 actions\n"), "{text}");
    let (looser, stricter) = (text.find("Looser:").unwrap(), text.find("Stricter:").unwrap());
    assert!(looser < stricter, "{text}");
    let bad = write(&world, "bad.jsonl", &format!("{refund}\n{{\"a\":1,\"a\":2}}\n"));
    let output = run(&world, &["simulate", "--against", &bad, "--policy", &policy]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("line 2: duplicate key"), "{error}");
}

#[test]
fn a_policy_that_observes_says_what_it_would_do_and_until_when() {
    let world = World::bare();
    let file = write(
        &world,
        "observe.toml",
        &FORCE.replace("version = 1", "version = 1\nmode = \"observe\""),
    );
    let accepted = document(&world, &["accept", &file]);
    assert_eq!((&accepted["place"], &accepted["previous"]), (&json!("home"), &Value::Null));
    let status = document(&world, &["status"]);
    assert_eq!(status["mode"], "observe", "{status}");
    assert!(status["observesUntil"].is_string(), "{status}");
    let make = ["explain", "--exit-code", "--", "make", "all"];
    let output = run(&world, &make);
    let text = out(&output);
    assert_eq!(code(&output), 0, "{text}");
    assert!(text.starts_with("RUNS, AND WOULD ASK  make all\n"), "{text}");
    // The floors hold.
    assert_eq!(code(&run(&world, &["explain", "--exit-code", "--shell", "git push -f"])), 12);
    assert_eq!(code(&run(&world, &["explain", "--exit-code", "--shell", "rm -rf build"])), 10);
}

#[test]
fn attack_06_what_others_wrote_is_shown_with_its_controls_as_escapes() {
    let world = World::bare();
    let action =
        "{\"kind\":\"tool\",\"server\":\"s\",\"tool\":\"a\\u001b[2J\u{202e}b\",\"arguments\":{}}";
    let output = explain_stdin(&world, action, &[]);
    let text = out(&output);
    assert_eq!(code(&output), 0, "{output:?}");
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    assert!(text.contains("\\u{202e}"), "{text}");
}

#[test]
fn what_the_gate_cannot_do_yet_is_said() {
    let world = World::bare();
    let text = "version = 1\n[[rule]]\nid = \"two\"\ntools = [\"make\"]\n\
                decision = \"require_approval\"\nquorum = { \"role:sre\" = 2, \"role:dba\" = 1 }\n\
                escalation = [{ to = \"role:lead\", after = \"10m\" }]\n";
    let file = write(&world, "two.toml", text);
    let said = document(&world, &["explain", "--policy", &file, "--", "make"]);
    let notes = said["notes"].to_string();
    assert!(notes.contains("nobody is asked next"), "{notes}");
}

/// Runs what the policy asks about, and answers.
fn answered(world: &World, command: &[&str], word: &str) {
    let run = world.gate(&[], command);
    world.answer(word);
    run.output();
}

#[test]
fn what_was_approved_every_time_is_suggested_as_a_rule_that_works() {
    let world = World::paired();
    world.hold_nothing_more();
    for _ in 0..2 {
        answered(&world, &["touch", "cache"], "approve");
        answered(&world, &["mkdir", "-p", "logs"], "approve");
    }
    answered(&world, &["mkdir", "-p", "other"], "deny");
    let suggest = ["policy", "suggest", "--at-least", "2"];
    let found = world.json("enforcer", &suggest);
    let suggestions = found["suggestions"].as_array().unwrap();
    // A program of which something was denied is none, however often it was approved.
    assert_eq!(suggestions.len(), 1, "{found}");
    let suggestion = &suggestions[0];
    assert_eq!((&suggestion["approved"], &suggestion["by"][0]), (&2.into(), &"ann".into()));
    let rule = suggestion["rule"].as_str().unwrap();
    assert!(rule.contains("\"cache\""), "{rule}");
    assert_eq!(world.json("enforcer", &["policy", "suggest"])["suggestions"][0], Value::Null);
    // The text is a policy, and what it speaks of runs.
    let file = world.path("suggested.toml");
    std::fs::write(&file, format!("version = 1\n{rule}")).unwrap();
    let file = file.to_str().unwrap();
    world.json("enforcer", &["policy", "check", file]);
    for (words, expected) in [(&["cache"][..], 0), (&["cache", "more"], 10)] {
        let args = ["explain", "--exit-code", "--policy", file, "--", "touch"];
        let args: Vec<&str> = args.into_iter().chain(words.iter().copied()).collect();
        assert_eq!(code(&run(&world, &args)), expected, "{words:?}");
    }
    let text = world.run("enforcer", &suggest);
    let text = String::from_utf8_lossy(&text.stdout);
    assert!(text.contains("# approved 2 times by ann, 20"), "{text}");
}

#[test]
fn attack_12_no_rule_is_suggested_for_a_dangerous_lane_or_what_is_critical() {
    let world = World::paired();
    let payment =
        r#"{"kind":"request","action":"transfer","parameters":{"amount":1},"verb":"payment"}"#;
    let batch = world.path("one.jsonl");
    std::fs::write(&batch, format!("{payment}\n")).unwrap();
    for _ in 0..2 {
        let args = ["request", "--batch", batch.to_str().unwrap(), "--json"];
        let asking = world.spawn("enforcer", &args);
        let id = world.waiting("approver");
        world.json("approver", &["approve", &id, "-m", "agreed"]);
        asking.output();
        let run = world.gate(&[], &["rm", "-rf", "build"]);
        let id = world.waiting("approver");
        world.json("approver", &["approve", &id, "-m", "agreed"]);
        run.output();
    }
    let found = world.json("enforcer", &["policy", "suggest", "--at-least", "2"]);
    assert_eq!(found["suggestions"].as_array().unwrap().len(), 0, "{found}");
}

/// `~/.countersign` of a person who uses another home is that home's, and no workspace's.
#[test]
fn attack_38_another_homes_policy_is_not_the_policy_of_the_directory_it_lies_in() {
    let world = World::empty();
    let person = world.path("person");
    let theirs = person.join(".countersign");
    std::fs::create_dir_all(&person).unwrap();
    let place = |args: &[&str]| {
        let mut command = command(&world, args);
        command.env("HOME", &person).current_dir(&person);
        json(&command.output().unwrap().stdout)
    };
    let blocks = |text: &Value| text.to_string().contains("\"theirs\"");
    let words = ["explain", "--json", "--shell", "git status"];
    // A directory of that name that is no home is the workspace's.
    let rule = "version = 1\n[[rule]]\nid = \"theirs\"\ntools = [\"git\"]\ndecision = \"block\"\n";
    std::fs::create_dir(&theirs).unwrap();
    std::fs::write(theirs.join("policy.toml"), rule).unwrap();
    assert!(blocks(&place(&words)), "{}", place(&words));
    std::fs::remove_dir_all(&theirs).unwrap();
    // And that of a home is not.
    let file = world.path("mine.toml");
    std::fs::write(&file, rule).unwrap();
    let mut accept = world.command("person/.countersign", &["policy", "accept"]);
    accept.arg(&file).env("HOME", &person).current_dir(&person);
    let accepted = accept.output().unwrap();
    assert!(accepted.status.success(), "{accepted:?}");
    assert!(theirs.join("policy.toml").is_file());
    assert!(!blocks(&place(&words)), "{}", place(&words));
}

//! A bundle for an auditor, made from a real ledger and checked with nothing but pinned keys.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod common;

use common::{Process, World, error_code, json};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

/// One command that is approved and runs, and one that is denied.
fn story() -> World {
    let world = World::paired();
    let hostile = "<script>alert(1)</script> | [x](javascript:y)";
    let mut run = world.gate(&["--description", hostile], &["true"]);
    world.answer("approve");
    assert!(run.wait().success());
    let run = world.gate(&[], &["false"]);
    world.answer("deny");
    run.output();
    world
}

fn bundle(world: &World, name: &str, more: &[&str]) -> (Value, Vec<u8>) {
    let file = world.path(name).display().to_string();
    let args: Vec<&str> =
        ["audit", "bundle", "-o", &file].into_iter().chain(more.iter().copied()).collect();
    let document = world.json("enforcer", &args);
    (document, std::fs::read(&file).unwrap())
}

/// Checks a bundle as an auditor would: on a machine that knows nothing but two files.
fn verify(file: &Path, trust: &Path) -> Output {
    let empty = tempfile::tempdir().unwrap();
    let mut command = Command::new(common::BINARY);
    command.env_clear().env("HOME", empty.path()).current_dir(empty.path());
    let args = ["audit", "verify", file.to_str().unwrap(), "--trust", trust.to_str().unwrap()];
    let output = command.args(args).arg("--json").output().unwrap();
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0, "it left something behind");
    output
}

fn report(file: &Path, trust: &Path) -> (Value, i32) {
    let output = verify(file, trust);
    (json(&output.stdout), output.status.code().unwrap())
}

/// The verdict over a changed bundle.
fn verdict(world: &World, bytes: &[u8]) -> (String, i32) {
    let file = world.path("changed.csb");
    std::fs::write(&file, bytes).unwrap();
    let (report, code) = report(&file, &world.trust());
    (report["verdict"].as_str().unwrap().to_owned(), code)
}

fn said(report: &Value, member: &str) -> String {
    let items = report[member].as_array().unwrap().iter();
    items.map(|item| item.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_bundle_is_checked_offline_under_the_auditors_keys() {
    let world = story();
    let (made, _) = bundle(&world, "q3.csb", &["--since", "90d"]);
    assert_eq!((&made["range"]["first"], &made["range"]["last"]), (&1.into(), &7.into()));
    let (report, code) = report(&world.path("q3.csb"), &world.trust());
    assert_eq!((&report["verdict"], code), (&"Valid".into(), 0), "{report}");
    assert_eq!((&report["levels"]["L1"], &report["receipts"]), (&3.into(), &7.into()));
    assert_eq!(
        (&report["events"]["executed"], &report["events"]["denied"]),
        (&1.into(), &1.into())
    );
    let checked = said(&report, "checked");
    for by in ["home", "ledger", world.url()] {
        assert!(checked.contains(&format!("{by} remembers receipt")), "{by}: {checked}");
    }
    assert!(checked.contains("of the ledger inside artifacts"), "{checked}");
    assert!(said(&report, "notChecked").contains("whether others came after 7"));
    assert_eq!(report["differences"], Value::Array(Vec::new()));
    let mode = world.path("q3.csb").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_same_range_makes_the_same_bytes() {
    let world = story();
    let since = ["--since", "2020-01-01", "--offline"];
    assert_eq!(bundle(&world, "a.csb", &since).1, bundle(&world, "b.csb", &since).1);
}

#[test]
fn attack_07_no_key_inside_a_bundle_is_believed() {
    let world = story();
    bundle(&world, "q3.csb", &[]);
    let nobody = world.path("nobody.json");
    std::fs::write(&nobody, r#"{"type":"countersign.trust/v1","operators":[],"approvers":[]}"#)
        .unwrap();
    let (untrusted, code) = report(&world.path("q3.csb"), &nobody);
    assert_eq!((&untrusted["verdict"], code), (&"Untrusted".into(), 13));
    // The operator is pinned, the approver is not: an approval of nobody's proves nothing.
    let mut trust = json(&std::fs::read(world.trust()).unwrap());
    trust["approvers"] = Value::Array(Vec::new());
    std::fs::write(&nobody, trust.to_string()).unwrap();
    let (untrusted, code) = report(&world.path("q3.csb"), &nobody);
    assert_eq!((&untrusted["verdict"], code), (&"Untrusted".into(), 13));
    assert!(said(&untrusted, "differences").contains("ann"));
}

#[test]
fn attack_28_a_changed_bundle_is_named_for_what_was_done_to_it() {
    let world = story();
    let (_, bytes) = bundle(&world, "q3.csb", &[]);
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let place = |of: &str| lines.iter().position(|line| line.starts_with(of)).unwrap();
    let without = |at: usize| {
        let mut left = lines.clone();
        left.remove(at);
        left.join("\n") + "\n"
    };
    let first = place("{\"receipt\"");
    assert_eq!(verdict(&world, without(first + 2).as_bytes()), ("ChainBroken".into(), 13));
    assert_eq!(verdict(&world, without(first).as_bytes()), ("ChainBroken".into(), 13));
    assert_eq!(verdict(&world, without(lines.len() - 2).as_bytes()), ("ChainBroken".into(), 13));
    assert_eq!(verdict(&world, without(lines.len() - 1).as_bytes()), ("Truncated".into(), 13));
    assert_eq!(verdict(&world, without(place("{\"head\"")).as_bytes()).0, "HashMismatch");
    assert_eq!(verdict(&world, without(place("{\"key\"")).as_bytes()).0, "HashMismatch");
    assert_eq!(verdict(&world, without(0).as_bytes()).0, "Malformed");
    let edited = text.replacen("\"event\":\"denied\"", "\"event\":\"approved\"", 1);
    assert_eq!(verdict(&world, edited.as_bytes()), ("HashMismatch".into(), 13));
    assert_eq!(verdict(&world, (text.clone() + &text).as_bytes()), ("Malformed".into(), 13));
    assert_eq!(verdict(&world, &text.as_bytes()[..text.len() - 40]), ("Truncated".into(), 13));
    let huge = "x".repeat(9 * 1024 * 1024);
    assert_eq!(verdict(&world, huge.as_bytes()).1, 13);
    // Nothing at all is neither a bundle nor a ledger.
    assert_eq!(verdict(&world, b""), ("Malformed".into(), 13));
    assert_eq!(verdict(&world, text.as_bytes()), ("Valid".into(), 0));
}

#[test]
fn attack_28_a_restored_ledger_is_contradicted_by_its_gateway() {
    let world = story();
    let home = world.path("enforcer");
    let backup = world.path("backup");
    let copy = |from: &Path, to: &Path| {
        let _ = std::fs::remove_dir_all(to);
        assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
    };
    copy(&home, &backup);
    let mut run = world.gate(&[], &["true"]);
    world.answer("approve");
    assert!(run.wait().success());
    copy(&backup, &home);
    bundle(&world, "q3.csb", &[]);
    let (report, code) = report(&world.path("q3.csb"), &world.trust());
    assert_eq!((&report["verdict"], code), (&"Truncated".into(), 13), "{report}");
    assert!(report["problems"][0]["because"].as_str().unwrap().contains(world.url()));
}

#[test]
fn a_gateway_that_is_away_is_said_to_be_unchecked() {
    let mut world = story();
    world.kill_gateway();
    bundle(&world, "q3.csb", &[]);
    let (report, code) = report(&world.path("q3.csb"), &world.trust());
    assert_eq!((&report["verdict"], code), (&"Valid".into(), 0), "{report}");
    let wanted = format!("what {} remembers: it could not be reached", world.url());
    assert!(said(&report, "notChecked").contains(&wanted), "{report}");
}

#[test]
fn what_is_before_the_range_is_outside_and_changes_of_keys_are_inside() {
    let world = story();
    let third = world.json("enforcer", &["receipt", "show", "6"]);
    let since = third["content"]["recordedAt"].as_str().unwrap().to_owned();
    let (made, bytes) = bundle(&world, "late.csb", &["--since", &since]);
    let first = made["range"]["first"].as_u64().unwrap();
    assert!(first > 1, "{made}");
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.lines().filter(|line| line.starts_with("{\"earlier\"")).count(), 1);
    let (report, code) = report(&world.path("late.csb"), &world.trust());
    assert_eq!((&report["verdict"], code), (&"Valid".into(), 0), "{report}");
    let outside = format!("receipts before {first}: outside");
    assert!(said(&report, "notChecked").contains(&outside), "{report}");
    let (made, _) = bundle(&world, "none.csb", &["--until", "2020-01-01"]);
    assert_eq!(made["range"], Value::Null);
    assert_eq!(verify(&world.path("none.csb"), &world.trust()).status.code(), Some(0));
}

#[test]
fn attack_06_the_page_for_people_holds_no_markup_of_strangers() {
    let world = story();
    for name in ["q3.html", "q3.md"] {
        let page = world.path(name).display().to_string();
        let (made, _) = bundle(&world, "q3.csb", &["--page", &page]);
        let text = std::fs::read_to_string(&page).unwrap();
        let link = name.ends_with("md") && text.contains("](javascript");
        assert!(!text.contains("<script") && !link, "{text}");
        assert!(text.contains("alert") && text.contains(made["sha256"].as_str().unwrap()));
        assert!(text.contains("proves nothing"), "{text}");
    }
    let page = world.path("q3.csb2").display().to_string();
    let file = world.path("x.csb").display().to_string();
    let output =
        world.run("enforcer", &["audit", "bundle", "-o", &file, "--page", &page, "--json"]);
    assert_eq!((output.status.code(), error_code(&output).as_str()), (Some(2), "usage"));
}

#[test]
fn the_page_says_what_was_run_and_what_became_of_old_receipts() {
    let world = World::paired();
    let mut run = world.gate(&[], &["echo", "release-7"]);
    world.answer("approve");
    assert!(run.wait().success());
    world.json("enforcer", &["audit", "hold", "add", "case-17"]);
    world.json("enforcer", &["audit", "rotate", "--older-than", "0s"]);
    let page = world.path("q3.html");
    bundle(&world, "q3.csb", &["--page", page.to_str().unwrap()]);
    let text = std::fs::read_to_string(page).unwrap();
    for said in [" echo release-7</td>", "case-17", "sealed"] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn attack_42_the_text_of_an_accepted_policy_is_inside_and_fits_its_acceptance() {
    let world = World::paired();
    let policy = "version = 1\n[[rule]]\nid = \"tree\"\ntools = [\"tree\"]\n\
                  verb = \"file_read\"\ndecision = \"allow\"\n";
    let file = world.path("new.toml");
    std::fs::write(&file, policy).unwrap();
    let accept = world.spawn("enforcer", &["policy", "accept", file.to_str().unwrap(), "--json"]);
    world.answer("approve");
    let output = accept.output();
    assert!(output.status.success(), "{output:?}");
    let (made, bytes) = bundle(&world, "q3.csb", &[]);
    assert_eq!((&made["policies"], &made["policiesLost"]), (&1.into(), &0.into()));
    assert_eq!(verdict(&world, &bytes), ("Valid".into(), 0));
    let text = String::from_utf8(bytes).unwrap();
    let line = text.lines().find(|line| line.starts_with("{\"policy\"")).unwrap();
    assert_eq!(json(line.as_bytes())["policy"]["text"], policy);
    let edited = line.replace("\\\"tree\\\"", "\\\"trie\\\"");
    assert_ne!(edited, line);
    assert_eq!(verdict(&world, text.replace(line, &edited).as_bytes()).0, "HashMismatch");
}

#[test]
fn attack_42_what_was_judged_under_a_text_that_nobody_accepted_is_named() {
    let world = story();
    let said_of_hashes = |name: &str| {
        bundle(&world, name, &[]);
        let (report, code) = report(&world.path(name), &world.trust());
        assert_eq!((&report["verdict"], code), (&"Valid".into(), 0), "{report}");
        (said(&report, "checked"), said(&report, "notChecked"))
    };
    // The file in this home only tightens, because nobody accepted it.
    let (checked, not_checked) = said_of_hashes("one.csb");
    assert!(!checked.contains("policyHash"), "{checked}");
    assert!(
        not_checked.contains("policyHash is not that of policies accepted before;"),
        "{not_checked}"
    );
    world.hold_nothing_more();
    assert!(world.gate(&[], &["true"]).wait().success());
    let (checked, _) = said_of_hashes("two.csb");
    assert!(checked.contains(": it is that of policies accepted before"), "{checked}");
}

#[test]
fn attack_31_no_secret_of_the_home_leaves_in_a_bundle() {
    let world = World::paired();
    let secret = "sk-live-4f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c";
    let mut command = world.gate_command(&["--env", "API_TOKEN"], &["true"]);
    command.env("API_TOKEN", secret);
    let run = Process::start(command);
    world.answer("approve");
    assert!(run.output().status.success());
    let page = world.path("q3.html").display().to_string();
    let (_, bytes) = bundle(&world, "q3.csb", &["--page", &page]);
    let key = json(&std::fs::read(world.path("enforcer").join("keys/operator.json")).unwrap());
    for hidden in [secret, key["secret"].as_str().unwrap()] {
        for text in
            [String::from_utf8_lossy(&bytes).into_owned(), std::fs::read_to_string(&page).unwrap()]
        {
            assert!(!text.contains(hidden));
        }
    }
    assert_eq!(verdict(&world, &bytes), ("Valid".into(), 0));
}

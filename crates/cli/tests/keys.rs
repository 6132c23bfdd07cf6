//! Persons with several devices, changes of what is pinned, and keys out of files.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step fails the test")]

mod common;

use common::{World, error_code, json};
use countersign_testkit::database;
use serde_json::Value;

fn trust(world: &World, party: &str) -> Value {
    world.json(party, &["trust", "show"])
}

#[test]
fn roles_change_once_the_pinned_device_allows_it() {
    let world = World::paired();
    let args = ["trust", "set", "ann", "--person", "alice", "--role", "sre,finance", "--json"];
    let set = world.spawn("enforcer", &args);
    let id = world.waiting("approver");
    let shown = world.json("approver", &["show", &id]).to_string();
    assert!(shown.contains("countersign.trust.set") && shown.contains("finance"), "{shown}");
    assert_eq!(trust(&world, "enforcer")["approvers"][0]["person"], "ann");
    world.json("approver", &["approve", &id]);
    let output = set.output();
    assert!(output.status.success(), "{output:?}");
    let hers = trust(&world, "enforcer")["approvers"][0].clone();
    assert_eq!((&hers["person"], &hers["roles"][1]), (&"alice".into(), &"finance".into()));
    let list = world.json("enforcer", &["list"]);
    assert_eq!(list["pairings"][0]["person"], "alice");
}

#[test]
fn receipts_of_before_a_change_say_who_allowed_them_then() {
    let world = World::paired();
    let set =
        world.spawn("enforcer", &["trust", "set", "ann", "--person", "alice", "--role", "sre"]);
    world.json("approver", &["approve", &world.waiting("approver")]);
    let output = set.output();
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("give auditors a new `countersign trust export`"), "{told}");
    assert_eq!(world.json("enforcer", &["audit", "verify"])["verdict"], "Valid");
    let doctor = world.run("enforcer", &["doctor", "--json"]);
    let doctor: serde_json::Value = serde_json::from_slice(&doctor.stdout).unwrap();
    for name in ["ledger", "receipts"] {
        let checks = doctor["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["check"] == name).unwrap();
        assert_eq!(check["state"], "ok", "{check}");
    }
    let file = world.path("auditor.json");
    let file = file.to_str().unwrap();
    world.json("enforcer", &["trust", "export", "-o", file]);
    for (who, code) in [("ann", 0), ("alice", 13), ("role:sre", 13)] {
        let args = ["receipt", "verify", "last", "--trust", file, "--approver", who, "--json"];
        let output = world.run("enforcer", &args);
        assert_eq!(output.status.code(), Some(code), "{who}: {output:?}");
    }
}

#[test]
fn attack_39_keys_go_nowhere_on_the_word_of_a_file_alone() {
    let world = World::paired();
    world.json("enforcer", &["trust", "export"]);
    let home = world.path("enforcer");
    let edit = "UPDATE receipt SET body = replace(body, '\"person\":\"ann\"', '\"person\":\"eve\"')
        WHERE event = 'key';";
    database::edit(&home.join("ledger.db"), edit).unwrap();
    let refused = |why: &str| {
        let output = world.run("enforcer", &["trust", "export", "--json"]);
        let said = (output.status.code(), error_code(&output));
        assert_eq!(said, (Some(13), "ledger_contradicted".into()), "{why}");
        assert!(output.stdout.is_empty(), "{why}");
    };
    refused("an edited receipt of a key");
    std::fs::remove_file(home.join("ledger.db")).unwrap();
    refused("no ledger");
}

#[test]
fn attack_09_a_denied_change_changes_nothing() {
    let world = World::paired();
    let set = world.spawn("enforcer", &["trust", "set", "ann", "--role", "boss", "--json"]);
    let id = world.waiting("approver");
    world.json("approver", &["deny", &id, "-m", "no"]);
    let output = set.output();
    assert_eq!(
        (output.status.code(), error_code(&output).as_str()),
        (Some(10), "pairing_not_allowed")
    );
    assert_eq!(trust(&world, "enforcer")["approvers"][0]["roles"], serde_json::json!([]));
}

#[test]
fn attack_09_a_change_that_would_leave_nobody_asks_nobody() {
    let world = World::paired();
    let set = ["trust", "set", "ann", "--assurance", "web", "--json"];
    let output = world.run("enforcer", &set);
    assert_eq!((output.status.code(), error_code(&output)), (Some(13), "nobody_left".into()));
    assert_ne!(trust(&world, "enforcer")["approvers"][0]["assurance"], "web");
}

#[test]
fn attack_49_verified_is_stated_by_nobody_and_a_text_that_is_no_passkey_pins_nothing() {
    let world = World::paired();
    for args in [
        &["trust", "set", "ann", "--assurance", "verified", "--json"][..],
        &["pair", "--name", "eve", "--relay", world.url(), "--assurance", "verified", "--json"],
        &["trust", "set", "ann", "--passkey", "e30", "--role", "sre", "--json"],
    ] {
        let output = world.run("enforcer", args);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains("passkey"), "{told}");
    }
    for text in ["", "e30", "no base64url!"] {
        let output = world.run("enforcer", &["trust", "set", "ann", "--passkey", text, "--json"]);
        assert_eq!((output.status.code(), error_code(&output)), (Some(13), "passkey".into()));
        let told = String::from_utf8_lossy(&output.stderr);
        let words = "\"not the text of a passkey: copy the whole line from the console\"";
        assert!(told.contains(words), "{told}");
    }
    assert!(trust(&world, "enforcer")["approvers"][0].get("passkey").is_none());
}

#[test]
fn a_change_that_nobody_answered_ends_with_11_and_says_what_was_asked() {
    let mut world = World::paired();
    let args = ["trust", "set", "ann", "--role", "sre", "--ttl", "1s", "--json"];
    let output = world.run("enforcer", &args);
    assert_eq!(
        (output.status.code(), error_code(&output).as_str()),
        (Some(11), "HARP_ERR_EXPIRED")
    );
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("nobody allowed `countersign.trust.set` in time"), "{told}");
    world.kill_gateway();
    let output = world.run("enforcer", &args);
    assert_eq!(
        (output.status.code(), error_code(&output).as_str()),
        (Some(14), "HARP_ERR_TRANSPORT")
    );
}

#[test]
fn an_auditor_imports_what_was_exported_and_takes_no_damaged_file() {
    let world = World::paired();
    let file = world.path("exported.json").display().to_string();
    world.json("enforcer", &["trust", "export", "-o", &file]);
    let imported = world.json("auditor", &["trust", "import", &file]);
    assert!(imported["approvers"][0]["before"].is_null(), "{imported}");
    let theirs = trust(&world, "auditor");
    assert_eq!(theirs["approvers"], trust(&world, "enforcer")["approvers"]);
    let again = world.run("auditor", &["trust", "import", &file, "--json"]);
    assert_eq!(error_code(&again), "nothing_to_change");
    let mut damaged = json(&std::fs::read(&file).unwrap());
    damaged["more"] = true.into();
    std::fs::write(&file, damaged.to_string()).unwrap();
    let refused = world.run("auditor", &["trust", "import", &file, "--json"]);
    assert_eq!((refused.status.code(), error_code(&refused).as_str()), (Some(1), "file"));
}

#[test]
fn attack_09_without_a_person_the_local_key_stays_what_it_is() {
    let world = World::empty();
    world.json("enforcer", &["pair", "--local", "--name", "me"]);
    let before = trust(&world, "enforcer");
    let mut rotate = std::process::Command::new("setsid");
    let command = world.command("enforcer", &["key", "rotate", "--json"]);
    rotate.arg("-w").arg(command.get_program()).args(command.get_args());
    rotate.env("COUNTERSIGN_PASSPHRASE_FILE", world.path("passphrase"));
    let output = rotate.stdin(std::process::Stdio::null()).output().unwrap();
    assert!(!output.status.success(), "{output:?}");
    assert_eq!(error_code(&output), "no_terminal");
    assert_eq!(trust(&world, "enforcer"), before);
}

#[test]
fn attack_10_a_revoked_key_bears_since_when_it_was_not_safe() {
    let world = World::paired();
    let since = "2026-01-02T03:04:05Z";
    let future = ["key", "revoke", "ann", "--compromised-since", "2999-01-01T00:00:00Z"];
    assert_eq!(world.run("enforcer", &future).status.code(), Some(2));
    world.json("enforcer", &["key", "revoke", "ann", "--compromised-since", since]);
    let status = trust(&world, "enforcer")["approvers"][0]["status"].clone();
    assert_eq!((&status["state"], &status["compromisedSince"]), (&"revoked".into(), &since.into()));
}

#[test]
fn attack_10_since_when_a_key_was_not_safe_is_said_later_and_only_earlier() {
    let world = World::paired();
    world.json("enforcer", &["revoke", "ann"]);
    let at = trust(&world, "enforcer")["approvers"][0]["status"]["at"].clone();
    let say = |since: &str| {
        world.run("enforcer", &["revoke", "ann", "--compromised-since", since, "--json"])
    };
    let told = |since: &str, more: usize| {
        let status = trust(&world, "enforcer")["approvers"][0]["status"].clone();
        assert_eq!((&status["compromisedSince"], &status["at"]), (&since.into(), &at));
        let found = world.json("enforcer", &["audit", "query", "--event", "revoked"]);
        assert_eq!(found["items"].as_array().map(Vec::len), Some(1 + more));
        assert_eq!(found["items"][0]["parameters"]["compromisedSince"], since, "{found}");
    };
    let first = say("2026-01-02T03:04:05Z");
    assert!(first.status.success(), "{first:?}");
    assert_eq!(json(&first.stdout)["compromisedSince"], "2026-01-02T03:04:05Z");
    told("2026-01-02T03:04:05Z", 1);
    let later = say("2026-01-03T03:04:05Z");
    assert_eq!((later.status.code(), error_code(&later).as_str()), (Some(1), "not_earlier"));
    told("2026-01-02T03:04:05Z", 1);
    assert!(say("2026-01-01T03:04:05Z").status.success());
    told("2026-01-01T03:04:05Z", 2);
    // The file of before the date: the ledger's word counts.
    let path = world.path("enforcer").join("trust.json");
    let mut store = json(&std::fs::read(&path).unwrap());
    store["approvers"][0]["status"].as_object_mut().unwrap().remove("compromisedSince");
    std::fs::write(&path, store.to_string()).unwrap();
    told("2026-01-01T03:04:05Z", 2);
    let nobody = world.run(
        "enforcer",
        &["revoke", "zoe", "--compromised-since", "2026-01-01T03:04:05Z", "--json"],
    );
    assert_eq!(error_code(&nobody), "no_pairing");
}

#[test]
fn who_takes_a_key_back_hears_what_becomes_of_receipts() {
    let world = World::paired();
    let run = world.gate(&[], &["true"]);
    world.answer("approve");
    run.output();
    let said = world.run("enforcer", &["revoke", "ann"]);
    let said = String::from_utf8(said.stderr).unwrap();
    assert!(said.contains("receipts rest on this key: ") && said.contains("`Revoked`"), "{said}");
}

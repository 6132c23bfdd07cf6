//! Homes that are missing, damaged, or in use.

use crate::common::World;
use crate::{LINE, inbox_is_empty, is, refusal, refused, runs, works_again};
use std::path::{Path, PathBuf};

#[test]
fn a_home_without_a_pairing_says_how_to_make_one() {
    let world = World::empty();
    for (args, wanted) in [
        (&["run", "--", "true"][..], is("no_pairing", 125)),
        (&["inbox"], is("no_pairing", 1)),
        (&["show", "x"], is("no_pairing", 1)),
        (&["approve", "x"], is("no_pairing", 1)),
        (&["deny", "x"], is("no_pairing", 1)),
        (&["history"], is("no_pairing", 1)),
        (&["revoke", "x"], is("no_pairing", 1)),
        (&["key", "fingerprint"], is("no_key", 1)),
        (&["trust", "show"], is("no_key", 1)),
        (&["receipt", "show", "last"], is("no_pairing", 1)),
        (&["receipt", "verify", "last"], is("no_key", 1)),
    ] {
        assert_eq!(refusal(&world, "nobody", args), wanted, "{args:?}");
    }
    assert!(!world.path("nobody").exists(), "asking made a home");
}

#[test]
fn without_a_home_to_be_found_it_is_a_usage_error() {
    let world = World::empty();
    let mut command = std::process::Command::new(crate::common::BINARY);
    command.args(["status", "--json"]).env_remove("HOME").env_remove("COUNTERSIGN_HOME");
    assert_eq!(refused(&command.current_dir(world.work()).output().unwrap()), is("home", 2));
}

#[test]
fn a_home_that_is_a_file_is_refused() {
    let world = World::bare();
    std::fs::write(world.path("enforcer"), "").unwrap();
    let args = ["pair", "--local", "--name", "me"];
    assert_eq!(refusal(&world, "enforcer", &args), is("home", 1));
}

#[test]
fn an_unknown_pairing_cannot_be_revoked() {
    let world = World::paired();
    for name in ["bob", "", "../ann", "ANN"] {
        assert_eq!(refusal(&world, "enforcer", &["revoke", name]), is("no_pairing", 1));
        assert_eq!(refusal(&world, "approver", &["revoke", name]), is("no_pairing", 1));
    }
    works_again(&world);
}

fn json_files(dir: &Path) -> Vec<PathBuf> {
    let files = crate::common::files(dir).into_iter().map(|(path, _)| path);
    files.filter(|path| path.extension().is_some_and(|e| e == "json")).collect()
}

#[test]
fn a_damaged_file_of_the_approver_is_named_and_nothing_is_signed() {
    let world = World::paired();
    works_again(&world);
    let mut run = world.gate(&[], &LINE);
    let id = world.waiting("approver");
    let files = json_files(&world.path("approver"));
    assert!(files.len() >= 4, "a pairing, a key, what was asked and answered: {files:?}");
    let mut refusals = 0;
    for path in files {
        let whole = std::fs::read(&path).unwrap();
        let halves: [&[u8]; 2] = [&whole[..whole.len() / 2], b"null"];
        for half in halves {
            std::fs::write(&path, half).unwrap();
            // What was asked before is no part of an answer to something else.
            let output = world.run("approver", &["inbox", "--json"]);
            if !output.status.success() {
                refusals += 1;
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                let name = path.file_name().unwrap().to_str().unwrap();
                assert!(said.contains(name), "{name} is not named: {said}");
                refused(&output);
            }
        }
        std::fs::write(&path, whole).unwrap();
    }
    assert!(refusals >= 6, "pairing, key and answer are read: {refusals}");
    assert!(run.ended().is_none());
    world.json("approver", &["approve", &id]);
    assert!(run.wait().success());
    assert_eq!(runs(&world), 2);
}

#[test]
fn the_key_of_a_local_approver_is_damaged() {
    let world = World::empty();
    world.json("enforcer", &["pair", "--local", "--name", "me"]);
    let path = world.path("enforcer").join("approver").join("local.key.json");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..40]).unwrap();
    let (_, exit) = refusal(&world, "enforcer", &["run", "--local", "--", "true"]);
    assert_eq!(exit, 125);
}

#[test]
fn a_second_gateway_on_a_home_is_refused_and_the_first_goes_on() {
    let world = World::paired();
    let args = ["gateway", "--listen", "127.0.0.1:0"];
    assert_eq!(refusal(&world, "gateway", &args), is("store_unavailable", 1));
    let text = String::from_utf8(world.run("gateway", &args).stderr).unwrap();
    assert!(text.contains("another gateway has it"), "{text}");
    works_again(&world);
}

#[test]
fn an_address_that_cannot_be_listened_on_is_refused() {
    let world = World::with_gateway();
    let taken = world.url().strip_prefix("http://").unwrap().to_owned();
    assert_eq!(refusal(&world, "gateway-2", &["gateway", "--listen", &taken]), is("listen", 1));
    // Plain text on a network is no default.
    let args = ["gateway", "--listen", "0.0.0.0:0"];
    assert_eq!(refusal(&world, "gateway-3", &args), is("listen", 2));
}

#[test]
fn a_damaged_database_of_the_gateway_is_refused() {
    let mut world = World::paired();
    world.kill_gateway();
    let dir = world.path("gateway").join("gateway");
    // Without its journal, from which a database would be restored.
    for name in ["gateway.db-wal", "gateway.db-shm"] {
        let _ = std::fs::remove_file(dir.join(name));
    }
    std::fs::write(dir.join("gateway.db"), "not a database at all. ".repeat(400)).unwrap();
    let args = ["gateway", "--listen", "127.0.0.1:0"];
    let (code, exit) = refusal(&world, "gateway", &args);
    assert_eq!((code.as_str(), exit), ("store_corrupt", 13));
}

#[test]
fn a_leftover_of_a_crash_in_the_pairings_is_no_pairing() {
    let world = World::paired();
    let pairings = world.path("enforcer").join("pairings");
    std::fs::write(pairings.join(".bob.json.1.0.tmp"), "half").unwrap();
    assert_eq!(world.json("enforcer", &["list"])["pairings"].as_array().unwrap().len(), 1);
    assert!(inbox_is_empty(&world));
    works_again(&world);
}

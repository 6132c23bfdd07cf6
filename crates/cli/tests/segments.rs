//! Old receipts moved into sealed files, dropped and held, from the command line.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod common;

use common::{World, error_code, json};

#[test]
fn a_home_is_rotated_held_and_verified_from_the_command_line() {
    let world = World::paired();
    let run = world.gate(&[], &["true"]);
    world.answer("approve");
    run.output();
    let rotated = world.json("enforcer", &["audit", "rotate"]);
    assert_eq!(rotated["sealed"], serde_json::json!([]), "nothing is a month old");
    let rotated = world.json("enforcer", &["audit", "rotate", "--older-than", "0s"]);
    let sealed = &rotated["sealed"][0];
    assert_eq!(sealed["first"], 1, "{rotated}");
    let file = world.path("enforcer").join(sealed["file"].as_str().unwrap());
    let (file, trust) = (file.display().to_string(), world.trust().display().to_string());
    let alone = world.json("approver", &["audit", "verify", &file, "--trust", &trust]);
    assert_eq!((&alone["verdict"], &alone["range"]["last"]), (&"Valid".into(), &sealed["last"]));
    let whole = world.json("enforcer", &["audit", "verify"]);
    assert_eq!((&whole["verdict"], &whole["segments"]), (&"Valid".into(), &1.into()), "{whole}");
    assert!(whole["witnesses"].as_array().unwrap().iter().all(|one| one["holds"] == true));
    let found = world.json("enforcer", &["audit", "query", "--decision", "approve"]);
    assert_eq!(found["notSearched"]["last"], sealed["last"], "{found}");
    // The gateway is asked with the head of receipt 1, which stands in a segment.
    let run = world.gate(&[], &["echo", "again"]);
    world.answer("approve");
    assert!(run.output().status.success());
    world.json("enforcer", &["audit", "hold", "add", "case-17", "-m", "counsel asked"]);
    let keep = ["audit", "rotate", "--older-than", "0s", "--keep", "0s"];
    assert_eq!(world.json("enforcer", &keep)["held"], "case-17");
    let holds = world.json("enforcer", &["audit", "hold", "list"]);
    assert_eq!(holds["items"][0]["why"], "counsel asked");
    world.json("enforcer", &["audit", "hold", "release", "case-17"]);
    let unknown = world.run("enforcer", &["audit", "hold", "release", "case-17", "--json"]);
    assert_eq!((error_code(&unknown).as_str(), unknown.status.code()), ("segment", Some(1)));
    let dropped = world.json("enforcer", &keep);
    assert!(!dropped["dropped"].as_array().unwrap().is_empty(), "{dropped}");
    let whole = world.json("enforcer", &["audit", "verify"]);
    assert_eq!(whole["verdict"], "Valid", "{whole}");
    assert_eq!(whole["dropped"]["first"], 1);
    let run = world.gate(&[], &["echo", "and again"]);
    world.answer("approve");
    assert!(run.output().status.success());
}

#[test]
fn what_was_sealed_or_dropped_is_in_no_search_and_no_count() {
    let world = World::paired();
    let run = world.gate(&[], &["true"]);
    let id = world.waiting("approver");
    world.json("approver", &["deny", &id, "-m", "told-to-nobody"]);
    assert!(!run.output().status.success());
    let stats = world.json("enforcer", &["audit", "stats"]);
    assert_eq!((&stats["denied"], stats.get("notSearched")), (&1.into(), None));
    // The newest receipt is never sealed.
    for change in ["add", "release"] {
        world.json("enforcer", &["audit", "hold", change, "case-17"]);
    }
    for keep in [&[][..], &["--keep", "0s"]] {
        let rotate = [&["audit", "rotate", "--older-than", "0s"], keep].concat();
        world.json("enforcer", &rotate);
        for query in [&[][..], &["--decision", "deny"], &["--approver", "ann"]] {
            let found = world.json("enforcer", &[&["audit", "query"], query].concat());
            assert!(!found.to_string().contains("told-to-nobody"), "{query:?}: {found}");
            assert!(found["notSearched"]["last"].as_u64() > Some(1), "{found}");
        }
        let stats = world.json("enforcer", &["audit", "stats"]);
        assert_eq!(stats["denied"], 0, "{stats}");
        assert!(stats["notSearched"]["last"].as_u64() > Some(1), "{stats}");
        assert!(stats.get("denialRate").is_none(), "{stats}");
        assert_eq!(world.json("enforcer", &["audit", "verify"])["verdict"], "Valid");
    }
    // The gate still knows what was denied a moment ago.
    let again = world.run("enforcer", &["run", "--", "true"]);
    let told = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(told.contains("ann denied exactly this"), "{told}");
}

/// What told the age of a copy may have been dropped with it, by rule: that is said, and no more.
#[test]
fn what_is_left_of_dropped_receipts_is_said_to_be_as_old_as_it_says() {
    let world = World::paired();
    let (mut pairing, link) = world.invite("enforcer", "bob", "device");
    world.json("bob", &["join", &link]);
    world.answer("approve");
    assert!(pairing.wait().success());
    let mut denied = world.gate(&["--to", "bob"], &["true"]);
    let id = world.waiting("bob");
    world.json("bob", &["deny", &id]);
    assert_eq!(denied.wait().code(), Some(126));
    let run = world.gate(&["--to", "ann"], &["echo", "after"]);
    world.answer("approve");
    assert!(run.output().status.success());
    world.json("enforcer", &["revoke", "bob", "--yes"]);
    world.json("enforcer", &["audit", "hold", "add", "newest"]);
    world.json("enforcer", &["audit", "hold", "release", "newest"]);
    world.json("enforcer", &["audit", "rotate", "--older-than", "0s"]);
    let whole = world.json("enforcer", &["audit", "verify"]);
    let words = "they rest on keys taken back since";
    assert!(!whole["notChecked"].to_string().contains(words), "nothing was dropped: {whole}");
    world.json("enforcer", &["audit", "rotate", "--older-than", "0s", "--keep", "0s"]);
    let whole = world.json("enforcer", &["audit", "verify"]);
    assert_eq!(whole["verdict"], "Valid", "{whole}");
    assert!(whole["notChecked"].to_string().contains(words), "{whole}");
    let text = world.run("enforcer", &["audit", "verify"]).stdout;
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("not checked  the age of the copies of 1 dropped receipt"), "{text}");
}

#[test]
fn settings_that_are_mistyped_are_refused() {
    let world = World::paired();
    let config = world.path("enforcer").join("config.toml");
    std::fs::write(&config, "[segments]\nkept = \"1d\"\n").unwrap();
    let refused = world.run("enforcer", &["audit", "rotate", "--json"]);
    assert_eq!((error_code(&refused).as_str(), refused.status.code()), ("config", Some(2)));
    for name in ["a", "b"] {
        world.json("enforcer", &["audit", "hold", "add", name]);
    }
    std::fs::write(&config, "[segments]\nolder = \"0s\"\nsize = 2\n").unwrap();
    let rotated = json(&world.run("enforcer", &["audit", "rotate", "--json"]).stdout);
    assert_eq!(
        (&rotated["sealed"][0]["last"], &rotated["dropped"]),
        (&2.into(), &serde_json::json!([]))
    );
}

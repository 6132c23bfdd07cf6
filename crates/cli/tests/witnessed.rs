//! Old receipts of keys that ended later: judged by who saw them, and when.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step fails the test")]

mod common;

use common::{World, json};
use countersign_core::time::Instant;
use serde_json::Value;

fn now() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Instant(i64::try_from(since.as_millis()).unwrap()).timestamp().to_string()
}

fn go(world: &World) {
    let run = world.gate(&[], &["true"]);
    world.answer("approve");
    assert!(run.output().status.success());
}

/// The number of the newest receipt.
fn newest(world: &World) -> u64 {
    world.json("enforcer", &["receipt", "show", "last"])["content"]["seq"].as_u64().unwrap()
}

fn judged(world: &World, args: &[&str]) -> (Value, i32) {
    let output = world.run("enforcer", &[args, &["--json"]].concat());
    (json(&output.stdout), output.status.code().unwrap())
}

#[test]
fn a_kept_head_tells_the_age_of_what_a_revoked_key_approved() {
    let world = World::paired();
    go(&world);
    let (seq, kept) = (newest(&world).to_string(), world.path("kept.json"));
    std::fs::copy(world.path("enforcer").join("head.json"), &kept).unwrap();
    let witness = format!("{}={}", now(), kept.display());
    world.json("enforcer", &["revoke", "ann", "--yes"]);
    for what in [&["receipt", "verify", &seq][..], &["audit", "verify"]] {
        let (verdict, code) = judged(&world, what);
        assert_eq!((&verdict["verdict"], code), (&"Revoked".into(), 13), "{what:?}");
        let (verdict, code) = judged(&world, &[what, &["--witnessed", &witness]].concat());
        assert_eq!((&verdict["verdict"], code), (&"Valid".into(), 0), "{what:?}: {verdict}");
    }
    // A copy of the ledger serves whoever has no home.
    let (receipt, trust) = (world.path("receipt.json"), world.path("exported.json"));
    let shown = world.json("enforcer", &["receipt", "show", &seq]);
    std::fs::write(&receipt, shown.to_string()).unwrap();
    let ledger = world.path("enforcer").join("ledger.db").display().to_string();
    let [receipt, trust] = [receipt, trust].map(|path| path.display().to_string());
    world.json("enforcer", &["trust", "export", "-o", &trust]);
    let alone = ["receipt", "verify", &receipt, "--trust", &trust, "--witnessed", &witness];
    let (verdict, code) = judged(&world, &[&alone[..], &["--ledger", &ledger]].concat());
    assert_eq!((&verdict["verdict"], code), (&"Valid".into(), 0), "{verdict}");
    assert!(verdict["witness"]["who"].as_str().unwrap().contains("kept.json"), "{verdict}");
    // Seen afterwards, it proves nothing.
    let late = format!("{}={}", now(), kept.display());
    let (verdict, _) = judged(&world, &["audit", "verify", "--witnessed", &late]);
    assert_eq!(verdict["verdict"], "Revoked");
}

#[test]
fn attack_10_a_kept_head_covers_nothing_since_the_compromise() {
    let world = World::paired();
    let before = now();
    go(&world);
    let kept = world.path("kept.json");
    std::fs::copy(world.path("enforcer").join("head.json"), &kept).unwrap();
    let witness = format!("{}={}", now(), kept.display());
    world.json("enforcer", &["revoke", "ann", "--yes", "--compromised-since", &before]);
    let (verdict, code) = judged(&world, &["audit", "verify", "--witnessed", &witness]);
    assert_eq!((&verdict["verdict"], code), (&"Revoked".into(), 13), "{verdict}");
}

#[test]
fn an_approver_who_stays_is_a_witness_for_one_who_was_revoked() {
    let world = World::paired();
    go(&world);
    let (mut pairing, link) = world.invite("enforcer", "bob", "device");
    world.json("bob", &["join", &link]);
    world.answer("approve");
    assert!(pairing.wait().success());
    let run = world.gate(&[], &["true"]);
    let id = world.waiting("bob");
    world.json("bob", &["approve", &id]);
    assert!(run.output().status.success());
    world.json("enforcer", &["revoke", "ann", "--yes"]);
    let (verdict, code) = judged(&world, &["audit", "verify"]);
    assert_eq!((&verdict["verdict"], code), (&"Valid".into(), 0), "{verdict}");
    let witnesses = verdict["witnesses"].to_string();
    assert!(witnesses.contains("an approver's answer of"), "{witnesses}");
    let (verdict, code) = judged(&world, &["receipt", "verify", "4"]);
    assert_eq!((&verdict["verdict"], code), (&"Valid".into(), 0), "{verdict}");
    // What she approved after the last answer of anybody else has no witness.
    world.json("enforcer", &["revoke", "bob", "--yes"]);
    let (verdict, code) = judged(&world, &["audit", "verify"]);
    assert_eq!((&verdict["verdict"], code), (&"Revoked".into(), 13), "{verdict}");
}

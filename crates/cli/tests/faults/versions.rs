//! Files that say of themselves what is not so: a head that is none, a ledger of another version.
//! They are named by the check of the whole, and nothing is run meanwhile.

use crate::common::{World, error_code, json};
use crate::scene::{gate, not_run, runs, works_again};
use countersign_testkit::database;
use serde_json::Value;

/// A check of the home's own ledger.
fn verify(world: &World) -> (Value, Option<i32>) {
    let output = world.run("enforcer", &["audit", "verify", "--json"]);
    (json(&output.stdout), output.status.code())
}

fn hint(world: &World) -> String {
    let output = gate(world).output();
    not_run(&output);
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn attack_28_a_garbled_head_is_named_by_the_check() {
    let world = World::paired();
    works_again(&world);
    let path = world.path("enforcer").join("head.json");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, "{\"half\":").unwrap();
    let (report, code) = verify(&world);
    assert_eq!((&report["verdict"], code), (&"Malformed".into(), Some(13)), "{report}");
    assert!(report["because"].as_str().unwrap().starts_with("`head.json` is no head"), "{report}");
    assert!(report["hint"].as_str().unwrap().contains("the receipts hold"), "{report}");
    // The gateway was asked all the same: a ledger that was put back as well is told first.
    assert!(report["witnesses"].to_string().contains(world.url()), "{report}");
    assert!(hint(&world).contains("audit verify"));
    std::fs::remove_file(world.path("enforcer").join("ledger.db")).unwrap();
    let (report, code) = verify(&world);
    assert_eq!((&report["verdict"], code), (&"Truncated".into(), Some(13)), "{report}");
    std::fs::write(&path, whole).unwrap();
    assert_eq!(runs(&world), 1);
}

#[test]
fn attack_28_a_garbled_head_beside_a_copy_is_named_by_the_check() {
    let world = World::paired();
    works_again(&world);
    let head = world.path("enforcer").join("head.json");
    std::fs::write(head, "[]").unwrap();
    let (file, trust) = (world.path("enforcer").join("ledger.db"), world.trust());
    let (file, trust) = (file.to_str().unwrap(), trust.to_str().unwrap());
    let output = world.run("approver", &["audit", "verify", file, "--trust", trust, "--json"]);
    let report = json(&output.stdout);
    assert_eq!((&report["verdict"], output.status.code()), (&"Malformed".into(), Some(13)));
    assert!(report["because"].as_str().unwrap().contains("head.json"), "{report}");
}

#[test]
fn attack_28_a_table_that_was_taken_away_is_named_and_nothing_is_run() {
    let world = World::paired();
    works_again(&world);
    let path = world.path("enforcer").join("ledger.db");
    database::edit(&path, "DROP TABLE usable;").unwrap();
    let (report, code) = verify(&world);
    assert_eq!((&report["verdict"], code), (&"Contradicted".into(), Some(13)), "{report}");
    not_run(&gate(&world).output());
    assert_eq!(runs(&world), 1);
}

#[test]
fn attack_28_a_ledger_that_lies_of_its_version_is_named_and_nothing_is_run() {
    let world = World::paired();
    works_again(&world);
    let path = world.path("enforcer").join("ledger.db");
    let newest = 12;
    let said = |version: i64, verdict: &str, (code, failed): (&str, i32), words: [&str; 2]| {
        database::edit(&path, &format!("PRAGMA user_version = {version};")).unwrap();
        let (report, exit) = verify(&world);
        assert_eq!((&report["verdict"], exit), (&verdict.into(), Some(13)), "{report}");
        let because = report["because"].as_str().unwrap();
        assert!(because.contains(words[0]) && because.contains("version"), "{because}");
        let status = world.run("enforcer", &["status", "--json"]);
        assert_eq!((error_code(&status).as_str(), status.status.code()), (code, Some(failed)));
        assert!(String::from_utf8_lossy(&status.stderr).contains(words[1]), "{status:?}");
        assert!(hint(&world).contains(words[1]));
        let doctor = world.run("enforcer", &["doctor"]);
        let doctor = String::from_utf8(doctor.stdout).unwrap();
        assert!(doctor.contains(words[0]) && doctor.contains(words[1]), "{doctor}");
    };
    let earlier = ["its tables are those of version", "audit verify"];
    said(1, "Malformed", ("store_corrupt", 13), earlier);
    said(newest - 1, "Malformed", ("store_corrupt", 13), earlier);
    said(newest + 1, "Unsupported", ("store_newer", 1), ["is newer than", "that wrote it"]);
    database::edit(&path, &format!("PRAGMA user_version = {newest};")).unwrap();
    assert_eq!(runs(&world), 1);
    assert_eq!(verify(&world).1, Some(0));
}

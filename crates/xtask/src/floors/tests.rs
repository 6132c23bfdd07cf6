//! Each rule is shown by an import it lets pass and one it does not.

use super::*;

/// Reads `from -> to` or, for a dependency of tests, `from ~> to`; short names are our own crates.
fn edge(text: &str) -> Edge {
    let tests_only = text.contains("~>");
    let (from, to) = text.split_once(if tests_only { " ~> " } else { " -> " }).unwrap();
    let (from, _) = full(from);
    let (to, ours) = full(to);
    Edge { from, to, ours, tests_only }
}

fn full(name: &str) -> (String, bool) {
    match name {
        "cli" => ("countersign".to_owned(), true),
        "xtask" => (name.to_owned(), true),
        "ed25519-dalek" | "x25519-dalek" | "rusqlite" | "serde" => (name.to_owned(), false),
        _ => (format!("countersign-{name}"), true),
    }
}

fn breach(text: &str) -> Option<String> {
    let found = breaches(&[edge(text)]);
    assert!(found.len() <= 1, "one line per import: {found:?}");
    found.into_iter().next()
}

#[track_caller]
fn assert_open(imports: &[&str]) {
    for import in imports {
        assert_eq!(breach(import), None, "{import}");
    }
}

#[track_caller]
fn assert_shut(because: &str, imports: &[&str]) {
    for import in imports {
        let why = breach(import).unwrap_or_default();
        assert!(why.contains(because), "{import}: {why:?}");
    }
}

#[test]
fn stairs_go_down() {
    assert_open(&["wire -> core", "client -> wire", "gateway -> store", "cli -> enforcer"]);
    assert_open(&["core -> serde", "xtask -> serde", "client ~> core"]);
    assert_shut("imports only go down", &["core -> wire", "wire -> gateway", "approver -> cli"]);
}

#[test]
fn a_crate_does_not_import_from_its_own_floor() {
    let level = ["wire -> store", "store -> wire", "client ~> store-sqlite", "core -> core"];
    assert_shut("imports only go down", &level);
}

#[test]
fn tests_go_down_too() {
    assert_shut("imports only go down", &["core ~> wire", "store ~> store-sqlite"]);
}

#[test]
fn gateway_enforcer_and_approver_never_meet() {
    let meetings = ["gateway -> enforcer", "enforcer ~> gateway", "approver -> enforcer"];
    assert_shut("only on the wire", &meetings);
    assert_open(&["enforcer ~> testkit", "testkit -> gateway", "testkit -> enforcer"]);
}

#[test]
fn only_tests_see_the_testkit() {
    assert_open(&["core ~> testkit", "gateway ~> testkit", "cli ~> testkit"]);
    assert_shut("nobody may", &["gateway -> testkit", "cli -> testkit"]);
    assert_shut("imports only go down", &["testkit -> cli"]);
}

#[test]
fn only_core_and_the_vectors_name_signature_libraries() {
    assert_open(&["core -> ed25519-dalek", "core -> x25519-dalek", "testkit ~> ed25519-dalek"]);
    assert_open(&["xtask -> ed25519-dalek"]);
    let signers = ["approver -> ed25519-dalek", "enforcer ~> x25519-dalek", "cli -> x25519-dalek"];
    assert_shut("countersign-core", &signers);
    assert_shut("only countersign-core, xtask may", &["testkit -> ed25519-dalek"]);
    assert_shut("only countersign-core may", &["xtask -> x25519-dalek"]);
}

#[test]
fn only_stores_name_a_database_driver() {
    assert_open(&["store-sqlite -> rusqlite", "testkit -> rusqlite"]);
    let drivers = ["store -> rusqlite", "gateway ~> rusqlite", "cli -> rusqlite"];
    assert_shut("countersign-store-*", &drivers);
}

#[test]
fn only_the_binary_picks_a_store() {
    assert_open(&["cli -> store-sqlite", "enforcer ~> store-sqlite", "testkit -> store-sqlite"]);
    assert_shut("only countersign,", &["enforcer -> store-sqlite", "gateway -> store-sqlite"]);
}

#[test]
fn developer_commands_stand_apart() {
    assert_open(&["xtask -> core"]);
    assert_shut("imports only go down", &["xtask -> wire", "xtask ~> store"]);
    assert_shut("nobody may", &["cli -> xtask", "testkit ~> xtask"]);
}

#[test]
fn an_unlisted_crate_is_a_breach() {
    assert_shut("`countersign-attic` stands on no floor", &["attic -> core", "cli -> attic"]);
    assert!(unlisted("countersign-attic").is_some());
    assert_eq!(unlisted("countersign-core"), None);
}

#[test]
fn every_breach_is_told() {
    let imports = ["core -> wire", "wire -> core", "gateway -> rusqlite", "cli -> testkit"];
    assert_eq!(breaches(&imports.map(edge)).len(), 3);
}

#[test]
fn manifests_become_edges() {
    let house = survey().unwrap();
    let edges = edges(&house);
    let of = |from: &str, to: &str| edges.iter().find(|it| it.from == from && it.to == to).cloned();
    assert!(of("countersign-wire", CORE).is_some_and(|edge| edge.ours && !edge.tests_only));
    assert!(of("countersign-store-sqlite", "rusqlite").is_some_and(|edge| !edge.ours));
    assert!(of(CORE, "proptest").is_some_and(|edge| edge.tests_only));
}

#[test]
fn this_house_stands() {
    assert_eq!(run(), Ok(()));
}

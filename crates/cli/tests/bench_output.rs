//! What `bench` prints. The figures are the machine's; their shape is ours.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

mod common;

use common::{World, error_code, json};
use serde_json::Value;

const ROWS: [&str; 29] = [
    "gate-one-p50",
    "gate-one-rate",
    "gate-many-rate",
    "gate-allow-1-1k",
    "gate-allow-64-1k",
    "gate-allow-256-1k",
    "gate-approve-1-1k",
    "gate-approve-64-1k",
    "gate-approve-256-1k",
    "canonical-command-1k",
    "canonical-patch-1m",
    "canonical-object-1m",
    "verify-rate",
    "policy-1000-p99",
    "policy-1000-rate",
    "policy-shell-200",
    "policy-shell-hostile-64k",
    "policy-load-1000",
    "hook-p50",
    "hook-p99",
    "hook-memory",
    "exchange-rate",
    "exchange-p99",
    "exchange-paced-p99",
    "release-p50",
    "release-p99",
    "audit-verify-l0",
    "audit-verify-l1",
    "audit-query",
];

/// Runs `bench --quick` in a directory of its own, and checks that it leaves nothing there.
fn bench(world: &World, args: &[&str]) -> std::process::Output {
    let ground = world.path("ground");
    std::fs::create_dir_all(&ground).unwrap();
    let args: Vec<&str> = ["bench", "--quick"].iter().chain(args).copied().collect();
    let output = world.command("enforcer", &args).env("TMPDIR", &ground).output().unwrap();
    assert_eq!(std::fs::read_dir(&ground).unwrap().count(), 0, "something stayed");
    output
}

#[test]
fn every_row_has_a_value_beside_its_limit() {
    let output = bench(&World::empty(), &["--json"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout.iter().filter(|b| **b == b'\n').count(), 1, "one line");
    let document = json(&output.stdout);
    let rows = document["rows"].as_array().unwrap();
    let machine = document["machine"].as_object().unwrap();
    assert_eq!(machine.len(), 4);
    assert!(machine.values().all(|rate| rate.as_f64().unwrap() > 0.0), "{machine:?}");
    let names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ROWS);
    rows.iter().for_each(check);
}

fn check(row: &Value) {
    let members: Vec<&String> = row.as_object().unwrap().keys().collect();
    assert_eq!(members, ["better", "limit", "name", "ratio", "unit", "value"]);
    let figure =
        |name: &str| row[name].as_f64().filter(|f| *f > 0.0).unwrap_or_else(|| panic!("{row}"));
    let (value, limit) = (figure("value"), figure("limit"));
    let ratio = match row["better"].as_str() {
        Some("higher") => value / limit,
        Some("lower") => limit / value,
        _ => panic!("{row}"),
    };
    // Figures are rounded to four digits.
    assert!((figure("ratio") / ratio - 1.0).abs() < 0.002, "{row}");
    assert!(
        ["ms", "per s", "MB", "MB/s", "ratio"].contains(&row["unit"].as_str().unwrap()),
        "{row}"
    );
}

#[test]
fn one_row_can_be_measured_alone_and_a_wrong_name_is_refused() {
    let world = World::empty();
    let output = bench(&world, &["--only", "verify"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("verify-rate") && !text.contains("gate-"), "{text}");
    assert!(output.stderr.is_empty(), "progress is for terminals");
    let output = bench(&world, &["--only", "gates", "--json"]);
    assert_eq!((output.status.code(), error_code(&output).as_str()), (Some(2), "row"));
    let long = bench(&world, &["--only", "gate-allow-1-1m", "--json"]);
    assert_eq!((long.status.code(), error_code(&long).as_str()), (Some(2), "row"));
    let said = String::from_utf8(long.stderr).unwrap();
    assert!(said.contains("--receipts 1000000"), "{said}");
}

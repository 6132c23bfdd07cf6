//! `harp conformance`: the level claimed is the one that is complete, and nothing more.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

mod common;

use common::{World, json};
use serde_json::Value;

const LEVELS: [&str; 3] = ["Core", "Extended", "Enterprise"];

/// HARP-COMPLIANCE §2 and §3, and what its §1.3 and §8 add.
const SECTIONS: [&str; 15] = [
    "1.3", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.8", "2.9", "2.10", "2.11", "2.12",
    "3", "8",
];

fn place(level: &Value) -> usize {
    LEVELS.iter().position(|name| level == name).unwrap()
}

/// The checks of `level` and below that did not pass, as `section check`.
fn open(report: &Value, level: usize) -> Vec<String> {
    let categories = report["categories"].as_array().unwrap().iter();
    let needed = categories.filter(|category| place(&category["level"]) <= level);
    needed
        .flat_map(|category| {
            let section = category["section"].as_str().unwrap();
            let checks = category["checks"].as_array().unwrap().iter();
            let open = checks.filter(|check| check["state"] != "passed");
            open.map(move |check| format!("{section} {}", check["check"].as_str().unwrap()))
        })
        .collect()
}

#[test]
fn the_claimed_level_is_the_complete_one_and_the_rest_is_listed() {
    let world = World::empty();
    let output = world.command("nobody", &["harp", "conformance", "--json"]).output().unwrap();
    let report = json(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{report:#}");
    let sections: Vec<&str> = report["categories"]
        .as_array()
        .unwrap()
        .iter()
        .map(|category| category["section"].as_str().unwrap())
        .collect();
    assert_eq!(sections, SECTIONS);
    let complete = (0..LEVELS.len()).take_while(|level| open(&report, *level).is_empty()).last();
    let declaration = &report["declaration"];
    assert_eq!(declaration["conformanceLevel"].as_str(), complete.map(|level| LEVELS[level]));
    assert_eq!(declaration["harpVersion"], "0.2");
    let next = complete.map_or(0, |level| level + 1);
    assert_eq!(report["next"]["level"], LEVELS[next]);
    assert_eq!(report["next"]["missing"], serde_json::json!(open(&report, next)));
    let audit = report["categories"].as_array().unwrap().last().unwrap();
    assert_eq!((&audit["name"], &audit["state"]), (&"audit".into(), &"passed".into()), "{audit:#}");
    assert!(!world.path("nobody").exists(), "a report makes no home");
}

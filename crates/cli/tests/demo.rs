//! The demo, as a script runs it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step fails the test")]

mod common;

use common::{World, json};
use serde_json::Value;

/// The demo's document; its files go below the test's own directory.
fn demo(flag: &str) -> (Value, i32) {
    let world = World::empty();
    let mut command = world.command("demo", &["demo", flag, "--json"]);
    let output = command.env("TMPDIR", world.work()).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let document = json(&output.stdout);
    let target = std::path::Path::new(document["home"].as_str().unwrap()).join("project/build");
    assert_eq!(document["ran"], !target.exists());
    assert_eq!(codes(&document), CODES);
    (document, output.status.code().unwrap())
}

const CODES: [&str; 3] =
    ["HARP_ERR_REPLAY", "HARP_ERR_HASH_MISMATCH", "HARP_ERR_SIGNATURE_INVALID"];

fn codes(document: &Value) -> Vec<&str> {
    let attacks = document["attacks"].as_array().unwrap();
    assert!(attacks.iter().all(|a| a["refused"] == true));
    attacks.iter().map(|a| a["code"].as_str().unwrap()).collect()
}

#[test]
fn approved_it_runs_and_the_receipt_is_level_one() {
    let (document, code) = demo("--approve");
    assert_eq!(
        (&document["verdict"], &document["ran"], code),
        (&"approved".into(), &true.into(), 0)
    );
    let verdict = &document["receiptVerdict"];
    assert_eq!((&verdict["verdict"], &verdict["level"]), (&"Valid".into(), &"L1".into()));
}

#[test]
fn denied_it_does_not_run() {
    let (document, code) = demo("--deny");
    assert_eq!(
        (&document["verdict"], &document["ran"], code),
        (&"denied".into(), &false.into(), 0)
    );
    assert_eq!(document["receiptVerdict"]["event"], "denied");
}

#[test]
fn attack_20_unanswered_it_does_not_run() {
    let (document, code) = demo("--expire");
    assert_eq!(
        (&document["verdict"], &document["ran"], code),
        (&"expired".into(), &false.into(), 0)
    );
    assert_eq!(document["receiptVerdict"]["event"], "expired");
}

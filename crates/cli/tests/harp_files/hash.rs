//! `harp hash`.

use super::{Desk, ended, refused};

/// The published artifact, in another order and with white space.
const PUBLISHED: &str = include_str!("../../../../vectors/harp-0.2/core.json");

#[test]
fn the_published_artifact_has_the_published_hash() {
    let desk = Desk::by_hand();
    let vectors: serde_json::Value = serde_json::from_str(PUBLISHED).unwrap();
    let canonical = vectors["artifactHash"]["canonical"].as_str().unwrap();
    let mut artifact: serde_json::Value = serde_json::from_str(canonical).unwrap();
    artifact["artifactHash"] = "claimed".into();
    let text = serde_json::to_string_pretty(&artifact).unwrap();
    std::fs::write(desk.path("artifact.json"), text).unwrap();
    let args = ["hash", "artifact.json", "--omit", "artifactHash"];
    let output = desk.run(&args);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.trim(), vectors["artifactHash"]["sha256"].as_str().unwrap());
    let output = desk.run(&[&args[..], &["--canonical"]].concat());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), canonical);
    assert_eq!(ended(&desk.run(&["hash", "artifact.json", "--omit", "x", "--json"])).0, 2);
}

#[test]
fn a_text_that_two_parsers_read_differently_has_no_hash() {
    let desk = Desk::by_hand();
    for text in [r#"{"a":1,"a":2}"#, r#"{"a":1e400}"#, "{} {}", ""] {
        std::fs::write(desk.path("x.json"), text).unwrap();
        let output = desk.run(&["hash", "x.json", "--json"]);
        assert_eq!(ended(&output), refused("CANONICALIZATION"), "{text}");
    }
}

//! The console in `web/console` shows the same: its own tests answer the same file.
//!
//! The file is data that both read: who adds a case writes its name, artifact and disclosures, and
//! lets `cargo xtask reviews` work out the hash and the review, which runs this with
//! `COUNTERSIGN_SNAPSHOTS=write`.

use super::Review;
use crate::fixture;
use crate::open::at_hand;
use countersign_core::artifact::{Artifact, Statement};
use countersign_core::json;
use countersign_core::redact::Disclosure;
use serde::Serialize;
use serde_json::Value;

/// Artifacts, what was disclosed of them, and the review of each.
const REVIEWS: &str = include_str!("../../../../web/console/test/reviews.json");

/// As large as the file may become.
const LIMIT: usize = 4 * 1024 * 1024;

const STALE: &str = "where this is meant, write it with `cargo xtask reviews`";

/// As JSON has it in its canonical form: no number is written in two ways.
fn text(value: &impl Serialize) -> String {
    String::from_utf8(json::canonical(value).unwrap()).unwrap()
}

/// A case as it stands in the file.
fn line(vector: &Value) -> String {
    let mut artifact: Artifact = serde_json::from_value(vector["artifact"].clone()).unwrap();
    artifact = Artifact::build(artifact.head, artifact.payload).unwrap();
    let (name, whole) = (&vector["name"], text(&artifact));
    let given = vector.get("disclosures").unwrap_or(&Value::Null);
    let disclosed: Vec<Disclosure> = serde_json::from_value(given.clone()).unwrap_or_default();
    let shown = match given.is_null() {
        true => String::new(),
        false => format!("\"disclosures\":{},", text(given)),
    };
    let review = serde_json::to_string(&review(artifact, disclosed)).unwrap();
    format!("{{\"name\":{name},\"artifact\":{whole},{shown}\"review\":{review}}}")
}

fn review(artifact: Artifact, disclosures: Vec<Disclosure>) -> Review {
    let enforcer = fixture::enforcer();
    let statement = Statement::sign(artifact, disclosures, &enforcer).unwrap();
    let name = fixture::pairing().name;
    let opened = at_hand(statement, name, enforcer.public(), fixture::now()).unwrap();
    Review::of(&opened)
}

/// The whole file, with every hash and review worked out anew.
fn worked_out() -> String {
    let file = json::parse(REVIEWS.as_bytes(), LIMIT).unwrap();
    let lines: Vec<String> = file["reviews"].as_array().unwrap().iter().map(line).collect();
    let (note, pairing) = (&file["note"], &file["pairing"]);
    let reviews = lines.join(",\n");
    format!("{{\n\"note\": {note},\n\"pairing\": {pairing},\n\"reviews\": [\n{reviews}\n]\n}}\n")
}

#[test]
fn attack_06_the_console_shows_what_the_terminal_shows() {
    let anew = worked_out();
    if std::env::var_os("COUNTERSIGN_SNAPSHOTS").is_some_and(|how| how == "write") {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/console/test/reviews.json");
        std::fs::write(path, anew).unwrap();
        return;
    }
    for (stands, shown) in REVIEWS.lines().zip(anew.lines()) {
        assert!(stands == shown, "{STALE}:\n{stands}\nis now\n{shown}");
    }
    assert_eq!(REVIEWS.len(), anew.len(), "{STALE}");
    assert!(anew.lines().count() > 80);
}

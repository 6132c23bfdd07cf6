//! The console in `web/console` shows the same: its own tests answer the same file.

use super::Review;
use crate::fixture;
use crate::open::at_hand;
use countersign_core::artifact::{Artifact, Statement};
use countersign_core::json;
use countersign_core::redact::Disclosure;
use serde_json::Value;

/// Artifacts, what was disclosed of them, and the review of each.
const REVIEWS: &str = include_str!("../../../../web/console/test/reviews.json");

/// As large as the file may become.
const LIMIT: usize = 4 * 1024 * 1024;

fn shown(vector: &Value) -> Value {
    let artifact = Artifact::from_value(vector["artifact"].clone()).unwrap();
    let disclosures: Vec<Disclosure> = match vector.get("disclosures") {
        Some(all) => serde_json::from_value(all.clone()).unwrap(),
        None => vec![],
    };
    let enforcer = fixture::enforcer();
    let statement = Statement::sign(artifact, disclosures, &enforcer).unwrap();
    let name = fixture::pairing().name;
    let opened = at_hand(statement, name, enforcer.public(), fixture::now()).unwrap();
    serde_json::to_value(Review::of(&opened)).unwrap()
}

#[test]
fn attack_06_the_console_shows_what_the_terminal_shows() {
    let file = json::parse(REVIEWS.as_bytes(), LIMIT).unwrap();
    let vectors = file["reviews"].as_array().unwrap();
    assert!(vectors.len() > 80);
    for vector in vectors {
        let (name, shown) = (&vector["name"], shown(vector));
        assert_eq!(shown, vector["review"], "{name}; where this is meant, write:\n{shown}");
    }
}

//! Receipts against pinned keys.

use crate::suite::{name_of, text};
use countersign_core::receipt::check::{Verdict, check};
use countersign_core::time::Instant;
use countersign_core::trust::TrustStore;
use serde_json::{Value, json};

pub(crate) fn answer(input: &Value) -> (String, Value) {
    let trust = TrustStore::parse(text(input, "trust").as_bytes()).unwrap();
    let now = Instant(input["now"].as_i64().unwrap());
    let verdict = check(text(input, "receipt").as_bytes(), &trust, now);
    let output = match &verdict {
        Verdict::Valid { level, assurance, event, approvers } => json!({
            "level": level,
            "assurance": assurance,
            "event": event,
            "approvers": approvers,
        }),
        _ => json!({}),
    };
    (name_of(&verdict), output)
}

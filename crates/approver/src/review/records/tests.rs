use super::*;
use crate::fixture::{self, Ask, opened};
use crate::review::Review;
use serde_json::{Value, json};

/// A record out of a file that tells what its key was pinned as before.
fn record(past: Vec<Value>) -> Value {
    let keys = *fixture::device().public();
    let mut record = json!({"keyId": keys.key_id(), "keys": json::value_of(&keys).unwrap(),
        "deviceId": "dev", "person": "ann", "label": "phone", "roles": ["sre"],
        "assurance": "device", "createdAt": "2026-02-01T00:00:00Z", "status": {"state": "active"},
        "pairId": "pair-1"});
    if !past.is_empty() {
        record["past"] = json!(past);
    }
    record
}

fn past(until: &str) -> Value {
    json!({"until": until, "person": "bob lee", "roles": ["finance", "on call"],
        "assurance": "web", "passkey": {"alg": "ES256", "publicKey": "A".repeat(86),
            "rpId": "old.example", "origin": "https://old.example"}})
}

/// What is shown where a file with this record is imported.
fn imported(record: &Value) -> Review {
    let edits = json!([{"before": null, "after": record}]);
    let parameters = json!({"approvers": edits, "operators": []});
    let request = json!({"kind": "request", "action": "countersign.trust.import",
        "parameters": parameters});
    Review::of(&opened(&Ask::of(request)))
}

/// The lines of the record; empty where it is shown leaf by leaf.
fn words(record: &Value) -> Vec<String> {
    let facts = imported(record).action;
    facts.into_iter().find(|f| f.label == "key 1, new").map(|f| f.lines).unwrap_or_default()
}

#[test]
fn attack_06_what_a_key_was_before_is_told_oldest_first() {
    let mut bare = past("2026-02-03T00:00:00+01:00");
    bare["roles"] = json!([]);
    bare.as_object_mut().unwrap().remove("passkey");
    let lines = words(&record(vec![past("2026-02-02T00:00:00Z"), bare]));
    let key = "A".repeat(86);
    assert_eq!(lines.len(), 6, "{lines:?}");
    assert_eq!(
        lines[4..],
        [
            format!(
                "until 2026-02-02T00:00:00Z: of \"bob lee\", assurance web, roles finance, \
                 \"on call\", passkey of https://old.example (rpId old.example, ES256): {key}; \
                 answers with it count as verified"
            ),
            "until 2026-02-03T00:00:00+01:00: of \"bob lee\", assurance web, no roles".into(),
        ]
    );
}

/// Two files that differ in one member of a past are never shown alike.
#[test]
fn attack_06_every_member_of_a_past_is_told() {
    let plain = words(&record(vec![past("2026-02-02T00:00:00Z")]));
    for (member, other) in [
        ("/until", json!("2026-02-02T00:00:01Z")),
        ("/person", json!("eve")),
        ("/roles", json!(["finance"])),
        ("/assurance", json!("local")),
        ("/passkey/publicKey", json!("B".repeat(85) + "A")),
        ("/passkey/rpId", json!("eve.example")),
        ("/passkey/origin", json!("https://eve.example")),
    ] {
        let mut changed = past("2026-02-02T00:00:00Z");
        *changed.pointer_mut(member).unwrap() = other;
        let lines = words(&record(vec![changed]));
        assert_eq!(lines.len(), plain.len(), "{member}");
        assert_ne!(lines, plain, "{member}");
    }
    assert!(words(&record(vec![])).len() < plain.len());
}

#[test]
fn attack_06_a_past_that_is_more_than_its_words_is_shown_leaf_by_leaf() {
    let mut more = past("2026-02-02T00:00:00Z");
    more["more"] = json!(1);
    let mut absent = past("2026-02-02T00:00:00Z");
    absent["passkey"] = json!(null);
    let disordered = vec![past("2026-02-03T00:00:00Z"), past("2026-02-02T00:00:00Z")];
    for past in [vec![more], vec![absent], disordered] {
        let record = record(past);
        assert!(words(&record).is_empty(), "{record}");
        let leaf = "parameters/approvers[0]/after/past[0]/person";
        assert!(imported(&record).action.iter().any(|fact| fact.label == leaf), "{record}");
    }
    let mut empty = record(vec![]);
    empty["past"] = json!([]);
    assert!(words(&empty).is_empty());
}

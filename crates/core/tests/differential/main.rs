//! The same inputs, put to this implementation and to `sdk/typescript`: both must accept the same
//! ones with the same result, and refuse the others for the same reason.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(clippy::indexing_slicing, reason = "a missing member fails the test")]

mod answers;
mod bundles;
mod inputs;
mod mutate;
mod objects;
mod peer;

use serde_json::Value;
use std::collections::BTreeMap;

/// How many inputs of each kind were accepted and refused.
type Tally = BTreeMap<String, (usize, usize)>;

#[test]
fn both_implementations_answer_ten_thousand_inputs_alike() {
    let inputs = inputs::all();
    assert!(inputs.len() >= 10_000, "only {} inputs", inputs.len());
    let (ours, theirs) = std::thread::scope(|scope| {
        let theirs = scope.spawn(|| peer::answers(&inputs));
        let ours: Vec<Value> = inputs.iter().map(answers::answer).collect();
        (ours, theirs.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    assert_eq!(theirs.len(), inputs.len(), "an answer is missing");
    let (mut tally, mut differ) = (Tally::new(), Vec::new());
    for ((input, ours), theirs) in inputs.iter().zip(&ours).zip(&theirs) {
        if ours != theirs {
            differ.push(format!("{}\n  ours   {ours}\n  theirs {theirs}", told(input)));
        }
        let (accepted, refused) = tally.entry(text(input, "op").to_owned()).or_default();
        let good = matches!(text(ours, "outcome"), "accepted" | "Valid");
        *(if good { accepted } else { refused }) += 1;
    }
    assert!(
        differ.is_empty(),
        "{} differ:\n{}",
        differ.len(),
        differ[..differ.len().min(12)].join("\n")
    );
    for (op, (accepted, refused)) in tally {
        assert!(accepted >= 20, "{op}: only {accepted} of {} are accepted", accepted + refused);
        let makes = matches!(op.as_str(), "sign" | "seal");
        assert!(
            makes || refused >= 20,
            "{op}: only {refused} of {} are refused",
            accepted + refused
        );
    }
}

/// An input for a person to read: its text instead of the bytes.
fn told(input: &Value) -> String {
    let bytes = input["bytes"].as_str().and_then(countersign_core::encoding::unbase64);
    let text = bytes.map(|b| String::from_utf8_lossy(&b).into_owned());
    let whole = text.unwrap_or_else(|| input.to_string());
    format!("{}: {}", input["op"], whole.chars().take(1_500).collect::<String>())
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("`{name}` is no text"))
}

use super::*;
use crate::action::ActionHash;
use crate::receipt::{Basis, Boundary, Entry, Event, Level};
use crate::time::Instant;
use crate::trust::tests::{operator, secret};
use serde_json::{Map, Value, json};

const NOW: Instant = Instant(1_770_000_000_000);

fn content(action: Value) -> Content {
    let Value::Object(action) = action else { panic!("an action is an object") };
    let entry = Entry {
        boundary: Boundary::Unprotected,
        binding: None,
        event: Event::Allowed,
        request_id: None,
        action_hash: Some(ActionHash(Hash(json::sha256(&action).unwrap()))),
        action: Some(action),
        items: None,
        artifacts: vec![],
        policy: None,
        decisions: vec![],
        approver_decision: None,
        multi_approval: None,
        basis: Basis::Policy,
        grant: None,
        trust_level: Level::L0,
        outcome: None,
    };
    let recorded_at = NOW.timestamp();
    Content { ledger: "l1".into(), seq: 2, prev: Some(Hash([7; 32])), recorded_at, entry }
}

fn written(action: Value) -> (Receipt, String) {
    content(action).hashed().unwrap().sign(&secret(1)).unwrap().into_parts()
}

fn many() -> Value {
    json!({
        "kind": "tool", "b": [1, -2, 0.5, 1e21, 1e-7, 100_000_000_000_000_000_000_f64, true, null],
        "a": {"\u{e9}\u{1f600}": "\"\\\u{7}\n\u{7f}/", "": {}, "z": []}, "w": 9_007_199_254_740_992_u64,
    })
}

fn trust() -> TrustStore {
    TrustStore { operators: vec![operator(&secret(1))], ..TrustStore::default() }
}

#[test]
fn a_receipt_is_written_as_its_canonical_form_and_read_back() {
    let (receipt, text) = written(many());
    assert_eq!(text.as_bytes(), receipt.canonical_bytes().unwrap());
    let (read, content) = canonical(text.as_bytes()).unwrap();
    assert_eq!((&read, Hash::of(content)), (&receipt, receipt.content_hash));
    assert_eq!(any(text.as_bytes()).unwrap(), receipt);
    assert_eq!(receipt.content.hash().unwrap(), receipt.content_hash);
    let verdict = Read::parse(text.as_bytes()).unwrap().check_at(&trust(), &Moment::now(NOW));
    assert!(matches!(verdict, Verdict::Valid { level: Level::L0, .. }), "{verdict:?}");
}

#[test]
fn a_receipt_in_another_order_is_read_as_the_same() {
    let (receipt, _) = written(many());
    let other = serde_json::to_string_pretty(&receipt).unwrap();
    assert_eq!(canonical(other.as_bytes()), None);
    let read = Read::parse(other.as_bytes()).unwrap();
    assert_eq!(read.check_at(&trust(), &Moment::now(NOW)), receipt.check(&trust(), NOW));
    assert_eq!(read.into_receipt(), receipt);
}

/// The texts that differ from one in a byte: another, one more or one less.
fn neighbours(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let changes = b" \"\\,:{}[]0159aeE+-.nu\x7f\xc3\xff";
    (0..text.len()).flat_map(move |at| {
        let (before, after) = text.split_at(at);
        let others = changes.iter().flat_map(move |byte| {
            let one = std::slice::from_ref(byte);
            [[before, one, &after[1..]].concat(), [before, one, after].concat()]
        });
        others.chain([[before, &after[1..]].concat()])
    })
}

#[test]
fn attack_05_no_text_is_read_in_which_the_strict_reader_reads_something_else() {
    let (_, text) = written(json!({"b": [1, 0.5, "\u{e9}\n"], "a": {}}));
    let mut read = 0;
    for other in neighbours(text.as_bytes()) {
        if let Some((receipt, content)) = canonical(&other) {
            let strict = any(&other).unwrap();
            assert_eq!((&strict, strict.content.hash().ok()), (&receipt, Some(Hash::of(content))));
            read += 1;
        }
    }
    assert!(read > 1_000, "only {read} of them are receipts");
}

#[test]
fn attack_05_a_second_form_of_a_receipt_is_no_canonical_text() {
    let (_, text) = written(json!({"a": {}, "n": 5, "s": "x"}));
    for (from, to) in [
        ("\"n\":5", "\"n\":5,\"n\":5"),
        ("\"n\":5", "\"n\":5.0"),
        ("\"n\":5", "\"n\":-0"),
        ("\"n\":5", "\"n\":1e400"),
        ("\"n\":5", "\"n\":9007199254740993"),
        ("\"n\":5", "\"n\":\"\\ud800\""),
        ("\"s\":\"x\"", "\"s\":\"\\u0078\""),
        ("\"a\":{},\"n\":5", "\"n\":5,\"a\":{}"),
        ("\"a\":{}", "\"\u{10000}\":1,\"\u{e000}\":2"),
        ("\"a\":{}", "\"\u{e000}\":2,\"\u{10000}\":1"),
        ("\"basis\":", "\"artifacts\":[],\"basis\":"),
        ("\"basis\":", "\"binding\":null,\"basis\":"),
        ("\"event\":\"allowed\"", "\"event\":{\"allowed\":null}"),
        ("\"event\":", "\"evens\":1,\"event\":"),
        ("{\"content\":", "{\"a\":1,\"content\":"),
        ("{\"content\":", " {\"content\":"),
        (",\"contentHash\":", ",\"content\":{},\"contentHash\":"),
        ("\"countersign.receipt/v1\"}", "\"countersign.receipt/v1\",\"x\":1}"),
        ("\"countersign.receipt/v1\"}", "\"countersign.receipt/v1\"} "),
        ("\"countersign.receipt/v1\"}", "\"countersign.receipt/v2\"}"),
    ] {
        let other = text.replace(from, to);
        assert_ne!(other, text, "{from}");
        assert_eq!(canonical(other.as_bytes()), None, "{to}");
    }
}

#[test]
fn attack_28_a_content_is_hashed_as_it_stands_and_not_as_it_says() {
    let (receipt, text) = written(json!({"n": 5}));
    let other = text.replace("\"seq\":2", "\"seq\":3");
    let (read, _) = canonical(other.as_bytes()).unwrap();
    assert_eq!(read.content_hash, receipt.content_hash);
    let verdict = Read::parse(other.as_bytes()).unwrap().check_at(&trust(), &Moment::now(NOW));
    assert_eq!(verdict, Verdict::HashMismatch);
}

#[test]
fn attack_05_a_content_too_deep_to_be_read_back_is_not_signed() {
    let nested = |levels| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    let at = |levels: usize| {
        let mut action = Map::new();
        action.insert("a".into(), nested(levels));
        content(Value::Object(action))
    };
    let deepest = json::MAX_DEPTH - 3;
    let (receipt, text) = at(deepest).hashed().unwrap().sign(&secret(1)).unwrap().into_parts();
    assert_eq!(Receipt::parse(text.as_bytes()).unwrap(), receipt);
    assert_eq!(at(deepest + 1).hashed().err(), Some(JsonError::TooDeep));
    let deeper = text.replace("[1]", "[[1]]");
    assert_eq!(canonical(deeper.as_bytes()), None);
    assert_eq!(any(deeper.as_bytes()), Err(JsonError::TooDeep));
}

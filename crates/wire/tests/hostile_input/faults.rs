//! The kinds of bad input.

use serde_json::{Value, json};

const TEN_MEGABYTES: usize = 10 * 1024 * 1024;

/// Values that are of no type that `good` could have here.
pub(crate) fn of_other_type(good: &Value) -> Vec<(Value, &'static str)> {
    let all = [
        (json!(true), "a truth"),
        (json!(-7.5), "a fraction"),
        (json!("\u{0}"), "a NUL"),
        (json!([[]]), "a list"),
        (json!({"\u{0}": {}}), "an object"),
        (Value::Null, "null"),
    ];
    let same = |value: &Value| std::mem::discriminant(value) == std::mem::discriminant(good);
    all.into_iter().filter(|(value, _)| !same(value)).collect()
}

/// Texts that are no text of anything; some begin like the good one.
pub(crate) fn texts(good: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let with = |before: &[u8], after: &[u8]| [before, good, after].concat();
    let inside = |value: &str| format!("{{\"a\":{value}}}").into_bytes();
    vec![
        ("nothing", Vec::new()),
        ("a NUL", vec![0]),
        ("a NUL before", with(&[0], &[])),
        ("a NUL after", with(&[], &[0])),
        ("a byte order mark", with(b"\xef\xbb\xbf", &[])),
        ("a byte order mark of UTF-16", with(b"\xff\xfe", &[])),
        ("the same twice", with(good, &[])),
        ("something after", with(&[], b",")),
        ("bytes that are no text", vec![0xff; 1_000]),
        ("a lone high surrogate", inside("\"\\ud800\"")),
        ("a lone low surrogate", inside("\"\\udc00\"")),
        ("a lone surrogate as key", b"{\"\\ud800\":1}".to_vec()),
        ("an overlong encoding", b"{\"a\":\"\xc0\xaf\"}".to_vec()),
        ("a surrogate in UTF-8", b"{\"a\":\"\xed\xa0\x80\"}".to_vec()),
        ("a NUL in a text", inside("\"\u{0}\"")),
        ("a huge exponent", inside("1e999999999")),
        ("a huge negative exponent", inside("1e-999999999")),
        ("an exponent of many digits", inside(&format!("1e{}", "9".repeat(50_000)))),
        ("a number of many digits", inside(&"7".repeat(60_000))),
        ("a fraction of many digits", inside(&format!("0.{}1", "0".repeat(60_000)))),
        ("brackets a hundred thousand", "[".repeat(100_000).into_bytes()),
        ("brackets closed", ["[".repeat(30_000), "]".repeat(30_000)].concat().into_bytes()),
        ("objects a hundred thousand", "{\"a\":".repeat(100_000).into_bytes()),
        ("depth sixty-five", inside(&["[".repeat(64), "]".repeat(64)].concat())),
    ]
}

/// Texts of JSON that only a parser of any JSON accepts.
pub(crate) fn no_objects() -> [(&'static str, &'static [u8]); 5] {
    [
        ("null", b"null"),
        ("a number", b"1"),
        ("a text", b"\"\""),
        ("a list", b"[]"),
        ("an empty object", b"{}"),
    ]
}

/// Ten megabytes of what could cost more than it weighs.
pub(crate) fn huge() -> Vec<(&'static str, Vec<u8>)> {
    let filled = |piece: &str| piece.repeat(TEN_MEGABYTES / piece.len());
    vec![
        ("one text", format!("{{\"a\":\"{}\"}}", filled("a")).into_bytes()),
        ("one text of escapes", format!("{{\"a\":\"{}\"}}", filled("\\u00e9")).into_bytes()),
        ("one number", filled("1").into_bytes()),
        ("brackets", filled("[").into_bytes()),
        ("white space", filled(" ").into_bytes()),
        ("bytes that are no text", vec![0x80; TEN_MEGABYTES]),
    ]
}

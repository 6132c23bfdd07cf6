//! Every parser of `core` and `wire` meets every kind of bad input, and answers with its error.
//!
//! A new parser is one line in [`parsers`]. Nothing here looks at a clock: what is not linear in
//! the input does not end before the runner ends it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise, also in its helpers"
)]

mod faults;
mod good;
mod linear;
mod parsers;

use parsers::{Form, Parser, parsers};
use serde_json::{Value, json};

/// The most that is ever said, and the most of the input that is quoted in it.
const SAID: usize = 300;
const QUOTED: usize = 200;

/// Parses `bytes`, and checks what the answer may look like whatever the input was. A text that is
/// accepted must be written again to bytes that are accepted as the same.
fn answers(parser: &Parser, bytes: &[u8], what: &str) -> bool {
    match (parser.parse)(bytes) {
        Ok(written) => {
            let again = (parser.parse)(&written);
            assert_eq!(again.as_ref(), Ok(&written), "{}: {what}", parser.name);
            true
        }
        Err(said) => {
            let length = said.chars().count();
            assert!((1..=SAID).contains(&length), "{}: {what}: {length}", parser.name);
            assert!(!said.contains('\n'), "{}: {what}: two lines", parser.name);
            false
        }
    }
}

#[track_caller]
fn refuses(parser: &Parser, bytes: &[u8], what: &str) {
    assert!(!answers(parser, bytes, what), "{} accepts {what}", parser.name);
}

#[test]
fn every_good_text_is_accepted() {
    for parser in parsers() {
        assert!(answers(&parser, &parser.good, "the good text"), "{}", parser.name);
    }
}

#[test]
fn a_text_cut_at_any_byte_is_refused() {
    for parser in parsers() {
        for length in 0..parser.good.len() {
            refuses(&parser, &parser.good[..length], &format!("the first {length} bytes"));
        }
    }
}

#[test]
fn a_flipped_bit_is_answered_at_every_byte() {
    for parser in parsers() {
        for at in 0..parser.good.len() {
            for bit in [0, 5] {
                let mut bytes = parser.good.clone();
                bytes[at] ^= 1 << bit;
                answers(&parser, &bytes, &format!("bit {bit} of byte {at}"));
            }
        }
    }
}

#[test]
fn members_that_are_unknown_twice_or_of_another_type_are_refused() {
    for parser in parsers().iter().filter(|p| p.is_object()) {
        let text = std::str::from_utf8(&parser.good).unwrap();
        let good: Value = serde_json::from_str(text).unwrap();
        let members = good.as_object().unwrap();
        let (name, value) = members.iter().next().unwrap();
        let twice = text.replacen('{', &format!("{{{}:{value},", json!(name)), 1);
        refuses(parser, twice.as_bytes(), "a member twice");
        for unknown in ["", "x", "__proto__", "\u{0}", "\u{1f600}"] {
            let mut more = good.clone();
            more[unknown] = json!(1);
            refuses(parser, more.to_string().as_bytes(), "an unknown member");
        }
        for name in members.keys() {
            for (other, kind) in faults::of_other_type(&members[name]) {
                if other.is_null() && parser.form == Form::Plain {
                    continue;
                }
                let mut changed = good.clone();
                changed[name] = other;
                refuses(parser, changed.to_string().as_bytes(), &format!("{name} as {kind}"));
            }
        }
    }
}

#[test]
fn hostile_texts_are_refused() {
    for parser in parsers() {
        for (what, bytes) in faults::texts(&parser.good) {
            refuses(&parser, &bytes, what);
        }
        for (what, bytes) in faults::no_objects() {
            let accepted = answers(&parser, bytes, what);
            assert_eq!(accepted, parser.form == Form::Any, "{}: {what}", parser.name);
        }
    }
}

#[test]
fn texts_of_ten_megabytes_are_refused() {
    for parser in parsers() {
        for (what, bytes) in faults::huge() {
            refuses(&parser, &bytes, what);
        }
    }
}

#[test]
fn no_error_quotes_more_than_two_hundred_characters() {
    // A run of one letter that the errors themselves never use.
    let long = "\u{fc}".repeat(5_000);
    let quoted = |said: &str| said.matches('\u{fc}').count();
    for parser in parsers() {
        let mut texts = vec![long.clone(), format!("\"{long}\""), format!("{{\"{long}\":1}}")];
        texts.push(format!("{{\"{long}\":1,\"{long}\":1}}"));
        if parser.is_object() {
            let good: Value = serde_json::from_slice(&parser.good).unwrap();
            for name in good.as_object().unwrap().keys() {
                let mut changed = good.clone();
                changed[name] = json!(long);
                texts.push(changed.to_string());
                changed[name] = json!({long.as_str(): long});
                texts.push(changed.to_string());
            }
        }
        for text in texts {
            if let Err(said) = (parser.parse)(text.as_bytes()) {
                assert!(quoted(&said) <= QUOTED, "{}: {said}", parser.name);
                assert!(said.chars().count() <= SAID, "{}: {said}", parser.name);
            }
        }
    }
}

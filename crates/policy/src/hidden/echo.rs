//! A text that is hidden in one place and stands in the clear in another is not hidden.

use super::place::can_be;
use countersign_core::redact::token;
use serde_json::Value;
use std::collections::BTreeSet;

/// Below this, in bytes, a text is a word that stands anywhere: `true`, `prod`.
const SHORTEST: usize = 6;

/// Adds every place where a hidden text stands once more; what cannot be hidden there is `left`.
pub(super) fn add(payload: &Value, places: &mut BTreeSet<String>, left: &mut BTreeSet<String>) {
    let texts = super::texts(places.iter().filter_map(|place| payload.pointer(place)));
    if texts.is_empty() {
        return;
    }
    let mut seek = Seek { payload, texts: &texts, places, left };
    seek.look(payload, String::new());
}

/// The texts that tell what a value is.
pub(super) fn collect(value: &Value, texts: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => keep(text, texts),
        Value::Number(number) => keep(&number.to_string(), texts),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(members) => members.values().for_each(|item| collect(item, texts)),
        Value::Null | Value::Bool(_) => {}
    }
}

/// The text, and what of it is told by itself elsewhere: its lines, the value of an option, the
/// token of a header.
fn keep(text: &str, texts: &mut BTreeSet<String>) {
    let parts = [Some(text), option_value(text), token_of_header(text)];
    for part in parts.into_iter().flatten().chain(text.lines()) {
        if part.trim().len() >= SHORTEST {
            texts.insert(part.trim().to_owned());
        }
    }
}

/// `VALUE` of `--option=VALUE`, `-o=VALUE` or `NAME=VALUE`.
fn option_value(word: &str) -> Option<&str> {
    let (name, value) = word.split_once('=')?;
    let of_a_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (!name.is_empty() && name.chars().all(of_a_name)).then_some(value)
}

/// `TOKEN` of `Bearer TOKEN` and its like.
fn token_of_header(text: &str) -> Option<&str> {
    let (scheme, token) = text.trim().split_once(' ')?;
    let known = ["bearer", "basic", "token", "apikey"];
    known.iter().any(|name| scheme.eq_ignore_ascii_case(name)).then_some(token)
}

struct Seek<'a> {
    payload: &'a Value,
    texts: &'a BTreeSet<String>,
    places: &'a mut BTreeSet<String>,
    left: &'a mut BTreeSet<String>,
}

impl Seek<'_> {
    fn look(&mut self, at: &Value, pointer: String) {
        if self.places.contains(&pointer) {
            return;
        }
        match at {
            Value::String(text) => self.leaf(text, pointer),
            Value::Number(number) => self.leaf(&number.to_string(), pointer),
            Value::Array(items) => {
                let each = items.iter().enumerate();
                each.for_each(|(i, item)| self.look(item, format!("{pointer}/{i}")));
            }
            Value::Object(members) => {
                for (key, item) in members {
                    if self.tells(key) {
                        // Not the name itself: this is shown.
                        self.left.insert(format!("a name in {}", named(&pointer)));
                    }
                    self.look(item, format!("{pointer}/{}", token(key)));
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn leaf(&mut self, text: &str, pointer: String) {
        if !self.tells(text) {
            return;
        }
        match can_be(self.payload, &pointer) {
            true => self.places.insert(pointer),
            false => self.left.insert(named(&pointer)),
        };
    }

    fn tells(&self, text: &str) -> bool {
        self.texts.iter().any(|hidden| text.contains(hidden.as_str()))
    }
}

/// The member of the action that a place is in: what lies deeper is the asker's own word.
fn named(pointer: &str) -> String {
    let mut steps = pointer.split('/').skip(1);
    match (steps.next(), steps.next()) {
        (Some("items"), Some(index)) => format!("item {index}"),
        (Some(first), _) if !first.is_empty() => format!("`{first}`"),
        _ => "the action".to_owned(),
    }
}

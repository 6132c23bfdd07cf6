//! The places of one field in one action, and which places can be hidden at all.

use crate::condition::{FieldPath, Step};
use countersign_core::redact::token;
use serde_json::Value;
use std::collections::BTreeSet;

/// The kind of a payload; empty where it has none.
pub(super) fn kind(payload: &Value) -> &str {
    payload.get("kind").and_then(Value::as_str).unwrap_or_default()
}

/// Where a field stands in a payload that itself stands at `base`. `None` where it is there and
/// cannot be hidden, or where nobody knows whether it is there.
pub(super) fn of(field: &FieldPath, payload: &Value, base: &str) -> Option<Vec<String>> {
    let Some(Step::Key(first)) = field.steps.first() else { return None };
    let rest = field.steps.get(1..).unwrap_or_default();
    let arguments = match kind(payload) {
        "tool" => Some("arguments"),
        "request" => Some("parameters"),
        _ => None,
    };
    match (arguments, first.as_str()) {
        (Some(name), "args") => walk(payload.get(name), rest, format!("{base}/{name}")),
        (Some(name), _) => walk(payload.get(name), &field.steps, format!("{base}/{name}")),
        // What has no arguments has none to hide.
        (None, "args") => Some(Vec::new()),
        (None, "argv") => words(payload, rest, base),
        (None, name) => {
            let found = walk(payload.get(name), rest, format!("{base}/{name}"))?;
            within(payload, base, found)
        }
    }
}

/// Every place of a payload that can be hidden.
pub(super) fn all(payload: &Value, base: &str, places: &mut BTreeSet<String>) {
    let mut members = |name: &str, skip: usize| match payload.get(name) {
        Some(Value::Object(members)) => {
            places.extend(members.keys().map(|key| format!("{base}/{name}/{}", token(key))));
        }
        Some(Value::Array(items)) => {
            places.extend((skip..items.len()).map(|i| format!("{base}/{name}/{i}")));
        }
        Some(_) => drop(places.insert(format!("{base}/{name}"))),
        None => {}
    };
    match kind(payload) {
        "tool" => members("arguments", 0),
        "request" => members("parameters", 0),
        "command" => ["argv", "env"].into_iter().for_each(|name| members(name, 1)),
        "http" => ["headers", "body"].into_iter().for_each(|name| members(name, 0)),
        "batch" => {
            let items = payload.get("items").and_then(Value::as_array);
            for (i, item) in items.into_iter().flatten().enumerate() {
                all(item, &format!("{base}/items/{i}"), places);
            }
        }
        _ => {}
    }
    places.retain(|place| !is_committed(payload, base, place));
}

/// Whether a place can be hidden: what stands there is nobody's way to tell what would run where.
pub(super) fn can_be(payload: &Value, pointer: &str) -> bool {
    let mut steps = pointer.split('/').skip(1);
    let (first, second) = (steps.next().unwrap_or_default(), steps.next());
    match (kind(payload), first, second) {
        ("tool", "arguments", _) | ("request", "parameters", _) => true,
        ("command", "argv", Some(index)) => index != "0",
        ("command", "env", Some(_)) | ("http", "headers", Some(_)) | ("http", "body", None) => true,
        ("batch", "items", Some(index)) => {
            let item = index.parse().ok().and_then(|i: usize| payload.get("items")?.get(i));
            let rest: String = steps.map(|step| format!("/{step}")).collect();
            item.is_some_and(|item| can_be(item, &rest))
        }
        _ => false,
    }
}

/// The words of a command: by their number, those of an option, or all but the program's name.
fn words(payload: &Value, rest: &[Step], base: &str) -> Option<Vec<String>> {
    let argv = payload.get("argv").and_then(Value::as_array);
    let Some(argv) = argv else { return Some(Vec::new()) };
    let at = |index: usize| format!("{base}/argv/{index}");
    match rest {
        [] => Some((1..argv.len()).map(at).collect()),
        [Step::Index(0)] => None,
        [Step::Index(index)] => Some(argv.get(*index).map(|_| at(*index)).into_iter().collect()),
        [Step::Key(name)] => Some(of_option(argv, name).into_iter().map(at).collect()),
        _ => None,
    }
}

/// The words that give an option its value: the one after `--NAME` or `-NAME`, or `--NAME=VALUE`
/// as a whole.
fn of_option(argv: &[Value], name: &str) -> Vec<usize> {
    let is_option = |word: &str| word.starts_with('-') && word.trim_start_matches('-') == name;
    let mut found = Vec::new();
    for (index, word) in argv.iter().enumerate().skip(1) {
        let word = word.as_str().unwrap_or_default();
        let before = argv.get(index - 1).and_then(Value::as_str).unwrap_or_default();
        let joined = word.split_once('=').is_some_and(|(option, _)| is_option(option));
        if joined || index > 1 && is_option(before) {
            found.push(index);
        }
    }
    found
}

/// A member that is no one text, taken apart into those that can be hidden.
fn within(payload: &Value, base: &str, found: Vec<String>) -> Option<Vec<String>> {
    let mut places = Vec::new();
    for place in found {
        let own = place.strip_prefix(base)?;
        if can_be(payload, own) {
            places.push(place);
            continue;
        }
        match payload.pointer(own)? {
            Value::Object(members) if !members.is_empty() => {
                let inner = |key: &String| format!("{place}/{}", token(key));
                places.extend(members.keys().map(inner));
            }
            _ => return None,
        }
    }
    let hidable = |place: &String| place.strip_prefix(base).is_some_and(|p| can_be(payload, p));
    places.iter().all(hidable).then_some(places)
}

/// Where the steps lead; nowhere where a part is not there. `None` where a step leads into
/// something of another type: nobody knows what stands there.
fn walk(from: Option<&Value>, steps: &[Step], mut pointer: String) -> Option<Vec<String>> {
    let Some(mut at) = from else { return Some(Vec::new()) };
    for step in steps {
        let next = match (step, at) {
            // It is hidden with all that is in it.
            (_, Value::Object(members)) if members.contains_key("_sd") => return Some(Vec::new()),
            (Step::Key(key), Value::Object(members)) => members.get(key),
            (Step::Index(index), Value::Array(elements)) => elements.get(*index),
            _ => return None,
        };
        let Some(next) = next else { return Some(Vec::new()) };
        at = next;
        pointer.push('/');
        match step {
            Step::Key(key) => pointer.push_str(&token(key)),
            Step::Index(index) => pointer.push_str(&index.to_string()),
        }
    }
    let hidden = at.as_object().is_some_and(|members| members.contains_key("_sd"));
    Some(if hidden { Vec::new() } else { vec![pointer] })
}

fn is_committed(payload: &Value, base: &str, place: &str) -> bool {
    let found = place.strip_prefix(base).and_then(|own| payload.pointer(own));
    found.and_then(Value::as_object).is_some_and(|members| members.contains_key("_sd"))
}

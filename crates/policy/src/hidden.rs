//! Which parts of an action the fields of a policy's `redact` name, as JSON pointers.
//!
//! A field means here what it means in a condition. Beside it stands what a part of a command is:
//! the words of `argv` one by one, or those that belong to an option. What a policy hides in one
//! place is hidden wherever else it stands; where it cannot be, that is told, and whoever called
//! must not let the action run as if it were.

mod echo;
mod place;

use crate::condition::FieldPath;
use crate::load::hidden_field;
use serde_json::Value;
use std::collections::BTreeSet;

/// What is hidden of an action.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Hidden {
    /// Places in the payload, as JSON pointers, sorted; none lies within another.
    pub places: Vec<String>,
    /// What a policy hides and nothing can hide in this action: fields as they are written, or
    /// where a hidden text stands once more. The action must not run without a person.
    pub left: Vec<String>,
}

/// What the fields of a verdict hide in a payload.
#[must_use]
pub fn hidden(fields: &[String], payload: &Value) -> Hidden {
    let (mut places, mut left) = (BTreeSet::new(), BTreeSet::new());
    for text in fields {
        match hidden_field(text) {
            Ok(field) => found(&field, payload, &mut places, &mut left),
            // A field of ours was read once already; one that is none hides nothing here.
            Err(_) => drop(left.insert(text.clone())),
        }
    }
    finished(payload, places, left)
}

/// Everything that can be hidden of a payload: where nobody knows what a policy would hide.
#[must_use]
pub fn everything(payload: &Value) -> Hidden {
    let mut places = BTreeSet::new();
    place::all(payload, "", &mut places);
    Hidden { places: outermost(places), left: Vec::new() }
}

/// The texts by which values would be known wherever they stand, those of six bytes or more.
pub fn texts<'a>(values: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    values.into_iter().for_each(|value| echo::collect(value, &mut texts));
    texts
}

fn found(
    field: &FieldPath,
    payload: &Value,
    places: &mut BTreeSet<String>,
    left: &mut BTreeSet<String>,
) {
    let mut within = |payload: &Value, at: &str| match place::of(field, payload, at) {
        Some(some) => places.extend(some),
        None => drop(left.insert(field.text.clone())),
    };
    let items = payload.get("items").and_then(Value::as_array);
    match items.filter(|_| place::kind(payload) == "batch") {
        Some(items) => {
            items.iter().enumerate().for_each(|(i, item)| within(item, &format!("/items/{i}")));
        }
        None => within(payload, ""),
    }
}

fn finished(payload: &Value, mut places: BTreeSet<String>, mut left: BTreeSet<String>) -> Hidden {
    echo::add(payload, &mut places, &mut left);
    Hidden { places: outermost(places), left: left.into_iter().collect() }
}

/// Without those that lie within another.
fn outermost(places: BTreeSet<String>) -> Vec<String> {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
    };
    let covered = |place: &String| places.iter().any(|other| within(place, other));
    places.iter().filter(|place| !covered(place)).cloned().collect()
}

#[cfg(test)]
mod tests;

//! Conditions: long form `{field, op, value, display}`, short form `{field, OP = value, display}`.

use super::field;
use super::node::{Kind, Node, Span};
use super::reader::{Fields, Reader};
use super::sense;
use super::source::shown;
use super::weight;
use crate::condition::{Condition, FieldPath, Test};
use serde_json::Value;

/// The spellings of comparisons.
const OPS: [&str; 13] = [
    "eq",
    "equals",
    "neq",
    "gt",
    "gte",
    "lt",
    "lte",
    "in",
    "not_in",
    "exists",
    "matches",
    "contains",
    "starts_with",
];

const KEYS: [&str; 5] = ["field", "param", "op", "value", "display"];

/// A condition that was read, and the place of its field.
pub(super) struct Placed {
    pub(super) span: Span,
    pub(super) condition: Condition,
}

/// A list of conditions, all of which hold, that do not contradict one another.
pub(super) fn read_all(reader: &mut Reader, node: &Node) -> Vec<Condition> {
    let items = reader.list(node).unwrap_or_default();
    let placed: Vec<Placed> = items.iter().filter_map(|item| read(reader, item)).collect();
    sense::contradictions(reader, &placed);
    placed.into_iter().map(|placed| placed.condition).collect()
}

fn read(reader: &mut Reader, node: &Node) -> Option<Placed> {
    if matches!(&node.kind, Kind::Table(entries) if entries.is_empty()) {
        let hint = "name a `field`, a comparison, and a value";
        reader.wrong_hint(node.span, "an empty condition", hint);
        return None;
    }
    let known = [&KEYS[..], &OPS[..]].concat();
    let fields = reader.fields(node, "a condition", &known)?;
    let display = fields.get("display").and_then(|node| reader.text(node)).map(str::to_owned);
    let path = read_field(reader, &fields);
    let (op, value) = comparison(reader, &fields)?;
    let (span, field) = path?;
    let test = read_test(reader, &field, op, value)?;
    Some(Placed { span, condition: Condition { field, test, display } })
}

fn read_field(reader: &mut Reader, fields: &Fields<'_>) -> Option<(Span, FieldPath)> {
    let node = match (fields.get("field"), fields.entry("param")) {
        (Some(_), Some((key, _))) => {
            reader.wrong_hint(key.span, "`field` and `param` mean the same", "remove one");
            return None;
        }
        (Some(node), None) | (None, Some((_, node))) => node,
        (None, None) => {
            let hint = "add `field`, such as `field = \"amount_usd\"`";
            reader.wrong_hint(fields.span, "a condition without a field", hint);
            return None;
        }
    };
    Some((node.span, reader.pattern(node, field::parse)?))
}

/// The one comparison of a condition, and what is compared with.
fn comparison<'n>(reader: &mut Reader, fields: &Fields<'n>) -> Option<(&'static str, &'n Node)> {
    let short = |name: &str| OPS.into_iter().find(|op| *op == name);
    let mut found: Vec<_> = fields
        .entries()
        .iter()
        .filter_map(|(key, node)| Some((key.span, short(&key.name)?, node)))
        .collect();
    if let Some(op) = long(reader, fields)? {
        found.push(op);
    }
    if let Some((span, ..)) = found.get(1) {
        let hint = "give each comparison a condition of its own; all of them must hold";
        reader.wrong_hint(*span, "a second comparison in one condition", hint);
        return None;
    }
    if found.is_empty() {
        let hint = format!("add one of: {}", OPS.join(", "));
        reader.wrong(fields.span, "a condition without a comparison", Some(hint));
    }
    found.pop().map(|(_, op, node)| (op, node))
}

type Found<'n> = (Span, &'static str, &'n Node);

/// `op` and `value`; the outer nothing where they are wrong.
fn long<'n>(reader: &mut Reader, fields: &Fields<'n>) -> Option<Option<Found<'n>>> {
    match (fields.entry("op"), fields.entry("value")) {
        (None, None) => Some(None),
        (Some((key, op)), Some((_, value))) => {
            let words = OPS.map(|op| (op, op));
            Some(Some((key.span, reader.word(op, "comparison", &words)?, value)))
        }
        (Some((key, _)), None) => {
            reader.wrong_hint(key.span, "`op` without `value`", "add `value`");
            None
        }
        (None, Some((key, _))) => {
            reader.wrong_hint(key.span, "`value` without `op`", "add `op`, such as `op = \"eq\"`");
            None
        }
    }
}

fn read_test(reader: &mut Reader, field: &FieldPath, op: &str, node: &Node) -> Option<Test> {
    match op {
        "eq" | "equals" => same(reader, field, node).map(Test::Eq),
        "neq" => same(reader, field, node).map(Test::Neq),
        "gt" => bound(reader, field, node).map(Test::Gt),
        "gte" => bound(reader, field, node).map(Test::Gte),
        "lt" => bound(reader, field, node).map(Test::Lt),
        "lte" => bound(reader, field, node).map(Test::Lte),
        "in" => several(reader, field, node).map(Test::In),
        "not_in" => several(reader, field, node).map(Test::NotIn),
        "exists" => reader.flag(node).map(Test::Exists),
        "matches" => weight::expression(reader, node).map(Test::Matches),
        "contains" => contained(reader, node).map(Test::Contains),
        _ => reader.text(node).map(|text| Test::StartsWith(text.to_owned())),
    }
}

/// A value to be equal to. The empty text is one.
fn same(reader: &mut Reader, field: &FieldPath, node: &Node) -> Option<Value> {
    let value = reader.scalar(node)?;
    let ours = ["risk", "weekday", "time", "verb"].contains(&field.text.as_str());
    match value.as_str() {
        Some(text) => {
            if let Err(hint) = field::possible(field, text) {
                let message = format!("`{}` is never `{}`", field.text, shown(text));
                reader.wrong(node.span, message, Some(hint));
                return None;
            }
        }
        None if ours => {
            reader.wrong_type(node, "a text");
            return None;
        }
        None => {}
    }
    Some(value)
}

/// A number to be above or below; for `time` a time, for `risk` a level.
fn bound(reader: &mut Reader, field: &FieldPath, node: &Node) -> Option<Value> {
    if ["time", "risk"].contains(&field.text.as_str()) {
        return same(reader, field, node);
    }
    if !matches!(node.kind, Kind::Number(_)) {
        reader.wrong_type(node, "a number");
        return None;
    }
    if ["verb", "weekday", "tool", "server", "host"].contains(&field.text.as_str()) {
        let message = format!("`{}` is a text, and only numbers are above or below", field.text);
        reader.wrong_hint(node.span, message, "use `in` with a list");
        return None;
    }
    reader.scalar(node)
}

fn several(reader: &mut Reader, field: &FieldPath, node: &Node) -> Option<Vec<Value>> {
    let items = reader.list(node)?;
    let values: Vec<_> = items.iter().map(|item| same(reader, field, item)).collect();
    values.into_iter().collect()
}

/// A text to be within another, or an element of a list.
fn contained(reader: &mut Reader, node: &Node) -> Option<Value> {
    match node.kind {
        Kind::Text(_) => reader.text(node).map(Value::from),
        _ => reader.scalar(node),
    }
}

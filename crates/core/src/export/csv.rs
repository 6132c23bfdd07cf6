//! The same lines as a table (RFC 4180), for people with a spreadsheet.

use super::Line;
use super::line::as_text;
use crate::display::{escaped, visible};
use crate::json;
use serde_json::Value;

/// The columns, in order.
const COLUMNS: [&str; 22] = [
    "id",
    "timestamp",
    "request_id",
    "pair_id",
    "event",
    "action",
    "description",
    "parameters",
    "decision",
    "answer",
    "items",
    "approver",
    "reason",
    "signature",
    "level",
    "risk",
    "exit_code",
    "signal",
    "error",
    "ledger",
    "seq",
    "receipt",
];

/// The first row, with its line break.
#[must_use]
pub fn header() -> String {
    COLUMNS.join(",") + "\r\n"
}

/// One line as a row, with its line break.
#[must_use]
pub fn row(line: &Line) -> String {
    let value = json::value_of(line).unwrap_or_default();
    let one = |name: &&str| value.get(*name).map(column).unwrap_or_default();
    COLUMNS.iter().map(one).collect::<Vec<_>>().join(",") + "\r\n"
}

fn column(value: &Value) -> String {
    match value {
        Value::String(text) => cell(text),
        // A number is ours, and no formula.
        Value::Number(number) => number.to_string(),
        // It stays the JSON that it is.
        other => quoted(&as_text(other)),
    }
}

/// A text as a cell: line breaks and characters that mislead become visible escapes, what a
/// spreadsheet would run as a formula gets an apostrophe in front, and quotes are doubled.
#[must_use]
pub fn cell(text: &str) -> String {
    let shown = visible(text, false);
    let plain = !is_formula(text) && !shown.contains([',', '"', ';', '\'']);
    if plain { shown } else { guarded(&shown, is_formula(text)) }
}

/// JSON as a cell. Its own escapes keep line breaks and the rest out of it.
fn quoted(json: &str) -> String {
    guarded(&escaped(json), is_formula(json))
}

fn guarded(shown: &str, formula: bool) -> String {
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", shown.replace('"', "\"\""))
}

/// Some spreadsheets look past spaces and quotes, and take the full-width signs for the others.
fn is_formula(text: &str) -> bool {
    let skipped = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'');
    let first = text.chars().next();
    let shown = text.trim_start_matches(skipped).chars().next();
    let starts =
        |c: char| "=+-@\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}".contains(c) || matches!(c, '\t' | '\r');
    first.is_some_and(starts) || shown.is_some_and(starts)
}

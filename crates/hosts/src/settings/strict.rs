//! Whether a host reads a text at all.
//!
//! Both hosts read strict JSON: a file with a comment or a comma too many is passed over whole, and
//! every hook in it with it. So what the host would not read is refused here, with the place.

use super::BadSettings;
use super::spans;
use crate::Host;
use serde::de::IgnoredAny;
use std::ops::Range;

/// How deep a text may be nested. The hosts' own parsers end somewhere above.
const MAX_DEPTH: usize = 100;

/// Finds the one value of a text that the host can read.
pub(super) fn root(host: Host, text: &str) -> Result<Range<usize>, BadSettings> {
    let start = after_mark(host, text)?;
    let body = text.get(start..).unwrap_or_default();
    if body.trim_ascii().is_empty() {
        return Err(syntax(1, 1, "the file is empty: remove it, or write `{}` into it"));
    }
    not_too_deep(body)?;
    if let Err(error) = serde_json::from_str::<IgnoredAny>(body) {
        return Err(syntax(error.line(), error.column(), &wording(host, body, &error)));
    }
    spans::value(text, start).ok_or_else(|| syntax(1, 1, "there is no value in the file"))
}

/// A byte order mark is nothing to one host, and an error to the other.
fn after_mark(host: Host, text: &str) -> Result<usize, BadSettings> {
    match (host, text.starts_with('\u{feff}')) {
        (_, false) => Ok(0),
        (Host::ClaudeCode, true) => Ok('\u{feff}'.len_utf8()),
        (Host::Codex, true) => {
            Err(syntax(1, 1, "a byte order mark, with which Codex reads no hook of this file"))
        }
    }
}

fn not_too_deep(text: &str) -> Result<(), BadSettings> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            let (line, column) = place(text, at);
            return Err(syntax(line, column, "nested more than 100 deep"));
        }
    }
    Ok(())
}

/// Line and column of a byte, both from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    let line_start = before.iter().rposition(|b| *b == b'\n').map_or(0, |nl| nl + 1);
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    (line, at.saturating_sub(line_start) + 1)
}

fn wording(host: Host, text: &str, error: &serde_json::Error) -> String {
    let title = match host {
        Host::ClaudeCode => "Claude Code",
        Host::Codex => "Codex",
    };
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    let at = line.get(error.column().saturating_sub(1)..).unwrap_or_default();
    if at.starts_with('/') {
        return format!("a comment, with which {title} reads no hook of this file");
    }
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    if message == "trailing comma" {
        return format!("a trailing comma, with which {title} reads no hook of this file");
    }
    format!("{message}, so {title} reads no hook of this file")
}

fn syntax(line: usize, column: usize, message: &str) -> BadSettings {
    BadSettings::Syntax { line: line.max(1), column: column.max(1), message: message.into() }
}

//! How large expressions are once they are compiled, told before they are: one that is short to
//! write can be long to compile, and a file can hold thousands of them.

use super::node::Node;
use super::reader::Reader;
use crate::pattern::Regex;
use regex_syntax::hir::{Class, Hir, HirKind};

/// What all expressions of a file may weigh together.
const MAX_WEIGHT: usize = 2_000_000;
/// What a byte of an expression weighs, for reading it at all.
const BYTE: usize = 8;

/// Reads and compiles an expression, unless the file has too many or too large ones.
pub(super) fn expression(reader: &mut Reader, node: &Node) -> Option<Regex> {
    let text = reader.text(node)?;
    reader.weight = reader.weight.saturating_add(text.len().saturating_mul(BYTE));
    if reader.weight <= MAX_WEIGHT
        && let Ok(hir) = regex_syntax::parse(text)
    {
        reader.weight = reader.weight.saturating_add(weight(&hir, MAX_DEPTH));
    }
    if reader.weight > MAX_WEIGHT {
        let hint = "repeat less, name fewer classes such as `\\w`, or use `starts_with`";
        reader.wrong_hint(node.span, "all expressions up to this one are too large together", hint);
        return None;
    }
    reader.pattern(node, Regex::new)
}

/// No expression that can be compiled is deeper.
const MAX_DEPTH: usize = 256;

fn weight(hir: &Hir, depth: usize) -> usize {
    let Some(below) = depth.checked_sub(1) else { return MAX_WEIGHT };
    let all = |parts: &[Hir]| {
        parts.iter().fold(1, |sum: usize, part| sum.saturating_add(weight(part, below)))
    };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Unicode(class)) => 4 + class.ranges().len(),
        HirKind::Class(Class::Bytes(class)) => 4 + class.ranges().len(),
        HirKind::Capture(capture) => weight(&capture.sub, below).saturating_add(2),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(repetition.min).max(1);
            weight(&repetition.sub, below)
                .saturating_mul(usize::try_from(times).unwrap_or(usize::MAX))
        }
        HirKind::Concat(parts) | HirKind::Alternation(parts) => all(parts),
    }
}

//! What can never match. Such a rule looks as if it protected something.

use super::condition::Placed;
use super::node::Span;
use super::number::Decimal;
use super::reader::Reader;
use super::source::shown;
use super::words::RISKS;
use crate::condition::{Condition, Test};
use crate::model::{Rule, Subject};
use crate::verdict::Decision;
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// How much is compared: a file of ten thousand rules is not worth more.
const MAX_PAIRS: usize = 1_000_000;
/// How many values are compared with one another on one field.
const MAX_VALUES: usize = 100_000;

/// Finds conditions on one field that no value meets.
pub(super) fn contradictions(reader: &mut Reader, all: &[Placed]) {
    let mut fields: BTreeMap<&str, Vec<&Placed>> = BTreeMap::new();
    for placed in all {
        fields.entry(&placed.condition.field.text).or_default().push(placed);
    }
    for (field, placed) in fields {
        let tests: Vec<&Test> = placed.iter().map(|placed| &placed.condition.test).collect();
        if let (Some(why), Some(last)) = (impossible(field, &tests), placed.last()) {
            let message = format!("no `{}` meets all conditions on it: {why}", shown(field));
            let hint = "such a rule never matches; remove a condition or make two rules";
            reader.wrong_hint(last.span, message, hint);
        }
    }
}

/// Parts that can be several things at once: each test may be met by another.
const SEVERAL: [&str; 4] = ["tool", "host", "verb", "subject"];

/// Why no value meets all of these.
fn impossible(field: &str, tests: &[&Test]) -> Option<String> {
    let absent = tests.iter().any(|test| matches!(test, Test::Exists(false)));
    if absent && tests.iter().any(|test| !matches!(test, Test::Exists(false))) {
        return Some("it is both absent and compared".into());
    }
    if tests.len() < 2 || SEVERAL.contains(&field) {
        return None;
    }
    let all: usize = tests.iter().map(|test| size(test)).sum();
    match candidates(tests) {
        Some(values) if values.len().saturating_mul(all) > MAX_VALUES => None,
        Some(values) => {
            let fits = |value: &&Value| tests.iter().all(|test| holds(test, value));
            values
                .iter()
                .find(fits)
                .is_none()
                .then(|| "none of the values it may have is left".into())
        }
        None => empty_range(tests).or_else(|| two_beginnings(tests)),
    }
}

/// How many values a test compares with.
fn size(test: &Test) -> usize {
    match test {
        Test::In(values) | Test::NotIn(values) => values.len(),
        _ => 1,
    }
}

/// The shortest list of values that one of the tests leaves.
fn candidates(tests: &[&Test]) -> Option<Vec<Value>> {
    let lists = tests.iter().filter_map(|test| match test {
        Test::Eq(value) => Some(vec![value.clone()]),
        Test::In(values) => Some(values.clone()),
        _ => None,
    });
    lists.min_by_key(Vec::len)
}

/// Whether a value meets a test, as far as can be told here; yes where it cannot.
fn holds(test: &Test, value: &Value) -> bool {
    let beside =
        |wanted: &dyn Fn(Ordering) -> bool, other: &Value| order(value, other).is_some_and(wanted);
    match test {
        Test::Eq(other) => equal(value, other),
        Test::Neq(other) => !equal(value, other),
        Test::In(others) => others.iter().any(|other| equal(value, other)),
        Test::NotIn(others) => !others.iter().any(|other| equal(value, other)),
        Test::Gt(other) => beside(&Ordering::is_gt, other),
        Test::Gte(other) => beside(&Ordering::is_ge, other),
        Test::Lt(other) => beside(&Ordering::is_lt, other),
        Test::Lte(other) => beside(&Ordering::is_le, other),
        Test::StartsWith(text) => value.as_str().is_some_and(|value| value.starts_with(text)),
        Test::Contains(Value::String(text)) => {
            value.as_str().is_some_and(|value| value.contains(text.as_str()))
        }
        Test::Exists(there) => *there,
        Test::Matches(regex) => value.as_str().is_some_and(|value| regex.fits(value)),
        Test::Contains(_) => false,
    }
}

fn decimal(value: &Value) -> Option<Decimal> {
    value.as_number().and_then(|number| Decimal::new(&number.to_string()))
}

fn equal(one: &Value, other: &Value) -> bool {
    match (decimal(one), decimal(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// Numbers as decimals; texts are levels of risk by their rank, else times.
fn order(one: &Value, other: &Value) -> Option<Ordering> {
    let rank = |text: &str| RISKS.iter().find(|(word, _)| *word == text).map(|(_, risk)| *risk);
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => Some(rank(one).cmp(&rank(other)).then(one.cmp(other))),
        _ => Some(decimal(one)?.order(&decimal(other)?)),
    }
}

fn empty_range(tests: &[&Test]) -> Option<String> {
    let lower = tests.iter().filter_map(|test| match test {
        Test::Gt(value) => Some((value, true)),
        Test::Gte(value) => Some((value, false)),
        _ => None,
    });
    let upper: Vec<_> = tests
        .iter()
        .filter_map(|test| match test {
            Test::Lt(value) => Some((value, true)),
            Test::Lte(value) => Some((value, false)),
            _ => None,
        })
        .collect();
    for (low, low_open) in lower {
        for (high, high_open) in &upper {
            let empty = match order(low, high) {
                Some(Ordering::Greater) => true,
                Some(Ordering::Equal) => low_open || *high_open,
                _ => false,
            };
            if empty {
                return Some(format!("nothing lies between {low} and {high}"));
            }
        }
    }
    None
}

fn two_beginnings(tests: &[&Test]) -> Option<String> {
    let starts: Vec<&str> = tests
        .iter()
        .filter_map(|test| match test {
            Test::StartsWith(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let longest = starts.iter().max_by_key(|text| text.len())?;
    let other = starts.iter().find(|text| !longest.starts_with(**text))?;
    Some(format!("it cannot start with both `{}` and `{}`", shown(longest), shown(other)))
}

/// A rule and the places that a message points at.
pub(super) struct PlacedRule {
    /// Its tools, else its head.
    pub(super) span: Span,
    pub(super) rule: Rule,
    /// Whether all of it could be read: what is left of a criterion may be wider than what was meant.
    pub(super) sound: bool,
}

/// Finds rules that an earlier `block` leaves nothing of.
pub(super) fn covered(reader: &mut Reader, rules: &[PlacedRule]) {
    let mut sorted: Vec<&PlacedRule> =
        rules.iter().filter(|placed| placed.sound && !placed.rule.disabled).collect();
    sorted.sort_by_key(|placed| placed.rule.order);
    let mut blocks: Vec<&Rule> = Vec::new();
    let mut pairs = 0;
    for placed in sorted {
        if let Some(block) = blocks.iter().find(|block| covers(block, &placed.rule, &mut pairs)) {
            let message = format!(
                "the rule `{}` never matters: the earlier rule `{}` blocks all it speaks of",
                placed.rule.id, block.id
            );
            reader.wrong_hint(placed.span, message, "remove one of them, or narrow the block");
        } else if placed.rule.decision == Some(Decision::Block) {
            blocks.push(&placed.rule);
        }
    }
}

/// Whether each criterion of `block` holds wherever those of `rule` do.
fn covers(block: &Rule, rule: &Rule, pairs: &mut usize) -> bool {
    fn open<T: PartialEq>(block: &[T], rule: &[T]) -> bool {
        block.is_empty() || block == rule
    }
    *pairs += 1;
    let any_host = block.hosts.iter().any(|host| host.as_str() == "*");
    *pairs < MAX_PAIRS
        && (block.subject == Subject::Any || block.subject == rule.subject)
        && open(&block.verbs, &rule.verbs)
        && open(&block.servers, &rule.servers)
        && (any_host || open(&block.hosts, &rule.hosts))
        && open(&block.artifact_types, &rule.artifact_types)
        && open::<Condition>(&block.conditions, &rule.conditions)
        && block.risk.is_none_or(|risk| rule.risk == Some(risk))
        && tools_covered(block, rule, pairs)
}

fn tools_covered(block: &Rule, rule: &Rule, pairs: &mut usize) -> bool {
    if block.tools.is_empty() {
        return true;
    }
    !rule.tools.is_empty()
        && rule.tools.iter().all(|tool| {
            block.tools.iter().any(|wide| {
                *pairs += 1 + wide.as_str().len() * tool.as_str().len() / 64;
                *pairs < MAX_PAIRS && glob_covers(wide.as_str(), tool.as_str())
            })
        })
}

/// Whether whatever fits `narrow` fits `wide`: a wildcard of `narrow` is met by one of `wide` only.
fn glob_covers(wide: &str, narrow: &str) -> bool {
    let wide: Vec<char> = wide.chars().collect();
    let narrow: Vec<char> = narrow.chars().collect();
    let (mut w, mut n) = (0, 0);
    let mut star = None;
    while let Some(c) = narrow.get(n) {
        match wide.get(w) {
            Some('*') => {
                star = Some((w, n));
                w += 1;
            }
            Some('?') if *c != '*' => (w, n) = (w + 1, n + 1),
            Some(same) if same == c && *c != '*' => (w, n) = (w + 1, n + 1),
            _ => {
                let Some((from, met)) = star else { return false };
                star = Some((from, met + 1));
                (w, n) = (from + 1, met + 1);
            }
        }
    }
    wide.iter().skip(w).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::glob_covers;

    #[test]
    fn a_pattern_covers_what_fits_it_and_no_more() {
        for (wide, narrow) in
            [("*", "a*"), ("a*", "abc"), ("a*c", "ab*c"), ("??", "?a"), ("a", "a")]
        {
            assert!(glob_covers(wide, narrow), "{wide} {narrow}");
        }
        for (wide, narrow) in [("a", "ab"), ("a*", "*"), ("?", "*"), ("a?", "a*"), ("a*b", "a*")] {
            assert!(!glob_covers(wide, narrow), "{wide} {narrow}");
        }
    }
}

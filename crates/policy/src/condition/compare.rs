//! How a part is compared.

use super::decimal;
use super::part::Part;
use super::{Held, Sense, Test};
use crate::facts::Names;
use countersign_core::artifact::Risk;
use serde_json::Value;
use std::cmp::Ordering;

/// What is compared at last: a word of ours, or a value of the action's own text.
#[derive(Clone, Copy)]
enum Piece<'a> {
    Text(&'a str),
    Json(&'a Value),
}

const LEVELS: [&str; 4] = ["low", "medium", "high", "critical"];

/// What a test makes of a part.
pub(super) fn held(test: &Test, part: Part<'_>, sense: Sense) -> Held {
    match part {
        Part::Fault(why) => Held::Error(why.to_owned()),
        Part::Missing => absent(test),
        Part::Names(names) => of_names(test, &names, sense),
        Part::Json(Value::String(text)) => of_piece(test, Piece::Text(text)),
        Part::Json(value) => of_piece(test, Piece::Json(value)),
        Part::Text(text) => of_piece(test, Piece::Text(&text)),
        Part::Risk(risk) => {
            let rank = |text: &str| LEVELS.iter().position(|level| *level == text);
            ranked(test, risk as usize, level(risk), rank, "a level of risk")
        }
        Part::Time(minute) => {
            ranked(test, usize::from(minute), &clock(minute), minute_of, "a time as HH:MM")
        }
    }
}

/// The word for a level.
pub(super) fn level(risk: Risk) -> &'static str {
    LEVELS.get(risk as usize).copied().unwrap_or_default()
}

/// `HH:MM`.
pub(super) fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn absent(test: &Test) -> Held {
    match test {
        Test::Exists(wanted) => yes(!wanted),
        _ => Held::Missing,
    }
}

/// One name is enough for a rule that restricts; all that the action really has must fit one that
/// loosens.
fn of_names(test: &Test, names: &Names<&str>, sense: Sense) -> Held {
    if names.own.is_empty() && names.also.is_empty() {
        return absent(test);
    }
    let each = |name: &&str| of_piece(test, Piece::Text(name));
    match sense {
        Sense::Restricts => any(names.own.iter().chain(&names.also).map(each)),
        Sense::Loosens if names.own.is_empty() => Held::No,
        Sense::Loosens => {
            names.own.iter().map(each).find(|held| *held != Held::Yes).unwrap_or(Held::Yes)
        }
    }
}

/// Yes if any; else an error if any; else no.
fn any(all: impl Iterator<Item = Held>) -> Held {
    let mut worst = Held::No;
    for held in all {
        match held {
            Held::Yes => return Held::Yes,
            Held::Error(_) => worst = held,
            Held::No | Held::Missing => {}
        }
    }
    worst
}

/// Words that stand for places in an order: every operand must be one of them.
fn ranked(
    test: &Test,
    at: usize,
    text: &str,
    rank: impl Fn(&str) -> Option<usize>,
    what: &str,
) -> Held {
    let place = |value: &Value| value.as_str().and_then(&rank);
    let against = |value: &Value, fits: &dyn Fn(Ordering) -> bool| match place(value) {
        Some(other) => yes(fits(at.cmp(&other))),
        None => error(&format!("it is compared with what is not {what}")),
    };
    match test {
        Test::Eq(value) => against(value, &Ordering::is_eq),
        Test::Neq(value) => against(value, &Ordering::is_ne),
        Test::Gt(value) => against(value, &Ordering::is_gt),
        Test::Gte(value) => against(value, &Ordering::is_ge),
        Test::Lt(value) => against(value, &Ordering::is_lt),
        Test::Lte(value) => against(value, &Ordering::is_le),
        _ => of_piece(test, Piece::Text(text)),
    }
}

/// `HH:MM`, in two digits each.
fn minute_of(text: &str) -> Option<usize> {
    let (hour, minute) = text.split_once(':')?;
    let two = |part: &str, below: usize| {
        let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<usize>().ok().filter(|n| digits && *n < below)
    };
    Some(two(hour, 24)? * 60 + two(minute, 60)?)
}

fn of_piece(test: &Test, piece: Piece<'_>) -> Held {
    match test {
        Test::Exists(wanted) => yes(*wanted),
        Test::Contains(value) => contains(piece, value),
        _ if piece.is_committed() => error("it is committed to"),
        Test::Eq(value) => equal(piece, value),
        Test::Neq(value) => not(equal(piece, value)),
        Test::In(values) => one_of(piece, values),
        Test::NotIn(values) => not(one_of(piece, values)),
        Test::Gt(value) => ordered(piece, value, Ordering::is_gt),
        Test::Gte(value) => ordered(piece, value, Ordering::is_ge),
        Test::Lt(value) => ordered(piece, value, Ordering::is_lt),
        Test::Lte(value) => ordered(piece, value, Ordering::is_le),
        Test::Matches(expression) => of_text(piece, |text| expression.fits(text)),
        Test::StartsWith(start) => of_text(piece, |text| text.starts_with(start.as_str())),
    }
}

fn yes(is: bool) -> Held {
    if is { Held::Yes } else { Held::No }
}

fn not(held: Held) -> Held {
    match held {
        Held::Yes => Held::No,
        Held::No => Held::Yes,
        other => other,
    }
}

fn error(why: &str) -> Held {
    Held::Error(why.to_owned())
}

/// Of one type, or not comparable. Within lists and objects another type is another value.
fn equal(piece: Piece<'_>, value: &Value) -> Held {
    match (piece, value) {
        (Piece::Text(text), Value::String(other)) => yes(text == other),
        (Piece::Json(here), other) if type_of(here) == type_of(other) => yes(same(here, other)),
        (_, other) => {
            error(&format!("it is {}, compared with {}", piece.type_of(), type_of(other)))
        }
    }
}

fn one_of(piece: Piece<'_>, values: &[Value]) -> Held {
    let all: Vec<Held> = values.iter().map(|value| equal(piece, value)).collect();
    let comparable = all.iter().any(|held| !matches!(held, Held::Error(_)));
    match any(all.into_iter()) {
        Held::Error(_) if comparable => Held::No,
        held => held,
    }
}

fn ordered(piece: Piece<'_>, value: &Value, fits: fn(Ordering) -> bool) -> Held {
    let (Piece::Json(Value::Number(here)), Value::Number(other)) = (piece, value) else {
        return error(&format!("it is {}, compared with {}", piece.type_of(), type_of(value)));
    };
    match decimal::compare(here, other) {
        Some(order) => yes(fits(order)),
        None => error("it is no finite number"),
    }
}

fn of_text(piece: Piece<'_>, fits: impl Fn(&str) -> bool) -> Held {
    match piece {
        Piece::Text(text) => yes(fits(text)),
        Piece::Json(_) => error(&format!("it is {}, not a text", piece.type_of())),
    }
}

fn contains(piece: Piece<'_>, value: &Value) -> Held {
    match (piece, value) {
        (Piece::Text(text), Value::String(part)) => yes(text.contains(part.as_str())),
        (Piece::Json(Value::Array(elements)), _) => any(elements.iter().map(|element| {
            let element = Piece::of(element);
            if element.is_committed() {
                error("an element is committed to")
            } else {
                equal(element, value)
            }
        })),
        _ => error(&format!("it is {}, looked into for {}", piece.type_of(), type_of(value))),
    }
}

impl<'a> Piece<'a> {
    fn of(value: &'a Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text),
            value => Self::Json(value),
        }
    }

    fn type_of(self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Json(value) => type_of(value),
        }
    }

    /// Whether it is committed to, or any part of it.
    fn is_committed(self) -> bool {
        matches!(self, Self::Json(value) if holds_commitment(value))
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Equal in type and value, all the way down.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            decimal::compare(left, right).is_some_and(Ordering::is_eq)
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| same(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            let has = |(name, value): (&String, &Value)| {
                right.get(name).is_some_and(|other| same(value, other))
            };
            left.len() == right.len() && left.iter().all(has)
        }
        (left, right) => left == right,
    }
}

fn holds_commitment(value: &Value) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(holds_commitment),
        Value::Object(members) => {
            members.contains_key("_sd") || members.values().any(holds_commitment)
        }
        _ => false,
    }
}

/// `{"_sd": …}`, whatever stands beside it.
pub(super) fn is_commitment(value: &Value) -> bool {
    value.as_object().is_some_and(|members| members.contains_key("_sd"))
}

//! The strict reader and the canonical writer: one text, one value, one sequence of bytes.
//!
//! The reader refuses everything on which two honest parsers could disagree; the writer is
//! RFC 8785. Together they make "the same object" mean "the same hash" for a stranger's
//! implementation too.

use json_event_parser::{JsonEvent, SliceJsonParser};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

mod canonical;

use canonical::Canonical;

/// The deepest nesting that is read or written.
pub const MAX_DEPTH: usize = 64;

/// Byte limits of HARP v0.2, counted on plaintext.
pub mod limit {
    /// An artifact: 2 MiB.
    pub const ARTIFACT: usize = 2 * 1024 * 1024;
    /// A prompt: 256 KiB.
    pub const PROMPT: usize = 256 * 1024;
    /// A snapshot of a session: 5 MiB.
    pub const SNAPSHOT: usize = 5 * 1024 * 1024;
    /// A decision and every other message: 64 KiB.
    pub const MESSAGE: usize = 64 * 1024;
    /// A receipt holds whole artifacts and decisions: 8 MiB.
    pub const RECEIPT: usize = 8 * 1024 * 1024;
}

/// Why a text has no canonical form here (`HARP_ERR_CANONICALIZATION`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// More bytes than the limit for this kind of object.
    #[error("{size} bytes are more than the limit of {limit}")]
    TooLarge {
        /// Bytes received.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Not JSON: the grammar, the encoding, a lone surrogate or a byte order mark.
    #[error("not strict json: {0}")]
    Syntax(String),
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// A name appears twice in one object.
    #[error("duplicate key `{0}`")]
    DuplicateKey(String),
    /// The number written is not the shortest form of any double.
    #[error("number `{0}` cannot be held exactly")]
    Number(String),
    /// Code point order and UTF-16 order of the keys differ.
    #[error("the order of keys is ambiguous at `{0}`")]
    KeyOrder(String),
    /// Readable JSON, but not the object asked for.
    #[error("{0}")]
    Shape(String),
}

/// Reads one JSON text strictly.
///
/// # Errors
/// Every case of [`JsonError`] but `Shape`.
pub fn parse(bytes: &[u8], limit: usize) -> Result<Value, JsonError> {
    if bytes.len() > limit {
        return Err(JsonError::TooLarge { size: bytes.len(), limit });
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(JsonError::Syntax("byte order mark".into()));
    }
    if std::str::from_utf8(bytes).is_err() {
        return Err(JsonError::Syntax("invalid utf-8".into()));
    }
    let mut parser = SliceJsonParser::new(bytes);
    let mut builder = Builder::default();
    loop {
        let event = parser.parse_next().map_err(|e| JsonError::Syntax(clip(&e.to_string())))?;
        if matches!(event, JsonEvent::Eof) {
            return builder.root.ok_or_else(|| JsonError::Syntax("empty text".into()));
        }
        builder.event(event)?;
    }
}

/// Reads one JSON text strictly into `T`.
///
/// # Errors
/// As [`parse`], and `Shape` where the value is not a `T`.
pub fn read<T: DeserializeOwned>(bytes: &[u8], limit: usize) -> Result<T, JsonError> {
    typed(parse(bytes, limit)?)
}

/// Turns a value that was read strictly into `T`.
///
/// # Errors
/// `Shape` where the value is not a `T`.
pub fn typed<T: DeserializeOwned>(value: Value) -> Result<T, JsonError> {
    serde_json::from_value(value).map_err(|e| JsonError::Shape(clip(&e.to_string())))
}

/// Reads `T` out of a value that was read strictly.
///
/// # Errors
/// `Shape` where the value is not a `T`.
pub fn typed_ref<'v, T: Deserialize<'v>>(value: &'v Value) -> Result<T, JsonError> {
    T::deserialize(value).map_err(|e| JsonError::Shape(clip(&e.to_string())))
}

/// The canonical bytes of `value`.
///
/// # Errors
/// `KeyOrder`, `DuplicateKey`, `TooDeep`, `Number` or `Shape` where the value has no canonical
/// form.
pub fn canonical(value: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, JsonError> {
    Canonical::of(value, None).map(|canonical| canonical.behind(&[]))
}

/// The canonical bytes of `value` behind a prefix of ours.
///
/// # Errors
/// As [`canonical`].
pub(crate) fn canonical_behind(
    prefix: &[u8],
    value: &(impl Serialize + ?Sized),
) -> Result<Vec<u8>, JsonError> {
    Canonical::of(value, None).map(|canonical| canonical.behind(prefix))
}

/// The canonical bytes of the object `value` without one of its members.
///
/// # Errors
/// As [`canonical`].
pub(crate) fn canonical_without(
    value: &impl Serialize,
    member: &'static str,
) -> Result<Vec<u8>, JsonError> {
    Canonical::of(value, Some(member)).map(|canonical| canonical.behind(&[]))
}

/// SHA-256 of the canonical bytes of `value`, which are written once and hashed from there.
///
/// # Errors
/// As [`canonical`].
pub fn sha256(value: &(impl Serialize + ?Sized)) -> Result<[u8; 32], JsonError> {
    Canonical::of(value, None).map(|canonical| canonical.sha256())
}

/// The same of the object `value` without one of its members.
///
/// # Errors
/// As [`canonical`].
pub(crate) fn sha256_without(
    value: &impl Serialize,
    member: &'static str,
) -> Result<[u8; 32], JsonError> {
    Canonical::of(value, Some(member)).map(|canonical| canonical.sha256())
}

/// `value` as a tree.
///
/// # Errors
/// `Shape` where it has no JSON form.
pub fn value_of(value: &impl Serialize) -> Result<Value, JsonError> {
    serde_json::to_value(value).map_err(|e| JsonError::Shape(clip(&e.to_string())))
}

/// The canonical bytes of `value` as a member of an object, which has one level less inside.
///
/// # Errors
/// As [`canonical`].
pub(crate) fn canonical_member(value: &impl Serialize) -> Result<Vec<u8>, JsonError> {
    Canonical::of_member(value).map(|canonical| canonical.behind(&[]))
}

/// Whether `text` is what [`canonical_member`] writes of `value`, byte by byte.
pub(crate) fn is_canonical_member(value: &impl Serialize, text: &[u8]) -> bool {
    Canonical::of_member(value).is_ok_and(|canonical| canonical.is(text))
}

/// Integers beyond 2^53 are doubles to other readers.
const MAX_SAFE: u64 = 1 << 53;

fn check_order(members: &Map<String, Value>) -> Result<(), JsonError> {
    canonical::check_order(members.keys().map(String::as_bytes))
}

#[derive(Default)]
struct Builder {
    root: Option<Value>,
    open: Vec<Open>,
}

enum Open {
    Array(Vec<Value>),
    Object(Map<String, Value>, Option<String>),
}

impl Builder {
    fn event(&mut self, event: JsonEvent<'_>) -> Result<(), JsonError> {
        match event {
            JsonEvent::String(s) => self.value(Value::String(s.into_owned())),
            JsonEvent::Number(n) => self.value(Value::Number(number(&n)?)),
            JsonEvent::Boolean(b) => self.value(Value::Bool(b)),
            JsonEvent::Null => self.value(Value::Null),
            JsonEvent::StartArray => self.open(Open::Array(Vec::new())),
            JsonEvent::StartObject => self.open(Open::Object(Map::new(), None)),
            JsonEvent::ObjectKey(key) => self.key(key.into_owned()),
            JsonEvent::EndArray | JsonEvent::EndObject => self.close(),
            JsonEvent::Eof => Ok(()),
        }
    }

    fn open(&mut self, container: Open) -> Result<(), JsonError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(JsonError::TooDeep);
        }
        self.open.push(container);
        Ok(())
    }

    fn key(&mut self, key: String) -> Result<(), JsonError> {
        match self.open.last_mut() {
            Some(Open::Object(members, _)) if members.contains_key(&key) => {
                Err(JsonError::DuplicateKey(clip(&key)))
            }
            Some(Open::Object(_, pending)) => {
                *pending = Some(key);
                Ok(())
            }
            _ => Err(JsonError::Syntax("key outside an object".into())),
        }
    }

    fn close(&mut self) -> Result<(), JsonError> {
        let value = match self.open.pop() {
            Some(Open::Array(items)) => Value::Array(items),
            Some(Open::Object(members, _)) => {
                check_order(&members)?;
                Value::Object(members)
            }
            None => return Err(JsonError::Syntax("unbalanced brackets".into())),
        };
        self.value(value)
    }

    fn value(&mut self, value: Value) -> Result<(), JsonError> {
        match self.open.last_mut() {
            None if self.root.is_some() => return Err(JsonError::Syntax("trailing data".into())),
            None => self.root = Some(value),
            Some(Open::Array(items)) => items.push(value),
            Some(Open::Object(members, key)) => {
                let key =
                    key.take().ok_or_else(|| JsonError::Syntax("value without key".into()))?;
                members.insert(key, value);
            }
        }
        Ok(())
    }
}

/// Accepts a number only when its shortest form denotes exactly the number written.
fn number(text: &str) -> Result<Number, JsonError> {
    if let Some(whole) = short_whole(text) {
        return Ok(Number::from(whole));
    }
    let refuse = || JsonError::Number(clip(text));
    let double: f64 = text.parse().map_err(|_| refuse())?;
    if !double.is_finite() {
        return Err(refuse());
    }
    let shortest = ryu_js::Buffer::new().format(double).to_owned();
    if Decimal::of(text) != Decimal::of(&shortest) {
        return Err(refuse());
    }
    if double.fract() == 0.0 && double.abs() <= MAX_SAFE as f64 {
        // The cast is exact: a whole number of at most 53 bits.
        return Ok(Number::from(double as i64));
    }
    Number::from_f64(double).ok_or_else(refuse)
}

/// A whole number of so few digits that every double near it is another number.
fn short_whole(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let short = digits.len() <= 15 && digits.bytes().all(|b| b.is_ascii_digit());
    short.then(|| text.parse().ok()).flatten()
}

/// A decimal number as digits without zeros at either end, and the power of ten of the last one.
#[derive(PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn of(text: &str) -> Self {
        let negative = text.starts_with('-');
        let text = text.trim_start_matches('-');
        let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let kept = all.trim_end_matches('0');
        let dropped = (all.len() - kept.len()) as i64;
        let digits = kept.trim_start_matches('0').to_owned();
        if digits.is_empty() {
            return Self { negative: false, digits, exponent: 0 };
        }
        // A power that overflows belongs to a number that is not finite and was refused before.
        let power: i64 = power.parse().unwrap_or(i64::MAX / 2);
        Self { negative, digits, exponent: power.saturating_add(dropped - fraction.len() as i64) }
    }
}

/// The first 200 characters: no more of input is ever quoted back.
#[must_use]
pub fn clip(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canon(text: &str) -> Result<String, JsonError> {
        parse(text.as_bytes(), limit::MESSAGE)
            .and_then(|v| canonical(&v))
            .map(|b| String::from_utf8(b).unwrap())
    }

    #[test]
    fn sorts_keys_and_drops_white_space() {
        assert_eq!(canon(" {\"b\" : [1, 2 ],\n\"a\":{}} ").unwrap(), r#"{"a":{},"b":[1,2]}"#);
    }

    #[test]
    fn numbers_take_their_shortest_form() {
        for (written, expected) in [
            ("0.1", "0.1"),
            ("1.50", "1.5"),
            ("-0", "0"),
            ("1E3", "1000"),
            ("1e21", "1e+21"),
            ("1000000000000000000000", "1e+21"),
            ("0.000001", "0.000001"),
            ("1e-7", "1e-7"),
            ("9007199254740992", "9007199254740992"),
            ("9007199254740994", "9007199254740994"),
            ("-5.0", "-5"),
        ] {
            assert_eq!(canon(written).unwrap(), expected, "{written}");
        }
    }

    #[test]
    fn attack_05_numbers_that_two_parsers_read_differently_are_refused() {
        for written in ["1e400", "9007199254740993", "0.10000000000000000001", "333333333.33333329"]
        {
            assert!(matches!(canon(written), Err(JsonError::Number(_))), "{written}");
        }
    }

    #[test]
    fn attack_05_texts_that_two_parsers_read_differently_are_refused() {
        assert!(matches!(canon(r#"{"a":1,"a":2}"#), Err(JsonError::DuplicateKey(_))));
        assert!(matches!(canon(r#"{"a":1,"\u0061":2}"#), Err(JsonError::DuplicateKey(_))));
        assert!(matches!(canon("\"\\ud800\""), Err(JsonError::Syntax(_))));
        assert!(matches!(canon("\u{feff}{}"), Err(JsonError::Syntax(_))));
        assert!(matches!(canon("{} {}"), Err(JsonError::Syntax(_))));
        assert!(matches!(canon(""), Err(JsonError::Syntax(_))));
        assert!(matches!(parse(b"\"\xff\"", 64), Err(JsonError::Syntax(_))));
        assert!(matches!(canon("{\"\u{e000}\":1,\"\u{10000}\":2}"), Err(JsonError::KeyOrder(_))));
        assert!(matches!(canon(&"[".repeat(65)), Err(JsonError::TooDeep)));
        assert!(canon(&format!("{}{}", "[".repeat(64), "]".repeat(64))).is_ok());
        assert!(matches!(parse(&[b' '; 65], 64), Err(JsonError::TooLarge { .. })));
    }

    #[test]
    fn what_we_build_ourselves_meets_the_same_rules() {
        let clash = serde_json::json!({"\u{e000}": 1, "\u{10000}": 2});
        assert!(matches!(canonical(&clash), Err(JsonError::KeyOrder(_))));
        assert!(matches!(canonical(&u64::MAX), Err(JsonError::Number(_))));
    }

    #[test]
    fn a_text_is_compared_to_its_end() {
        let value = serde_json::json!({"a": [1, "b"]});
        assert!(is_canonical_member(&value, br#"{"a":[1,"b"]}"#));
        for other in [r#"{"a":[1,"b"]"#, r#"{"a":[1,"b"]} "#, r#"{"a":[1,"c"]}"#, ""] {
            assert!(!is_canonical_member(&value, other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn strings_keep_their_code_points_and_escape_minimally() {
        assert_eq!(canon(r#""\u00e9\/\u0007\n\u007f""#).unwrap(), "\"\u{e9}/\\u0007\\n\u{7f}\"");
    }
}

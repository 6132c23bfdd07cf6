//! Numbers as written. What cannot be kept exactly is refused: nobody wants another limit than the
//! one that stands in the file.

use serde_json::Number;
use std::cmp::Ordering;

/// How a number can be kept.
pub(super) enum Exact {
    /// As written.
    Is(Number),
    /// Only near; this is what it would become.
    Near(String),
    /// Not at all.
    No(&'static str),
}

/// A decimal of any length: `0.DIGITS × 10^exponent`, without zeros at either end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// Reads a number of either dialect, or of JSON.
    pub(super) fn new(text: &str) -> Option<Self> {
        let negative = text.starts_with('-');
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let exponent: i64 = exponent.parse().ok()?;
        let digits = all.trim_start_matches('0');
        let leading = i64::try_from(all.len() - digits.len()).ok()?;
        let digits = digits.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self { negative: false, digits, exponent: 0 });
        }
        let point = i64::try_from(whole.len()).ok()?;
        let exponent = exponent.checked_add(point)?.checked_sub(leading)?;
        Some(Self { negative, digits, exponent })
    }

    /// Which of two is the greater.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let sign = |d: &Self| if d.digits.is_empty() { 0 } else { 1 - 2 * i8::from(d.negative) };
        let size = || self.exponent.cmp(&other.exponent).then(self.digits.cmp(&other.digits));
        sign(self).cmp(&sign(other)).then_with(|| match sign(self) {
            0 => Ordering::Equal,
            1 => size(),
            _ => size().reverse(),
        })
    }
}

/// A number as JSON keeps it.
pub(super) fn exact(text: &str) -> Exact {
    let unsigned = text.trim_start_matches(['+', '-']);
    if unsigned.len() > 1
        && unsigned.bytes().all(|b| b.is_ascii_digit())
        && unsigned.starts_with('0')
    {
        return Exact::No("begins with 0");
    }
    let Some(written) = Decimal::new(text) else { return Exact::No("is no number") };
    let plain = text.trim_start_matches('+');
    if unsigned.bytes().all(|b| b.is_ascii_digit())
        && let Ok(number) = plain.parse::<i64>()
    {
        return Exact::Is(number.into());
    }
    let Some(number) = plain.parse().ok().and_then(Number::from_f64) else {
        return Exact::No("is too large a number");
    };
    // What the double is written as, shortest, is what it means everywhere else.
    let shortest = number.to_string();
    let same = Decimal::new(&shortest).is_some_and(|kept| kept == written);
    if same && !unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return Exact::Is(number);
    }
    Exact::Near(shortest)
}

/// A whole number.
pub(super) fn whole(text: &str) -> Option<i64> {
    match exact(text) {
        Exact::Is(number) => number.as_i64(),
        _ => None,
    }
}

/// Whether a text would be a number without its quotes.
pub(super) fn is_plain(text: &str) -> bool {
    text.len() < 64 && Decimal::new(text).is_some()
}

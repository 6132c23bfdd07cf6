//! Numbers compared as the decimals that they are written as, without rounding.
//!
//! JSON numbers arrive here as whole numbers or doubles. A double stands for its shortest decimal
//! form, so `0.1` is a tenth and `5.0` is `5`.

use serde_json::Number;
use std::cmp::Ordering;

/// `digits × 10^exponent`, without zeros at the end of `digits`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Decimal {
    negative: bool,
    digits: u128,
    exponent: i32,
}

/// Which of two numbers is larger; `None` where one of them is not finite.
pub(super) fn compare(left: &Number, right: &Number) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (left.as_i128(), right.as_i128()) {
        return Some(left.cmp(&right));
    }
    let (left, right) = (Decimal::of(left)?, Decimal::of(right)?);
    Some(left.order(right))
}

impl Decimal {
    fn of(number: &Number) -> Option<Self> {
        if let Some(whole) = number.as_i128() {
            return Some(Self::new(whole < 0, whole.unsigned_abs(), 0));
        }
        let double = number.as_f64().filter(|double| double.is_finite())?;
        // `{:e}` writes the shortest digits that read back as this double.
        let text = format!("{:e}", double.abs());
        let (mantissa, exponent) = text.split_once('e')?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}").parse().ok()?;
        let exponent: i32 = exponent.parse().ok()?;
        let behind = i32::try_from(fraction.len()).ok()?;
        Some(Self::new(double.is_sign_negative(), digits, exponent - behind))
    }

    fn new(negative: bool, mut digits: u128, mut exponent: i32) -> Self {
        if digits == 0 {
            return Self { negative: false, digits: 0, exponent: 0 };
        }
        while digits.is_multiple_of(10) {
            digits /= 10;
            exponent += 1;
        }
        Self { negative, digits, exponent }
    }

    fn order(self, other: Self) -> Ordering {
        match (self.sign(), other.sign()) {
            (1, 1) => self.magnitude(other),
            (-1, -1) => other.magnitude(self),
            (left, right) => left.cmp(&right),
        }
    }

    fn sign(self) -> i8 {
        match (self.digits, self.negative) {
            (0, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        }
    }

    /// Neither is zero. Where the first digits stand at the same place, the shorter one is filled
    /// up with zeros: at most 20 digits, which always fit.
    fn magnitude(self, other: Self) -> Ordering {
        let (left, right) = (self.length(), other.length());
        let place = |length: u32, exponent: i32| i64::from(length) + i64::from(exponent);
        let filled = |digits: u128, by: u32| digits.saturating_mul(10u128.saturating_pow(by));
        place(left, self.exponent).cmp(&place(right, other.exponent)).then_with(|| {
            filled(self.digits, right.saturating_sub(left))
                .cmp(&filled(other.digits, left.saturating_sub(right)))
        })
    }

    fn length(self) -> u32 {
        self.digits.checked_ilog10().map_or(1, |log| log + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bigdecimal::BigDecimal;
    use proptest::prelude::*;
    use std::str::FromStr as _;

    fn order(left: &str, right: &str) -> Ordering {
        let number = |text: &str| serde_json::from_str::<Number>(text).unwrap();
        compare(&number(left), &number(right)).unwrap()
    }

    #[test]
    fn attack_14_numbers_are_compared_as_they_are_written() {
        for (left, right, expected) in [
            ("5", "5.0", Ordering::Equal),
            ("0", "-0.0", Ordering::Equal),
            ("0.1", "0.10", Ordering::Equal),
            ("1e2", "100", Ordering::Equal),
            ("9e9", "100", Ordering::Greater),
            ("1e308", "18446744073709551615", Ordering::Greater),
            ("1e-308", "0", Ordering::Greater),
            ("-1e308", "1e-308", Ordering::Less),
            ("9007199254740993", "9007199254740992.0", Ordering::Greater),
            ("18446744073709551615", "18446744073709551616", Ordering::Less),
            ("-9223372036854775808", "-9223372036854775807", Ordering::Less),
            ("100.00000000000001", "100", Ordering::Greater),
            ("0.30000000000000004", "0.3", Ordering::Greater),
            ("-5", "-50", Ordering::Greater),
        ] {
            assert_eq!(order(left, right), expected, "{left} {right}");
            assert_eq!(order(right, left), expected.reverse(), "{right} {left}");
        }
    }

    fn number() -> impl Strategy<Value = Number> {
        prop_oneof![
            any::<i64>().prop_map(Number::from),
            any::<u64>().prop_map(Number::from),
            (-300i64..300).prop_map(Number::from),
            any::<f64>().prop_filter_map("finite", Number::from_f64),
            (-30_000i32..30_000)
                .prop_filter_map("finite", |n| Number::from_f64(f64::from(n) / 100.0)),
        ]
    }

    proptest! {
        #[test]
        fn a_library_for_decimals_of_any_length_says_the_same(left in number(), right in number()) {
            let big = |n: &Number| BigDecimal::from_str(&n.to_string()).unwrap();
            prop_assert_eq!(compare(&left, &right), Some(big(&left).cmp(&big(&right))));
        }
    }
}

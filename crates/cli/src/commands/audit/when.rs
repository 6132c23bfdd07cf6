//! Moments as people write them.

use countersign_core::time::{Instant, Timestamp};
use countersign_enforcer::Edge;

/// A moment: `90d`, `8h` or `5m` ago, a day (its beginning in UTC), or RFC 3339.
pub(crate) fn when(text: &str) -> Result<Timestamp, String> {
    moment(text, Edge::system().now())
}

fn moment(text: &str, now: Instant) -> Result<Timestamp, String> {
    let day = || Timestamp::parse(&format!("{text}T00:00:00Z"));
    Timestamp::parse(text).or_else(day).or_else(|| ago(text, now)).ok_or_else(|| {
        format!("`{text}` is no moment: write 90d, 8h, 2026-10-01 or 2026-10-01T12:00:00Z")
    })
}

/// An age: `400d`, `8h`, `5m` or `0s`; in milliseconds.
pub(crate) fn age(text: &str) -> Result<i64, String> {
    length(text).ok_or_else(|| format!("`{text}` is no age: write 400d, 8h, 5m or 0s"))
}

fn ago(text: &str, now: Instant) -> Option<Timestamp> {
    let at = now.0.checked_sub(length(text)?).filter(|at| *at >= 0)?;
    Some(Instant(at).timestamp())
}

fn length(text: &str) -> Option<i64> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds: i64 = match unit {
        "d" => 86_400,
        "h" => 3_600,
        "m" => 60,
        "s" => 1,
        _ => return None,
    };
    if digits.is_empty() || digits.bytes().any(|b| !b.is_ascii_digit()) {
        return None;
    }
    digits.parse::<i64>().ok()?.checked_mul(seconds)?.checked_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_documented() {
        let now = Timestamp::parse("2026-10-11T12:00:00Z").unwrap().instant();
        for (text, means) in [
            ("90d", "2026-07-13T12:00:00Z"),
            ("8h", "2026-10-11T04:00:00Z"),
            ("5m", "2026-10-11T11:55:00Z"),
            ("30s", "2026-10-11T11:59:30Z"),
            ("2026-10-01", "2026-10-01T00:00:00Z"),
            ("2026-10-01T02:00:00+02:00", "2026-10-01T02:00:00+02:00"),
        ] {
            assert_eq!(moment(text, now).unwrap().as_str(), means, "{text}");
        }
        for bad in ["", "d", "90", "-1d", "1.5h", "2026-13-01", "yesterday", "99999999d", "\u{e9}"]
        {
            assert!(moment(bad, now).is_err(), "{bad}");
        }
    }
}

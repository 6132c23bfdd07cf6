//! Time as text that is hashed, and as an instant that is compared. No clock: time is passed in.

use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;

/// An RFC 3339 timestamp that keeps the text it was read from, because the hash is over the text.
///
/// Two timestamps are equal when their texts are; [`Timestamp::instant`] is for comparing.
#[derive(Clone, PartialEq, Eq)]
pub struct Timestamp {
    text: String,
    instant: Instant,
}

/// Milliseconds since the Unix epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(pub i64);

impl Instant {
    /// This instant `millis` later; saturates.
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// The text form, whole seconds where possible, always in UTC.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        let stamp = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::MAX);
        Timestamp { text: stamp.to_string(), instant: Self(stamp.as_millisecond()) }
    }
}

impl Timestamp {
    /// Reads RFC 3339 with an offset or `Z`, capitals only; keeps the text.
    ///
    /// A leap second is refused, since it names a moment that most clocks cannot, and so is every
    /// other form of ISO 8601.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if !is_rfc3339(text.as_bytes()) {
            return None;
        }
        let stamp: jiff::Timestamp = text.parse().ok()?;
        let instant = Instant(stamp.as_millisecond());
        Some(Self { text: text.to_owned(), instant })
    }

    /// The moment it names, to the millisecond.
    #[must_use]
    pub fn instant(&self) -> Instant {
        self.instant
    }

    /// The text as received.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The calendar day in UTC, `YYYY-MM-DD`.
    #[must_use]
    pub fn day(&self) -> String {
        jiff::Timestamp::from_millisecond(self.instant.0)
            .map(|t| t.to_zoned(TimeZone::UTC).date().to_string())
            .unwrap_or_default()
    }
}

/// The shape of RFC 3339; whether day and hour exist is for the parser of dates to say.
fn is_rfc3339(text: &[u8]) -> bool {
    let Some((moment, rest)) = text.split_at_checked(19) else { return false };
    let fraction = rest.strip_prefix(b".").map(digits);
    let zone = match fraction {
        Some(1..=9) => rest.get(1 + fraction.unwrap_or(0)..).unwrap_or_default(),
        Some(_) => return false,
        None => rest,
    };
    let leaps = moment.ends_with(b"60");
    fits(moment, b"dddd-dd-ddTdd:dd:dd") && !leaps && (zone == b"Z" || is_offset(zone))
}

fn is_offset(zone: &[u8]) -> bool {
    let ahead = fits(zone, b"+dd:dd") || fits(zone, b"-dd:dd");
    ahead && zone.get(1..3) <= Some(b"23") && zone.get(4..6) <= Some(b"59")
}

/// How many digits stand in front.
fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|b| b.is_ascii_digit()).count()
}

/// Whether `text` has a digit wherever the pattern has a `d`, and else the same byte.
fn fits(text: &[u8], pattern: &[u8]) -> bool {
    let same = |(t, p): (&u8, &u8)| if *p == b'd' { t.is_ascii_digit() } else { t == p };
    text.len() == pattern.len() && text.iter().zip(pattern).all(same)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("expected an RFC 3339 timestamp"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_text_and_compares_the_instant() {
        let a = Timestamp::parse("2026-02-21T12:00:00Z").unwrap();
        let b = Timestamp::parse("2026-02-21T13:00:00.000+01:00").unwrap();
        assert_eq!(a.instant(), b.instant());
        assert_ne!(a, b);
        assert_eq!(b.as_str(), "2026-02-21T13:00:00.000+01:00");
        assert_eq!(a.instant().timestamp(), a);
        assert_eq!(a.day(), "2026-02-21");
    }

    #[test]
    fn refuses_what_is_not_a_moment() {
        for bad in [
            "",
            "2026-02-21",
            "2026-02-21T12:00:00",
            "2026-02-30T12:00:00Z",
            "now",
            "2026-02-21 12:00:00Z",
            "2026-02-21T12:00:00+01:00[Europe/Paris]",
            "2026-02-21t12:00:00z",
            "2026-02-21T12:00:00+01",
            "2026-02-21T12:00:00+0100",
            "2026-02-21T12:00:00+24:00",
            "2026-02-21T12:00:00+01:60",
            "2026-02-21T12:00:00,5Z",
            "2026-02-21T12:00:00.Z",
            "2026-02-21T12:00:00.0123456789Z",
            "2026-12-31T23:59:60Z",
            "2026-02-21T24:00:00Z",
            "20260221T120000.000Z",
            "+002026-02-21T12:00:00Z",
        ] {
            assert!(Timestamp::parse(bad).is_none(), "{bad}");
        }
    }
}

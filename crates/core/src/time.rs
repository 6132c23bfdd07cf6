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
    /// Reads RFC 3339 with an offset or `Z`; keeps the text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let shaped = text.len() >= 20 && text.len() <= 40 && text.as_bytes().get(10) == Some(&b'T');
        if !shaped || text.contains('[') {
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
        ] {
            assert!(Timestamp::parse(bad).is_none(), "{bad}");
        }
    }
}

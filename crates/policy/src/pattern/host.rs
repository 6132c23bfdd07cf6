//! Patterns for hosts. They are compared by label, so that no host that merely ends alike fits.

use super::{BadPattern, readable};
use std::net::Ipv6Addr;

/// A pattern for hosts, label by label: `*` alone is any host or none, `*.stripe.com` any host
/// below `stripe.com` (and not it), anything else exactly that host.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct HostPattern(String);

impl HostPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Where it is no host, `*`, or `*.` before a host.
    pub fn new(text: &str) -> Result<Self, BadPattern> {
        readable(text, "a host")?;
        let small = text.to_ascii_lowercase();
        let host = small.strip_prefix("*.").unwrap_or(&small);
        if small == "*" || is_name(host) || (small == host && is_v6(host)) {
            return Ok(Self(small));
        }
        Err(BadPattern(advice(&small)))
    }

    /// The pattern as written, in small letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it speaks of this host. Capitals, a dot at the end and the brackets of an address
    /// make no difference.
    #[must_use]
    pub fn fits(&self, host: &str) -> bool {
        if self.is_any() {
            return true;
        }
        let host = bare(host);
        match self.0.strip_prefix('*') {
            Some(ending) => is_below(host, ending),
            None => bare(&self.0).eq_ignore_ascii_case(host),
        }
    }

    /// Whether it is `*`, which holds for any action.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.0 == "*"
    }
}

/// `ending` begins with the dot, so the label before it is a whole one.
fn is_below(host: &str, ending: &str) -> bool {
    let (host, ending) = (host.as_bytes(), ending.as_bytes());
    let Some(split) = host.len().checked_sub(ending.len()) else { return false };
    host.split_at_checked(split)
        .is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(ending))
}

fn bare(host: &str) -> &str {
    let host = host.strip_suffix('.').unwrap_or(host);
    host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host)
}

fn is_name(host: &str) -> bool {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    let label = |l: &str| !l.is_empty() && l.len() <= 63 && l.bytes().all(letter);
    host.len() <= 253 && host.split('.').all(label)
}

fn is_v6(host: &str) -> bool {
    bare(host).parse::<Ipv6Addr>().is_ok()
}

fn advice(host: &str) -> String {
    if !host.is_ascii() {
        return "a host is written in ASCII: use its `xn--` form".into();
    }
    if host.contains("://") || host.contains('/') {
        return "a host has neither scheme nor path: write the name alone".into();
    }
    if host.contains(':') {
        return "a host has no port here: write the name alone".into();
    }
    "a host is a name, `*`, or `*.` before a name".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, host: &str) -> bool {
        HostPattern::new(pattern).unwrap().fits(host)
    }

    #[test]
    fn attack_14_a_host_that_merely_ends_or_begins_alike_does_not_fit() {
        for host in [
            "stripe.com.evil.example",
            "evilstripe.com",
            "api.stripe.com.evil.example",
            "stripe.com",
            ".stripe.com",
            "stripe.co",
            "",
        ] {
            assert!(!fits("*.stripe.com", host), "{host}");
        }
        for host in ["api.stripe.com", "a.b.stripe.com", "API.Stripe.com", "api.stripe.com."] {
            assert!(fits("*.stripe.com", host), "{host}");
        }
        assert!(!fits("stripe.com", "stripe.com.evil.example"));
        assert!(!fits("stripe.com", "api.stripe.com"));
        assert!(fits("stripe.com", "stripe.com."));
    }

    #[test]
    fn an_address_is_a_host() {
        assert!(fits("::1", "[::1]") && fits("[::1]", "::1") && fits("127.0.0.1", "127.0.0.1"));
        assert!(!fits("::1", "::2"));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for bad in [
            "",
            "*.",
            "*stripe.com",
            "a.*.com",
            "**",
            "*.*",
            "stripe..com",
            ".stripe.com",
            "https://stripe.com",
            "stripe.com:443",
            "stripe.com/x",
            "m\u{fc}nchen.de",
            "a b",
            "*.::1",
        ] {
            assert!(HostPattern::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_star_is_any_host_or_none() {
        assert!(fits("*", "") && fits("*", "x") && HostPattern::new("*").unwrap().is_any());
    }
}

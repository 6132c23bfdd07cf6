//! Where a relay is: scheme, host and port, spelled in one way only.

use super::PairError;
use crate::json::clip;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::fmt;

/// The origin of a relay, such as `https://relay.example` or `http://127.0.0.1:8080`.
///
/// Both sides put it into what they prove, so the text must be the same on both: lower case, no
/// default port, nothing after the port. Host names are ASCII; a name in another script has to be
/// written in its `xn--` form, where a look-alike letter is visible.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct Origin(String);

impl Origin {
    /// Reads an origin as a person types it: case, one trailing slash and a default port are
    /// forgiven.
    ///
    /// # Errors
    /// [`PairError::BadOrigin`], also where a path, a user name, a query or a fragment follows.
    pub fn parse(text: &str) -> Result<Self, PairError> {
        normalise(text.trim()).map(Self).ok_or_else(|| PairError::BadOrigin(clip(text)))
    }

    /// The text that both sides hash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the address is one of this machine, where plain HTTP is no risk.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let host = split_port(rest).map_or("", |(host, _)| host);
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let origin = Self::parse(&text).map_err(D::Error::custom)?;
        if origin.0 == text { Ok(origin) } else { Err(D::Error::custom("origin is not normal")) }
    }
}

fn normalise(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let (scheme, rest) = lower.split_once("://")?;
    let default = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let (host, port) = split_port(rest.strip_suffix('/').unwrap_or(rest))?;
    if !is_host(host) {
        return None;
    }
    match port.filter(|port| *port != default) {
        Some(port) => Some(format!("{scheme}://{host}:{port}")),
        None => Some(format!("{scheme}://{host}")),
    }
}

/// Splits `host[:port]`; `None` where the port is no number from 1 to 65535.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let after_host = text.rfind(']').map_or(0, |at| at + 1);
    let Some(colon) = text.get(after_host..)?.find(':').map(|at| at + after_host) else {
        return Some((text, None));
    };
    let digits = text.get(colon + 1..)?;
    let plain = !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    let port: u16 = digits.parse().ok().filter(|_| plain)?;
    Some((text.get(..colon)?, Some(port)))
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        return inner.parse::<std::net::Ipv6Addr>().is_ok_and(|ip| ip.to_string() == inner);
    }
    host.len() <= 253
        && host.split('.').all(|label| {
            let edges = !label.starts_with('-') && !label.ends_with('-');
            let plain = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            !label.is_empty() && label.len() <= 63 && edges && plain
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_relay_has_one_spelling() {
        for (typed, kept) in [
            ("HTTPS://Relay.Example/", "https://relay.example"),
            ("https://relay.example:443", "https://relay.example"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost:80", "http://localhost"),
            (" http://[::1]:9000 ", "http://[::1]:9000"),
        ] {
            assert_eq!(Origin::parse(typed).unwrap().as_str(), kept, "{typed}");
        }
    }

    #[test]
    fn what_is_not_only_an_origin_is_refused() {
        for bad in [
            "",
            "relay.example",
            "ftp://relay.example",
            "https://",
            "https://relay.example/path",
            "https://user@relay.example",
            "https://relay.example?x",
            "https://relay.example#x",
            "https://relay.example:",
            "https://relay.example:0",
            "https://relay.example:080",
            "https://relay.example:65536",
            "https://relay..example",
            "https://-relay.example",
            "https://rel\u{430}y.example",
            "http://[::1",
            "http://[0:0::1]",
            "http://a b",
        ] {
            assert!(matches!(Origin::parse(bad), Err(PairError::BadOrigin(_))), "{bad}");
        }
    }

    #[test]
    fn loopback_is_told_from_names_that_only_look_like_it() {
        for here in ["http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:2", "http://localhost"]
        {
            assert!(Origin::parse(here).unwrap().is_loopback(), "{here}");
        }
        for there in ["http://localhost.evil.example", "http://127.0.0.1.evil", "http://10.0.0.1"] {
            assert!(!Origin::parse(there).unwrap().is_loopback(), "{there}");
        }
    }

    #[test]
    fn a_message_must_carry_the_normal_spelling() {
        assert!(serde_json::from_str::<Origin>("\"https://relay.example\"").is_ok());
        assert!(serde_json::from_str::<Origin>("\"https://relay.example/\"").is_err());
    }
}

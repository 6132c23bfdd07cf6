//! The link, also shown as a QR code: the one message that does not pass through the relay.

use super::{Code, Origin, PairError};
use crate::encoding::{Fixed, Hash, base64, unbase64};
use zeroize::Zeroizing;

const VERSION: &str = "1";

/// The one-time secret of a link. No `Display`, no `Debug`, no serialisation; wiped when dropped.
#[derive(Clone)]
pub struct LinkSecret(Zeroizing<[u8; 32]>);

impl LinkSecret {
    /// Takes 32 random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// `{relay}/pair#v=1&g={relay}&c={code}&f={fingerprint}&s={secret}`.
///
/// Everything that matters stands behind the `#`, which no browser sends to a server. `g` is the
/// relay's origin as base64url, `f` the enforcer's fingerprint in hex, `s` 32 bytes as base64url.
#[derive(Clone)]
pub struct Link {
    /// The relay at which the enforcer waits.
    pub origin: Origin,
    /// The code under which it waits.
    pub code: Code,
    /// The fingerprint of the enforcer's 64 key bytes.
    pub fingerprint: Hash,
    /// What the relay does not know.
    pub secret: LinkSecret,
}

impl Link {
    /// The link as text. It is a secret until the pairing is done or has run out.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let (origin, secret) = (self.origin.as_str(), Zeroizing::new(base64(self.secret.bytes())));
        Zeroizing::new(format!(
            "{origin}/pair#v={VERSION}&g={}&c={}&f={}&s={}",
            base64(origin.as_bytes()),
            self.code.as_str(),
            self.fingerprint,
            *secret
        ))
    }

    /// Reads a link strictly: these five parts in this order, and the address in front of them
    /// equal to the relay inside.
    ///
    /// # Errors
    /// [`PairError::BadLink`], which never quotes the link.
    pub fn parse(text: &str) -> Result<Self, PairError> {
        let (page, fragment) =
            text.trim().split_once('#').ok_or(PairError::BadLink("nothing after `#`"))?;
        let mut parts = fragment.split('&');
        let mut part = |name: &'static str, missing: &'static str| {
            parts.next().and_then(|p| p.strip_prefix(name)).ok_or(PairError::BadLink(missing))
        };
        if part("v=", "`v` is missing")? != VERSION {
            return Err(PairError::BadLink("`v` is a version that is not known here"));
        }
        let link = Self {
            origin: origin(part("g=", "`g` is missing")?)?,
            code: code(part("c=", "`c` is missing")?)?,
            fingerprint: fingerprint(part("f=", "`f` is missing")?)?,
            secret: secret(part("s=", "`s` is missing")?)?,
        };
        if parts.next().is_some() {
            return Err(PairError::BadLink("something follows `s`"));
        }
        if page.strip_suffix("/pair") != Some(link.origin.as_str()) {
            return Err(PairError::BadLink("the address in front of `#` is not the relay in `g`"));
        }
        Ok(link)
    }
}

fn origin(text: &str) -> Result<Origin, PairError> {
    unbase64(text)
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| Origin::parse(&text).ok().filter(|origin| origin.as_str() == text))
        .ok_or(PairError::BadLink("`g` is not the origin of a relay"))
}

fn code(text: &str) -> Result<Code, PairError> {
    Code::parse(text)
        .ok()
        .filter(|code| code.as_str() == text)
        .ok_or(PairError::BadLink("`c` is not a pairing code"))
}

fn fingerprint(text: &str) -> Result<Hash, PairError> {
    Hash::from_hex(text)
        .filter(|_| text.len() == 64)
        .ok_or(PairError::BadLink("`f` is not a fingerprint"))
}

fn secret(text: &str) -> Result<LinkSecret, PairError> {
    Fixed::from_text(text)
        .map(|Fixed(bytes)| LinkSecret::new(bytes))
        .ok_or(PairError::BadLink("`s` is not 32 bytes as base64url"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Link {
        Link {
            origin: Origin::parse("http://127.0.0.1:8080").unwrap(),
            code: Code::parse("7K3MQ9TD").unwrap(),
            fingerprint: Hash([0xab; 32]),
            secret: LinkSecret::new([7; 32]),
        }
    }

    #[test]
    fn a_link_round_trips() {
        let text = link().to_text();
        let read = Link::parse(&text).unwrap();
        assert_eq!(read.to_text(), text);
        assert!(text.starts_with("http://127.0.0.1:8080/pair#v=1&g="));
        assert_eq!(read.secret.bytes(), &[7; 32]);
    }

    #[test]
    fn every_part_is_demanded_as_it_is_written() {
        let text = link().to_text();
        for (from, to) in [
            ("#", "?"),
            ("v=1", "v=2"),
            ("&c=", "&d="),
            ("&g=", "&g=!"),
            ("7K3MQ9TD", "7k3mq9td"),
            ("&f=ab", "&f=AB"),
            ("&f=", "&f=sha256:"),
            ("&s=", "&s=A"),
            ("/pair#", "/pear#"),
            ("127.0.0.1:8080/", "evil.example/"),
        ] {
            let bad = text.replacen(from, to, 1);
            assert_ne!(*bad, **text, "{from}");
            assert!(matches!(Link::parse(&bad), Err(PairError::BadLink(_))), "{from} -> {to}");
        }
        assert!(Link::parse(&format!("{}&x=1", *text)).is_err());
        assert!(Link::parse(text.split("&s=").next().unwrap()).is_err());
    }

    #[test]
    fn attack_31_an_error_about_a_link_never_quotes_its_secret() {
        let text = link().to_text();
        let secret = text.split("&s=").nth(1).unwrap();
        let error = Link::parse(&text.replacen("v=1", "v=9", 1)).err().unwrap();
        assert!(!error.to_string().contains(secret));
    }
}

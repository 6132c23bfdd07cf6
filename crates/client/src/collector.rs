//! Hands lines of an audit log to a collector over HTTP.
//!
//! It is the same careful client as for a gateway: TLS unless the collector is on this machine, no
//! redirect, no proxy from the environment, every wait bounded. What a collector says is never read,
//! only its status.

use crate::error::ClientError;
use crate::{http, tls};
use countersign_core::pairing::Origin;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{StatusCode, Url};
use std::fmt;
use std::time::Duration;

/// The longest that a collector may ask to be left alone.
const LONGEST_PAUSE: u64 = 300;

/// A collector of audit lines.
pub struct Collector {
    http: reqwest::Client,
    url: Url,
    token: Option<HeaderValue>,
    patience: Duration,
}

/// Why a collector did not take lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CollectorError {
    /// The address or the token cannot be used.
    #[error("{0}")]
    Unusable(String),
    /// Nobody answered. It is not known whether the lines were taken.
    #[error("the collector does not answer: {0}")]
    Unreachable(String),
    /// It points elsewhere, and nothing is sent where it points.
    #[error("the collector answers {0}, a redirect, which is never followed")]
    Redirect(u16),
    /// It did not take the lines.
    #[error("the collector answers {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Seconds until it wants to be asked again, at most 300.
        retry_after: Option<u64>,
    },
}

impl CollectorError {
    /// Whether the same lines may be taken later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::Unusable(_) | Self::Redirect(_) => false,
        }
    }

    /// How long the collector asked to be left alone.
    #[must_use]
    pub fn pause(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => retry_after.map(Duration::from_secs),
            _ => None,
        }
    }
}

/// Neither token nor the whole address, which may hold one.
impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Collector({})", self.url.origin().ascii_serialization())
    }
}

impl Collector {
    /// A collector at an address such as `https://collector.example/audit`. `patience` is how long
    /// one batch may take.
    ///
    /// # Errors
    /// [`CollectorError::Unusable`]: the address is none, holds a password, or has no TLS and is not
    /// on this machine; the token cannot stand in a header.
    pub fn new(
        address: &str,
        token: Option<&str>,
        patience: Duration,
    ) -> Result<Self, CollectorError> {
        let (url, origin) = usable(address)?;
        let broken = |e: ClientError| CollectorError::Unusable(e.to_string());
        let tls = tls::config(&origin).map_err(broken)?;
        let http = http::client(&tls).map_err(broken)?;
        let token = token.map(bearer).transpose()?;
        Ok(Self { http, url, token, patience })
    }

    /// Hands over lines. `key` names the batch, the same whenever the same lines are sent again.
    ///
    /// # Errors
    /// Where the collector did not say that it took them.
    pub async fn send(&self, lines: Vec<u8>, key: &str) -> Result<(), CollectorError> {
        let mut request = self.http.post(self.url.clone()).timeout(self.patience);
        request = request.header(CONTENT_TYPE, "application/x-ndjson");
        request = request.header("Idempotency-Key", key);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token.clone());
        }
        let response = request.body(lines).send().await.map_err(|error| failed(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        if status.is_redirection() {
            return Err(CollectorError::Redirect(status.as_u16()));
        }
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|v| v.to_str().ok()?.trim().parse::<u64>().ok());
        let retry_after = retry_after.map(|seconds| seconds.min(LONGEST_PAUSE));
        Err(CollectorError::Refused { status: StatusCode::as_u16(&status), retry_after })
    }
}

/// Reads an address and demands that it is safe to send to.
fn usable(address: &str) -> Result<(Url, Origin), CollectorError> {
    let bad = |why: &str| CollectorError::Unusable(why.to_owned());
    let url = Url::parse(address.trim()).map_err(|_| bad("the address is no http address"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("the address holds a password; give the token in a file"));
    }
    let origin = Origin::parse(&url.origin().ascii_serialization());
    let origin = origin.map_err(|_| bad("the address is no http address"))?;
    if !tls::is_encrypted(&origin) && !origin.is_loopback() {
        return Err(bad("the address must begin with https:// unless it is on this machine"));
    }
    Ok((url, origin))
}

fn bearer(token: &str) -> Result<HeaderValue, CollectorError> {
    let unusable = || CollectorError::Unusable("the token cannot stand in a header".to_owned());
    if token.is_empty() {
        return Err(unusable());
    }
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| unusable())?;
    value.set_sensitive(true);
    Ok(value)
}

/// Says what failed without the address, which may hold a secret.
fn failed(error: &reqwest::Error) -> CollectorError {
    let kind = if error.is_builder() {
        return CollectorError::Unusable("the call cannot be made".to_owned());
    } else if error.is_connect() {
        "no connection"
    } else if error.is_timeout() {
        "no answer in time"
    } else {
        "the connection broke"
    };
    CollectorError::Unreachable(kind.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_31_lines_go_to_nobody_without_tls_and_no_password_is_in_an_address() {
        for bad in [
            "http://collector.example/audit",
            "http://192.168.1.4/",
            "https://user:secret@collector.example/",
            "https://token@collector.example/",
            "ftp://collector.example/",
            "file:///etc/passwd",
            "unix:/run/socket",
            "collector.example",
            "",
        ] {
            let made = Collector::new(bad, None, Duration::from_secs(1));
            assert!(matches!(made, Err(CollectorError::Unusable(_))), "{bad}");
        }
        for good in ["http://127.0.0.1:9/x?y=1", "http://[::1]:9", "http://localhost:1/"] {
            Collector::new(good, Some("t"), Duration::from_secs(1)).unwrap();
        }
    }

    #[test]
    fn attack_31_neither_token_nor_address_is_printed() {
        let address = "http://127.0.0.1:9/hidden?key=hidden";
        let made = Collector::new(address, Some("hidden"), Duration::from_secs(1)).unwrap();
        assert!(!format!("{made:?}").contains("hidden"));
        assert!(Collector::new(address, Some("two\nlines"), Duration::from_secs(1)).is_err());
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let refused = |status| CollectorError::Refused { status, retry_after: None };
        for status in [408, 425, 429, 500, 503] {
            assert!(refused(status).is_retryable(), "{status}");
        }
        for status in [400, 401, 403, 404, 413] {
            assert!(!refused(status).is_retryable(), "{status}");
        }
        assert!(!CollectorError::Redirect(302).is_retryable());
    }
}

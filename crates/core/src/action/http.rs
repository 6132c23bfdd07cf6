//! A request over HTTP.

use crate::encoding::Hash;
use crate::redact::Text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A request over HTTP as it would go out.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", try_from = "HttpText")]
pub struct Http {
    method: String,
    url: String,
    headers: BTreeMap<String, Text>,
    #[serde(flatten)]
    body: HttpBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verb: Option<String>,
}

/// The body in full, or its hash.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum HttpBody {
    /// The body as text.
    #[serde(rename = "body")]
    Text(Text),
    /// SHA-256 of the bytes.
    #[serde(rename = "bodySha256")]
    Sha256(Hash),
}

/// Why a request could be sent in two ways, or in none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadHttp {
    /// Not a word of capital letters.
    #[error("a method is a word of capital letters")]
    Method,
    /// Not an absolute URL in visible ASCII, or one that hides its host behind a name.
    #[error("a url is absolute, http or https, visible ASCII, and names nobody before its host")]
    Url,
    /// Two servers could read a name that is not in small letters differently.
    #[error("the name of a header is in small letters")]
    Header,
    /// Both or neither.
    #[error("there is either `body` or `bodySha256`")]
    Body,
}

impl Http {
    /// A request, if it can be sent in one way only.
    ///
    /// # Errors
    /// [`BadHttp`].
    pub fn new(
        method: &str,
        url: &str,
        headers: BTreeMap<String, Text>,
        body: HttpBody,
    ) -> Result<Self, BadHttp> {
        if method.is_empty() || !method.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(BadHttp::Method);
        }
        if !is_absolute(url) {
            return Err(BadHttp::Url);
        }
        if !headers.keys().all(|name| is_header(name)) {
            return Err(BadHttp::Header);
        }
        let (method, url) = (method.to_owned(), url.to_owned());
        Ok(Self { method, url, headers, body, credential: None, verb: None })
    }

    /// The same with the name of a credential, which whoever sends it fills in.
    #[must_use]
    pub fn with_credential(self, name: Option<String>) -> Self {
        Self { credential: name, ..self }
    }

    /// The same with a declared verb.
    #[must_use]
    pub fn with_verb(self, verb: Option<String>) -> Self {
        Self { verb, ..self }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The absolute URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The headers by their names in small letters.
    #[must_use]
    pub fn headers(&self) -> &BTreeMap<String, Text> {
        &self.headers
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &HttpBody {
        &self.body
    }

    /// The name of a credential.
    #[must_use]
    pub fn credential(&self) -> Option<&str> {
        self.credential.as_deref()
    }
}

/// `https://bank.example@evil.example/` looks like the one and is the other.
fn is_absolute(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    let plain = url.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    plain && !host.is_empty() && !host.contains('@')
}

fn is_header(name: &str) -> bool {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    !name.is_empty() && name.bytes().all(letter)
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "schema",
    schemars(extend("oneOf" = [{ "required": ["body"] }, { "required": ["bodySha256"] }]))
)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct HttpText {
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[A-Z]+$")))]
    method: String,
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^https?://[^/?#@\\]+([/?#]|$)")))]
    url: String,
    headers: BTreeMap<String, Text>,
    body: Option<Text>,
    body_sha256: Option<Hash>,
    credential: Option<String>,
    verb: Option<String>,
}

impl TryFrom<HttpText> for Http {
    type Error = BadHttp;

    fn try_from(text: HttpText) -> Result<Self, BadHttp> {
        let body = match (text.body, text.body_sha256) {
            (Some(body), None) => HttpBody::Text(body),
            (None, Some(hash)) => HttpBody::Sha256(hash),
            _ => return Err(BadHttp::Body),
        };
        let http = Self::new(&text.method, &text.url, text.headers, body)?;
        Ok(http.with_credential(text.credential).with_verb(text.verb))
    }
}

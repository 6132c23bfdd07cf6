//! The error object of HARP-CORE: nine codes, and the one table of which may be tried again.

use crate::json::{JsonError, limit};
use crate::message::Message;
use crate::verify::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The nine codes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Code {
    /// A text has no canonical form, or is not the object expected.
    #[serde(rename = "HARP_ERR_CANONICALIZATION")]
    Canonicalization,
    /// A hash is not the one worked out here; also a wrong request or repository.
    #[serde(rename = "HARP_ERR_HASH_MISMATCH")]
    HashMismatch,
    /// A signature does not count; `details.reason` says why.
    #[serde(rename = "HARP_ERR_SIGNATURE_INVALID")]
    SignatureInvalid,
    /// Its time is over.
    #[serde(rename = "HARP_ERR_EXPIRED")]
    Expired,
    /// It was used before.
    #[serde(rename = "HARP_ERR_REPLAY")]
    Replay,
    /// It reaches further than was offered, or somewhere else.
    #[serde(rename = "HARP_ERR_SCOPE")]
    Scope,
    /// A policy says no.
    #[serde(rename = "HARP_ERR_POLICY_DENY")]
    PolicyDeny,
    /// It did not arrive.
    #[serde(rename = "HARP_ERR_TRANSPORT")]
    Transport,
    /// It is not known here.
    #[serde(rename = "HARP_ERR_UNSUPPORTED")]
    Unsupported,
}

/// Code, name on the wire, whether the same message may be sent again. The only place where the
/// three meet: nothing but a failed transport gets better by trying again.
const TABLE: [(Code, &str, bool); 9] = [
    (Code::Canonicalization, "HARP_ERR_CANONICALIZATION", false),
    (Code::HashMismatch, "HARP_ERR_HASH_MISMATCH", false),
    (Code::SignatureInvalid, "HARP_ERR_SIGNATURE_INVALID", false),
    (Code::Expired, "HARP_ERR_EXPIRED", false),
    (Code::Replay, "HARP_ERR_REPLAY", false),
    (Code::Scope, "HARP_ERR_SCOPE", false),
    (Code::PolicyDeny, "HARP_ERR_POLICY_DENY", false),
    (Code::Transport, "HARP_ERR_TRANSPORT", true),
    (Code::Unsupported, "HARP_ERR_UNSUPPORTED", false),
];

impl Code {
    /// Every code, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(code, _, _)| *code)
    }

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().map_or("HARP_ERR_UNSUPPORTED", |(_, name, _)| name)
    }

    /// Whether the same message may be sent again.
    #[must_use]
    pub fn retryable(self) -> bool {
        self.row().is_some_and(|(_, _, retryable)| retryable)
    }

    /// The code with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        TABLE.iter().find(|(_, known, _)| *known == name).map(|(code, _, _)| *code)
    }

    fn row(self) -> Option<(Self, &'static str, bool)> {
        TABLE.iter().find(|(code, _, _)| *code == self).copied()
    }
}

/// The error object. What another implementation says of `retryable` is kept as it says it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ErrorObject {
    /// Which kind.
    pub code: Code,
    /// For a person.
    pub message: String,
    /// Whether the same message may be sent again; ours comes from the table.
    pub retryable: bool,
    /// More for a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Map<String, Value>>,
}

impl Message for ErrorObject {
    const LIMIT: usize = limit::MESSAGE;
}

impl ErrorObject {
    /// An error of ours.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retryable: code.retryable(), details: None }
    }

    /// The same with `details.reason`.
    #[must_use]
    pub fn because(mut self, reason: &str) -> Self {
        let reason = ("reason".to_owned(), Value::from(reason));
        self.details = Some(Map::from_iter([reason]));
        self
    }
}

impl From<&JsonError> for ErrorObject {
    fn from(error: &JsonError) -> Self {
        Self::new(Code::Canonicalization, error.to_string())
    }
}

impl From<&Refusal> for ErrorObject {
    fn from(refusal: &Refusal) -> Self {
        let code = Code::parse(refusal.code()).unwrap_or(Code::Unsupported);
        let error = Self::new(code, refusal.to_string());
        match reason(refusal) {
            Some(reason) => error.because(reason),
            None => error,
        }
    }
}

/// Why a signature does not count, where it is not the signature itself.
fn reason(refusal: &Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::UnknownSigner(_) => Some("unknown"),
        Refusal::RevokedSigner(_) => Some("revoked"),
        Refusal::OffRoster(_) => Some("off-roster"),
        Refusal::Assurance { .. } => Some("assurance"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KeyId;
    use serde_json::json;

    #[test]
    fn every_code_has_one_name_also_as_serde_writes_it() {
        for code in Code::all() {
            assert_eq!(serde_json::to_value(code).unwrap(), json!(code.name()));
            assert_eq!(Code::parse(code.name()), Some(code));
        }
        // The last variant: a code that is added has to be added to the table too.
        assert_eq!(Code::Unsupported as usize + 1, TABLE.len());
        assert_eq!(
            Code::all().filter(|code| code.retryable()).collect::<Vec<_>>(),
            [Code::Transport]
        );
    }

    #[test]
    fn a_refused_signer_says_why() {
        let error = ErrorObject::from(&Refusal::OffRoster(KeyId("k".into())));
        assert_eq!(error.code, Code::SignatureInvalid);
        assert_eq!(error.details.unwrap()["reason"], json!("off-roster"));
        assert_eq!(ErrorObject::from(&Refusal::Replay).code, Code::Replay);
        assert_eq!(ErrorObject::from(&Refusal::Signature).details, None);
    }

    #[test]
    fn an_unknown_code_is_no_error_object() {
        let text = br#"{"code":"HARP_ERR_TEAPOT","message":"","retryable":false}"#;
        assert!(matches!(ErrorObject::parse(text), Err(JsonError::Shape(_))));
    }
}

//! "The gateway is down" apart from "the gateway says no".

use countersign_core::json::clip;
use countersign_wire::{ErrorBody, ErrorCode};
use serde_json::{Map, Value};

/// Why a call gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Nobody answered: no connection, no answer in time, or a connection that broke. It is not
    /// known whether the gateway took the call; every call may be made again.
    #[error("the gateway does not answer: {0}")]
    Unreachable(String),
    /// The gateway answered with a refusal.
    #[error("the gateway refused: {message} ({code})")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The name of the refusal; [`ErrorCode::parse`] knows ours.
        code: String,
        /// For a person, at most 200 characters. It is the gateway's text: show it as foreign.
        message: String,
        /// More for a program, such as `state`.
        details: Option<Map<String, Value>>,
        /// Seconds until the gateway wants to hear of it again.
        retry_after: Option<u64>,
    },
    /// What came back is not what the protocol says, or what was asked is not possible.
    #[error("not the gateway protocol: {0}")]
    Protocol(String),
}

impl ClientError {
    /// The refusal's code, where it is one of ours.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused { code, .. } => ErrorCode::parse(code),
            _ => None,
        }
    }

    /// Whether the gateway does not know the key of this side; a clock that is wrong is told of.
    #[must_use]
    pub fn is_unknown_key(&self) -> bool {
        let Self::Refused { code, details, .. } = self else { return false };
        let clock = details.as_ref().is_some_and(|told| told.contains_key("gatewayTime"));
        ErrorCode::parse(code) == Some(ErrorCode::BadProof) && !clock
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused { status, .. } => matches!(status, 429 | 500..=599),
            Self::Protocol(_) => false,
        }
    }

    /// The state that the refusal names in its details.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        match self {
            Self::Refused { details: Some(details), .. } => details.get("state")?.as_str(),
            _ => None,
        }
    }

    pub(crate) fn protocol(error: impl std::fmt::Display) -> Self {
        Self::Protocol(error.to_string())
    }

    pub(crate) fn refused(status: u16, body: ErrorBody, retry_after: Option<u64>) -> Self {
        let ErrorBody { code, message, details, .. } = body;
        Self::Refused { status, code: clip(&code), message: clip(&message), details, retry_after }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_not_known_is_told_apart_from_a_wrong_clock() {
        let body = |code: &str, details| ErrorBody {
            code: code.into(),
            message: "no".into(),
            request_id: None,
            details,
        };
        let clock = Map::from_iter([("gatewayTime".to_owned(), Value::from("now"))]);
        let is = |body| ClientError::refused(401, body, None).is_unknown_key();
        assert!(is(body("bad_proof", None)));
        assert!(!is(body("bad_proof", Some(clock))) && !is(body("unauthenticated", None)));
    }

    #[test]
    fn attack_23_a_gateway_is_quoted_with_200_characters() {
        let body = ErrorBody {
            code: "x".repeat(60_000),
            message: "\u{e9}".repeat(60_000),
            request_id: None,
            details: None,
        };
        let error = ClientError::refused(409, body, None);
        assert!(error.to_string().chars().count() < 450, "{}", error.to_string().len());
    }
}

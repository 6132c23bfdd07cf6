//! What went wrong, and the one table from its code to an HTTP status.

use crate::envelope::Body;
use countersign_core::message::Message;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The codes that a gateway of ours says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ErrorCode {
    /// Not a message, or not the one expected here.
    InvalidMessage,
    /// No session, or one that ended.
    Unauthenticated,
    /// The other side's call.
    Forbidden,
    /// Unknown, or another's: there is no telling which.
    NotFound,
    /// The path is known, the method is not.
    MethodNotAllowed,
    /// The request id is taken by another artifact.
    AlreadyExists,
    /// Another decision was first.
    AlreadyDecided,
    /// The exchange ended before; `details.state` says how.
    ExchangeOver,
    /// The step was taken before, or its turn has not come; `details.state` says where it stands.
    PairingConflict,
    /// The device id or key is known as another's, or known and not proven.
    DeviceConflict,
    /// A newer channel of the same enforcer took over.
    ChannelReplaced,
    /// Every pairing of this approver's device was ended: nobody may ask it any more.
    Revoked,
    /// More bytes than allowed.
    TooLarge,
    /// It is meant for another gateway than the one that it reached.
    Misdirected,
    /// No pairing leads to that approver.
    NoApprover,
    /// Its time has come already.
    Expired,
    /// The decision names another artifact than the request's.
    HashMismatch,
    /// The clock, the origin or the nonce of a proof is not acceptable.
    BadProof,
    /// Too many; `Retry-After` says when to come back.
    TooMany,
    /// The gateway cannot reach its memory.
    Unavailable,
    /// The gateway's fault.
    Internal,
}

/// Code, name on the wire, HTTP status. The only place where the three meet.
const TABLE: [(ErrorCode, &str, u16); 21] = [
    (ErrorCode::InvalidMessage, "invalid_message", 400),
    (ErrorCode::Unauthenticated, "unauthenticated", 401),
    (ErrorCode::BadProof, "bad_proof", 401),
    (ErrorCode::Forbidden, "forbidden", 403),
    (ErrorCode::Revoked, "revoked", 403),
    (ErrorCode::NotFound, "not_found", 404),
    (ErrorCode::MethodNotAllowed, "method_not_allowed", 405),
    (ErrorCode::AlreadyExists, "already_exists", 409),
    (ErrorCode::AlreadyDecided, "already_decided", 409),
    (ErrorCode::ExchangeOver, "exchange_over", 409),
    (ErrorCode::PairingConflict, "pairing_conflict", 409),
    (ErrorCode::DeviceConflict, "device_conflict", 409),
    (ErrorCode::ChannelReplaced, "channel_replaced", 409),
    (ErrorCode::TooLarge, "too_large", 413),
    (ErrorCode::Misdirected, "misdirected", 421),
    (ErrorCode::NoApprover, "no_approver", 422),
    (ErrorCode::Expired, "expired", 422),
    (ErrorCode::HashMismatch, "hash_mismatch", 422),
    (ErrorCode::TooMany, "too_many", 429),
    (ErrorCode::Internal, "internal", 500),
    (ErrorCode::Unavailable, "unavailable", 503),
];

impl ErrorCode {
    /// Every code, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(code, _, _)| *code)
    }

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().map_or("internal", |(_, name, _)| name)
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> u16 {
        self.row().map_or(500, |(_, _, status)| status)
    }

    /// The code with this name; `None` for another gateway's.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        TABLE.iter().find(|(_, known, _)| *known == name).map(|(code, _, _)| *code)
    }

    fn row(self) -> Option<(Self, &'static str, u16)> {
        TABLE.iter().find(|(code, _, _)| *code == self).copied()
    }
}

/// The body of `error`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ErrorBody {
    /// One of [`ErrorCode`]'s names, or another gateway's.
    pub code: String,
    /// For a person.
    pub message: String,
    /// The request, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// More for a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Map<String, Value>>,
}

impl Message for ErrorBody {
    const LIMIT: usize = crate::limit::MESSAGE;
}

impl Body for ErrorBody {
    const MSG_TYPE: &'static str = "error";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_name_and_a_status_of_its_own() {
        let mut names: Vec<_> = ErrorCode::all().map(ErrorCode::name).collect();
        assert!(ErrorCode::all().all(|code| ErrorCode::parse(code.name()) == Some(code)));
        assert!(ErrorCode::all().all(|code| (400..600).contains(&code.status())));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
        // The last variant: a code that is added has to be added to the table too.
        assert_eq!(ErrorCode::Internal as usize + 1, TABLE.len());
        assert_eq!(ErrorCode::parse("teapot"), None);
    }
}

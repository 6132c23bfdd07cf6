//! How far an exchange got.

use crate::artifact::ApprovalRequest;
use crate::envelope::{Body, Envelope};
use countersign_core::json::JsonError;
use countersign_core::message::{Message, exact, filled};
use countersign_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The states of an exchange. The published example of a withdrawal capitalises: that is read and
/// never written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// Waits for the approver.
    #[serde(alias = "PendingApproval")]
    PendingApproval,
    /// Answered.
    #[serde(alias = "Decided")]
    Decided,
    /// Answered, and the enforcer acknowledged it.
    #[serde(alias = "Delivered")]
    Delivered,
    /// Nobody answered in time.
    #[serde(alias = "Expired")]
    Expired,
    /// The enforcer took it back.
    #[serde(alias = "Withdrawn")]
    Withdrawn,
    /// The pairing ended.
    #[serde(alias = "Cancelled")]
    Cancelled,
}

impl State {
    /// The word on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PendingApproval => "pendingApproval",
            Self::Decided => "decided",
            Self::Delivered => "delivered",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The message with its state in small letters: the one word that is read in a second form.
fn lower_state(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(Value::String(state)) = value.get_mut("state") {
        let known: Result<State, _> = serde_json::from_value(Value::from(state.as_str()));
        if let Ok(known) = known {
            state.replace_range(.., known.name());
        }
    }
    value
}

/// The body of `exchange.status`. A state told by a gateway is a hint, never a proof.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExchangeStatus {
    /// The request.
    pub request_id: String,
    /// Where it stands.
    pub state: State,
    /// When the gateway took it.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// As submitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_hash: Option<String>,
    /// The body of the decision as submitted, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Map<String, Value>>,
}

impl Message for ExchangeStatus {
    const LIMIT: usize = crate::limit::MESSAGE;

    fn from_value(value: &Value) -> Result<Self, JsonError> {
        exact(&lower_state(value))
    }
}

impl Body for ExchangeStatus {
    const MSG_TYPE: &'static str = "exchange.status";
}

/// The body of `inbox.page`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct InboxPage<I = Envelope<ApprovalRequest>> {
    /// What waits, oldest first, as it would be pushed.
    pub items: Vec<I>,
    /// Where the next page starts; none when nothing more waits.
    #[serde(deserialize_with = "Option::deserialize")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::text_or_null"))]
    pub next_cursor: Option<String>,
}

impl Message for InboxPage {
    const LIMIT: usize = crate::limit::PAGE;
}

impl Body for InboxPage {
    const MSG_TYPE: &'static str = "inbox.page";
}

/// The body of `exchange.withdraw`: what an enforcer sends to take a request back.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Withdraw {
    /// A code or a word; it is in clear, so it never quotes the action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Message for Withdraw {
    const LIMIT: usize = crate::limit::MESSAGE;
}

impl Body for Withdraw {
    const MSG_TYPE: &'static str = "exchange.withdraw";
}

/// The body of `exchange.withdrawn`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Withdrawn {
    /// Always [`State::Withdrawn`] from us.
    pub state: State,
    /// When.
    pub withdrawn_at: Timestamp,
    /// As given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Message for Withdrawn {
    const LIMIT: usize = crate::limit::MESSAGE;

    fn from_value(value: &Value) -> Result<Self, JsonError> {
        exact(&lower_state(value))
    }
}

impl Body for Withdrawn {
    const MSG_TYPE: &'static str = "exchange.withdrawn";
}

/// The body of `ack.submit`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AckSubmit {
    /// The message that arrived.
    #[serde(deserialize_with = "filled")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub msg_id: String,
    /// How far it got.
    pub status: AckStatus,
    /// When.
    pub ack_at: Timestamp,
}

impl Message for AckSubmit {
    const LIMIT: usize = crate::limit::MESSAGE;
}

impl Body for AckSubmit {
    const MSG_TYPE: &'static str = "ack.submit";
}

/// How far a message got. Either stops its redelivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum AckStatus {
    /// It arrived.
    Received,
    /// It is written down.
    Processed,
}

/// The body of `ack.accepted`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AckAccepted {
    /// The message.
    pub msg_id: String,
}

impl Message for AckAccepted {
    const LIMIT: usize = crate::limit::MESSAGE;
}

impl Body for AckAccepted {
    const MSG_TYPE: &'static str = "ack.accepted";
}

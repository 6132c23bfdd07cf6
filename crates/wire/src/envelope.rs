//! What every message is wrapped in.

use countersign_core::json::{self, JsonError};
use countersign_core::message::{Message, exact, filled};
use countersign_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A message of the gateway binding around a body.
///
/// Read with a [`Value`] as body first and then [`Envelope::open`] it as the type that `msgType`
/// names, or read directly as a typed one with [`Envelope::read`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Envelope<B = Value> {
    /// Names the message; every message that a gateway emits has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub msg_id: Option<String>,
    /// What the body is.
    #[serde(deserialize_with = "filled")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub msg_type: String,
    /// The request that the message belongs to; [`NO_REQUEST`] in messages that belong to none.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub request_id: String,
    /// When the message was made.
    pub created_at: Timestamp,
    /// When it loses its meaning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Who says that it sent it. A gateway goes by the caller's session instead.
    pub sender: Sender,
    /// Whom it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<Recipient>,
    /// Free members beside the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Map<String, Value>>,
    /// The message itself.
    pub body: B,
}

/// Stands for the request in a message that belongs to none: the schema wants one everywhere.
pub const NO_REQUEST: &str = "-";

/// Who sent a message.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Sender {
    /// An enforcer's device id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforcer_id: Option<String>,
    /// An approver's device id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver_id: Option<String>,
    /// A gateway's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_id: Option<String>,
}

impl Sender {
    /// An enforcer.
    #[must_use]
    pub fn enforcer(id: &str) -> Self {
        Self { enforcer_id: Some(id.to_owned()), ..Self::default() }
    }

    /// An approver.
    #[must_use]
    pub fn approver(id: &str) -> Self {
        Self { approver_id: Some(id.to_owned()), ..Self::default() }
    }

    /// A gateway.
    #[must_use]
    pub fn gateway(id: &str) -> Self {
        Self { gateway_id: Some(id.to_owned()), ..Self::default() }
    }
}

/// Whom a message is for.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Recipient {
    /// An enforcer's device id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforcer_id: Option<String>,
    /// An approver's device id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver_id: Option<String>,
}

impl Recipient {
    /// An enforcer.
    #[must_use]
    pub fn enforcer(id: &str) -> Self {
        Self { enforcer_id: Some(id.to_owned()), approver_id: None }
    }

    /// An approver.
    #[must_use]
    pub fn approver(id: &str) -> Self {
        Self { approver_id: Some(id.to_owned()), enforcer_id: None }
    }
}

/// A body that knows its `msgType`. Like every message it has one form: [`Message::parse`] reads
/// it strictly, and what it reads it writes again to the same canonical bytes.
pub trait Body: Message {
    /// The `msgType` of envelopes around it.
    const MSG_TYPE: &'static str;
}

/// Why a message is not the one that is expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// No strict JSON, or not the shape of the message.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Another kind of message.
    #[error("expected `{expected}`, got `{found}`")]
    OtherType {
        /// The kind expected.
        expected: &'static str,
        /// The kind received.
        found: String,
    },
    /// An id is empty, too long or not printable.
    #[error("`{0}` is not an id: 1 to 128 visible ASCII characters")]
    BadId(&'static str),
}

impl<B: Body> Envelope<B> {
    /// The canonical bytes.
    ///
    /// # Errors
    /// Where a free member has no canonical form.
    pub fn canonical_bytes(&self) -> Result<Vec<u8>, JsonError> {
        json::canonical(self)
    }

    /// An envelope without optional members.
    #[must_use]
    pub fn new(request_id: &str, created_at: Timestamp, sender: Sender, body: B) -> Self {
        Self {
            msg_id: None,
            msg_type: B::MSG_TYPE.to_owned(),
            request_id: request_id.to_owned(),
            created_at,
            expires_at: None,
            sender,
            recipient: None,
            trace: None,
            body,
        }
    }

    /// Reads an envelope and its body strictly.
    ///
    /// # Errors
    /// Every case of [`MessageError`].
    pub fn read(bytes: &[u8], limit: usize) -> Result<Self, MessageError> {
        Envelope::parse(bytes, limit)?.open()
    }
}

impl Envelope {
    /// Reads an envelope strictly and leaves its body unread.
    ///
    /// # Errors
    /// [`MessageError::Json`], [`MessageError::BadId`].
    pub fn parse(bytes: &[u8], limit: usize) -> Result<Self, MessageError> {
        let envelope: Self = exact(&json::parse(bytes, limit)?)?;
        if !envelope.body.is_object() {
            return Err(JsonError::Shape("the body of a message is an object".into()).into());
        }
        check_id("requestId", &envelope.request_id)?;
        if let Some(id) = &envelope.msg_id {
            check_id("msgId", id)?;
        }
        Ok(envelope)
    }

    /// Reads the body as the type that `msgType` names.
    ///
    /// # Errors
    /// [`MessageError::OtherType`], [`MessageError::Json`].
    pub fn open<B: Body>(self) -> Result<Envelope<B>, MessageError> {
        if self.msg_type != B::MSG_TYPE {
            let found = self.msg_type.chars().take(64).collect();
            return Err(MessageError::OtherType { expected: B::MSG_TYPE, found });
        }
        Ok(Envelope {
            msg_id: self.msg_id,
            msg_type: self.msg_type,
            request_id: self.request_id,
            created_at: self.created_at,
            expires_at: self.expires_at,
            sender: self.sender,
            recipient: self.recipient,
            trace: self.trace,
            body: B::from_value(&self.body)?,
        })
    }
}

/// Checks that an id can stand in a path, a header and a log line.
///
/// # Errors
/// [`MessageError::BadId`] with the name of the member.
pub fn check_id(name: &'static str, id: &str) -> Result<(), MessageError> {
    let fits = (1..=crate::limit::ID).contains(&id.len());
    if fits && id.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(());
    }
    Err(MessageError::BadId(name))
}

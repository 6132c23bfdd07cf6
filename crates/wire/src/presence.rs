//! What live channels say besides requests and decisions.

use crate::envelope::Body;
use countersign_core::message::Message;
use countersign_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// The first frame of a live channel, bare: it stands in no envelope.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Hello {
    /// `hello`.
    pub msg_type: HelloType,
    /// What the sender can do.
    #[serde(default)]
    pub capabilities: Map<String, Value>,
    /// What an enforcer calls its workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_name: Option<String>,
    /// What an enforcer calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforcer_label: Option<String>,
    /// The session's token, of who cannot send it in a header, as no page in a browser can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
}

impl Hello {
    /// Whether the sender is told by a [`Ping`] that the channel is alive: a page in a browser never
    /// sees the WebSocket's own.
    #[must_use]
    pub fn hears_pings(&self) -> bool {
        self.capabilities.get("ping") == Some(&Value::Bool(true))
    }
}

/// A bearer token. A secret, so that `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(pub String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// That a channel is alive, bare, for who asked for it in [`Hello`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Ping {
    /// `ping`.
    pub msg_type: PingType,
}

/// The one `msgType` of [`Ping`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PingType {
    /// `ping`.
    #[default]
    Ping,
}

/// The one `msgType` of [`Hello`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HelloType {
    /// `hello`.
    Hello,
}

impl Default for Hello {
    fn default() -> Self {
        let push = ("push".to_owned(), Value::Bool(true));
        Self {
            msg_type: HelloType::Hello,
            capabilities: Map::from_iter([push]),
            workspace_name: None,
            enforcer_label: None,
            token: None,
        }
    }
}

/// The body of `refresh.request`: an approver asks for an expired artifact once more.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RefreshRequest {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Message for RefreshRequest {
    const LIMIT: usize = crate::limit::MESSAGE;
}

impl Body for RefreshRequest {
    const MSG_TYPE: &'static str = "refresh.request";
}

/// Whether an enforcer has a live channel; bare, in no envelope.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Presence {
    /// The enforcer's device id.
    pub enforcer_device_id: String,
    /// Whether it is there.
    pub status: PresenceStatus,
    /// When it last was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<Timestamp>,
    /// `websocket`, `sse` or `poll`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// As it said hello.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_name: Option<String>,
    /// As it said hello.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforcer_label: Option<String>,
    /// As it said hello.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Map<String, Value>>,
}

/// Whether an enforcer is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PresenceStatus {
    /// It has a live channel.
    Online,
    /// It has none.
    Offline,
}

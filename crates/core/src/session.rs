//! What a session of an agent says about itself (HARP-SESSION). News for a person, never an answer.

use crate::artifact::HashAlg;
use crate::encoding::Hash;
use crate::json::{self, JsonError, limit};
use crate::message::Message;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `session.start`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Start {
    /// Names the session.
    pub session_id: String,
    /// `session.start`.
    pub event_type: StartType,
    /// When it began.
    pub created_at: Timestamp,
    /// The program that the agent lives in.
    pub agent_host: String,
    /// The repository, opaque.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo_ref: Option<String>,
    /// Foreign metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
}

/// The one type of [`Start`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum StartType {
    /// `session.start`.
    #[default]
    #[serde(rename = "session.start")]
    Start,
}

/// `session.status`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Status {
    /// The session.
    pub session_id: String,
    /// `session.status`.
    pub event_type: StatusType,
    /// What it does.
    pub state: State,
    /// Since when.
    pub updated_at: Timestamp,
    /// More for a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Map<String, Value>>,
}

/// The one type of [`Status`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum StatusType {
    /// `session.status`.
    #[default]
    #[serde(rename = "session.status")]
    Status,
}

/// What a session does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing.
    Idle,
    /// It plans.
    Planning,
    /// It changes files.
    Editing,
    /// It runs something.
    Executing,
    /// A person has to answer.
    WaitingApproval,
    /// Something went wrong.
    Error,
}

/// `session.snapshot`. The hash inside is a claim: [`Snapshot::hash`] works it out.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Snapshot {
    /// The session.
    pub session_id: String,
    /// `session.snapshot`.
    pub event_type: SnapshotType,
    /// Names the snapshot within its session.
    pub snapshot_id: String,
    /// What it shows.
    pub snapshot_type: View,
    /// When it was taken.
    pub created_at: Timestamp,
    /// What it holds.
    pub payload: Map<String, Value>,
    /// SHA-256.
    pub snapshot_hash_alg: HashAlg,
    /// The claimed hash.
    pub snapshot_hash: SnapshotHash,
    /// Foreign metadata, hashed when present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
}

/// SHA-256 of the canonical snapshot without `snapshotHash`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct SnapshotHash(pub Hash);

/// The one type of [`Snapshot`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SnapshotType {
    /// `session.snapshot`.
    #[default]
    #[serde(rename = "session.snapshot")]
    Snapshot,
}

/// What a snapshot shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// The session in a few words.
    Summary,
    /// What is planned.
    Plan,
    /// What changed.
    DiffSummary,
    /// What the agent has before it.
    Context,
}

/// One snapshot, however often it is sent: the same key twice is the same snapshot again.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SnapshotKey {
    /// The session.
    pub session_id: String,
    /// The snapshot.
    pub snapshot_id: String,
    /// The hash, as worked out here.
    pub snapshot_hash: SnapshotHash,
}

impl Snapshot {
    /// The snapshot with its hash worked out.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn hashed(self) -> Result<Self, JsonError> {
        Ok(Self { snapshot_hash: self.hash()?, ..self })
    }

    /// The hash, worked out from everything but the claimed one.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn hash(&self) -> Result<SnapshotHash, JsonError> {
        let bytes = json::canonical_without(self, "snapshotHash")?;
        Ok(SnapshotHash(Hash::of(&bytes)))
    }

    /// What makes a repeated snapshot the same one; `None` where the claimed hash is not the
    /// snapshot's (`HARP_ERR_HASH_MISMATCH`).
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn key(&self) -> Result<Option<SnapshotKey>, JsonError> {
        let snapshot_hash = self.hash()?;
        let (session_id, snapshot_id) = (self.session_id.clone(), self.snapshot_id.clone());
        let same = snapshot_hash == self.snapshot_hash;
        Ok(same.then_some(SnapshotKey { session_id, snapshot_id, snapshot_hash }))
    }
}

/// `session.end`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct End {
    /// The session.
    pub session_id: String,
    /// `session.end`.
    pub event_type: EndType,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Why.
    pub reason: EndReason,
    /// Foreign metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
}

/// The one type of [`End`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum EndType {
    /// `session.end`.
    #[default]
    #[serde(rename = "session.end")]
    End,
}

/// Why a session ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// A person ended it.
    UserEnd,
    /// Its time was over.
    Timeout,
    /// A policy ended it.
    PolicyKill,
}

impl Message for Start {
    const LIMIT: usize = limit::MESSAGE;
}

impl Message for Status {
    const LIMIT: usize = limit::MESSAGE;
}

impl Message for Snapshot {
    const LIMIT: usize = limit::SNAPSHOT;
}

impl Message for End {
    const LIMIT: usize = limit::MESSAGE;
}

/// Any of the four, by its `eventType`.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// `session.start`.
    Start(Start),
    /// `session.status`.
    Status(Status),
    /// `session.snapshot`.
    Snapshot(Box<Snapshot>),
    /// `session.end`.
    End(End),
}

impl Event {
    /// Reads any event of a session strictly, within the limit of its kind.
    ///
    /// # Errors
    /// As [`Message::parse`].
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        let value = json::parse(bytes, Snapshot::LIMIT)?;
        let kind = value.get("eventType").and_then(Value::as_str).unwrap_or_default();
        if kind != "session.snapshot" && bytes.len() > limit::MESSAGE {
            return Err(JsonError::TooLarge { size: bytes.len(), limit: limit::MESSAGE });
        }
        match kind {
            "session.start" => Start::from_value(&value).map(Self::Start),
            "session.status" => Status::from_value(&value).map(Self::Status),
            "session.snapshot" => Snapshot::from_value(&value).map(|s| Self::Snapshot(s.into())),
            "session.end" => End::from_value(&value).map(Self::End),
            other => {
                Err(JsonError::Shape(json::clip(&format!("`{other}` is no event of a session"))))
            }
        }
    }

    /// The session.
    #[must_use]
    pub fn session_id(&self) -> &str {
        match self {
            Self::Start(event) => &event.session_id,
            Self::Status(event) => &event.session_id,
            Self::Snapshot(event) => &event.session_id,
            Self::End(event) => &event.session_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn status() -> Value {
        json!({
            "sessionId": "s1", "eventType": "session.status", "state": "waiting_approval",
            "updatedAt": "2026-02-21T12:02:00Z",
        })
    }

    #[test]
    fn an_event_is_read_by_its_type() {
        let event = Event::parse(status().to_string().as_bytes()).unwrap();
        assert!(matches!(&event, Event::Status(s) if s.state == State::WaitingApproval));
        assert_eq!(event.session_id(), "s1");
        let mut other = status();
        other["eventType"] = json!("session.pause");
        assert!(Event::parse(other.to_string().as_bytes()).is_err());
        assert!(Start::from_value(&status()).is_err());
    }

    #[test]
    fn only_a_snapshot_may_be_large() {
        let mut large = status();
        large["details"] = json!({"text": "x".repeat(limit::MESSAGE)});
        let refusal = Event::parse(large.to_string().as_bytes());
        assert!(matches!(refusal, Err(JsonError::TooLarge { .. })));
        let snapshot = json!({
            "sessionId": "s1", "eventType": "session.snapshot", "snapshotId": "n1",
            "snapshotType": "diff_summary", "createdAt": "2026-02-21T12:02:00Z",
            "payload": {"text": "x".repeat(limit::MESSAGE)}, "snapshotHashAlg": "SHA-256",
            "snapshotHash": "ab".repeat(32),
        });
        let Event::Snapshot(snapshot) = Event::parse(snapshot.to_string().as_bytes()).unwrap()
        else {
            panic!("a snapshot is read as something else");
        };
        assert_eq!(snapshot.key().unwrap(), None, "its claimed hash is another's");
        assert!(snapshot.hashed().unwrap().key().unwrap().is_some());
    }
}

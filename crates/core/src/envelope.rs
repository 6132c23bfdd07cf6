//! The envelope of HARP-CORE, for transports that are not the gateway's.

use crate::artifact::Artifact;
use crate::decision::Decision;
use crate::error::ErrorObject;
use crate::json::{self, JsonError, limit};
use crate::message::{Message, exact};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A message between two actors. Sender and recipient are claims: nothing here is signed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Envelope {
    /// Names the envelope.
    pub envelope_id: String,
    /// What the body is.
    pub msg_type: MsgType,
    /// Who says that it sent it.
    pub sender: Party,
    /// Whom it is for.
    pub recipient: Party,
    /// When it was made.
    pub created_at: Timestamp,
    /// The message itself: [`Envelope::contents`].
    pub body: Map<String, Value>,
    /// Free members beside the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Map<String, Value>>,
}

/// The three messages of HARP-CORE.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum MsgType {
    /// An artifact, or whatever form the two have agreed to seal it in.
    #[serde(rename = "artifact.submit")]
    ArtifactSubmit,
    /// A Decision.
    #[serde(rename = "decision.submit")]
    DecisionSubmit,
    /// An error object.
    #[serde(rename = "error")]
    Error,
}

/// One end of an exchange.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Party {
    /// Which part it plays.
    pub actor: Actor,
    /// Its device.
    pub device_id: String,
}

/// The parts of HARP-CORE.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Actor {
    /// The enforcer.
    #[serde(rename = "HE")]
    Enforcer,
    /// The approver.
    #[serde(rename = "MA")]
    Approver,
    /// The gateway.
    #[serde(rename = "GW")]
    Gateway,
}

/// A body, read as what the envelope says that it is.
#[derive(Clone, PartialEq, Debug)]
pub enum Contents {
    /// An artifact in the clear.
    Artifact(Box<Artifact>),
    /// A Decision.
    Decision(Box<Decision>),
    /// An error.
    Error(ErrorObject),
}

impl Message for Envelope {
    const LIMIT: usize = limit::ARTIFACT + limit::MESSAGE;

    /// An artifact may be as large as artifacts are; every other envelope is a message.
    fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        let envelope: Self = exact(&json::parse(bytes, Self::LIMIT)?)?;
        let large = bytes.len() > limit::MESSAGE;
        if large && envelope.msg_type != MsgType::ArtifactSubmit {
            return Err(JsonError::TooLarge { size: bytes.len(), limit: limit::MESSAGE });
        }
        Ok(envelope)
    }
}

impl Envelope {
    /// Reads the body as what `msgType` says.
    ///
    /// # Errors
    /// Where it is something else, such as an artifact that is sealed.
    pub fn contents(&self) -> Result<Contents, JsonError> {
        let body = Value::Object(self.body.clone());
        match self.msg_type {
            MsgType::ArtifactSubmit => {
                Artifact::from_value(body).map(Box::new).map(Contents::Artifact)
            }
            MsgType::DecisionSubmit => exact(&body).map(Box::new).map(Contents::Decision),
            MsgType::Error => exact(&body).map(Contents::Error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn error() -> Value {
        json!({
            "envelopeId": "e1", "msgType": "error", "createdAt": "2026-02-21T12:00:00Z",
            "sender": {"actor": "HE", "deviceId": "d1"}, "recipient": {"actor": "MA", "deviceId": "d2"},
            "body": {"code": "HARP_ERR_REPLAY", "message": "used before", "retryable": false},
        })
    }

    #[test]
    fn a_body_is_what_the_envelope_says() {
        let envelope = Envelope::from_value(&error()).unwrap();
        let Contents::Error(body) = envelope.contents().unwrap() else { panic!("not an error") };
        assert_eq!(body.code, crate::error::Code::Replay);
        let other = Envelope { msg_type: MsgType::DecisionSubmit, ..envelope };
        assert!(other.contents().is_err());
    }

    #[test]
    fn only_an_artifact_may_be_large() {
        let mut large = error();
        large["trace"] = json!({"text": "x".repeat(limit::MESSAGE)});
        let refused = Envelope::parse(large.to_string().as_bytes());
        assert!(matches!(refused, Err(JsonError::TooLarge { .. })));
        large["msgType"] = json!("artifact.submit");
        assert!(Envelope::parse(large.to_string().as_bytes()).is_ok());
    }

    #[test]
    fn strangers_are_refused() {
        for (pointer, value) in [
            ("/sender/actor", json!("MITM")),
            ("/sender/role", json!("HE")),
            ("/msgType", json!("artifact.accepted")),
            ("/body", json!([])),
            ("/trace", Value::Null),
        ] {
            let mut bad = error();
            let (parent, member) = pointer.rsplit_once('/').unwrap();
            bad.pointer_mut(parent).unwrap()[member] = value;
            assert!(Envelope::from_value(&bad).is_err(), "{pointer}");
        }
    }
}

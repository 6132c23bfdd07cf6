//! The question: an artifact, sealed, on its way to one approver.

use crate::envelope::Body;
use countersign_core::json::JsonError;
use countersign_core::message::{Message, filled};
use countersign_core::sealing::Sealed;
use countersign_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The body of `artifact.submit`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ArtifactSubmit {
    /// Free text at the gateway, but some.
    #[serde(deserialize_with = "filled")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub artifact_type: String,
    /// With or without `sha256:`; see [`hash_key`].
    #[serde(deserialize_with = "filled")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub artifact_hash: String,
    /// The sealed artifact, opaque to a gateway.
    pub ciphertext: Ciphertext,
    /// Routing and display members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
    /// When the exchange ends.
    pub expires_at: Timestamp,
}

impl Message for ArtifactSubmit {
    const LIMIT: usize = crate::limit::ARTIFACT_SUBMIT;
}

impl Body for ArtifactSubmit {
    const MSG_TYPE: &'static str = "artifact.submit";
}

impl ArtifactSubmit {
    /// A text member of the metadata, if it is there and is text.
    #[must_use]
    pub fn metadata_text(&self, name: &str) -> Option<&str> {
        self.metadata.as_ref()?.get(name)?.as_str()
    }
}

/// The metadata members that a gateway may show to an approver. Everything else stays behind:
/// `routingToken`, `approverId` and `tenantId` by rule, the unknown to be safe.
pub const DISPLAY_METADATA: [&str; 3] = ["workspaceName", "repoName", "requestLabel"];

/// Any `ciphertext` object of the schema; ours is [`Sealed`].
///
/// A gateway checks that `alg` and `data` are text and delivers the rest as given.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct Ciphertext(Map<String, Value>);

impl Ciphertext {
    /// Wraps what we seal.
    ///
    /// # Errors
    /// [`JsonError::Shape`] never for a value made by `core`; the type cannot promise it.
    pub fn of(sealed: &Sealed) -> Result<Self, JsonError> {
        let shape = |e: serde_json::Error| JsonError::Shape(e.to_string());
        serde_json::to_value(sealed).and_then(serde_json::from_value).map_err(shape)
    }

    /// Reads it as one of ours.
    ///
    /// # Errors
    /// [`JsonError::Shape`] where it is not.
    pub fn sealed(&self) -> Result<Sealed, JsonError> {
        countersign_core::json::typed(Value::Object(self.0.clone()))
    }

    /// The members as given.
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl TryFrom<Map<String, Value>> for Ciphertext {
    type Error = &'static str;

    fn try_from(members: Map<String, Value>) -> Result<Self, Self::Error> {
        let text = |name: &str| members.get(name).is_some_and(Value::is_string);
        let optional = |name: &str| members.get(name).is_none_or(Value::is_string);
        if !text("alg") || !text("data") {
            return Err("ciphertext needs `alg` and `data` as text");
        }
        if !["nonce", "tag", "aad"].iter().all(|name| optional(name)) {
            return Err("`nonce`, `tag` and `aad` of ciphertext are text");
        }
        Ok(Self(members))
    }
}

impl From<Ciphertext> for Map<String, Value> {
    fn from(ciphertext: Ciphertext) -> Self {
        ciphertext.0
    }
}

/// The body of `approval.request`: what the approver's device is sent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ApprovalRequest {
    /// As submitted.
    pub artifact_type: String,
    /// As submitted.
    pub artifact_hash: String,
    /// Where the sealed artifact is.
    pub ciphertext_ref: CiphertextRef,
    /// Members that [`DISPLAY_METADATA`] names. A device shows none of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
    /// A gateway's wish for the screen. Read, never obeyed, never emitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_hint: Option<Map<String, Value>>,
}

impl Message for ApprovalRequest {
    const LIMIT: usize = crate::limit::ARTIFACT_SUBMIT;
}

impl Body for ApprovalRequest {
    const MSG_TYPE: &'static str = "approval.request";
}

/// A sealed artifact in the message itself: `kind` and the members of the ciphertext.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CiphertextRef {
    /// Where it is.
    kind: Kind,
    /// The ciphertext as given. A published example leaves `alg` out, so it is read late.
    #[serde(flatten)]
    members: Map<String, Value>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
enum Kind {
    Inline,
}

impl CiphertextRef {
    /// Puts a ciphertext into the message.
    #[must_use]
    pub fn inline(ciphertext: Ciphertext) -> Self {
        let mut members = ciphertext.0;
        // A member of that name would stand twice in the object.
        members.remove("kind");
        Self { kind: Kind::Inline, members }
    }

    /// Reads the ciphertext as one of ours.
    ///
    /// # Errors
    /// [`JsonError::Shape`] where it is not.
    pub fn sealed(&self) -> Result<Sealed, JsonError> {
        countersign_core::json::typed(Value::Object(self.members.clone()))
    }

    /// The members of the ciphertext as given.
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }
}

/// The body of `artifact.accepted`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ArtifactAccepted {
    /// As submitted.
    pub artifact_hash: String,
}

impl Message for ArtifactAccepted {
    const LIMIT: usize = crate::limit::MESSAGE;
}

impl Body for ArtifactAccepted {
    const MSG_TYPE: &'static str = "artifact.accepted";
}

/// The part of an `artifactHash` that is compared: without the optional `sha256:`.
#[must_use]
pub fn hash_key(artifact_hash: &str) -> &str {
    artifact_hash.strip_prefix("sha256:").unwrap_or(artifact_hash)
}

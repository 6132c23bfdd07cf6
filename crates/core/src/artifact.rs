//! An action put to one approver (PROTOCOL §3), and what the enforcer says about it.
//!
//! # Rooms
//! * `head`: everything but the payload, with our extensions. `context`: who asks, where and why.
//!   `route`: who must answer, and what may be answered. `degree`: risk, assurance and scope.
//! * `kind`: the types of review. `hash`: what is signed. `statement`: what a device is sent.

mod context;
mod degree;
mod hash;
mod head;
mod kind;
mod route;
mod statement;

use crate::action::{Action, ActionHash};
use crate::checkpoint::Checkpoint;
use crate::encoding::Hash;
use crate::json::{self, JsonError, limit};
use crate::message::exact;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use context::Context;
pub use degree::{Assurance, Risk, Scope};
pub use hash::{ArtifactHash, HashAlg};
pub use head::{ArtifactHead, extension, extensions};
pub use kind::ArtifactType;
pub use route::{GrantOffer, Group, Route, Seat};
pub use statement::Statement;

/// A HARP artifact. The hash inside is a claim: [`Artifact::hash`] works it out.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Artifact {
    /// Everything but the payload and the claimed hash.
    #[serde(flatten)]
    pub head: ArtifactHead,
    /// The action, or a foreign payload.
    pub payload: Map<String, Value>,
}

impl Artifact {
    /// Reads an artifact strictly. The claimed hash is not checked here.
    ///
    /// # Errors
    /// Where the text is not an artifact of HARP-CORE with our extensions in their shape.
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        Self::from_value(json::parse(bytes, limit::ARTIFACT)?)
    }

    /// The same from a value that was read strictly.
    ///
    /// # Errors
    /// As [`Artifact::parse`].
    pub fn from_value(value: Value) -> Result<Self, JsonError> {
        let artifact: Self = exact(&value)?;
        artifact.route()?;
        artifact.context()?;
        artifact.checkpoint()?;
        Ok(artifact)
    }

    /// Builds the artifact and works out its hash.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn build(mut head: ArtifactHead, payload: Map<String, Value>) -> Result<Self, JsonError> {
        head.artifact_hash = ArtifactHash(Hash([0; 32]));
        let mut artifact = Self { head, payload };
        artifact.head.artifact_hash = artifact.hash()?;
        Ok(artifact)
    }

    /// The hash, worked out from everything but the claimed one.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn hash(&self) -> Result<ArtifactHash, JsonError> {
        json::sha256_without(self, "artifactHash").map(|bytes| ArtifactHash(Hash(bytes)))
    }

    /// The canonical bytes, with the claimed hash.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn canonical_bytes(&self) -> Result<Vec<u8>, JsonError> {
        json::canonical(self)
    }

    /// The payload as one of our actions; `None` is foreign.
    #[must_use]
    pub fn action(&self) -> Option<Action> {
        Action::from_payload(&Value::Object(self.payload.clone()))
    }

    /// How many items the action has; `None` where it is no batch of ours.
    #[must_use]
    pub fn items(&self) -> Option<usize> {
        // Most actions are none, and are not read for it.
        let batch = self.payload.get("kind").is_some_and(|kind| kind == "batch");
        let action = batch.then(|| self.action()).flatten()?;
        action.items().map(<[Action]>::len)
    }

    /// The hash of the payload.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn action_hash(&self) -> Result<ActionHash, JsonError> {
        json::sha256(&self.payload).map(|bytes| ActionHash(Hash(bytes)))
    }

    /// Our route, where the artifact carries one.
    ///
    /// # Errors
    /// Where the extension is there in another shape.
    pub fn route(&self) -> Result<Option<Route>, JsonError> {
        self.head.route()
    }

    /// Our context, where the artifact carries one.
    ///
    /// # Errors
    /// Where the extension is there in another shape.
    pub fn context(&self) -> Result<Option<Context>, JsonError> {
        self.head.context()
    }

    /// The ledger's head, where the artifact carries one.
    ///
    /// # Errors
    /// Where the extension is there in another shape.
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>, JsonError> {
        self.head.checkpoint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published value: `vectors/harp-0.2/core.json`.
    const CANONICAL: &str = r#"{"artifactHashAlg":"SHA-256","artifactType":"plan.review","baseRevision":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","createdAt":"2026-02-21T12:00:00Z","expiresAt":"2026-02-21T12:10:00Z","payload":{"kind":"plan","risk":"medium","steps":["Extract tokenizer","Add unit tests","Replace recursive descent with Pratt parser"],"title":"Refactor Parser"},"repoRef":"repo:acme/widgets","requestId":"01J2V8V3K6B2Z9X6G1V7Y2QK8H","sessionId":"01J2V8V3M2YF0KX9Q0Z7E6H9R1"}"#;
    const HASH: &str = "8e326e1f69e5859a3b5b12965f06b5829f09b12d1748aa2fddb609fb44f831c1";

    fn published() -> Value {
        let mut value = json::parse(CANONICAL.as_bytes(), limit::ARTIFACT).unwrap();
        value["artifactHash"] = HASH.into();
        value
    }

    #[test]
    fn both_sides_have_the_same_four_digits_to_type() {
        let digits = |bytes| ArtifactHash(Hash(bytes)).look_digits();
        assert_eq!(digits([0; 32]), "3630");
        assert_eq!(digits(std::array::from_fn(|i| i as u8)), "6323");
    }

    #[test]
    fn the_published_artifact_has_the_published_hash() {
        let artifact = Artifact::from_value(published()).unwrap();
        assert_eq!(artifact.hash().unwrap().to_string(), HASH);
        assert!(artifact.action().is_none(), "a foreign payload");
    }

    #[test]
    fn unknown_members_nulls_and_wrong_types_are_refused() {
        for (member, value) in [
            ("extra", serde_json::json!(1)),
            ("sessionId", Value::Null),
            ("payload", serde_json::json!([])),
            ("artifactType", "core.artifact".into()),
            ("artifactHash", HASH.to_uppercase().into()),
            ("createdAt", "yesterday".into()),
            ("extensions", serde_json::json!({"org.countersign.route": {}})),
        ] {
            let mut bad = published();
            bad[member] = value;
            assert!(Artifact::from_value(bad).is_err(), "{member}");
        }
    }

    #[test]
    fn every_member_is_in_the_hash() {
        let artifact = Artifact::from_value(published()).unwrap();
        let mut other = artifact.clone();
        other.head.repo_ref.push('x');
        assert_ne!(artifact.hash().unwrap(), other.hash().unwrap());
        other = artifact.clone();
        other.payload.insert("risk".into(), "low".into());
        assert_ne!(artifact.hash().unwrap(), other.hash().unwrap());
    }
}

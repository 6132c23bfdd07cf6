//! Everything of an artifact but its payload, with our extensions of it.

use super::{ArtifactHash, ArtifactType, Context, HashAlg, Route};
use crate::checkpoint::Checkpoint;
use crate::encoding::Fixed;
use crate::json::{self, JsonError};
use crate::message::exact;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An artifact without its payload: what a receipt keeps beside the action.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ArtifactHead {
    /// Names the request; a ULID of ours, any text of others.
    pub request_id: String,
    /// The session the enforcer issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The type of review.
    pub artifact_type: ArtifactType,
    /// Random and opaque; remembered per workspace.
    pub repo_ref: String,
    /// The base revision of a patch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_revision: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// SHA-256.
    pub artifact_hash_alg: HashAlg,
    /// The claimed hash.
    pub artifact_hash: ArtifactHash,
    /// Foreign metadata, hashed when present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
    /// Namespaced extensions, hashed when present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Map<String, Value>>,
}

/// Names of our extensions.
pub mod extension {
    /// 32 random bytes, so that the hash is no dictionary for guessable actions.
    pub const SALT: &str = "org.countersign.salt";
    /// Who asks, where and why: [`Context`](super::Context).
    pub const CONTEXT: &str = "org.countersign.context";
    /// Who must answer, and what may be answered: [`Route`](super::Route).
    pub const ROUTE: &str = "org.countersign.route";
    /// The ledger's newest checkpoint.
    pub const HEAD: &str = "org.countersign.head";
}

impl ArtifactHead {
    /// Our route, where the artifact carries one.
    ///
    /// # Errors
    /// Where the extension is there in another shape.
    pub fn route(&self) -> Result<Option<Route>, JsonError> {
        self.extension(extension::ROUTE)
    }

    /// Our context, where the artifact carries one.
    ///
    /// # Errors
    /// Where the extension is there in another shape.
    pub fn context(&self) -> Result<Option<Context>, JsonError> {
        self.extension(extension::CONTEXT)
    }

    /// The ledger's head, where the artifact carries one.
    ///
    /// # Errors
    /// Where the extension is there in another shape.
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>, JsonError> {
        self.extension(extension::HEAD)
    }

    /// The request that it is an artifact of: named like it, or signed as another artifact of it.
    ///
    /// # Errors
    /// Where the context is there in another shape: nobody knows then which request it names.
    pub fn of_request(&self) -> Result<String, JsonError> {
        let first = self.context()?.and_then(|context| context.request);
        Ok(first.unwrap_or_else(|| self.request_id.clone()))
    }

    fn extension<T: Serialize + serde::de::DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<T>, JsonError> {
        let value = self.extensions.as_ref().and_then(|e| e.get(name));
        value.map(exact).transpose()
    }
}

/// Our four extensions as the member `extensions` of an artifact.
///
/// # Errors
/// Where one of them has no JSON form.
pub fn extensions(
    salt: Fixed<32>,
    context: &Context,
    route: &Route,
    head: Option<&Checkpoint>,
) -> Result<Map<String, Value>, JsonError> {
    let mut map = Map::new();
    map.insert(extension::SALT.into(), json::value_of(&salt)?);
    map.insert(extension::CONTEXT.into(), json::value_of(context)?);
    map.insert(extension::ROUTE.into(), json::value_of(route)?);
    if let Some(head) = head {
        map.insert(extension::HEAD.into(), json::value_of(head)?);
    }
    Ok(map)
}

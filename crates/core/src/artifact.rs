//! An action put to one approver (PROTOCOL §3), and what the enforcer says about it.

use crate::action::{Action, ActionHash};
use crate::checkpoint::Checkpoint;
use crate::encoding::{Fixed, Hash};
use crate::json::{self, JsonError, limit};
use crate::keys::{Domain, KeyError, KeyId, PublicKeys, SecretKeys, Signature, verify_domain};
use crate::message::exact;
use crate::redact::Disclosure;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// SHA-256 of the canonical artifact without `artifactHash`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct ArtifactHash(pub Hash);

impl ArtifactHash {
    /// The four digits that the asking side shows beside a critical call, and that its approver
    /// types: whoever knows them looked at the call that waits. They prove nothing else.
    ///
    /// The first eight bytes of SHA-256(`countersign-look/v1` ‖ 0 ‖ the 32 bytes of the hash) as a
    /// number, big endian, modulo 10000.
    #[must_use]
    pub fn look_digits(&self) -> String {
        let text = [b"countersign-look/v1\0".as_slice(), &self.0.0].concat();
        let mut first = [0; 8];
        first.iter_mut().zip(Hash::of(&text).0).for_each(|(to, from)| *to = from);
        format!("{:04}", u64::from_be_bytes(first) % 10_000)
    }
}

impl std::fmt::Display for ArtifactHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The five artifact types of HARP-CORE.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ArtifactType {
    /// An intended plan.
    #[serde(rename = "plan.review")]
    Plan,
    /// A bundle of tasks.
    #[serde(rename = "task.review")]
    Task,
    /// A change set.
    #[serde(rename = "patch.review")]
    Patch,
    /// A command; also tools, HTTP calls, requests and batches.
    #[serde(rename = "command.review")]
    Command,
    /// A boundary such as a push or a deployment.
    #[serde(rename = "checkpoint.review")]
    Checkpoint,
}

impl ArtifactType {
    /// The type under which an action is put to a person.
    #[must_use]
    pub fn of(action: &Action) -> Self {
        match action {
            Action::Plan(_) => Self::Plan,
            Action::Task(_) => Self::Task,
            Action::Patch(_) => Self::Patch,
            Action::Checkpoint(_) => Self::Checkpoint,
            Action::Command(_)
            | Action::Tool(_)
            | Action::Http(_)
            | Action::Request(_)
            | Action::Batch(_) => Self::Command,
        }
    }

    /// The type's name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan.review",
            Self::Task => "task.review",
            Self::Patch => "patch.review",
            Self::Command => "command.review",
            Self::Checkpoint => "checkpoint.review",
        }
    }
}

/// The one hash algorithm.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum HashAlg {
    /// SHA-256.
    #[serde(rename = "SHA-256")]
    Sha256,
}

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
    /// Who asks, where and why: [`super::Context`].
    pub const CONTEXT: &str = "org.countersign.context";
    /// Who must answer, and what may be answered: [`super::Route`].
    pub const ROUTE: &str = "org.countersign.route";
    /// The ledger's newest checkpoint.
    pub const HEAD: &str = "org.countersign.head";
}

/// Who asks, where and why. Wording, never part of the action's hash.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Context {
    /// The asking principal, as the connection showed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// The agent's name for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The agent's name for its session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The workspace's directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// The agent's description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The agent's reasoning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// The request of which this is one artifact of several, or a later round. Only the first
    /// artifact of its first round says nothing here: it has the request's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// More in the agent's own words, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
    /// The request before it, which was denied: this one is a retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// What the enforcer wants the person to know: what could not be pinned, what is unusual.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// How sure we are that a key is in a person's hands; stated by a person at pairing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Assurance {
    /// The key lives on the enforcer's machine.
    #[default]
    Local,
    /// Another device, in a page that the gateway serves.
    Web,
    /// Another device, in code that the gateway does not serve.
    Device,
    /// The same, with user verification for each signature.
    Verified,
}

/// How far a decision reaches.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One run.
    Once,
    /// Several runs until the expiry.
    Timebox,
    /// Several runs within the session.
    Session,
}

/// How dangerous the action is held to be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Read-only.
    Low,
    /// Easy to undo.
    Medium,
    /// Hard to undo.
    High,
    /// Cannot be undone.
    Critical,
}

/// One key that may answer, and whose it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Seat {
    /// The person.
    pub person: String,
    /// One of the person's keys.
    pub key_id: KeyId,
}

/// Who must answer, and what may be answered. Signed by the person along with the action.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Route {
    /// Votes count only within one round.
    pub round: u32,
    /// The rule whose wording applies.
    pub rule_id: String,
    /// The risk it was judged to have.
    pub risk: Risk,
    /// The policy it was judged under.
    pub policy_hash: Hash,
    /// Every key that may answer.
    pub roster: Vec<Seat>,
    /// How many distinct persons must allow.
    pub threshold: u32,
    /// The least assurance that counts.
    pub min_assurance: Assurance,
    /// Whether a denial or approval must say why.
    pub reason_required: bool,
    /// The scopes on offer.
    pub scopes: Vec<Scope>,
    /// How often an accepted `timebox` or `session` decision may be claimed.
    pub max_uses: u32,
    /// People of whom some must allow, besides the threshold: every one of these is met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// Whether one denial ends it, however many allow.
    #[serde(default, skip_serializing_if = "is_default")]
    pub veto: bool,
    /// Labels of those who are asked next, first to last; a signed escalation may name one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalate_to: Vec<String>,
    /// The widest standing permission that may be given out of an answer; `None` is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantOffer>,
}

/// People of whom some must allow, such as those of one role.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Group {
    /// What the policy calls them; only for people who read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Persons of the roster, sorted, each once.
    pub persons: Vec<String>,
    /// How many distinct persons of them must allow.
    pub threshold: u32,
}

/// The widest standing permission that an approver may give out of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct GrantOffer {
    /// The longest it may last, in seconds.
    pub max_seconds: u32,
    /// Whether it ends with the session at the latest.
    pub session: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
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

/// The plaintext that is sealed to a device: nothing is shown that the paired enforcer did not sign.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Statement {
    /// The artifact.
    pub artifact: Artifact,
    /// The enforcer over the artifact, in the domain `countersign-artifact/v1`.
    pub enforcer_signature: Signature,
    /// What opens the commitments that this approver may see.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disclosures: Vec<Disclosure>,
}

impl Statement {
    /// Signs an artifact for its approver.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn sign(
        artifact: Artifact,
        disclosures: Vec<Disclosure>,
        enforcer: &SecretKeys,
    ) -> Result<Self, KeyError> {
        let enforcer_signature = enforcer.sign(Domain::Artifact, &artifact)?;
        Ok(Self { artifact, enforcer_signature, disclosures })
    }

    /// Reads the plaintext strictly.
    ///
    /// # Errors
    /// Where it is not a statement.
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        let value = json::parse(bytes, limit::ARTIFACT * 2)?;
        if let Some(artifact) = value.get("artifact") {
            Artifact::from_value(artifact.clone())?;
        }
        exact(&value)
    }

    /// Checks the signature under the pinned enforcer.
    ///
    /// # Errors
    /// Where it does not verify.
    pub fn verify(&self, enforcer: &PublicKeys) -> Result<(), KeyError> {
        let signature = &self.enforcer_signature;
        verify_domain(&enforcer.signing(), Domain::Artifact, &self.artifact, signature)
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

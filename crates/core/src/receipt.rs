//! The signed record of an outcome, which anyone can check offline (PROTOCOL §9).
//!
//! The level that is written down is never believed: [`check`] works it out again from the
//! decisions that a receipt carries whole.

use crate::action::ActionHash;
use crate::artifact::{Artifact, ArtifactHead, Assurance, Risk, Route, Seat};
use crate::decision::Decision;
use crate::encoding::{Fixed, Hash};
use crate::grant::GrantNote;
use crate::json::{self, JsonError};
use crate::keys::{Domain, KeyError, KeyId, SecretKeys, Signature};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub mod check;
pub mod course;
mod output;
mod text;
pub mod validity;

pub use output::OutputDigest;
pub use text::{Hashed, Read, Written};

/// A receipt.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Receipt {
    /// `countersign.receipt/v1`.
    #[serde(rename = "type")]
    pub kind: ReceiptType,
    /// What is recorded.
    pub content: Content,
    /// SHA-256 of the canonical content.
    pub content_hash: Hash,
    /// The operator's signature.
    pub signatures: Vec<ReceiptSignature>,
}

/// The document's type.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum ReceiptType {
    /// The first version.
    #[default]
    #[serde(rename = "countersign.receipt/v1")]
    V1,
}

/// One signature over the content hash.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ReceiptSignature {
    /// The operator's key; it counts only where a trust store pins it.
    pub key_id: KeyId,
    /// `Ed25519`.
    pub algorithm: crate::decision::SigAlg,
    /// The Ed25519 key itself, for people who look; never trusted.
    pub public_key: Fixed<32>,
    /// In the domain `countersign-receipt/v1`.
    pub signature: Signature,
}

/// What a receipt records.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Content {
    /// The ledger it stands in.
    pub ledger: String,
    /// Its number, from 1.
    pub seq: u64,
    /// The content hash of the one before; absent on the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<Hash>,
    /// When it was written.
    pub recorded_at: Timestamp,
    /// What is recorded.
    #[serde(flatten)]
    pub entry: Entry,
}

/// The part of a receipt that does not depend on its place in the ledger.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Whether the enforcer ran as another user than the agent.
    pub boundary: Boundary,
    /// How the run was tied to what was reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Binding>,
    /// What happened.
    pub event: Event,
    /// The request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The hash of `action`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_hash: Option<ActionHash>,
    /// The action, whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Map<String, Value>>,
    /// The items of a batch that it is about, in rising order; absent where it is about the whole
    /// action. A claim is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<usize>>,
    /// The artifacts but for their payload, so that each hash recomputes from the action.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<ArtifactHead>,
    /// What the policy said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyNote>,
    /// The decisions, whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Decision>,
    /// Who decided, in words; worked out from `decisions`.
    #[serde(rename = "approver_decision", default, skip_serializing_if = "Option::is_none")]
    pub approver_decision: Option<ApproverDecision>,
    /// The quorum's shape, where the threshold is above one.
    #[serde(rename = "multi_approval", default, skip_serializing_if = "Option::is_none")]
    pub multi_approval: Option<MultiApproval>,
    /// On what the permission rests.
    pub basis: Basis,
    /// The grant it rests on, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Box<GrantNote>>,
    /// The level claimed.
    pub trust_level: Level,
    /// What came of a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// Whether the operating system separates agent and enforcer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Boundary {
    /// The enforcer runs as another user.
    Separate,
    /// Both run as one user: the agent could reach keys and ledger.
    Unprotected,
}

/// How a run was tied to the bytes that were reviewed, from strongest to weakest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Binding {
    /// Executed through the opened descriptor of a file that the agent's user cannot write.
    Descriptor,
    /// A sealed copy in memory of the hashed bytes.
    Sealed,
    /// By path, hashed again right before.
    Rehashed,
}

/// What a receipt says happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// The policy let it through.
    Allowed,
    /// The policy forbade it.
    Blocked,
    /// It waits for people.
    Suspended,
    /// Enough people allowed it.
    Approved,
    /// Somebody refused it.
    Denied,
    /// Its time ran out.
    Expired,
    /// It was handed to somebody else.
    Escalated,
    /// Whoever asked took it back.
    Withdrawn,
    /// Its approval was used up: it was let go, to a host that runs it, or to this enforcer,
    /// whose `executed`, `failed` or `uncertain` follows.
    Released,
    /// It ran and ended.
    Executed,
    /// It was claimed and did not start.
    Failed,
    /// It was claimed, and nobody knows whether it ran.
    Uncertain,
    /// A standing permission was given.
    Granted,
    /// A key or permission was taken back.
    Revoked,
    /// A key was added or replaced.
    Key,
    /// A policy was accepted.
    Policy,
    /// Everything was stopped.
    Frozen,
    /// It was seen while nothing is enforced.
    Observed,
}

impl Event {
    /// Whether this event says that an approval stood.
    #[must_use]
    pub fn needs_approval(self) -> bool {
        use Event::{Approved, Executed, Failed, Released, Uncertain};
        matches!(self, Approved | Executed | Failed | Released | Uncertain)
    }

    /// The event's name on the wire.
    #[must_use]
    pub fn name(self) -> String {
        match json::value_of(&self) {
            Ok(Value::String(name)) => name,
            _ => String::new(),
        }
    }
}

/// What the policy said of the action.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PolicyNote {
    /// The rule whose wording applies.
    pub rule_id: String,
    /// Its wording.
    pub display: String,
    /// The policy.
    pub policy_hash: Hash,
    /// The risk.
    pub risk: Risk,
    /// The verb.
    pub verb: String,
    /// Every rule that matched.
    pub matched: Vec<String>,
}

impl PolicyNote {
    /// Whether it says what people were told of it when they signed; its wording, verb and matches
    /// are not among that.
    #[must_use]
    pub fn is_of(&self, route: &Route) -> bool {
        (&self.rule_id, self.risk, self.policy_hash)
            == (&route.rule_id, route.risk, route.policy_hash)
    }
}

/// One approver's verdict, in words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ApproverDecision {
    /// `approved`, `rejected`, or `partial`: some items of a batch are approved.
    pub verdict: String,
    /// Who.
    pub person: String,
    /// With which key.
    pub key_id: KeyId,
    /// Why, where the approver said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The shape of a quorum; must equal the signed route's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MultiApproval {
    /// How many persons must allow.
    pub threshold: u32,
    /// Who was asked.
    pub roster: Vec<Seat>,
    /// Who allowed.
    pub approvers: Vec<String>,
}

/// On what a permission rests.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The policy alone.
    Policy,
    /// People's decisions.
    Decision,
    /// A standing permission.
    Grant,
}

/// How much a receipt proves.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Level {
    /// The operator only.
    L0,
    /// The operator and the people that the signed route asked for.
    L1,
}

/// What came of a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Outcome {
    /// When the claim was made.
    pub claimed_at: Timestamp,
    /// When it ended, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// Why it did not start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What it wrote to standard output. Where whoever started it did not ask for digests neither
    /// this nor the next is there, else both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdout: Option<OutputDigest>,
    /// What it wrote to standard error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stderr: Option<OutputDigest>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Signed<'a> {
    content_hash: &'a Hash,
}

impl Entry {
    /// An entry that says nothing but what happened, under a policy and by nobody's decision.
    #[must_use]
    pub fn bare(event: Event, boundary: Boundary) -> Self {
        Self {
            boundary,
            binding: None,
            event,
            request_id: None,
            action_hash: None,
            action: None,
            items: None,
            artifacts: Vec::new(),
            policy: None,
            decisions: Vec::new(),
            approver_decision: None,
            multi_approval: None,
            basis: Basis::Policy,
            grant: None,
            trust_level: Level::L0,
            outcome: None,
        }
    }
}

impl ReceiptSignature {
    /// Signs a content hash.
    fn over(content_hash: &Hash, operator: &SecretKeys) -> Result<Self, KeyError> {
        Ok(Self {
            key_id: operator.key_id(),
            algorithm: crate::decision::SigAlg::Ed25519,
            public_key: Fixed(operator.public().signing()),
            signature: operator.sign(Domain::Receipt, &Signed { content_hash })?,
        })
    }
}

impl Receipt {
    /// Hashes and signs the content.
    ///
    /// # Errors
    /// Where the content has no canonical form.
    pub fn sign(content: Content, operator: &SecretKeys) -> Result<Self, KeyError> {
        Ok(content.hashed()?.sign(operator)?.into_parts().0)
    }

    /// The canonical bytes.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn canonical_bytes(&self) -> Result<Vec<u8>, JsonError> {
        json::canonical(self)
    }
}

impl Content {
    /// SHA-256 of the canonical content.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn hash(&self) -> Result<Hash, JsonError> {
        json::sha256(self).map(Hash)
    }

    /// The artifacts with the action put back as their payload.
    #[must_use]
    pub fn whole_artifacts(&self) -> Vec<Artifact> {
        if self.entry.artifacts.is_empty() {
            return Vec::new();
        }
        let payload = self.entry.action.clone().unwrap_or_default();
        let whole = |head: &ArtifactHead| Artifact { head: head.clone(), payload: payload.clone() };
        self.entry.artifacts.iter().map(whole).collect()
    }
}

impl Assurance {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Web => "web",
            Self::Device => "device",
            Self::Verified => "verified",
        }
    }
}

//! What may stand in a bundle.

use crate::checkpoint::Checkpoint;
use crate::encoding::Hash;
use crate::json::{self, JsonError, limit};
use crate::keys::{KeyId, Signature};
use crate::receipt::Receipt;
use crate::time::Timestamp;
use crate::trust::{Approver, Operator};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest line in bytes: a receipt, and what is around it.
pub const MAX_LINE: usize = limit::RECEIPT + 64;

/// A document that is described elsewhere: a receipt, a head, a pinned key.
#[cfg(feature = "schema")]
type Object = serde_json::Map<String, serde_json::Value>;

/// One line. The variants stand in the order of the file.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Line {
    /// The first: which part of which ledger.
    Bundle(Cover),
    /// A key that the home pinned, by its id. For comparing; it proves nothing.
    Key(Box<Key>),
    /// The text of an accepted policy, by its hash.
    Policy(Text),
    /// A head of the ledger that somebody remembers, by who does.
    Head(Remembered),
    /// A receipt from before the range that changed keys or policies, by its number.
    #[cfg_attr(feature = "schema", schemars(with = "Object"))]
    Earlier(Box<Receipt>),
    /// A receipt of the range, by its number.
    #[cfg_attr(feature = "schema", schemars(with = "Object"))]
    Receipt(Box<Receipt>),
    /// The last: digests of everything before, signed.
    Manifest(Manifest),
}

/// The document's type.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum BundleType {
    /// The first version.
    #[default]
    #[serde(rename = "countersign.bundle/v1")]
    V1,
}

/// Which part of which ledger.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Cover {
    /// `countersign.bundle/v1`.
    #[serde(rename = "type")]
    pub kind: BundleType,
    /// The ledger.
    pub ledger: String,
    /// The receipts inside; absent where the time has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// The range begins with the first receipt of this time or later; absent: with the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// It ends with the last receipt before this time; absent: with the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// The receipts from one number to another, both included.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// From 1.
    pub first: u64,
    /// Not below `first`.
    pub last: u64,
}

/// A key that the home pinned, as its trust store has it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Key {
    /// It signs receipts.
    #[cfg_attr(feature = "schema", schemars(with = "Object"))]
    Operator(Box<Operator>),
    /// It signs decisions.
    #[cfg_attr(feature = "schema", schemars(with = "Object"))]
    Approver(Box<Approver>),
}

/// The text of a policy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// SHA-256 of the text.
    pub sha256: Hash,
    /// The text, whole.
    pub text: String,
}

/// What somebody remembers of the ledger.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Remembered {
    /// Who: `ledger`, `home`, or a gateway's address.
    pub by: String,
    /// What; absent where it could not be learned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Object>"))]
    pub checkpoint: Option<Checkpoint>,
    /// Why it could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// The last line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Manifest {
    /// What is signed.
    pub content: Summary,
    /// The operator's key; it counts only where the auditor pinned it.
    pub key_id: KeyId,
    /// In the domain `countersign-bundle/v1`.
    pub signature: Signature,
}

/// Digests of everything before the manifest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Summary {
    /// `countersign.bundle/v1`.
    #[serde(rename = "type")]
    pub kind: BundleType,
    /// The ledger.
    pub ledger: String,
    /// Each section that has lines, by its name.
    pub sections: BTreeMap<String, Section>,
    /// SHA-256 of all bytes before the manifest's line.
    pub sha256: Hash,
}

/// One section.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// How many lines.
    pub lines: u64,
    /// SHA-256 of its lines with their line breaks.
    pub sha256: Hash,
}

impl Line {
    /// Reads one line, without its line break. It must be the canonical text of its object.
    ///
    /// # Errors
    /// Where it is not.
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        let line: Self = json::read(bytes, MAX_LINE)?;
        if json::canonical(&line)? != bytes {
            return Err(JsonError::Shape("not the canonical form of its object".into()));
        }
        Ok(line)
    }

    /// The section's name.
    #[must_use]
    pub fn section(&self) -> &'static str {
        match self {
            Self::Bundle(_) => "bundle",
            Self::Key(_) => "key",
            Self::Policy(_) => "policy",
            Self::Head(_) => "head",
            Self::Earlier(_) => "earlier",
            Self::Receipt(_) => "receipt",
            Self::Manifest(_) => "manifest",
        }
    }

    /// Where it stands: its section's place, and by what its section is sorted.
    pub(super) fn place(&self) -> (u8, String) {
        let number = |receipt: &Receipt| format!("{:020}", receipt.content.seq);
        match self {
            Self::Bundle(_) => (0, String::new()),
            Self::Key(key) => (1, key.id().0.clone()),
            Self::Policy(text) => (2, text.sha256.to_string()),
            Self::Head(head) => (3, head.by.clone()),
            Self::Earlier(receipt) => (4, number(receipt)),
            Self::Receipt(receipt) => (5, number(receipt)),
            Self::Manifest(_) => (6, String::new()),
        }
    }
}

impl Key {
    /// The key's name.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        match self {
            Self::Operator(operator) => &operator.key_id,
            Self::Approver(approver) => &approver.key_id,
        }
    }

    pub(super) fn is_named_after_itself(&self) -> bool {
        let keys = match self {
            Self::Operator(operator) => &operator.keys,
            Self::Approver(approver) => &approver.keys,
        };
        keys.key_id() == *self.id()
    }
}

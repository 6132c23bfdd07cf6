//! A change to files.

use crate::message::Filled;
use serde::{Deserialize, Serialize};

/// A change to files, against the revision that it was made for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Patch {
    /// The whole change, as a unified diff.
    pub diff: Filled,
    /// What it changes: on anything else it would be another change.
    pub base_revision: Filled,
    /// A declared verb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
}

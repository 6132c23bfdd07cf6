//! Calls that somebody else's program carries out: of a tool, or in the asker's own words.

use crate::encoding::Hash;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A call of a tool.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Tool {
    /// The server's URL, or the digest of the command that starts it.
    pub server: String,
    /// SHA-256 of the tool's description as it was pinned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description_sha256: Option<Hash>,
    /// The tool's name.
    pub tool: String,
    /// All arguments.
    pub arguments: Value,
    /// A declared verb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
}

/// A request in the words of whoever asks.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What is asked for.
    pub action: String,
    /// Its parameters.
    pub parameters: Value,
    /// A declared verb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
}

//! A program that would be started: the one kind of action that is ever run here.

use crate::encoding::Hash;
use crate::redact::Text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A program that would be started.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Command {
    /// The whole argument vector; the first element is what the program is told it is called.
    pub argv: Vec<Text>,
    /// The absolute working directory, symbolic links resolved.
    pub cwd: String,
    /// Exactly the child's environment.
    pub env: BTreeMap<String, Text>,
    /// The file that would be executed.
    pub program: PinnedFile,
    /// The interpreter of a `#!` program and the script of a known interpreter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<PinnedFile>,
    /// SHA-256 of the bytes on standard input; without it standard input is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin_sha256: Option<Hash>,
    /// A declared verb, which may only tighten what the policy finds out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
}

/// A file by its place and its content.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PinnedFile {
    /// The absolute path as it is used, symbolic links kept.
    pub path: String,
    /// SHA-256 of the content.
    pub sha256: Hash,
}

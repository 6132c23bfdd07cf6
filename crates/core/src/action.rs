//! What would run, whole, and nothing else (PROTOCOL §2).
//!
//! An action holds no clock, no random id and no wording: the same call always has the same
//! [`ActionHash`], which is what de-duplicates and what lets "approve, then try again" finish.

use crate::encoding::Hash;
use crate::json::{self, JsonError};
use crate::redact::Text;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// SHA-256 of the canonical action.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionHash(pub Hash);

impl std::fmt::Display for ActionHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The artifact's payload: one call of one kind.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Action {
    /// A program with its arguments, environment, directory and files.
    Command(Box<Command>),
    /// A call of a tool with all its arguments.
    Tool(Tool),
    /// A named request with parameters, asked for but not run by us.
    Request(Request),
}

/// A program that would be started.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
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
#[serde(deny_unknown_fields)]
pub struct PinnedFile {
    /// The absolute path as it is used, symbolic links kept.
    pub path: String,
    /// SHA-256 of the content.
    pub sha256: Hash,
}

/// A call of a tool.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
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

impl Action {
    /// The hash that names this call.
    ///
    /// # Errors
    /// Where the action has no canonical form.
    pub fn hash(&self) -> Result<ActionHash, JsonError> {
        json::sha256(self).map(|bytes| ActionHash(Hash(bytes)))
    }

    /// The action as the artifact's payload.
    ///
    /// # Errors
    /// Where the action has no canonical form.
    pub fn to_payload(&self) -> Result<Value, JsonError> {
        json::value_of(self)
    }

    /// Reads a payload. `None` is a foreign payload: shown, decided and verified, never run by us.
    #[must_use]
    pub fn from_payload(payload: &Value) -> Option<Self> {
        serde_json::from_value(payload.clone()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tool(arguments: Value) -> Action {
        let (server, tool) = ("https://bank.example".into(), "transfer".into());
        Action::Tool(Tool { server, description_sha256: None, tool, arguments, verb: None })
    }

    #[test]
    fn attack_02_every_argument_is_in_the_hash() {
        let one = tool(json!({"amount": 5, "account": "A"})).hash().unwrap();
        assert_ne!(one, tool(json!({"amount": 5, "account": "B"})).hash().unwrap());
        assert_eq!(one, tool(json!({"account": "A", "amount": 5})).hash().unwrap());
    }

    #[test]
    fn a_payload_that_is_not_ours_is_foreign() {
        assert!(Action::from_payload(&json!({"kind": "plan", "title": "x"})).is_none());
        assert!(Action::from_payload(&json!({"kind": "tool", "tool": "x", "extra": 1})).is_none());
        let ours = tool(json!({}));
        assert_eq!(Action::from_payload(&ours.to_payload().unwrap()), Some(ours));
    }
}

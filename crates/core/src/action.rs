//! What would run, whole, and nothing else (PROTOCOL §2).
//!
//! An action holds no clock, no random id and no wording: the same call always has the same
//! [`ActionHash`], which is what de-duplicates and what lets "approve, then try again" finish.
//!
//! Each kind is strict: a payload that breaks a rule of its kind is foreign, so it is shown whole
//! and never run, and no two parts of this program can take it for different things.

use crate::encoding::Hash;
use crate::json::{self, JsonError};
use crate::message::exact;
use serde::{Deserialize, Serialize};
use serde_json::Value;

mod batch;
mod command;
mod http;
mod operation;
mod patch;
mod plan;
mod tool;

pub use batch::{BadBatch, Batch};
pub use command::{Command, PinnedFile};
pub use http::{BadHttp, Http, HttpBody};
pub use operation::{BadPush, Commit, Move, Operation, Push, RefMove, Revision};
pub use patch::Patch;
pub use plan::Plan;
pub use tool::{Request, Tool};

/// SHA-256 of the canonical action.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionHash(pub Hash);

impl std::fmt::Display for ActionHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The artifact's payload: one call of one kind. Only [`Action::Command`] is ever run here.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Action {
    /// A program with its arguments, environment, directory and files.
    Command(Box<Command>),
    /// A call of a tool with all its arguments.
    Tool(Tool),
    /// A request over HTTP.
    Http(Box<Http>),
    /// A change to files.
    Patch(Patch),
    /// A boundary: a commit, a push, a deployment.
    #[cfg_attr(feature = "schema", schemars(extend("unevaluatedProperties" = false)))]
    Checkpoint(Operation),
    /// An intended course.
    Plan(Plan),
    /// A piece of work.
    Task(Plan),
    /// A named request with parameters, asked for but not run by us.
    Request(Request),
    /// Several actions, answered together.
    Batch(Batch),
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
        exact(payload).ok()
    }

    /// The kind's name on the wire.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Command(_) => "command",
            Self::Tool(_) => "tool",
            Self::Http(_) => "http",
            Self::Patch(_) => "patch",
            Self::Checkpoint(_) => "checkpoint",
            Self::Plan(_) => "plan",
            Self::Task(_) => "task",
            Self::Request(_) => "request",
            Self::Batch(_) => "batch",
        }
    }

    /// The items of a batch; `None` for everything else.
    #[must_use]
    pub fn items(&self) -> Option<&[Self]> {
        match self {
            Self::Batch(batch) => Some(batch.items()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod kinds;

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
}

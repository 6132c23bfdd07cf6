//! How dangerous an action is, how sure its approver's key, and how far an answer reaches.

use serde::{Deserialize, Serialize};

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

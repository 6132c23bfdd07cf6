//! What an agent intends, in words. Allowing it runs nothing.

use crate::message::Filled;
use serde::{Deserialize, Serialize};

/// A plan or a task: a title and its steps.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What it is about.
    pub title: Filled,
    /// The steps in their order.
    pub steps: Vec<String>,
    /// A declared verb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
}

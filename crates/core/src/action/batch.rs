//! Several actions that one person answers together (PROTOCOL §5).

use super::Action;
use serde::{Deserialize, Serialize};

/// At least one action; none of them a batch, so that an index names exactly one action.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, try_from = "Items")]
pub struct Batch {
    items: Vec<Action>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verb: Option<String>,
}

/// Why actions are not a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadBatch {
    /// There are none.
    #[error("a batch has at least one item")]
    Empty,
    /// One of them is a batch.
    #[error("a batch holds no batch")]
    Nested,
}

impl Batch {
    /// The actions, if they may stand together.
    ///
    /// # Errors
    /// [`BadBatch`].
    pub fn new(items: Vec<Action>, verb: Option<String>) -> Result<Self, BadBatch> {
        if items.is_empty() {
            return Err(BadBatch::Empty);
        }
        if items.iter().any(|item| matches!(item, Action::Batch(_))) {
            return Err(BadBatch::Nested);
        }
        Ok(Self { items, verb })
    }

    /// The actions in their order.
    #[must_use]
    pub fn items(&self) -> &[Action] {
        &self.items
    }

    /// A declared verb.
    #[must_use]
    pub fn verb(&self) -> Option<&str> {
        self.verb.as_deref()
    }
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Items {
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    items: Vec<Action>,
    verb: Option<String>,
}

impl TryFrom<Items> for Batch {
    type Error = BadBatch;

    fn try_from(Items { items, verb }: Items) -> Result<Self, BadBatch> {
        Self::new(items, verb)
    }
}

//! The types of review.

use crate::action::Action;
use serde::{Deserialize, Serialize};

/// The five artifact types of HARP-CORE.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ArtifactType {
    /// An intended plan.
    #[serde(rename = "plan.review")]
    Plan,
    /// A bundle of tasks.
    #[serde(rename = "task.review")]
    Task,
    /// A change set.
    #[serde(rename = "patch.review")]
    Patch,
    /// A command; also tools, HTTP calls, requests and batches.
    #[serde(rename = "command.review")]
    Command,
    /// A boundary such as a push or a deployment.
    #[serde(rename = "checkpoint.review")]
    Checkpoint,
}

impl ArtifactType {
    /// The type under which an action is put to a person.
    #[must_use]
    pub fn of(action: &Action) -> Self {
        match action {
            Action::Plan(_) => Self::Plan,
            Action::Task(_) => Self::Task,
            Action::Patch(_) => Self::Patch,
            Action::Checkpoint(_) => Self::Checkpoint,
            Action::Command(_)
            | Action::Tool(_)
            | Action::Http(_)
            | Action::Request(_)
            | Action::Batch(_) => Self::Command,
        }
    }

    /// The type's name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan.review",
            Self::Task => "task.review",
            Self::Patch => "patch.review",
            Self::Command => "command.review",
            Self::Checkpoint => "checkpoint.review",
        }
    }
}

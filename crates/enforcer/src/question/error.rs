//! Why a question could not be put.

use crate::edge::NoEntropy;
use countersign_core::artifact::Assurance;
use countersign_core::json::JsonError;

/// Why a question could not be put.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// Nobody could answer.
    #[error("no approver to ask")]
    Nobody,
    /// More people must allow than can be asked.
    #[error("{need} must allow this, and those who can be asked (`{}`) are not enough", .who.join("`, `"))]
    TooFew {
        /// How many, in words.
        need: String,
        /// The persons who can be asked.
        who: Vec<String>,
    },
    /// Nobody of enough assurance could answer.
    #[error("no approver of assurance `{}` or higher, and this call needs one", .0.name())]
    Assurance(Assurance),
    /// The time to wait is not positive, or too long.
    #[error("the time to live must be between 1 second and 24 hours")]
    Ttl,
    /// The action has no canonical form, or is too large.
    #[error("the action cannot be asked about: {0}")]
    Action(#[from] JsonError),
    /// A word of the caller's that only the enforcer may write.
    #[error("the input contains a commitment `_sd` that only the enforcer may write")]
    Smuggled,
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

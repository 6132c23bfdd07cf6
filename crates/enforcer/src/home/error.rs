//! Why a home could not be used.

use crate::amendment::AmendError;
use crate::edge::NoEntropy;
use countersign_core::keys::KeyError;
use countersign_core::time::Timestamp;
use countersign_core::trust::TrustError;
use countersign_store::files::FileError;
use std::path::PathBuf;

/// Why a home could not be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// A file could not be read or written, or is damaged.
    #[error(transparent)]
    File(#[from] FileError),
    /// The trust store contradicts itself.
    #[error("`{path}`: {source}")]
    Trust {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: TrustError,
    },
    /// The operator key is unusable.
    #[error("`{path}`: {source}")]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyError,
    },
    /// No key can be made.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// This home was never an enforcer's.
    #[error("this home has no operator key: pair an approver first")]
    NoOperator,
    /// Another approver was pinned meanwhile: this one needs its decision.
    #[error("another approver was pinned meanwhile, and must allow this one: pair again")]
    NotFirst,
    /// The pinned keys are gone, and the home is not new.
    #[error("`{trust}` is missing or names no approver, but this home is not new: {because}")]
    NotNew {
        /// Where the pinned keys should be.
        trust: PathBuf,
        /// What shows that it is not new.
        because: String,
    },
    /// No such pairing.
    #[error("no pairing `{0}` in this home")]
    NoPairing(String),
    /// An earlier moment was said before: what is void stays void.
    #[error(
        "`{name}` was said to be unsafe since {said}, or taken back then: name an earlier moment"
    )]
    NotEarlier {
        /// The pairing.
        name: String,
        /// What was said.
        said: Timestamp,
    },
    /// A key that nothing replaces would lock the home when it runs out.
    #[error("no other approver of as much assurance stays when the key of `{0}` runs out")]
    NoSuccessor(String),
    /// The pinned keys were not changed.
    #[error(transparent)]
    Amend(#[from] AmendError),
    /// A program is on this machine only.
    #[error("a program holds the operator's key, and it does not travel")]
    Held,
}

//! The ways in which any store fails.

/// A store could not answer. Whoever meets it refuses: nothing is known about what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Input or output failed, the disk is full, or a lock is poisoned. Trying again may help.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// What was read is not what this product writes. Trying again does not help.
    #[error("the store is corrupt: {0}")]
    Corrupt(String),
    /// It says that a later version of this product wrote it, and is not looked into.
    #[error("the store is of a later version: {0}")]
    Later(String),
}

//! The operator's signature under what the ledger writes, and the home's memory of its heads.

use crate::home::Home;
use crate::witness;
use countersign_core::checkpoint::{Checkpoint, Head};
use countersign_core::keys::{KeyError, SecretKeys};
use countersign_core::receipt::{Hashed, Written};
use countersign_store::error::StoreError;
use countersign_store::ledger::Notary;
use std::sync::Arc;

/// Signs with the operator key of one home.
pub struct OperatorNotary(pub Arc<SecretKeys>);

impl Notary for OperatorNotary {
    fn receipt(&self, content: Hashed) -> Result<Written, StoreError> {
        content.sign(&self.0).map_err(unsigned)
    }

    fn checkpoint(&self, head: Head) -> Result<Checkpoint, StoreError> {
        Checkpoint::sign(head, &self.0).map_err(unsigned)
    }

    fn is_own(&self, head: &Checkpoint) -> bool {
        head.verify(&self.0.public().signing()).is_ok()
    }
}

/// A signer that is away damages nothing; what has no canonical form does.
fn unsigned(error: KeyError) -> StoreError {
    match error {
        KeyError::Json(_) => StoreError::Corrupt(error.to_string()),
        _ => StoreError::Unavailable(error.to_string()),
    }
}

/// The same for the ledger of a home, which remembers each head in `head.json`. This is the one
/// place where heads are handed to the home: whatever writes a receipt, its head gets there.
pub struct HomeNotary {
    /// Signs.
    pub operator: OperatorNotary,
    /// Remembers.
    pub home: Home,
}

impl Notary for HomeNotary {
    fn receipt(&self, content: Hashed) -> Result<Written, StoreError> {
        self.operator.receipt(content)
    }

    fn checkpoint(&self, head: Head) -> Result<Checkpoint, StoreError> {
        self.operator.checkpoint(head)
    }

    fn is_own(&self, head: &Checkpoint) -> bool {
        self.operator.is_own(head)
    }

    fn hand_on(&self, head: &Checkpoint) {
        // A home that cannot be written to is noticed by the next claim, which demands its head.
        let _ = witness::remember(&self.home, head);
    }
}

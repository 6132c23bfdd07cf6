//! The operator's signature under what the ledger writes.

use countersign_core::checkpoint::{Checkpoint, Head};
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::{Content, Receipt};
use countersign_store::error::StoreError;
use countersign_store::ledger::Notary;
use std::sync::Arc;

/// Signs with the operator key of one home.
pub struct OperatorNotary(pub Arc<SecretKeys>);

impl Notary for OperatorNotary {
    fn receipt(&self, content: Content) -> Result<Receipt, StoreError> {
        Receipt::sign(content, &self.0).map_err(|e| StoreError::Corrupt(e.to_string()))
    }

    fn checkpoint(&self, head: Head) -> Result<Checkpoint, StoreError> {
        Checkpoint::sign(head, &self.0).map_err(|e| StoreError::Corrupt(e.to_string()))
    }
}

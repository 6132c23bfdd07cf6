//! Whether persons are filed, looked up while the check goes on.

use countersign_store::error::StoreError;
use countersign_store::ledger::read::{Person, Receipts};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Persons who are looked up; none at first.
#[derive(Default)]
pub(super) struct Filing(Option<JoinHandle<Result<Option<Person>, StoreError>>>);

impl Filing {
    /// Begins to look them up.
    pub(super) fn begin(source: &Arc<dyn Receipts>, persons: Vec<Person>) -> Self {
        if persons.is_empty() {
            return Self::default();
        }
        let source = Arc::clone(source);
        Self(Some(tokio::spawn(async move { source.unfiled(persons).await })))
    }

    /// The first who is not filed.
    pub(super) async fn end(self) -> Result<Option<Person>, StoreError> {
        match self.0 {
            None => Ok(None),
            Some(look) => look.await.map_err(|e| StoreError::Unavailable(e.to_string()))?,
        }
    }
}

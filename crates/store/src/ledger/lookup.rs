//! Requests found by what a person remembers of their ids.

use crate::error::StoreError;
use async_trait::async_trait;

/// The part of a ledger that finds requests.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// The ids of requests, open or not, that begin with `prefix`, in their order, at most `most`.
    /// An empty prefix begins every id.
    async fn named(&self, prefix: &str, most: usize) -> Result<Vec<String>, StoreError>;
}

//! Requests found by what a person remembers of their ids, and by their call.

use super::RequestKey;
use crate::error::StoreError;
use async_trait::async_trait;
use countersign_core::time::Instant;

/// The part of a ledger that finds requests.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// The ids of requests, open or not, that begin with `prefix`, in their order, at most `most`.
    /// An empty prefix begins every id.
    async fn named(&self, prefix: &str, most: usize) -> Result<Vec<String>, StoreError>;

    /// Whether a request of exactly this call is not final and alive at `now`. Its price does not
    /// depend on how many others wait.
    async fn waits(&self, key: &RequestKey, now: Instant) -> Result<bool, StoreError>;
}

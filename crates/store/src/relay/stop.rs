//! Stops on their way: one of each approver for each enforcer, until that one has taken it.

use crate::error::StoreError;
use async_trait::async_trait;

/// How many stops an enforcer is told of at once.
pub const STOPS_TOLD: usize = 32;

/// A sealed stop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stop {
    /// Names it.
    pub stop_id: String,
    /// Whom it stops.
    pub enforcer_id: String,
    /// Who sent it.
    pub approver_id: String,
    /// The sealed text.
    pub content: String,
}

/// The part of a gateway's memory that keeps stops.
#[async_trait]
pub trait StopStore: Send + Sync {
    /// Keeps a stop where a pairing leads from the enforcer to the approver; whether it does. A
    /// later one of the same approver takes its place: either stops.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn keep_stop(&self, stop: Stop) -> Result<bool, StoreError>;

    /// The stops that wait for an enforcer, by approver, at most [`STOPS_TOLD`].
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn stops(&self, enforcer_id: &str) -> Result<Vec<Stop>, StoreError>;

    /// Forgets a stop that its enforcer has taken. Again is fine.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn drop_stop(&self, enforcer_id: &str, stop_id: &str) -> Result<(), StoreError>;
}

//! Notes on their way: how far a round is, one beside each exchange that waits.

use super::exchange::State;
use crate::error::StoreError;
use async_trait::async_trait;
use countersign_core::time::Instant;

/// What became of a note.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Noted {
    /// It is kept, in place of any before it.
    Kept {
        /// The approver device that the exchange is with.
        approver_id: String,
    },
    /// The exchange is over, in this state. Nothing was written.
    Over(State),
    /// This enforcer has no such exchange.
    Unknown,
}

/// The part of a gateway's memory that keeps notes.
#[async_trait]
pub trait NoteStore: Send + Sync {
    /// Keeps a note beside a pending exchange of this enforcer's. The last one takes the place of
    /// the one before, and goes when the exchange ends; it comes with what
    /// [`super::RelayStore::inbox`] and [`super::RelayStore::unacked_requests`] list.
    ///
    /// # Errors
    /// [`StoreError`] only.
    async fn keep_note(
        &self,
        enforcer_id: &str,
        request_id: &str,
        note: String,
        now: Instant,
    ) -> Result<Noted, StoreError>;
}

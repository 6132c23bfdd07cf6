//! How much may wait: bounds, a queue behind them, and denials that came one after another.

use super::{LedgerError, RequestKey, RequestRecord, Suspended};
use crate::error::StoreError;
use async_trait::async_trait;
use countersign_core::receipt::Entry;
use countersign_core::time::Instant;

/// How many requests may wait for an answer at once. As many again stand in the queue behind them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room {
    /// Of one principal.
    pub each: u32,
    /// Of all.
    pub whole: u32,
}

impl Room {
    /// No bounds.
    pub const UNBOUNDED: Self = Self { each: u32::MAX, whole: u32::MAX };
}

impl Default for Room {
    fn default() -> Self {
        Self { each: 16, whole: 64 }
    }
}

/// Where a request stands in the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// It may be put to its approvers.
    Now,
    /// So many stand before it.
    After(u32),
}

/// What is known of the requests that wait, in one transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Crowd {
    /// Put, and of this principal.
    pub put_each: u32,
    /// Put.
    pub put: u32,
    /// Queued, and of this principal.
    pub queued_each: u32,
    /// Queued.
    pub queued: u32,
}

impl Crowd {
    /// Whether one more may be put.
    #[must_use]
    pub fn has_place(&self, room: Room) -> bool {
        self.put_each < room.each && self.put < room.whole
    }

    /// Whether a new request must stand in the queue.
    ///
    /// # Errors
    /// [`LedgerError::Full`] where the queue is as long as it may be.
    pub fn queues(&self, room: Room) -> Result<bool, LedgerError> {
        // One of the same principal that stands there already goes first.
        if self.has_place(room) && self.queued_each == 0 {
            return Ok(false);
        }
        let full = |whose, most| Err(LedgerError::Full { whose, most });
        match self {
            Self { queued_each, .. } if *queued_each >= room.each => {
                full("of this asker", room.each)
            }
            Self { queued, .. } if *queued >= room.whole => full("of all askers", room.whole),
            _ => Ok(true),
        }
    }
}

/// The part of a ledger that bounds what waits.
#[async_trait]
pub trait LimitStore: Send + Sync {
    /// As [`super::LedgerStore::suspend`], within bounds: counted, and where there is no place
    /// queued, inside the same transaction.
    async fn suspend_within(
        &self,
        request: RequestRecord,
        entry: Entry,
        room: Room,
        now: Instant,
    ) -> Result<Suspended, LedgerError>;

    /// Whether it is a request's turn to be put to its approvers; takes it out of the queue then.
    async fn turn(&self, request_id: &str, room: Room, now: Instant) -> Result<Turn, LedgerError>;

    /// The requests of the same principal, session and workspace that were suspended at `since` or
    /// later and denied or withdrawn, oldest first.
    async fn denied(
        &self,
        key: &RequestKey,
        since: Instant,
    ) -> Result<Vec<RequestRecord>, StoreError>;

    /// Those that were allowed by people, suspended at `since` or later, oldest first.
    async fn allowed(
        &self,
        key: &RequestKey,
        since: Instant,
    ) -> Result<Vec<RequestRecord>, StoreError>;
}

//! The stop: while it holds, nothing is let go.

use super::{LedgerError, Recheck};
use crate::error::StoreError;
use async_trait::async_trait;
use countersign_core::display::visible;
use countersign_core::keys::KeyId;
use countersign_core::receipt::{Entry, Receipt};
use countersign_core::time::{Instant, Timestamp};
use serde::{Deserialize, Serialize};

/// Who stopped everything, and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Frozen {
    /// Who, in words.
    pub by: String,
    /// Why, where it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Since when: the time of its receipt.
    pub since: Timestamp,
}

impl std::fmt::Display for Frozen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { by, why, since } = self;
        write!(f, "everything is frozen since {since} by {}", visible(by, false))?;
        why.as_ref().map_or(Ok(()), |why| write!(f, ": {}", visible(why, false)))
    }
}

/// What a stop from another device uses up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    /// Its nonce.
    pub nonce: String,
    /// Whose key signed it.
    pub signer: KeyId,
}

/// The end of the stop, with the approval that allows it.
pub struct Thaw {
    /// The stop that was allowed to end, exactly.
    pub frozen: Frozen,
    /// The approved request, used up by this.
    pub request_id: String,
    /// The time.
    pub now: Instant,
    /// Run inside the transaction; an error leaves everything as it was.
    pub recheck: Recheck,
    /// The receipt of the request: it is used.
    pub released: Entry,
    /// The receipt of the change.
    pub entry: Entry,
}

impl Thaw {
    /// Refuses to end a stop that nobody allowed to end.
    ///
    /// # Errors
    /// [`LedgerError::Void`].
    pub fn ends(&self, holds: Option<&Frozen>) -> Result<(), LedgerError> {
        if holds == Some(&self.frozen) {
            return Ok(());
        }
        let message = "another stop holds by now, or none: look again before it ends".into();
        Err(LedgerError::Void { code: "frozen".into(), message })
    }
}

/// The part of a ledger that stops everything. Claims, permits, uses of grants and new grants look
/// at it inside their own transaction and end in [`LedgerError::Frozen`].
#[async_trait]
pub trait FreezeStore: Send + Sync {
    /// Who stopped everything; `None` where nobody did.
    async fn frozen(&self) -> Result<Option<Frozen>, StoreError>;

    /// Stops everything, and records it. Where it stands still already, the newest stop is the one
    /// that holds: whoever allows the end of one allows not the end of another.
    async fn freeze(
        &self,
        frozen: Frozen,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, LedgerError>;

    /// The same by a stop that an approver sent, which counts once: [`LedgerError::Replay`] where
    /// its signer used the nonce before, in a stop or in a decision.
    async fn freeze_once(
        &self,
        sent: Sent,
        frozen: Frozen,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, LedgerError>;

    /// Lets things go again, in one commit with the use of the approval that allows it;
    /// [`LedgerError::Void`] where another stop holds by then.
    async fn thaw(&self, thaw: Thaw) -> Result<(), LedgerError>;

    /// Records an action that somebody else carries out, unless everything stands still.
    async fn let_go(&self, entry: Entry, now: Instant) -> Result<Receipt, LedgerError>;
}

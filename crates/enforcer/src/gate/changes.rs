//! Changes that belong to no request, written down: of keys, policies, grants and what may happen.

use super::{Enforcer, GateError};
use crate::entry;
use countersign_core::action::ActionHash;
use countersign_core::encoding::Hash;
use countersign_core::json;
use countersign_core::receipt::{Entry, Event, Receipt};
use serde_json::{Map, Value};

impl Enforcer {
    /// Records a change of keys.
    ///
    /// # Errors
    /// Where it cannot be written down.
    pub async fn record_key(
        &self,
        event: Event,
        members: &[(&str, &str)],
    ) -> Result<Receipt, GateError> {
        let receipt = self.record_change(event, entry::note("key", members)).await?;
        self.look_back().await?;
        Ok(receipt)
    }

    pub(crate) async fn record_change(
        &self,
        event: Event,
        action: Map<String, Value>,
    ) -> Result<Receipt, GateError> {
        let receipt = self.ledger.record(self.change(event, action)?, self.now()).await?;
        // From the first pinned key on, the home knows its ledger from any other.
        self.remember_head().await?;
        if event == Event::Revoked {
            self.tell_everywhere().await;
        }
        Ok(receipt)
    }

    /// The entry of a change that belongs to no request.
    pub(crate) fn change(
        &self,
        event: Event,
        action: Map<String, Value>,
    ) -> Result<Entry, GateError> {
        let mut entry = Entry::bare(event, self.boundary);
        let hash = Hash(json::sha256(&action)?);
        entry.action_hash = Some(ActionHash(hash));
        entry.action = Some(action);
        Ok(entry)
    }
}

//! A request that is put, one that nobody answers, and a claim that has its outcome.

use super::{Enforcer, GateError};
use countersign_core::receipt::{Entry, Event, Receipt};
use countersign_store::ledger::{ClaimRecord, Ending, RequestRecord};

impl Enforcer {
    /// Writes down that a request was put to its approvers.
    ///
    /// # Errors
    /// Where it cannot be written down.
    pub async fn submitted(&self, request_id: &str) -> Result<RequestRecord, GateError> {
        Ok(self.ledger.submitted(request_id, self.now()).await?)
    }

    /// Ends a request that nobody answered: withdrawn, or expired where its time is over.
    ///
    /// # Errors
    /// Where it cannot be written down.
    pub async fn close(
        &self,
        request: &RequestRecord,
        ending: Ending,
    ) -> Result<RequestRecord, GateError> {
        let event = match ending {
            Ending::Withdrawn => Event::Withdrawn,
            Ending::Expired => Event::Expired,
        };
        let entry = self.entry_of(event, request)?;
        Ok(self.ledger.close(&request.id, ending, entry, self.now()).await?)
    }

    /// Ends a claim with its receipt.
    ///
    /// # Errors
    /// Where it has ended already, or cannot be written down.
    pub(crate) async fn finish(
        &self,
        claim: &ClaimRecord,
        entry: Entry,
    ) -> Result<Receipt, GateError> {
        // A clock that was set back meanwhile dates no outcome before its claim: such a receipt
        // would prove nothing.
        let at = self.now().max(claim.claimed_at);
        Ok(self.ledger.finish(&claim.id, entry, at).await?)
    }
}

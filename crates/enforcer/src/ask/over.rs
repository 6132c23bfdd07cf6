//! What ends a request or its round besides an answer that is heard here.

use super::hear::Waited;
use super::outcome::is_open;
use super::{Answered, Asking, by_state};
use crate::gate::GateError;
use crate::question::Question;
use countersign_core::request::State;
use countersign_store::ledger::{Ending, LedgerError, RequestRecord};

impl Asking<'_> {
    /// What ended the request or its round: another process, the deadline, or the round's own time.
    pub(super) async fn over(
        self,
        request: &RequestRecord,
        question: Option<&Question>,
    ) -> Result<Option<Waited>, GateError> {
        let found = self.enforcer.ledger().request(&request.id).await?;
        let found = found.ok_or_else(|| LedgerError::Unknown(request.id.clone()))?;
        if let Some(next) = self.next_round(request, &found, question).await? {
            return Ok(Some(Waited::Escalated(next)));
        }
        Ok(self.ended(found).await?.map(Waited::Ended))
    }

    /// The round after this one, where another process or the time has begun it.
    async fn next_round(
        self,
        request: &RequestRecord,
        found: &RequestRecord,
        question: Option<&Question>,
    ) -> Result<Option<RequestRecord>, GateError> {
        if !is_open(found) || self.enforcer.now() >= found.expires_at {
            return Ok(None);
        }
        if found.round() != request.round() {
            return Ok(Some(found.clone()));
        }
        let Some(question) = question else { return Ok(None) };
        match self.enforcer.next_round(found, question).await {
            // Another process ended it at this moment: it is looked at again.
            Err(GateError::Ledger(LedgerError::State(_))) => Ok(None),
            other => other,
        }
    }

    async fn ended(self, found: RequestRecord) -> Result<Option<Answered>, GateError> {
        if found.state.is_final() || found.state == State::Approved {
            return Ok(Some(by_state(found)));
        }
        let enforcer = self.enforcer;
        if enforcer.now() < self.deadline.min(found.expires_at) {
            return Ok(None);
        }
        if enforcer.now() < found.expires_at {
            return Ok(Some(Answered::Pending(found)));
        }
        let ended = enforcer.close(&found, Ending::Expired).await?;
        enforcer.tell_ended(&ended, self.relays, "expired").await?;
        Ok(Some(by_state(ended)))
    }
}

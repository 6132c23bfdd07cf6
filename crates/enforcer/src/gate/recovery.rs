//! What a crash left open, and claims that end without a run.

use super::{Enforcer, GateError};
use crate::{entry, owner};
use countersign_core::receipt::{Entry, Event, Outcome, Receipt};
use countersign_store::ledger::{ClaimRecord, Ending, LedgerError, RequestRecord};

impl Enforcer {
    /// Ends what the dead left behind: changes of who may answer by making them, other claims
    /// without an outcome as `uncertain`, requests whose time is over as `expired`.
    pub(super) async fn recover(&self) -> Result<(), GateError> {
        for claim in self.ledger.open_claims().await? {
            let gone = claim.owner != self.owner.name() && owner::is_gone(&self.home, &claim.owner);
            if gone && !self.made_whole(&claim).await? {
                self.abandon(&claim).await?;
            }
        }
        for request in self.ledger.open_requests().await? {
            if self.now() >= request.expires_at {
                match self.close(&request, Ending::Expired).await {
                    // Its row was edited: nothing is signed of it, and the check names it.
                    Err(GateError::Ledger(LedgerError::Contradicted(_))) => {}
                    closed => drop(closed?),
                }
            }
        }
        owner::sweep(&self.home);
        Ok(())
    }

    /// Ends a claim whose action was never started; `frame` is what its receipts say.
    pub(crate) async fn give_up(
        &self,
        claim: &ClaimRecord,
        frame: Entry,
        why: &str,
    ) -> Result<(), GateError> {
        let entry = entry::as_event(frame, Event::Failed);
        let entry = entry::ended(entry, None, unknown_outcome(claim, why));
        self.finish(claim, entry).await.map(|_| ())
    }

    async fn abandon(&self, claim: &ClaimRecord) -> Result<(), GateError> {
        let unknown = || LedgerError::Unknown(claim.request_id.clone());
        let request = self.ledger.request(&claim.request_id).await?.ok_or_else(unknown)?;
        let entry = self.last_entry(&request).await?;
        let entry = entry::as_event(entry, Event::Uncertain);
        let item = self.ledger.item_of(&claim.id).await?;
        let entry = match item {
            Some(item) => entry::about(entry, vec![item]),
            None => entry,
        };
        let why = "the enforcer ended before the outcome was known";
        match self.finish(claim, entry::ended(entry, None, unknown_outcome(claim, why))).await {
            // Another process found the same claim.
            Err(GateError::Ledger(LedgerError::Ended(_))) => Ok(()),
            other => other.map(|_| ()),
        }
    }

    /// What the receipt of the claim says: who counted then, and for a request that a policy let
    /// go, which has no artifacts of its own, what it was.
    async fn last_entry(&self, request: &RequestRecord) -> Result<Entry, GateError> {
        let mut receipts = self.ledger.receipts_of(&request.id).await?;
        let released = |receipt: &Receipt| receipt.content.entry.event == Event::Released;
        let claimed = receipts.iter().rposition(released).map(|at| receipts.swap_remove(at));
        match claimed.or_else(|| receipts.pop()) {
            Some(receipt) => Ok(receipt.content.entry),
            None => Ok(self.entry_of(Event::Uncertain, request)?),
        }
    }
}

fn unknown_outcome(claim: &ClaimRecord, why: &str) -> Outcome {
    Outcome {
        claimed_at: claim.claimed_at.timestamp(),
        ended_at: None,
        exit_code: None,
        signal: None,
        error: Some(why.into()),
        stdout: None,
        stderr: None,
    }
}

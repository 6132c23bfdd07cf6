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
            if claim.owner != self.owner.name() && owner::is_gone(&self.home, &claim.owner) {
                self.end_of_the_dead(&claim).await?;
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

    async fn end_of_the_dead(&self, claim: &ClaimRecord) -> Result<(), GateError> {
        // Of a claim whose request is gone, or of which receipts say already what became, a row was
        // edited: nothing is signed of it, and the check names it.
        let Some(request) = self.ledger.request(&claim.request_id).await? else { return Ok(()) };
        let receipts = self.ledger.receipts_of(&request.id).await?;
        let item = self.ledger.item_of(&claim.id).await?;
        if is_over(&receipts, item) || self.made_whole(claim, &request, &receipts).await? {
            return Ok(());
        }
        self.abandon(claim, &request, receipts, item).await
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

    async fn abandon(
        &self,
        claim: &ClaimRecord,
        request: &RequestRecord,
        receipts: Vec<Receipt>,
        item: Option<usize>,
    ) -> Result<(), GateError> {
        let entry = self.last_entry(request, receipts)?;
        let entry = entry::as_event(entry, Event::Uncertain);
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
    fn last_entry(
        &self,
        request: &RequestRecord,
        mut receipts: Vec<Receipt>,
    ) -> Result<Entry, GateError> {
        let released = |receipt: &Receipt| receipt.content.entry.event == Event::Released;
        let claimed = receipts.iter().rposition(released).map(|at| receipts.swap_remove(at));
        match claimed.or_else(|| receipts.pop()) {
            Some(receipt) => Ok(receipt.content.entry),
            None => Ok(self.entry_of(Event::Uncertain, request)?),
        }
    }
}

/// Whether the receipts of a request, or of an item of it, tell of as many ends as of uses. Where a
/// rotation took them all away, nothing is known.
fn is_over(receipts: &[Receipt], item: Option<usize>) -> bool {
    let about = |items: &Option<Vec<usize>>| match (items, item) {
        (Some(items), Some(item)) => *items == [item],
        (items, None) => items.is_none(),
        (None, Some(_)) => false,
    };
    let entries = receipts.iter().map(|receipt| &receipt.content.entry);
    let events: Vec<_> = entries.filter(|e| about(&e.items)).map(|e| e.event).collect();
    let count = |which: &[Event]| events.iter().filter(|event| which.contains(event)).count();
    let begun = count(&[Event::Released, Event::Allowed, Event::Observed]);
    let ended = count(&[Event::Executed, Event::Failed, Event::Uncertain]);
    !receipts.is_empty() && ended >= begun
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

//! The next round of a request, in memory.

use super::{MemoryLedger, advance, known, spend};
use crate::ledger::told::Use;
use crate::ledger::{Accepted, LedgerError, Next, NextRound, RequestRecord, RoundStore};
use async_trait::async_trait;
use countersign_core::request::Event;

#[async_trait]
impl RoundStore for MemoryLedger {
    async fn advance(&self, next: NextRound) -> Result<RequestRecord, LedgerError> {
        self.commit(|inner| {
            let request = known(inner, &next.request_id)?;
            if next.judge(request)? == Next::Begun {
                return Ok(request.clone());
            }
            let before = request.clone();
            inner.sound(&before, Use::Answer)?;
            let request = known(inner, &next.request_id)?;
            let NextRound { request_id, by, asked, step_ends, entry, now, .. } = next;
            if let Some((vote, reason)) = by {
                let decision = vote.decision().clone();
                request.refuse_earlier_round(&decision)?;
                request.accepted.push(Accepted { decision, reason });
                spend(inner, vote.decision())?;
            }
            let request = known(inner, &request_id)?;
            advance(request, Event::Escalated, now)?;
            request.asked.extend(asked);
            request.step_ends = step_ends;
            let after = request.clone();
            self.append(inner, entry, now)?;
            Ok(after)
        })
    }
}

//! The next round of a request.

use super::SqliteLedger;
use super::changes::spend;
use super::register::Register;
use super::requests::{advance, known, next_round, sound};
use crate::db::Db;
use async_trait::async_trait;
use countersign_core::request::Event;
use countersign_store::ledger::told::Use;
use countersign_store::ledger::{
    Accepted, LedgerError, Next, NextRound, RequestRecord, RoundStore,
};

#[async_trait]
impl RoundStore for SqliteLedger {
    async fn advance(&self, next: NextRound) -> Result<RequestRecord, LedgerError> {
        let register = self.register.clone();
        self.writer.write(move |db| begin(db, &register, next)).await
    }
}

fn begin(db: &Db, register: &Register, next: NextRound) -> Result<RequestRecord, LedgerError> {
    let mut request = known(db, &next.request_id)?;
    if next.judge(&request)? == Next::Begun {
        return Ok(request);
    }
    sound(db, &request, Use::Answer)?;
    let NextRound { by, asked, step_ends, entry, now, .. } = next;
    let mut answers = Vec::new();
    if let Some((vote, reason)) = by {
        let decision = vote.decision().clone();
        request.refuse_earlier_round(&decision)?;
        spend(db, &decision)?;
        answers.push(Accepted { decision, reason });
    }
    advance(db, &mut request, Event::Escalated, answers, now)?;
    next_round(db, &mut request, asked, step_ends)?;
    register.append(db, entry, now)?;
    Ok(request)
}

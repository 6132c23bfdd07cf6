//! Waiting for a place, where too much waits already.

use super::{Answered, Progress, Report, by_state, left};
use crate::gate::{Enforcer, GateError};
use crate::question::Question;
use countersign_core::time::Instant;
use countersign_store::ledger::{Ending, LedgerError, RequestRecord, Turn};
use std::time::Duration;

/// How often a process looks whether it is its turn: others move the queue, in other processes.
const LOOK: Duration = Duration::from_millis(250);

impl Enforcer {
    /// Waits for a request's turn; `None` says that it may be put now. Its time runs meanwhile.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub async fn queued(
        &self,
        question: &Question,
        request: &RequestRecord,
        deadline: Instant,
        report: Report<'_>,
    ) -> Result<Option<Answered>, GateError> {
        let mut told = None;
        loop {
            let Turn::After(before) = self.turn(question, request).await? else { return Ok(None) };
            if told.replace(before) != Some(before) {
                report(Progress::Queued(before));
            }
            let found = self.ledger().request(&request.id).await?;
            let found = found.ok_or_else(|| LedgerError::Unknown(request.id.clone()))?;
            if found.state.is_final() {
                return Ok(Some(by_state(found)));
            }
            if self.now() >= found.expires_at {
                return Ok(Some(by_state(self.close(&found, Ending::Expired).await?)));
            }
            if self.now() >= deadline {
                return Ok(Some(Answered::Pending(found)));
            }
            tokio::time::sleep(LOOK.min(left(self.now(), deadline))).await;
        }
    }
}

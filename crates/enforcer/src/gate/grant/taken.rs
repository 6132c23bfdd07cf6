//! Grants that an approver took beside a yes to the call itself.
//!
//! The answer is worth its one use in any case. The grant is given when the answer is accepted;
//! where a crash came between, before the answer is used.

use crate::entry;
use crate::gate::{Enforcer, GateError};
use crate::policy::recheck::asker;
use countersign_core::decision::hint;
use countersign_core::grant::Grant;
use countersign_core::receipt::Event;
use countersign_core::request::State;
use countersign_store::ledger::{Given, LedgerError, NewGrant, RequestRecord};

/// The grant that people signed in answer to a request; `None` where they signed none.
#[must_use]
pub fn terms(request: &RequestRecord) -> Option<Grant> {
    let payload = &request.asked.first()?.artifact.payload;
    // Every artifact of one request asks about the same.
    let alike = request.asked.iter().all(|asked| asked.artifact.payload == *payload);
    let heads: Vec<_> = request.asked_now().map(|asked| &asked.artifact.head).collect();
    let decisions: Vec<_> = request.accepted_now().map(|one| &one.decision).collect();
    alike.then(|| Grant::signed(payload, &heads, &decisions)).flatten()
}

impl Enforcer {
    /// Gives the grant that was taken beside a yes, once; without one, nothing happens.
    ///
    /// What cannot be given is recorded, and the yes stays what it is: it permits no less than it
    /// would have without the grant.
    ///
    /// # Errors
    /// Where it cannot be written down.
    pub(in crate::gate) async fn give_taken(
        &self,
        request: &RequestRecord,
    ) -> Result<(), GateError> {
        let takes = request.accepted_now().any(|one| one.decision.hint(hint::GRANT).is_some());
        if !takes || request.state != State::Approved {
            return Ok(());
        }
        match self.give_beside(request).await {
            Ok(()) | Err(GateError::Ledger(LedgerError::Ended(_))) => Ok(()),
            Err(GateError::Ledger(LedgerError::Void { code, message })) => {
                self.not_given(request, &code, &message).await
            }
            Err(GateError::Ledger(stopped @ LedgerError::Frozen(_))) => {
                self.not_given(request, "frozen", &stopped.to_string()).await
            }
            Err(error) => Err(error),
        }
    }

    async fn give_beside(&self, request: &RequestRecord) -> Result<(), GateError> {
        let void = |message: &str| {
            let code = "HARP_ERR_POLICY_DENY".to_owned();
            GateError::Ledger(LedgerError::Void { code, message: message.to_owned() })
        };
        let grant = terms(request).ok_or_else(|| void("what was signed is no grant"))?;
        let now = self.now();
        let record = self.row(&grant, request, now)?;
        let context = request.asked.first().and_then(|a| a.artifact.context().ok().flatten());
        let asker = asker(&request.key.principal, &context.unwrap_or_default());
        let (standing, own) = (self.standing(asker).await?, record.clone());
        let recheck = Box::new(move |request: &RequestRecord| standing.allows(&own, request));
        let (given, entry) = (Given::BesideAYes, self.granted(request)?);
        let given = self.ledger.grant(NewGrant { grant: record, given, now, recheck, entry }).await;
        self.unless_contradicted(&request.id, given).await?;
        self.remember_head().await
    }

    async fn not_given(
        &self,
        request: &RequestRecord,
        code: &str,
        message: &str,
    ) -> Result<(), GateError> {
        let frame = self.entry_of(Event::Observed, request)?;
        self.ledger.record(entry::refused(frame, code, message), self.now()).await?;
        Ok(())
    }
}

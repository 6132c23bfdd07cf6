//! A grant given once its question was approved, and taken back.

use super::wish::Wanted;
use crate::entry;
use crate::gate::{Enforcer, GateError};
use countersign_core::grant::Grant;
use countersign_core::receipt::course::GRANT;
use countersign_core::receipt::{Entry, Event, Receipt};
use countersign_core::request::State;
use countersign_core::time::Instant;
use countersign_policy::Asker;
use countersign_store::ledger::{Given, GrantRecord, LedgerError, NewGrant, RequestRecord};

impl Enforcer {
    /// Gives the grant once its question was approved.
    ///
    /// # Errors
    /// Where it was not, or something is true no more.
    pub async fn give_grant(
        &self,
        wanted: &Wanted,
        request: &RequestRecord,
        asker: Asker,
    ) -> Result<(GrantRecord, Receipt), GateError> {
        let signed = wanted.grant.to_action()?.hash()?;
        if request.state != State::Approved || request.key.action_hash != signed {
            return Err(LedgerError::State(request.state).into());
        }
        let (grant, now) = (&wanted.grant, self.now());
        let record = self.row(grant, request, now)?;
        let standing = self.standing(asker).await?;
        let own = record.clone();
        let recheck = Box::new(move |request: &RequestRecord| standing.allows(&own, request));
        let entry = self.granted(request)?;
        self.remember_head().await?;
        let given = Given::AskedFor;
        let new = NewGrant { grant: record.clone(), given, now, recheck, entry };
        let given = self.ledger.grant(new).await;
        let receipt = match self.unless_contradicted(&request.id, given).await {
            Ok(receipt) => receipt,
            Err(error) => {
                let action = grant.to_action()?;
                return Err(self.stopped(&action, wanted.grounds.note(), error).await);
            }
        };
        self.remember_head().await?;
        Ok((record, receipt))
    }

    pub(super) fn row(
        &self,
        grant: &Grant,
        request: &RequestRecord,
        now: Instant,
    ) -> Result<GrantRecord, GateError> {
        Ok(GrantRecord {
            id: self.edge.id()?,
            request_id: request.id.clone(),
            principal: grant.principal.clone(),
            session: grant.session.clone(),
            workspace: grant.workspace.clone(),
            action_hash: grant.action_hash()?,
            granted_at: now,
            expires_at: grant.expires_at.instant(),
            count: grant.count,
            used: 0,
            revoked_at: None,
        })
    }

    pub(super) fn granted(&self, request: &RequestRecord) -> Result<Entry, GateError> {
        let frame = self.entry_of(Event::Granted, request)?;
        let Some(last) = request.accepted_now().last() else { return Ok(frame) };
        Ok(entry::answered(frame, &last.decision, last.reason.as_ref()))
    }

    /// Takes a grant back, with its receipt.
    ///
    /// # Errors
    /// Where there is none of this id, or it was taken back before.
    pub async fn revoke_grant(&self, id: &str) -> Result<Receipt, GateError> {
        let given = self.ledger.grants().await?.into_iter().find(|grant| grant.id == id);
        let mut members = vec![("change", "revoked"), ("grant", id)];
        // The name of a grant is the ledger's; the request is what people signed.
        members.extend(given.iter().map(|grant| ("request", grant.request_id.as_str())));
        let note = entry::note(GRANT, &members);
        let entry = self.change(Event::Revoked, note)?;
        let receipt = self.ledger.revoke_grant(id, entry, self.now()).await?;
        self.remember_head().await?;
        self.tell_everywhere().await;
        Ok(receipt)
    }
}

//! What happens to an action of which the policies need nobody's answer.

use super::{Enforcer, GateError, RunOnce};
use crate::entry;
use crate::policy::Allowed;
use countersign_core::action::Action;
use countersign_core::receipt::{Event, PolicyNote, Receipt};
use countersign_core::request::State;
use countersign_store::ledger::{NewPermit, RequestKey, RequestRecord};

impl Allowed {
    fn event(&self) -> Event {
        if self.watched { Event::Observed } else { Event::Allowed }
    }

    /// What is written down of an action: whatever a caller has at hand, no hidden value is.
    fn written<'a>(&'a self, action: &'a Action) -> &'a Action {
        if self.shown.disclosures().is_empty() { action } else { self.shown.action() }
    }
}

impl Enforcer {
    /// Records an action that a ready verdict lets through and somebody else carries out, durably,
    /// before it runs.
    ///
    /// # Errors
    /// Where it cannot be recorded; then it must not run.
    pub async fn allow(&self, action: &Action, allowed: Allowed) -> Result<Receipt, GateError> {
        self.heed_lately().await;
        let action = allowed.written(action);
        let hash = action.hash()?;
        let note = allowed.grounds.note();
        let entry = entry::of_action(allowed.event(), self.boundary, action, hash, note.clone())?;
        match self.ledger.let_go(entry, self.now()).await {
            Ok(receipt) => Ok(receipt),
            Err(error) => Err(self.stopped(action, note, error).await),
        }
    }

    /// Lets an approved action go that somebody else carries out: the receipt of the claim,
    /// `released`, is the last that is heard of it here.
    ///
    /// # Errors
    /// Where it cannot be written down; then it must not run.
    pub async fn hand_over(&self, permit: RunOnce) -> Result<RequestRecord, GateError> {
        self.ledger.hand_over(&permit.claim.id).await?;
        Ok(permit.request)
    }

    /// Lets an action go that the policies allow: durable before it returns.
    ///
    /// # Errors
    /// Where it cannot be written down; then it must not run.
    pub async fn permit(
        &self,
        action: &Action,
        allowed: Allowed,
        key: (&str, &str, &str),
    ) -> Result<RunOnce, GateError> {
        self.heed_lately().await;
        let action = allowed.written(action);
        let (principal, session, workspace) = key;
        let (hash, now, id) = (action.hash()?, self.now(), self.edge.id()?);
        let fresh = self.edge.id()?;
        let session = self.ledger.session(principal, session, &fresh).await?;
        let event = allowed.event();
        let note = allowed.grounds.note().clone();
        let mut entry = entry::of_action(event, self.boundary, action, hash, note.clone())?;
        entry.request_id = Some(id.clone());
        let key = RequestKey {
            principal: principal.to_owned(),
            session,
            workspace: workspace.to_owned(),
            action_hash: hash,
        };
        let request = RequestRecord {
            id,
            key,
            state: State::Executed,
            created_at: now,
            expires_at: now,
            step_ends: None,
            policy: Some(note.clone()),
            asked: Vec::new(),
            accepted: Vec::new(),
        };
        self.remember_head().await?;
        let (id, owner) = (self.edge.id()?, self.owner.name().to_owned());
        let (frame, permitted) = (entry.clone(), request.clone());
        match self.ledger.permit(NewPermit { id, request, owner, now, entry }).await {
            Ok(claim) => Ok(RunOnce { claim, request: permitted, frame }),
            Err(error) => Err(self.stopped(action, &note, error).await),
        }
    }

    /// Writes down that an action was refused without asking anybody.
    ///
    /// # Errors
    /// Where it cannot be written down; it is refused all the same.
    pub async fn block(&self, action: &Action, note: PolicyNote) -> Result<Receipt, GateError> {
        let entry = entry::of_action(Event::Blocked, self.boundary, action, action.hash()?, note)?;
        Ok(self.ledger.record(entry, self.now()).await?)
    }
}

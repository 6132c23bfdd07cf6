//! An action put to people: suspended, or found where it stands.

use super::{Enforcer, GateError};
use crate::question::{Frame, Question};
use crate::witness;
use countersign_core::action::ActionHash;
use countersign_core::keys::KeyId;
use countersign_core::receipt::Event;
use countersign_core::request::State;
use countersign_store::ledger::{Ending, LedgerError, RequestKey, RequestRecord, Suspended};

impl Enforcer {
    /// Suspends an action, or finds the same call where it stands.
    ///
    /// # Errors
    /// Where it cannot be put to anybody, or cannot be written down.
    pub async fn suspend(&self, question: &Question) -> Result<Suspended, GateError> {
        let question = &question.scrubbed();
        let action_hash = question.check()?;
        let mut suspended = self.suspend_as_is(question, action_hash).await?;
        // The same call put to other people, or on other grounds, is another question: their answer is not this one's.
        if let Suspended::Joined(old) | Suspended::Ready(old) = &suspended
            && !self.asks_the_same(question, old).await?
        {
            self.close(old, Ending::Withdrawn).await?;
            suspended = self.suspend_as_is(question, action_hash).await?;
        }
        if let Suspended::Joined(other) | Suspended::Ready(other) = &suspended
            && !self.asks_the_same(question, other).await?
        {
            return Err(LedgerError::State(other.state).into());
        }
        if let Suspended::Ready(_) = suspended {
            // A stored approval is worth as much as the ledger that stores it.
            let checked = witness::check_home(&self.home, &*self.ledger, &self.identity.keys).await;
            if let Err(error) = checked {
                let note = question.grounds.note();
                return Err(self.stopped(&question.action, note, error).await);
            }
        }
        Ok(suspended)
    }

    async fn suspend_as_is(
        &self,
        question: &Question,
        action_hash: ActionHash,
    ) -> Result<Suspended, GateError> {
        self.may_ask(question).await?;
        let key = self.key(question, action_hash).await?;
        let question = if self.ledger.waits(&key, self.now()).await? {
            // The same call that waits already is no new question.
            question.clone()
        } else {
            self.not_denied_before(question, &key).await?;
            self.after_denials(question, &key).await?
        };
        let room = self.room(&question).await?;
        let request = self.draft(&question, key).await?;
        let entry = self.entry_of(Event::Suspended, &request)?;
        let suspended = self.ledger.suspend_within(request, entry, room, self.now()).await;
        match suspended {
            Ok(suspended) => Ok(suspended),
            Err(error) => Err(self.stopped(&question.action, question.grounds.note(), error).await),
        }
    }

    async fn key(
        &self,
        question: &Question,
        action_hash: ActionHash,
    ) -> Result<RequestKey, GateError> {
        let (principal, fresh) = (question.principal.clone(), self.edge.id()?);
        let session = self.ledger.session(&principal, &question.session, &fresh).await?;
        let workspace = question.workspace.clone();
        Ok(RequestKey { principal, session, workspace, action_hash })
    }

    async fn draft(
        &self,
        question: &Question,
        key: RequestKey,
    ) -> Result<RequestRecord, GateError> {
        let (ledger, now, id) = (&self.ledger, self.now(), self.edge.id()?);
        let fresh = format!("repo_{}", self.edge.id()?);
        let repo_ref = ledger.repo_ref(&question.workspace, &fresh).await?;
        let head = ledger.checkpoint().await?;
        let (session_id, context) = (key.session.clone(), question.context.clone());
        let first = question.first();
        let expires_at = now.plus_millis(question.whole_millis());
        let ends = now.plus_millis(first.millis);
        // Whoever is not asked in place of somebody has until the end.
        let step_ends = (question.steps_follow(first.rest) && ends < expires_at).then_some(ends);
        let round_ends = step_ends.unwrap_or(expires_at);
        let frame =
            Frame { question, context, session_id, repo_ref, head, now, expires_at: round_ends };
        let route = question.route(1, &first);
        Ok(RequestRecord {
            asked: frame.artifacts(&id, &route, first.to, &self.edge)?,
            policy: Some(question.grounds.note().clone()),
            id,
            key,
            state: State::Created,
            created_at: now,
            expires_at,
            step_ends,
            accepted: Vec::new(),
        })
    }

    /// Whether a stored request is the question that is put now, by the operator of now: a question
    /// that another operator key signed is put again under this one.
    async fn asks_the_same(
        &self,
        question: &Question,
        request: &RequestRecord,
    ) -> Result<bool, GateError> {
        let ours = self.operator_of(request).await?.as_ref() == Some(&self.identity.keys.key_id());
        Ok(ours && question.asks_the_same(request))
    }

    /// The operator key under which a request was suspended: that of its first receipt.
    pub(super) async fn operator_of(
        &self,
        request: &RequestRecord,
    ) -> Result<Option<KeyId>, GateError> {
        let receipts = self.ledger.receipts_of(&request.id).await?;
        let first = receipts.first().and_then(|receipt| receipt.signatures.first());
        Ok(first.map(|signature| signature.key_id.clone()))
    }
}

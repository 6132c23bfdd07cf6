//! An action put to people: suspended, or found where it stands.

use super::{Enforcer, GateError};
use crate::entry;
use crate::question::{Frame, Question};
use crate::witness;
use countersign_core::action::ActionHash;
use countersign_core::receipt::Event;
use countersign_core::request::State;
use countersign_store::ledger::{Ending, LedgerError, RequestKey, RequestRecord, Suspended};

impl Enforcer {
    /// Suspends an action, or finds the same call where it stands.
    ///
    /// # Errors
    /// Where it cannot be put to anybody, or cannot be written down.
    pub async fn suspend(&self, question: &Question) -> Result<Suspended, GateError> {
        let action_hash = question.check()?;
        let mut suspended = self.suspend_as_is(question, action_hash).await?;
        // The same call put to other people, or on other grounds, is another question: their answer is not this one's.
        if let Suspended::Joined(old) | Suspended::Ready(old) = &suspended
            && !asks_the_same(question, old)
        {
            self.close(old, Ending::Withdrawn).await?;
            suspended = self.suspend_as_is(question, action_hash).await?;
        }
        if let Suspended::Joined(other) | Suspended::Ready(other) = &suspended
            && !asks_the_same(question, other)
        {
            return Err(LedgerError::State(other.state).into());
        }
        if let Suspended::Ready(_) = suspended {
            // A stored approval is worth as much as the ledger that stores it.
            witness::check_home(&self.home, &*self.ledger, &self.identity.keys).await?;
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
        let entry = entry::of_request(Event::Suspended, self.boundary, &request);
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
        let session_id = key.session.clone();
        let frame = Frame { question, session_id, repo_ref, head, now };
        Ok(RequestRecord {
            asked: frame.artifacts(&id, &self.edge)?,
            policy: Some(question.grounds.note().clone()),
            id,
            key,
            state: State::Created,
            created_at: now,
            expires_at: now.plus_millis(question.ttl_millis),
            accepted: Vec::new(),
        })
    }
}

/// Whether a stored request is the question that is put now.
fn asks_the_same(question: &Question, request: &RequestRecord) -> bool {
    question.asks_the_same_people(request) && question.asks_the_same(request)
}

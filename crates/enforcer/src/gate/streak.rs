//! Denials one after another: a question names the one before it, and after three in a row nobody is
//! asked for the same kind of thing for a while (ATTACKS 46).

use super::denied::{Denial, reason_of};
use super::{COOL_MILLIS, Enforcer, GateError};
use crate::question::Question;
use countersign_core::display::visible;
use countersign_core::time::Instant;
use countersign_store::ledger::{RequestKey, RequestRecord};

/// After so many denials in a row, the next question is not put.
const IN_A_ROW: usize = 3;

/// Different things of one kind, denied one after another.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{person} denied {IN_A_ROW} requests like this in a row, the last {ago} ago{}; nobody is asked \
     again within ten minutes of it",
    reason_of(.reason)
)]
pub struct DeniedInARow {
    /// The newest of them.
    pub request_id: String,
    /// Who denied it.
    pub person: String,
    /// Why, where the person said so.
    pub reason: Option<String>,
    /// How long ago, in words.
    pub ago: String,
}

impl Enforcer {
    /// The question, with the denial before it: the person who is asked sees what it comes after.
    ///
    /// # Errors
    /// [`GateError::DeniedInARow`] after too many; it is recorded.
    pub(super) async fn after_denials(
        &self,
        question: &Question,
        key: &RequestKey,
    ) -> Result<Question, GateError> {
        let mut question = question.clone();
        let denials = self.alike(&question, key).await?;
        let Some(last) = denials.last() else { return Ok(question) };
        if denials.len() >= IN_A_ROW {
            let row = DeniedInARow {
                request_id: last.request.id.clone(),
                person: last.person.clone(),
                reason: last.reason.clone(),
                ago: self.ago(last.at),
            };
            let mut note = question.grounds.note().clone();
            note.rule_id = "denied_in_a_row".to_owned();
            note.display = row.to_string();
            self.block(&question.action, note).await?;
            return Err(GateError::DeniedInARow(Box::new(row)));
        }
        question.context.notes.push(self.comes_after(last, key));
        question.context.previous = Some(last.request.id.clone());
        Ok(question)
    }

    /// What the person who is asked is told of the denial before it. Only the same call is a retry.
    fn comes_after(&self, last: &Denial, key: &RequestKey) -> String {
        let (who, ago) = (visible(&last.person, false), self.ago(last.at));
        let why = reason_of(&last.reason.as_deref().map(|why| visible(why, false)));
        let id = &last.request.id;
        if last.request.key.action_hash == key.action_hash {
            format!("a retry: {who} denied exactly this {ago} ago, as request {id}{why}")
        } else {
            format!(
                "after a denial: {who} denied another call of this kind {ago} ago, request {id}{why}"
            )
        }
    }

    /// Denials of the last minutes for the same rule and verb, by the same asker, since somebody
    /// last allowed one; oldest first.
    async fn alike(&self, question: &Question, key: &RequestKey) -> Result<Vec<Denial>, GateError> {
        let since = self.asked_since();
        let note = question.grounds.note();
        let alike = |request: &RequestRecord| {
            let policy = request.policy.as_ref();
            policy.is_some_and(|p| (&p.rule_id, &p.verb) == (&note.rule_id, &note.verb))
        };
        let mut denied = self.ledger.denied(key, since).await?;
        denied.retain(|request| alike(request) && !request.accepted.is_empty());
        if denied.len() >= IN_A_ROW {
            let allowed = self.ledger.allowed(key, since).await?;
            let newest = allowed.iter().filter(|r| alike(r)).map(|r| r.created_at).max();
            denied.retain(|request| newest.is_none_or(|at| request.created_at > at));
        }
        self.lately(denied).await
    }

    /// How long ago, in words.
    pub(super) fn ago(&self, at: Instant) -> String {
        let ago = self.now().0.saturating_sub(at.0).max(0) / 1_000;
        if ago < 60 { format!("{ago} s") } else { format!("{} min", ago / 60) }
    }

    /// Who answered in the last minutes answered a request that is older by at most its whole time.
    pub(super) fn asked_since(&self) -> Instant {
        self.now().plus_millis(-COOL_MILLIS).plus_millis(-crate::question::MAX_TTL_MILLIS)
    }
}

//! Others asked in place of those who did not end a question: when their time is over, or when one
//! of them hands it on under their signature.

use super::{Enforcer, GateError};
use crate::entry;
use crate::question::{Frame, Question, next_of, persons};
use countersign_core::answer::{Meaning, meaning};
use countersign_core::artifact::{Context, Route};
use countersign_core::decision::Answer;
use countersign_core::receipt::Event;
use countersign_core::tally::{Tally, tally};
use countersign_store::ledger::{Asked, NextRound, RequestRecord};
use std::collections::BTreeSet;

impl Enforcer {
    /// Verifies an answer to a question and accepts it, once. A signed escalation to somebody whom
    /// the route names begins the next round; any other is a denial.
    ///
    /// # Errors
    /// As [`Enforcer::accept`]; [`GateError::HandedOn`] where the question does not say who that is.
    pub async fn take_answer(
        &self,
        request: &RequestRecord,
        asked: &Asked,
        answer: Answer,
        question: &Question,
    ) -> Result<RequestRecord, GateError> {
        let Some(named) = handed_on(&answer, asked) else {
            return self.accept(request, asked, answer).await;
        };
        if asked.route().is_some_and(|route| question.is_strange(&route, named.as_deref())) {
            return self.take_alone(request, asked, answer).await;
        }
        // What does not verify hands nothing on; it is refused and recorded like any other.
        let vote = self.voted(request, asked, &answer, &self.trust()?).await?;
        let who = format!("{} handed this on", vote.person());
        let Some(mut next) = self.next(request, question, named.as_deref(), &who).await? else {
            return self.accept(request, asked, answer).await;
        };
        next.entry.decisions.push(answer.decision.clone());
        next.entry = entry::answered(next.entry, &answer.decision, answer.reason.as_ref());
        next.by = Some((vote, answer.reason));
        self.spent(request, self.ledger.advance(next).await).await
    }

    /// The same for somebody who does not know whom a caller asks next. A signed escalation to one of
    /// them is no denial, and nobody's to record but the caller's.
    ///
    /// # Errors
    /// As [`Enforcer::take_answer`].
    pub(crate) async fn take_alone(
        &self,
        request: &RequestRecord,
        asked: &Asked,
        answer: Answer,
    ) -> Result<RequestRecord, GateError> {
        let named = handed_on(&answer, asked);
        let is_offered = |named: &Option<String>| {
            asked.route().is_some_and(|route| next_of(&route, named.as_deref()).is_some())
        };
        if !named.as_ref().is_some_and(is_offered) {
            return self.accept(request, asked, answer).await;
        }
        let vote = self.voted(request, asked, &answer, &self.trust()?).await?;
        Err(GateError::HandedOn(vote.person().to_owned()))
    }

    /// Begins the next round of a request whose step is over; `None` where nobody is next.
    ///
    /// # Errors
    /// Where it cannot be written down.
    pub async fn next_round(
        &self,
        request: &RequestRecord,
        question: &Question,
    ) -> Result<Option<RequestRecord>, GateError> {
        if request.step_ends.is_none_or(|end| self.now() < end) {
            return Ok(None);
        }
        let silent = silent(request);
        let who = format!("{} did not answer in time", silent.join(", "));
        match self.next(request, question, None, &who).await? {
            Some(next) => {
                let next = self.ledger.advance(next).await;
                Ok(Some(self.unless_contradicted(&request.id, next).await?))
            }
            None => Ok(None),
        }
    }

    /// The next round that anybody can end, with fresh artifacts.
    async fn next(
        &self,
        request: &RequestRecord,
        question: &Question,
        named: Option<&str>,
        why: &str,
    ) -> Result<Option<NextRound>, GateError> {
        let Some(mut route) = request.route() else { return Ok(None) };
        let (round, mut named) = (request.round(), named);
        let (step, place, next) = loop {
            let Some((label, place)) = question.after(&route, named.take()) else {
                return Ok(None);
            };
            let next: Route = question.route(round.saturating_add(1), &place);
            // Nobody of it is left, or they are too few: the one after it.
            if tally(&next, &[]) != Tally::Lost {
                break (label, place, next);
            }
            route = next;
        };
        let now = self.now();
        let ends = now.plus_millis(place.millis);
        let follow = question.steps_follow(place.rest) && ends < request.expires_at;
        let step_ends = follow.then_some(ends);
        let frame = Frame {
            question,
            context: told(&question.context, why, step),
            session_id: request.key.session.clone(),
            repo_ref: request.asked.first().map_or_else(String::new, repo_ref),
            head: self.ledger.checkpoint().await?,
            now,
            expires_at: step_ends.unwrap_or(request.expires_at),
        };
        Ok(Some(NextRound {
            request_id: request.id.clone(),
            from_round: round,
            by: None,
            asked: frame.artifacts(&request.id, &next, place.to, &self.edge)?,
            step_ends,
            entry: self.entry_of(Event::Escalated, request)?,
            now,
        }))
    }
}

fn repo_ref(asked: &Asked) -> String {
    asked.artifact.head.repo_ref.clone()
}

/// Whom an answer hands the question to: `Some(None)` is whoever is next.
fn handed_on(answer: &Answer, asked: &Asked) -> Option<Option<String>> {
    match meaning(&answer.decision, None, &asked.route()?) {
        Ok(Meaning::Escalate { to }) => Some(to),
        _ => None,
    }
}

/// Who handed a question on so that others are asked next; `None` where time was over.
pub(crate) fn handed_on_by(before: &RequestRecord, next: &RequestRecord) -> Option<String> {
    let route = before.route()?;
    let by = next.accepted.iter().rev().map(|accepted| &accepted.decision).find(|decision| {
        let word = meaning(decision, None, &route);
        before.is_asked_now(decision) && matches!(word, Ok(Meaning::Escalate { .. }))
    })?;
    let seat = route.roster.iter().find(|seat| seat.key_id == by.signer_key_id)?;
    Some(seat.person.clone())
}

/// What the next ones are told besides.
fn told(context: &Context, why: &str, step: &str) -> Context {
    let mut context = context.clone();
    context.notes.insert(0, format!("asked next, as `{step}`: {why}"));
    context
}

/// The persons of this round who have not answered.
fn silent(request: &RequestRecord) -> Vec<String> {
    let signers = request.accepted_now().map(|a| &a.decision.signer_key_id);
    let signers: BTreeSet<_> = signers.collect();
    let Some(route) = request.route() else { return Vec::new() };
    let seats = route.roster.iter().filter(|seat| signers.contains(&seat.key_id));
    let said: BTreeSet<&String> = seats.map(|seat| &seat.person).collect();
    persons(&route).into_iter().filter(|person| !said.contains(person)).collect()
}

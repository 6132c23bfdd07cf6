//! The rounds of a request: who is asked now, which answers belong to that, and what comes next.
//!
//! A round is the artifacts that were made together, under one route. Answers count only within
//! one: those of an earlier round stay written down and say nothing about a later one.

use super::{Accepted, Asked, LedgerError, RequestRecord};
use async_trait::async_trait;
use countersign_core::artifact::Route;
use countersign_core::decision::{Decision, Reason};
use countersign_core::receipt::Entry;
use countersign_core::request::{Event, State};
use countersign_core::tally::Tally;
use countersign_core::time::Instant;
use countersign_core::verify::Vote;

/// Others to ask in place of those who did not end it.
pub struct NextRound {
    /// The request.
    pub request_id: String,
    /// The round that ends; where another process was faster, nothing happens.
    pub from_round: u32,
    /// The signed answer that hands it on; `None` is that the round's time is over.
    pub by: Option<(Vote, Option<Reason>)>,
    /// The artifacts of the next round.
    pub asked: Vec<Asked>,
    /// When that round ends; `None` is with the request.
    pub step_ends: Option<Instant>,
    /// The receipt of the change, `escalated`.
    pub entry: Entry,
    /// The time.
    pub now: Instant,
}

/// What a next round does to a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// It begins.
    Begins,
    /// Another process began it.
    Begun,
}

/// Rounds of requests, one after the other.
#[async_trait]
pub trait RoundStore {
    /// Ends the round `from_round` and begins the next one, with its receipt: of many callers one
    /// does, and the others get the request as it stands then. The request is `CREATED` again, so
    /// that whoever looks next sends what was not sent.
    ///
    /// # Errors
    /// [`LedgerError::State`] where the request has ended or the round's time is not over and
    /// nobody handed it on; [`LedgerError::Replay`] where the answer was used before.
    async fn advance(&self, next: NextRound) -> Result<RequestRecord, LedgerError>;
}

impl NextRound {
    /// Whether the round may begin; looked at inside the transaction.
    ///
    /// # Errors
    /// As [`RoundStore::advance`].
    pub fn judge(&self, request: &RequestRecord) -> Result<Next, LedgerError> {
        if !matches!(request.state, State::Created | State::AwaitingDecision) {
            return Err(LedgerError::State(request.state));
        }
        if self.now >= request.expires_at {
            return Err(LedgerError::State(State::Expired));
        }
        if request.round() != self.from_round {
            return Ok(Next::Begun);
        }
        let over = request.step_ends.is_some_and(|end| self.now >= end);
        let follows = self.asked.iter().all(|asked| asked.round() == self.from_round + 1);
        let may = (over || self.by.is_some()) && follows && !self.asked.is_empty();
        if may { Ok(Next::Begins) } else { Err(LedgerError::State(request.state)) }
    }
}

impl RequestRecord {
    /// The round that is asked now: the newest; 1 where nobody was asked.
    #[must_use]
    pub fn round(&self) -> u32 {
        self.asked.last().map_or(1, Asked::round)
    }

    /// The artifacts of the round that is asked now.
    pub fn asked_now(&self) -> impl Iterator<Item = &Asked> {
        let round = self.round();
        let single = round == 1;
        self.asked.iter().filter(move |asked| single || asked.round() == round)
    }

    /// The accepted answers of the round that is asked now.
    pub fn accepted_now(&self) -> impl Iterator<Item = &Accepted> {
        self.accepted.iter().filter(|accepted| self.is_asked_now(&accepted.decision))
    }

    /// Whether a decision answers an artifact of the round that is asked now.
    #[must_use]
    pub fn is_asked_now(&self, decision: &Decision) -> bool {
        self.asked_now().any(|a| a.artifact.head.artifact_hash == decision.artifact_hash)
    }

    /// The route of the round that is asked now.
    #[must_use]
    pub fn route(&self) -> Option<Route> {
        self.asked.last().and_then(Asked::route)
    }

    /// Refuses an answer to an earlier round.
    ///
    /// # Errors
    /// [`LedgerError::Void`].
    pub fn refuse_earlier_round(&self, decision: &Decision) -> Result<(), LedgerError> {
        if self.is_asked_now(decision) {
            return Ok(());
        }
        let message = "others are asked by now, and this answer is of an earlier round".into();
        Err(LedgerError::Void { code: "HARP_ERR_EXPIRED".into(), message })
    }

    /// What an answer does, once it stands among the others of its round.
    ///
    /// # Errors
    /// [`LedgerError::Void`] where it is of an earlier round.
    pub fn event_of(
        &self,
        new: &Accepted,
        counts: &dyn Fn(&Decision) -> bool,
    ) -> Result<Event, LedgerError> {
        self.refuse_earlier_round(&new.decision)?;
        let mut after = self.clone();
        after.accepted.push(new.clone());
        Ok(match after.tally(counts) {
            Tally::Met => Event::Approved,
            Tally::Lost => Event::Denied,
            Tally::Waiting { .. } => Event::Counted,
        })
    }
}

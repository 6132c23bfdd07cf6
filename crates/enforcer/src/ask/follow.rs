//! A request put or followed by somebody who does not wait from the beginning to the end.

use super::hear::Waited;
use super::rarely::Rarely;
use super::{Answered, Asking, Progress, Relays, Report, by_state};
use crate::gate::{Enforcer, GateError};
use crate::home::HomeError;
use crate::policy::recheck::asker;
use crate::question::{Question, Way};
use crate::redaction::revealed;
use countersign_core::request::State;
use countersign_core::time::Instant;
use countersign_store::ledger::{Ending, LedgerError, RequestRecord, Suspended};

/// How long a gateway has to take a question from somebody who does not wait.
const SUBMIT_MILLIS: i64 = 20_000;

/// How long an answer has that lies at the gateway already.
const LOOK_MILLIS: i64 = 1_500;

impl Enforcer {
    /// Puts a question and does not wait for the answer. Where the same call waits already, an
    /// answer that has come meanwhile is fetched; else it is [`Answered::Pending`].
    ///
    /// # Errors
    /// As [`Enforcer::ask`].
    pub async fn ask_now(
        &self,
        question: &Question,
        relays: &Relays,
        report: Report<'_>,
    ) -> Result<Answered, GateError> {
        let rarely = Rarely::new(report, self.edge());
        let report: Report<'_> = &|progress| rarely.tell(progress);
        let (request, joined) = match self.suspend(question).await? {
            Suspended::Ready(request) => return self.stored(request, relays).await,
            Suspended::Opened(request) => (request, false),
            Suspended::Joined(request) => (request, true),
        };
        report(Progress::Suspended(Box::new(request.clone()), joined));
        let asking = Asking { enforcer: self, relays, deadline: request.expires_at, report };
        if request.state == State::Created {
            return asking.put_now(&request, question).await;
        }
        let deadline = self.now().plus_millis(LOOK_MILLIS);
        let answered = Asking { deadline, ..asking }.rounds(request, question).await?;
        self.verified(answered, relays).await
    }

    /// Follows a request of this ledger to its end, or until `patience`. Answers that came while
    /// nobody waited are fetched, verified and accepted.
    ///
    /// # Errors
    /// As [`Enforcer::ask`].
    pub async fn follow(
        &self,
        request: &RequestRecord,
        relays: &Relays,
        patience: Option<Instant>,
        report: Report<'_>,
    ) -> Result<Answered, GateError> {
        let rarely = Rarely::new(report, self.edge());
        let report: Report<'_> = &|progress| rarely.tell(progress);
        let state = request.state;
        if state == State::Approved {
            return self.stored(request.clone(), relays).await;
        }
        if state.is_final() {
            return Ok(by_state(request.clone()));
        }
        let deadline = patience.map_or(request.expires_at, |end| end.min(request.expires_at));
        let question = self.question_of(request).await?;
        let asking = Asking { enforcer: self, relays, deadline, report };
        let answered = asking.followed(request.clone(), question.as_ref()).await?;
        self.verified(answered, relays).await
    }

    /// The question behind a stored request, with those whom the policy asks next where they are
    /// the ones that the request names; else with those of them whose answer counts.
    async fn question_of(&self, request: &RequestRecord) -> Result<Option<Question>, GateError> {
        let kept = self.kept(request.key.action_hash)?;
        let kept = kept.map(|kept| kept.values().to_vec()).unwrap_or_default();
        let question = Question::of_record(request, self.ways()?, kept);
        let Some(question) = question else { return Ok(None) };
        let asker = asker(&request.key.principal, &question.context);
        let workspace = &request.key.workspace;
        let action = revealed(self.home(), question.action.clone());
        let judged = match action {
            Ok(action) => self.judge(&action, asker, workspace).await,
            Err(error) => Err(HomeError::from(error).into()),
        };
        let seated = match judged {
            Ok(judged) => self.seated(&judged.verdict, workspace, &question.to).await,
            Err(error) => Err(error),
        };
        // Where the policy cannot be followed any more, whoever was asked may still deny.
        let Ok(mut seated) = seated else { return Ok(Some(question)) };
        let elsewhere = |way: &Way| way.pairing.is_some();
        seated.ways.retain(elsewhere);
        seated.quorum.retain(elsewhere);
        let grounds = question.grounds.clone().with_quorum(seated.quorum.clone());
        let whole = Question { grounds, to: seated.ways.clone(), ..question.clone() };
        let same = whole.asks_the_same(request);
        Ok(Some(if same {
            whole
        } else {
            question.with_the_named(request, &seated.ways, &seated.quorum.groups)
        }))
    }

    /// An approval that is stored: worth as much as the ledger that stores it, and as what that says
    /// of it. Not everybody who hears of it claims it.
    async fn stored(&self, request: RequestRecord, relays: &Relays) -> Result<Answered, GateError> {
        if self.now() < request.expires_at {
            self.witnessed(&request, relays).await?;
            let stands = self.ledger().stands(&request.id).await;
            return match self.unless_contradicted(&request.id, stands).await {
                Ok(()) => Ok(Answered::Approved(request)),
                // Somebody else was faster.
                Err(LedgerError::State(state)) => Ok(by_state(RequestRecord { state, ..request })),
                Err(error) => Err(error.into()),
            };
        }
        let ended = self.close(&request, Ending::Expired).await?;
        self.witnessed_at_rest(&ended, relays).await?;
        Ok(by_state(ended))
    }

    /// Nobody is here who could ask anew: what came back ends the request.
    async fn verified(&self, answered: Answered, relays: &Relays) -> Result<Answered, GateError> {
        if let Answered::Unverified(request, _) = &answered {
            self.withdraw(request, relays).await?;
        }
        Ok(answered)
    }
}

impl Asking<'_> {
    /// Sends what nobody has sent yet, within [`SUBMIT_MILLIS`], and does not look for an answer: it
    /// can hardly lie at the gateway yet, and whoever calls again finds it.
    async fn put_now(
        self,
        request: &RequestRecord,
        question: &Question,
    ) -> Result<Answered, GateError> {
        let Self { enforcer, report, .. } = self;
        let deadline = self.deadline.min(enforcer.now().plus_millis(SUBMIT_MILLIS));
        if let Some(ended) = enforcer.queued(question, request, enforcer.now(), report).await? {
            return Ok(ended);
        }
        if let Err(error) = (Self { deadline, ..self }).submit_all(request, question).await {
            return self.no_route(request, error).await;
        }
        let request = enforcer.submitted(&request.id).await?;
        report(Progress::Submitted);
        Ok(by_state(request))
    }

    /// Hears one round after the other until one of them ends it.
    async fn followed(
        self,
        request: RequestRecord,
        question: Option<&Question>,
    ) -> Result<Answered, GateError> {
        let mut request = self.sent(request, question).await?;
        loop {
            match self.wait(&request, question).await? {
                Waited::Ended(answered) => return Ok(answered),
                Waited::Escalated(next) => {
                    self.escalated(&request, &next).await;
                    request = self.sent(next, question).await?;
                }
            }
        }
    }

    /// Who asked may have died between writing the question down and sending it. What nobody can
    /// send without secrets that are kept nowhere is sent by whoever asks again.
    async fn sent(
        self,
        request: RequestRecord,
        question: Option<&Question>,
    ) -> Result<RequestRecord, GateError> {
        let Some(question) = question.filter(|_| request.state == State::Created) else {
            return Ok(request);
        };
        let Self { enforcer, deadline, report, .. } = self;
        let deadline = enforcer.now().plus_millis(SUBMIT_MILLIS).min(deadline);
        match (Self { deadline, ..self }).submit_all(&request, question).await {
            Ok(()) => enforcer.submitted(&request.id).await,
            Err(error) => {
                report(Progress::Unreachable(error));
                Ok(request)
            }
        }
    }
}

//! One call on its way: judged by the policies, put to whom they ask, and claimed once.

use super::{
    Caller, Document, RouteArgs, Subject, Unseated, Whom, Words, asker, blocked, claim_failed,
    pairings, put, question, settle, tell, unasked, unfollowed, unjudged,
};
use crate::commands::{Here, asked_to_end};
use crate::failure::Failure;
use crate::parties;
use countersign_core::action::Action;
use countersign_core::redact::Disclosure;
use countersign_enforcer::gate::Still;
use countersign_enforcer::policy::Allowed;
use countersign_enforcer::{
    Answered, Enforcer, GateError, Judged, Progress, Question, Relays, Ruling, RunOnce, Seated,
};
use countersign_store::ledger::RequestRecord;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where a call is judged and asked about.
pub(crate) struct Gate<'a> {
    pub(crate) here: &'a Here<'a>,
    pub(crate) enforcer: &'a Enforcer,
    pub(crate) route: &'a RouteArgs,
    /// Whether the person at this terminal answers.
    pub(crate) local: bool,
}

/// What follows from the policies.
pub(crate) enum Ruled {
    /// Nobody needs to answer.
    Runs(Box<Allowed>),
    /// This is put to people.
    Asks(Box<Question>),
}

impl Ruled {
    /// The call as it may be written down, and what opens it.
    pub(crate) fn shown(&self) -> (&Action, &[Disclosure]) {
        match self {
            Self::Runs(allowed) => (allowed.shown().action(), allowed.shown().disclosures()),
            Self::Asks(question) => (&question.action, &question.disclosures),
        }
    }
}

impl Gate<'_> {
    /// Judges a call. What is refused here is written down, and the document says so; `critical`
    /// tells that something was found which no policy knows of.
    pub(crate) async fn ruled(
        &self,
        caller: Caller,
        subject: Subject,
        words: Words,
        critical: bool,
        document: &mut Document,
    ) -> Result<Ruled, Failure> {
        let enforcer = self.enforcer;
        let judged = match caller.judged(enforcer, &subject.action).await {
            Ok(judged) => judged,
            Err(error) => {
                return Err(unjudged(enforcer, &subject.action, error, document).await);
            }
        };
        enforcer.keep(judged.shown())?;
        let subject = subject.shown_as(judged.shown());
        let action = &subject.action;
        document.action_hash = Some(action.hash().map_err(GateError::from)?.to_string());
        let grounds = match self.route.ruling(&judged, critical) {
            Ruling::Runs(allowed) => return Ok(Ruled::Runs(Box::new(allowed))),
            Ruling::Blocked(grounds) => {
                return Err(blocked(enforcer, action, grounds.note(), document).await);
            }
            Ruling::Asks(grounds) => grounds,
        };
        let Seated { ways, quorum } = match self.seated(&judged, &caller).await {
            Ok(seated) => seated,
            Err(Unseated::Call(failure)) => {
                return Err(unasked(enforcer, action, failure, document).await);
            }
            Err(Unseated::Policy(error)) => {
                return Err(unfollowed(enforcer, action, error, document).await);
            }
        };
        let grounds = grounds.with_quorum(quorum);
        let ttl = self.route.time(self.here, &grounds);
        let question = question(caller, subject, grounds, ways, words, ttl);
        if let Err(error) = question.check() {
            let failure = GateError::from(error).into();
            return Err(unasked(enforcer, &question.action, failure, document).await);
        }
        Ok(Ruled::Asks(Box::new(question)))
    }

    async fn seated(&self, judged: &Judged, caller: &Caller) -> Result<Seated, Unseated> {
        self.route.seated(self.enforcer, judged, caller, self.local).await
    }

    /// The use of a grant that covers the call; `None` where people must be asked.
    pub(crate) async fn granted(&self, question: &Question) -> Result<Option<RunOnce>, GateError> {
        let (principal, session) = (question.principal.as_str(), question.session.as_str());
        let whose = (principal, session, question.workspace.as_str());
        let asker = asker(principal, session);
        self.enforcer.by_grant(&question.action, &question.grounds, whose, asker).await
    }

    /// The gateways that a question goes through.
    pub(crate) fn relays(&self) -> Result<Relays, Failure> {
        parties::relays(self.enforcer.identity(), &pairings(self.enforcer, self.local)?)
    }

    /// Asks, and uses the approval of what is run here.
    pub(crate) async fn claimed(
        &self,
        question: &Question,
        document: &mut Document,
    ) -> Result<RunOnce, Failure> {
        self.claimed_while(question, document, Box::new(|| Ok(()))).await
    }

    /// The same for an action that hangs on something else, which `still` looks at.
    pub(crate) async fn claimed_while(
        &self,
        question: &Question,
        document: &mut Document,
        still: Still,
    ) -> Result<RunOnce, Failure> {
        let (request, relays) = self.approved(question, document).await?;
        let claimed = self.enforcer.claim_while(&request, &relays, still).await;
        claimed.map_err(|error| claim_failed(error, document))
    }

    /// Asks, and uses the approval of what somebody else carries out.
    pub(crate) async fn released(
        &self,
        question: &Question,
        document: &mut Document,
    ) -> Result<Vec<RunOnce>, Failure> {
        let (request, relays) = self.approved(question, document).await?;
        let claimed = self.enforcer.claim_all(&request, &relays).await;
        claimed.map_err(|error| claim_failed(error, document))
    }

    /// Asks until it is approved. A signal takes the question back, also when it comes together
    /// with the answer.
    async fn approved(
        &self,
        question: &Question,
        document: &mut Document,
    ) -> Result<(RequestRecord, Relays), Failure> {
        let (enforcer, relays) = (self.enforcer, self.relays()?);
        let mut signal = std::pin::pin!(asked_to_end());
        let answered = self.ask(question, &relays, document, signal.as_mut()).await?;
        let request = settle(enforcer, answered, document).await?;
        if is_ready(signal).await {
            let withdrawn = Answered::Withdrawn(enforcer.withdraw(&request, &relays).await?);
            settle(enforcer, withdrawn, document).await?;
        }
        Ok((request, relays))
    }

    /// Puts the question, or finds it where it stands, and uses an approval that is there already;
    /// `None` where it waits.
    pub(crate) async fn detached(
        &self,
        question: &Question,
        document: &mut Document,
    ) -> Result<Option<Vec<RunOnce>>, Failure> {
        let (enforcer, relays) = (self.enforcer, self.relays()?);
        let show = |progress| tell(self.here, question, &progress);
        let answered = enforcer.ask_now(question, &relays, &show).await?;
        if let Answered::Pending(request) = &answered {
            document.pending(request);
            return Ok(None);
        }
        let request = settle(enforcer, answered, document).await?;
        let claimed = enforcer.claim_all(&request, &relays).await;
        claimed.map(Some).map_err(|error| claim_failed(error, document))
    }

    /// Puts the question; the document learns of its request also where asking fails.
    async fn ask(
        &self,
        question: &Question,
        relays: &Relays,
        document: &mut Document,
        signal: Pin<&mut (impl Future<Output = ()> + Send)>,
    ) -> Result<Answered, Failure> {
        let suspended = Mutex::new(None);
        let show = |progress: Progress| {
            if let Progress::Suspended(request, _) = &progress {
                *lock(&suspended) = Some(request.clone());
            }
            if !self.local {
                tell(self.here, question, &progress);
            }
        };
        let whom = if self.local { Whom::Here(&self.here.root) } else { Whom::Devices(relays) };
        let answered = put(self.enforcer, question, whom, &show, signal).await;
        let request = lock(&suspended).take();
        if let (Some(request), Err(_)) = (request, &answered) {
            document.request(&request);
            document.newest(self.enforcer).await;
        }
        answered
    }
}

/// Whether something has happened already.
async fn is_ready(what: Pin<&mut impl Future<Output = ()>>) -> bool {
    tokio::select! {
        biased;
        () = what => true,
        () = std::future::ready(()) => false,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! A round heard until it is over.

use super::listen::{HOLD, Heard, Listener};
use super::notes::Notes;
use super::submit::NO_GATEWAY;
use super::{Answered, Asking, Progress, left, way};
use crate::gate::GateError;
use crate::question::Question;
use countersign_core::verify::Refusal;
use countersign_store::ledger::{LedgerError, RequestRecord};
use countersign_wire::Envelope;
use countersign_wire::decision::DecisionDeliver;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How often a request is looked at that another process carries on.
const ELSEWHERE: Duration = Duration::from_secs(1);

/// What a wait brought.
pub(super) enum Waited {
    /// It is over.
    Ended(Answered),
    /// Others are asked by now.
    Escalated(RequestRecord),
}

/// A round and what was heard of it so far.
struct Hearing<'a> {
    asking: Asking<'a>,
    request: &'a RequestRecord,
    question: Option<&'a Question>,
    notes: &'a mut Notes,
    heard: Receiver<Heard>,
    /// They end with the hearing.
    _listeners: JoinSet<()>,
    /// The last answer that did not verify.
    refused: Option<Refusal>,
    /// Nothing more is heard here, and how often it is looked whether the request went on.
    heard_all: Option<Duration>,
}

impl Asking<'_> {
    /// Waits until the round is over: for as many answers as it takes, or for its time. Answers that
    /// are stored already, also by a process that is gone, are not asked for again.
    pub(super) async fn wait(
        self,
        request: &RequestRecord,
        question: Option<&Question>,
    ) -> Result<Waited, GateError> {
        let mut notes = Notes::default();
        notes.tell(self.enforcer, request, self.relays);
        let waited = Hearing::new(self, request, question, &mut notes).hear().await;
        if let Ok(Waited::Ended(Answered::Pending(_))) = &waited {
            notes.arrive().await;
        }
        waited
    }
}

impl<'a> Hearing<'a> {
    fn new(
        asking: Asking<'a>,
        request: &'a RequestRecord,
        question: Option<&'a Question>,
        notes: &'a mut Notes,
    ) -> Self {
        let (heard, listeners) = asking.listen(request);
        Self {
            asking,
            request,
            question,
            notes,
            heard,
            _listeners: listeners,
            refused: None,
            heard_all: None,
        }
    }

    async fn hear(mut self) -> Result<Waited, GateError> {
        loop {
            if let Some(over) = self.asking.over(self.request, self.question).await? {
                return Ok(over);
            }
            if let Some(waited) = self.next().await? {
                return Ok(waited);
            }
        }
    }

    /// The next thing that is heard, or a look again after a while: another process may have ended
    /// the request meanwhile.
    async fn next(&mut self) -> Result<Option<Waited>, GateError> {
        let left = self.left();
        if let Some(pause) = self.heard_all {
            sleep(left.min(pause)).await;
            return Ok(None);
        }
        match timeout(left, self.heard.recv()).await {
            Err(_) => Ok(None),
            Ok(None) => Ok(self.nobody_left()),
            Ok(Some(Heard::Silence(error))) => {
                (self.asking.report)(Progress::Unreachable(error));
                Ok(None)
            }
            Ok(Some(Heard::Answer(from, envelope))) => self.answer(&from, *envelope).await,
        }
    }

    fn left(&self) -> Duration {
        let deadline = self.asking.deadline;
        let step = self.request.step_ends.unwrap_or(deadline).min(deadline);
        left(self.asking.enforcer.now(), step).min(HOLD)
    }

    /// No device is left that could answer: one of them was refused, all were heard, or there was
    /// never a way to any.
    fn nobody_left(&mut self) -> Option<Waited> {
        let has_way =
            self.request.asked_now().any(|asked| way(asked, self.asking.relays).is_some());
        let request = || self.request.clone();
        let ended = match self.refused.take() {
            Some(refusal) => Answered::Unverified(request(), refusal),
            None if has_way => {
                // Every device has answered, and something that was stored counts no more.
                self.heard_all = Some(HOLD);
                return None;
            }
            None => Answered::NoRoute(request(), NO_GATEWAY.to_owned()),
        };
        Some(Waited::Ended(ended))
    }

    /// What a delivered answer leads to; `None` where the round goes on.
    async fn answer(
        &mut self,
        from: &Listener,
        envelope: Envelope<DecisionDeliver>,
    ) -> Result<Option<Waited>, GateError> {
        match self.asking.take(self.request, self.question, from, envelope).await {
            Ok(taken) => Ok(self.asking.after(self.request, taken, self.notes).await),
            Err(GateError::Refused(refusal)) => {
                self.refused = Some(refusal);
                Ok(None)
            }
            // What else comes is for those who are asked next, and their caller's.
            Err(GateError::HandedOn(by)) => {
                (self.asking.report)(Progress::HandedOn(by));
                self.heard_all = Some(ELSEWHERE);
                Ok(None)
            }
            // The request, or its round, ended elsewhere: it is looked at again.
            Err(GateError::Ledger(LedgerError::State(_) | LedgerError::Void { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

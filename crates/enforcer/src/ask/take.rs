//! What a gateway delivered: verified, accepted, acknowledged, and what it led to.

use super::hear::Waited;
use super::listen::Listener;
use super::notes::Notes;
use super::outcome::is_open;
use super::tell::tell_withdrawn;
use super::{Asking, Progress, by_state};
use crate::answer::candidates;
use crate::gate::{Enforcer, GateError};
use crate::question::Question;
use countersign_core::decision::Answer;
use countersign_core::request::State;
use countersign_core::tally::Tally;
use countersign_core::verify::Refusal;
use countersign_store::ledger::{Asked, RequestRecord};
use countersign_wire::Envelope;
use countersign_wire::decision::DecisionDeliver;

type Taken = Result<RequestRecord, GateError>;

impl Asking<'_> {
    /// Verifies and accepts what a gateway delivered, then acknowledges it.
    pub(super) async fn take(
        self,
        request: &RequestRecord,
        question: Option<&Question>,
        from: &Listener,
        envelope: Envelope<DecisionDeliver>,
    ) -> Taken {
        let msg_id = envelope.msg_id.clone();
        let taken = self.enforcer.accept_delivered(request, question, &from.asked, envelope).await;
        if let Some(msg_id) = msg_id {
            acknowledge(from, msg_id, &taken).await;
        }
        if let Ok(ended) = &taken
            && ended.state.is_final()
        {
            self.enforcer.witnessed_at_rest(ended, self.relays).await?;
        }
        taken
    }

    /// What an accepted answer led to; `None` where more are needed.
    pub(super) async fn after(
        self,
        request: &RequestRecord,
        taken: RequestRecord,
        notes: &mut Notes,
    ) -> Option<Waited> {
        if taken.round() != request.round() {
            return Some(Waited::Escalated(taken));
        }
        if let Tally::Waiting { have, need } = taken.tally(&|_| true)
            && is_open(&taken)
        {
            notes.tell(self.enforcer, &taken, self.relays);
            (self.report)(Progress::Counted(have, need));
            return None;
        }
        self.tell_decided(&taken).await;
        Some(Waited::Ended(by_state(taken)))
    }

    /// Tells those who have not answered that they need not.
    async fn tell_decided(self, taken: &RequestRecord) {
        if taken.asked_now().all(|asked| taken.has_answer_to(asked)) {
            return;
        }
        let (ended, relays) = (taken.clone(), self.relays.clone());
        let tell = async move { tell_withdrawn(&ended, &ended, &relays, "decided").await };
        match taken.state {
            // What was approved does not wait for the inboxes of the others.
            State::Approved => drop(tokio::spawn(tell)),
            _ => tell.await,
        }
    }
}

/// Acknowledges only when it is durable here, whichever way it was judged.
async fn acknowledge(from: &Listener, msg_id: String, taken: &Taken) {
    let (Ok(_) | Err(GateError::Refused(_))) = taken else { return };
    let (client, id) = (from.relay.client.clone(), from.asked.artifact.head.request_id.clone());
    let acknowledged = async move {
        // Where it is lost, the answer is delivered once more and found to be known.
        let _ = client.ack(&msg_id, &id).await;
    };
    match taken {
        // What was approved does not wait for the gateway's disk.
        Ok(request) if request.state == State::Approved => drop(tokio::spawn(acknowledged)),
        _ => acknowledged.await,
    }
}

impl Enforcer {
    /// Opens what was delivered and accepts it; what cannot be opened is recorded.
    async fn accept_delivered(
        &self,
        request: &RequestRecord,
        question: Option<&Question>,
        asked: &Asked,
        envelope: Envelope<DecisionDeliver>,
    ) -> Taken {
        match candidates(envelope, &asked.artifact, &self.identity().keys) {
            Ok(answers) => self.accept_any(request, question, asked, answers).await,
            Err(refusal) => {
                self.record_refusal(request, &refusal).await?;
                Err(refusal.into())
            }
        }
    }

    async fn accept_any(
        &self,
        request: &RequestRecord,
        question: Option<&Question>,
        asked: &Asked,
        answers: Vec<Answer>,
    ) -> Taken {
        let mut answers = answers.into_iter().peekable();
        while let Some(answer) = answers.next() {
            // The twin in the other words is tried silently; the last refusal is recorded.
            let last = answers.peek().is_none();
            if last || self.verifies(request, asked, &answer)? {
                return match question {
                    Some(question) => self.take_answer(request, asked, answer, question).await,
                    // Nobody is here who knows whom to ask next.
                    None => self.take_alone(request, asked, answer).await,
                };
            }
        }
        Err(Refusal::Signature.into())
    }
}

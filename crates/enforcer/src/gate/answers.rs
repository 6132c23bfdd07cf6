//! Answers, verified and accepted once; those that are refused are written down.

use super::standing::{Counting, judge};
use super::{Enforcer, GateError};
use crate::entry;
use crate::home::HomeError;
use countersign_core::decision::{Answer, Decision};
use countersign_core::receipt::{Entry, Event};
use countersign_core::request;
use countersign_core::trust::TrustStore;
use countersign_core::verify::{Refusal, Vote};
use countersign_store::ledger::{Acceptance, Asked, LedgerError, RequestRecord};
use std::sync::Arc;

impl Enforcer {
    /// Verifies an answer to a request and accepts it, once.
    ///
    /// # Errors
    /// The refusal, where it does not verify; it is recorded and changes nothing.
    pub async fn accept(
        &self,
        request: &RequestRecord,
        asked: &Asked,
        answer: Answer,
    ) -> Result<RequestRecord, GateError> {
        self.look_back().await?;
        let trust = Arc::new(self.trust()?);
        let vote = self.voted(request, asked, &answer, &trust).await?;
        let acceptance = self.acceptance(request, vote, answer, trust);
        let accepted = self.spent(request, self.ledger.accept(acceptance).await).await?;
        self.give_taken(&accepted).await?;
        Ok(accepted)
    }

    /// What the ledger needs to accept an answer, and to write down what it did in the same commit.
    fn acceptance(
        &self,
        request: &RequestRecord,
        vote: Vote,
        Answer { decision, reason }: Answer,
        trust: Arc<TrustStore>,
    ) -> Acceptance {
        let (boundary, now) = (self.boundary, self.now());
        let counting = Counting::new(trust, now);
        let (counted, of, why) = (counting.clone(), request.clone(), reason.clone());
        let entry = Box::new(move |request: &RequestRecord, happened| {
            let decisions = counted.decisions(request);
            let frame = entry::of_request(event_of(happened), boundary, request, decisions);
            entry::answered(frame, &decision, why.as_ref())
        });
        let counts = Box::new(move |stored: &Decision| counting.counts(&of, stored));
        Acceptance { request_id: request.id.clone(), vote, reason, counts, entry, now }
    }

    /// What a receipt says of a request, with the answers that count now.
    ///
    /// # Errors
    /// Where there are answers, and the pinned keys cannot be read.
    pub(crate) fn entry_of(
        &self,
        event: Event,
        request: &RequestRecord,
    ) -> Result<Entry, HomeError> {
        let decisions = match request.accepted_now().next() {
            None => Vec::new(),
            Some(_) => Counting::new(Arc::new(self.trust()?), self.now()).decisions(request),
        };
        Ok(entry::of_request(event, self.boundary, request, decisions))
    }

    /// Verifies an answer; a refusal is recorded.
    pub(super) async fn voted(
        &self,
        request: &RequestRecord,
        asked: &Asked,
        answer: &Answer,
        trust: &TrustStore,
    ) -> Result<Vote, GateError> {
        match self.vote(answer.decision.clone(), asked, request, trust) {
            Ok(vote) => Ok(vote),
            Err(refusal) => {
                self.record_refusal(request, &refusal).await?;
                Err(refusal.into())
            }
        }
    }

    /// Records that an answer was used before, or came too late.
    pub(super) async fn spent(
        &self,
        request: &RequestRecord,
        taken: Result<RequestRecord, LedgerError>,
    ) -> Result<RequestRecord, GateError> {
        match self.unless_contradicted(&request.id, taken).await {
            Err(LedgerError::Replay) => {
                self.record_refusal(request, &Refusal::Replay).await?;
                Err(Refusal::Replay.into())
            }
            Err(late @ (LedgerError::Void { .. } | LedgerError::State(_))) => {
                let late = GateError::from(late);
                let frame = self.entry_of(Event::Observed, request)?;
                let entry = entry::refused(frame, late.code(), &late.to_string());
                self.ledger.record(entry, self.now()).await?;
                Err(late)
            }
            other => Ok(other?),
        }
    }

    /// Whether an answer would be accepted, without writing anything down.
    ///
    /// # Errors
    /// Where the pinned keys cannot be read.
    pub(crate) fn verifies(
        &self,
        request: &RequestRecord,
        asked: &Asked,
        answer: &Answer,
    ) -> Result<bool, GateError> {
        let trust = self.trust()?;
        Ok(self.vote(answer.decision.clone(), asked, request, &trust).is_ok())
    }

    fn vote(
        &self,
        decision: Decision,
        asked: &Asked,
        request: &RequestRecord,
        trust: &TrustStore,
    ) -> Result<Vote, Refusal> {
        judge(decision, asked, request, trust, self.now())
    }

    pub(crate) async fn record_refusal(
        &self,
        request: &RequestRecord,
        refusal: &Refusal,
    ) -> Result<(), GateError> {
        let frame = self.entry_of(Event::Observed, request)?;
        let entry = entry::refused(frame, refusal.code(), &refusal.to_string());
        self.ledger.record(entry, self.now()).await?;
        Ok(())
    }
}

/// The receipt's event of what an answer did. One that ends nothing yet leaves the action what it
/// was, suspended, and its receipt holds the answers so far.
fn event_of(happened: request::Event) -> Event {
    match happened {
        request::Event::Approved => Event::Approved,
        request::Event::Denied => Event::Denied,
        _ => Event::Suspended,
    }
}

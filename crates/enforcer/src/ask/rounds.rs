//! One round put and heard after the other, until one of them ends it.

use super::hear::Waited;
use super::tell::tell_withdrawn;
use super::{Answered, Asking, Progress};
use crate::gate::{GateError, handed_on_by};
use crate::question::{Question, persons};
use countersign_core::request::State;
use countersign_store::ledger::{Ending, RequestRecord};

impl Asking<'_> {
    /// Puts and hears one round after the other until one of them ends it.
    pub(super) async fn rounds(
        self,
        mut request: RequestRecord,
        question: &Question,
    ) -> Result<Answered, GateError> {
        loop {
            if let Some(ended) = self.put(&request, question).await? {
                return Ok(ended);
            }
            match self.wait(&request, Some(question)).await? {
                Waited::Ended(answered) => return Ok(answered),
                Waited::Escalated(next) => {
                    self.escalated(&request, &next).await;
                    request = next;
                }
            }
        }
    }

    /// Sends a round that nobody has sent yet; says how it ended where it could not be.
    async fn put(
        self,
        request: &RequestRecord,
        question: &Question,
    ) -> Result<Option<Answered>, GateError> {
        if request.state != State::Created {
            return Ok(None);
        }
        let Self { enforcer, deadline, report, .. } = self;
        if let Some(ended) = enforcer.queued(question, request, deadline, report).await? {
            return Ok(Some(ended));
        }
        if let Err(error) = self.submit_all(request, question).await {
            return self.no_route(request, error).await.map(Some);
        }
        enforcer.submitted(&request.id).await?;
        report(Progress::Submitted);
        Ok(None)
    }

    /// Tells everybody that others are asked by now.
    pub(super) async fn escalated(self, before: &RequestRecord, next: &RequestRecord) {
        tell_withdrawn(before, next, self.relays, "escalated").await;
        let whom = next.route().as_ref().map(persons).unwrap_or_default();
        let next = Box::new(next.clone());
        (self.report)(Progress::Escalated(handed_on_by(before, &next), whom, next));
    }

    /// Ends what could be sent to nobody.
    pub(super) async fn no_route(
        self,
        request: &RequestRecord,
        error: String,
    ) -> Result<Answered, GateError> {
        let over = self.enforcer.now() >= request.expires_at;
        let ending = if over { Ending::Expired } else { Ending::Withdrawn };
        let request = self.enforcer.close(request, ending).await?;
        self.enforcer.tell_ended(&request, self.relays, "no route").await?;
        Ok(Answered::NoRoute(request, error))
    }
}

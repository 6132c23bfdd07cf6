//! A round's artifacts sent to their gateways, again where one is away.

use super::{Asking, Progress, Relay, left, way};
use crate::question::Question;
use countersign_client::ClientError;
use countersign_store::ledger::{Asked, RequestRecord};
use countersign_wire::artifact::ArtifactSubmit;
use tokio::time::{sleep, timeout};

/// What is said where nobody can be reached at all.
pub(super) const NO_GATEWAY: &str = "no gateway is known for any approver";

impl Asking<'_> {
    /// Sends every artifact, trying again until the deadline while a gateway is away.
    pub(super) async fn submit_all(
        self,
        request: &RequestRecord,
        question: &Question,
    ) -> Result<(), String> {
        let mut sent = 0;
        let mut last = NO_GATEWAY.to_owned();
        for asked in request.asked_now() {
            let Some(relay) = way(asked, self.relays) else { continue };
            let message = self.enforcer.sealed(asked, question).map_err(|e| e.to_string())?;
            match self.submit(relay, asked, message).await {
                Ok(()) => sent += 1,
                Err(error) => last = error.to_string(),
            }
        }
        if sent > 0 { Ok(()) } else { Err(last) }
    }

    async fn submit(
        self,
        relay: &Relay,
        asked: &Asked,
        message: ArtifactSubmit,
    ) -> Result<(), ClientError> {
        let mut attempt = 0;
        loop {
            let error = match self.submit_once(relay, asked, message.clone()).await {
                Ok(()) => return Ok(()),
                Err(error) if !error.is_retryable() => return Err(error),
                Err(error) => error,
            };
            (self.report)(Progress::Unreachable(error.to_string()));
            let pause = self.enforcer.edge().pause(&mut attempt);
            let left = left(self.enforcer.now(), self.deadline);
            sleep(pause.min(left)).await;
            if pause >= left {
                return Err(error);
            }
        }
    }

    async fn submit_once(
        self,
        relay: &Relay,
        asked: &Asked,
        message: ArtifactSubmit,
    ) -> Result<(), ClientError> {
        let Relay { client, approver_id } = relay;
        let call = client.submit_artifact(&asked.artifact.head.request_id, approver_id, message);
        // A gateway that takes the call and says nothing has no more time than this caller.
        let sent = timeout(left(self.enforcer.now(), self.deadline), call).await;
        let origin = client.origin();
        let late = || ClientError::Unreachable(format!("no answer in time from `{origin}`"));
        sent.unwrap_or_else(|_| Err(late())).map(drop)
    }
}

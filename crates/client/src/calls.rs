//! The calls of an enforcer and of an approver.

use crate::client::Client;
use crate::error::ClientError;
use crate::http::{CONNECT, Call, Reply, url};
use countersign_core::checkpoint::Checkpoint;
use countersign_core::sealing::Sealed;
use countersign_core::time::Instant;
use countersign_wire::artifact::{ArtifactAccepted, ArtifactSubmit};
use countersign_wire::decision::{DecisionAccepted, DecisionDeliver, DecisionSubmit};
use countersign_wire::envelope::{Body, Envelope, NO_REQUEST, Recipient};
use countersign_wire::exchange::{
    AckAccepted, AckStatus, AckSubmit, ExchangeStatus, InboxPage, State, Withdraw, Withdrawn,
};
use countersign_wire::head::{HeadRemembered, HeadSubmit};
use countersign_wire::note::{NoteAccepted, NoteSubmit};
use countersign_wire::pairing::{Revoke, Revoked};
use countersign_wire::{ErrorCode, limit};
use reqwest::header::CONTENT_TYPE;
use serde_json::{Map, Value};
use std::time::{Duration, SystemTime};

/// The longest that a gateway holds a long poll.
const LONGEST_WAIT: u64 = 60;

impl Client {
    /// Hands a sealed artifact in for `approver_id`. Again with the same hash is fine.
    ///
    /// # Errors
    /// [`ClientError`]; refused with `already_exists`, `no_approver`, `expired`, `too_many`.
    pub async fn submit_artifact(
        &self,
        request_id: &str,
        approver_id: &str,
        body: ArtifactSubmit,
    ) -> Result<(), ClientError> {
        let mut envelope = self.envelope(request_id, body);
        envelope.expires_at = Some(envelope.body.expires_at.clone());
        envelope.recipient = Some(Recipient::approver(approver_id));
        let reply = self.call(&Call::post(&["artifacts"], &envelope)?).await?;
        about::<ArtifactAccepted>(&reply, request_id).map(|_| ())
    }

    /// Waits up to `patience` (1 to 60 s) for the decision on a request; `None` where there is
    /// none yet. What comes is not verified.
    ///
    /// # Errors
    /// [`ClientError`]; refused with `exchange_over` where there will be none, and then
    /// [`ClientError::state`] says why: a hint, as everything that a gateway says.
    pub async fn wait_decision(
        &self,
        request_id: &str,
        patience: Duration,
    ) -> Result<Option<Envelope<DecisionDeliver>>, ClientError> {
        let seconds = patience.as_secs().clamp(1, LONGEST_WAIT);
        let call = Call::get(&["exchanges", request_id, "wait"])
            .with("timeout", seconds)
            .waiting(Duration::from_secs(seconds));
        let reply = self.call(&call).await?;
        match reply.status {
            204 => Ok(None),
            _ => about(&reply, request_id).map(Some),
        }
    }

    /// Acknowledges a message, so that it is not delivered again.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn ack(&self, msg_id: &str, request_id: &str) -> Result<(), ClientError> {
        let envelope = self.ack_envelope(msg_id, request_id);
        let reply = self.call(&Call::post(&["acks"], &envelope)?).await?;
        about::<AckAccepted>(&reply, request_id).map(|_| ())
    }

    pub(crate) fn ack_envelope(&self, msg_id: &str, request_id: &str) -> Envelope<AckSubmit> {
        let (msg_id, status) = (msg_id.to_owned(), AckStatus::Processed);
        self.envelope(request_id, AckSubmit { msg_id, status, ack_at: self.now() })
    }

    /// Hands the newest head of this enforcer's ledger in, and learns the newest one that the
    /// gateway remembers. It may be another: the caller compares.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn remember_head(&self, head: Checkpoint) -> Result<Checkpoint, ClientError> {
        let envelope = self.envelope(NO_REQUEST, HeadSubmit { checkpoint: head });
        let reply = self.call(&Call::post(&["heads"], &envelope)?).await?;
        Ok(about::<HeadRemembered>(&reply, NO_REQUEST)?.body.checkpoint)
    }

    /// Takes a request back. Again is fine.
    ///
    /// # Errors
    /// [`ClientError`]; refused with `exchange_over` where it ended in another way.
    pub async fn withdraw(
        &self,
        request_id: &str,
        reason: Option<&str>,
    ) -> Result<(), ClientError> {
        let body = Withdraw { reason: reason.map(str::to_owned) };
        let envelope = self.envelope(request_id, body);
        let call = Call::post(&["exchanges", request_id, "withdraw"], &envelope)?;
        match self.call(&call).await {
            Ok(reply) => about::<Withdrawn>(&reply, request_id).map(|_| ()),
            Err(error) if is_withdrawn(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Leaves a sealed note for the device that a request waits with, in place of any before it.
    ///
    /// # Errors
    /// [`ClientError`]; refused with `exchange_over` once it waits no more, with 404 by a gateway of
    /// the plain binding.
    pub async fn submit_note(
        &self,
        request_id: &str,
        ciphertext: Sealed,
    ) -> Result<(), ClientError> {
        let envelope = self.envelope(request_id, NoteSubmit { ciphertext });
        let call = Call::post(&["exchanges", request_id, "note"], &envelope)?;
        about::<NoteAccepted>(&self.call(&call).await?, request_id).map(|_| ())
    }

    /// How far a request got: a hint.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn status(&self, request_id: &str) -> Result<ExchangeStatus, ClientError> {
        let reply = self.call(&Call::get(&["exchanges", request_id])).await?;
        let status = about::<ExchangeStatus>(&reply, request_id)?.body;
        if status.request_id == request_id { Ok(status) } else { Err(another()) }
    }

    /// A page of what waits for this approver, oldest first, from where `cursor` says.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn inbox(&self, cursor: Option<&str>, page: usize) -> Result<InboxPage, ClientError> {
        let call = Call::get(&["approvers", self.device_id(), "inbox"])
            .with("limit", page)
            .up_to(limit::PAGE + 2 * limit::ARTIFACT_SUBMIT);
        let call = cursor.into_iter().fold(call, |call, cursor| call.with("cursor", cursor));
        let envelope = self.call(&call).await?.envelope()?;
        envelope.open::<InboxPage>().map(|page| page.body).map_err(ClientError::protocol)
    }

    /// Hides a request from this approver's inbox. It stays pending.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn dismiss(&self, request_id: &str) -> Result<(), ClientError> {
        let call = Call::delete(&["approvers", self.device_id(), "inbox", request_id]);
        self.call(&call).await.map(|_| ())
    }

    /// Hands a decision in; the whole signed Decision travels sealed in `trace`. The same one
    /// again is fine.
    ///
    /// # Errors
    /// [`ClientError`]; refused with `already_decided`, `exchange_over`, `hash_mismatch`.
    pub async fn decide(
        &self,
        request_id: &str,
        body: DecisionSubmit,
        trace: Option<Map<String, Value>>,
    ) -> Result<(), ClientError> {
        let mut envelope = self.envelope(request_id, body);
        envelope.trace = trace;
        let reply = self.call(&Call::post(&["decisions"], &envelope)?).await?;
        about::<DecisionAccepted>(&reply, request_id).map(|_| ())
    }

    /// Ends every pairing with another device at the gateway; returns how many pending requests
    /// it cancelled.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn revoke(&self, device_id: &str) -> Result<u64, ClientError> {
        let body = Revoke { device_id: device_id.to_owned() };
        let reply = self.call(&Call::post(&["pairings", "revoke"], &body)?).await?;
        reply.read::<Revoked>().map(|revoked| revoked.cancelled)
    }

    /// Whether the gateway is there. Needs no session.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn health(&self) -> Result<(), ClientError> {
        self.send(&Call::get(&["health"]), None).await.map(|_| ())
    }

    /// Whether a page is served where a pairing link leads. A gateway that does not say so has none.
    pub async fn has_page(&self) -> bool {
        let Ok(mut url) = url(self.origin(), &[], None) else { return false };
        url.set_path("/pair");
        let asked = self.inner.http.get(url).timeout(CONNECT).send().await;
        asked.is_ok_and(|reply| {
            let media_type = reply.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
            reply.status() == 200 && media_type.is_some_and(|text| text.starts_with("text/html"))
        })
    }

    /// Whether the gateway is there, and what time it says that it is, to a second. `None` where
    /// it does not say. Needs no session.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn clock(&self) -> Result<Option<Instant>, ClientError> {
        let reply = self.send(&Call::get(&["health"]), None).await?;
        let date = reply.date.and_then(|text| httpdate::parse_http_date(&text).ok());
        let since = date.and_then(|date| date.duration_since(SystemTime::UNIX_EPOCH).ok());
        Ok(since.and_then(|since| i64::try_from(since.as_millis()).ok()).map(Instant))
    }
}

fn is_withdrawn(error: &ClientError) -> bool {
    error.code() == Some(ErrorCode::ExchangeOver) && error.state() == Some(State::Withdrawn.name())
}

/// An envelope of the expected kind about the expected request.
pub(crate) fn about<B: Body>(reply: &Reply, request_id: &str) -> Result<Envelope<B>, ClientError> {
    let envelope = reply.envelope()?;
    if envelope.request_id != request_id {
        return Err(another());
    }
    envelope.open().map_err(ClientError::protocol)
}

fn another() -> ClientError {
    ClientError::Protocol("the reply is about another request".to_owned())
}

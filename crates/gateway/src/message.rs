//! The messages that are delivered, as they are kept and as they are sent.
//!
//! What a store keeps is the part that came from outside, as JSON text; the envelope around it is
//! written anew each time, always with the same `msgId`.

use crate::gateway::Gateway;
use crate::reply::ApiError;
use axum::body::Bytes;
use countersign_core::sealing::Sealed;
use countersign_core::time::Instant;
use countersign_store::relay::exchange::{Delivery, Request};
use countersign_wire::artifact::{
    ApprovalRequest, ArtifactSubmit, CiphertextRef, DISPLAY_METADATA,
};
use countersign_wire::decision::DecisionDeliver;
use countersign_wire::envelope::{Body, Recipient, Sender};
use countersign_wire::exchange::{State, Withdrawn};
use countersign_wire::{Envelope, ErrorCode, note};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

/// Text that is an envelope, ready to be sent any number of times.
pub(crate) type Frame = Bytes;

/// What is kept of an artifact: the body of the later `approval.request`.
pub(crate) fn request_content(submit: ArtifactSubmit) -> Result<String, ApiError> {
    let metadata = submit.metadata.map(shown).filter(|m| !m.is_empty());
    let body = ApprovalRequest {
        artifact_type: submit.artifact_type,
        artifact_hash: submit.artifact_hash,
        ciphertext_ref: CiphertextRef::inline(submit.ciphertext),
        metadata,
        policy_hint: None,
    };
    serde_json::to_string(&body).map_err(|_| broken())
}

/// The members that may be shown, and only as text.
fn shown(metadata: Map<String, Value>) -> Map<String, Value> {
    let may = |(name, value): &(String, Value)| {
        DISPLAY_METADATA.contains(&name.as_str()) && value.is_string()
    };
    metadata.into_iter().filter(may).collect()
}

/// What is kept of a decision: body and trace as given.
#[derive(Serialize, Deserialize)]
struct DecisionContent {
    body: Box<RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<Map<String, Value>>,
}

pub(crate) fn decision_content(
    body: &Value,
    trace: Option<Map<String, Value>>,
) -> Result<String, ApiError> {
    let body = to_raw_value(body).map_err(|_| broken())?;
    serde_json::to_string(&DecisionContent { body, trace }).map_err(|_| broken())
}

/// The body of a kept decision, for a status reply.
pub(crate) fn decision_body(delivery: &Delivery) -> Result<Map<String, Value>, ApiError> {
    let content = decision(delivery)?;
    serde_json::from_str(content.body.get()).map_err(|_| broken())
}

fn decision(delivery: &Delivery) -> Result<DecisionContent, ApiError> {
    serde_json::from_str(&delivery.content).map_err(|_| broken())
}

/// What is kept of a note: the seal as given.
pub(crate) fn note_content(ciphertext: &Sealed) -> Result<String, ApiError> {
    serde_json::to_string(ciphertext).map_err(|_| broken())
}

/// The trace of a request that has a note beside it. One that is damaged is left out: the request
/// must still be seen.
fn note_trace(kept: &str) -> Option<Map<String, Value>> {
    let sealed: Sealed = serde_json::from_str(kept).ok()?;
    note::trace(&sealed).ok()
}

/// An `approval.request` around a kept artifact.
pub(crate) fn approval_request(
    gateway: &Gateway,
    approver_id: &str,
    request: Request,
) -> Result<Envelope<Box<RawValue>>, ApiError> {
    let body = RawValue::from_string(request.content).map_err(|_| broken())?;
    let trace = request.note.as_deref().and_then(note_trace);
    Ok(Envelope {
        msg_id: Some(request.msg_id),
        msg_type: ApprovalRequest::MSG_TYPE.to_owned(),
        request_id: request.request_id,
        created_at: request.received_at.timestamp(),
        expires_at: Some(request.expires_at),
        sender: Sender::gateway(&gateway.config.gateway_id),
        recipient: Some(Recipient::approver(approver_id)),
        trace,
        body,
    })
}

/// A `decision.deliver` around a kept decision.
pub(crate) fn decision_deliver(
    gateway: &Gateway,
    enforcer_id: &str,
    delivery: &Delivery,
) -> Result<Frame, ApiError> {
    let DecisionContent { body, trace } = decision(delivery)?;
    frame(&Envelope {
        msg_id: Some(delivery.msg_id.clone()),
        msg_type: DecisionDeliver::MSG_TYPE.to_owned(),
        request_id: delivery.request_id.clone(),
        created_at: delivery.decided_at.timestamp(),
        expires_at: Some(delivery.expires_at.clone()),
        sender: Sender::gateway(&gateway.config.gateway_id),
        recipient: Some(Recipient::enforcer(enforcer_id)),
        trace,
        body,
    })
}

/// An `exchange.withdrawn`, which says the same to both sides.
pub(crate) fn withdrawn(
    gateway: &Gateway,
    request_id: &str,
    reason: Option<String>,
    now: Instant,
) -> Envelope<Withdrawn> {
    let body = Withdrawn { state: State::Withdrawn, withdrawn_at: now.timestamp(), reason };
    let sender = Sender::gateway(&gateway.config.gateway_id);
    Envelope::new(request_id, now.timestamp(), sender, body)
}

/// Writes an envelope once, to be sent any number of times.
pub(crate) fn frame(envelope: &impl Serialize) -> Result<Frame, ApiError> {
    serde_json::to_vec(envelope).map(Bytes::from).map_err(|_| broken())
}

fn broken() -> ApiError {
    ApiError::of(ErrorCode::Internal, "a message cannot be written or read back")
}

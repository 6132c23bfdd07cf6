//! How far the others are: taken from the enforcer of an exchange, kept beside it while it waits.
//!
//! The gateway reads none of it. One that holds a note back, or shows an old one, leaves an approver
//! with a number that is missing or late, and nothing else.

use crate::body::Small;
use crate::caller::{Enforcer, Segment};
use crate::exchanges::{check_sender, over};
use crate::gateway::Gateway;
use crate::message;
use crate::reply::{ApiError, envelope};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use countersign_store::relay::note::Noted;
use countersign_wire::envelope::{Envelope, Recipient, Sender};
use countersign_wire::limit;
use countersign_wire::note::{NoteAccepted, NoteDeliver, NoteSubmit};
use std::sync::Arc;

/// `POST /v1/exchanges/{requestId}/note`
pub(crate) async fn submit(
    State(gateway): State<Arc<Gateway>>,
    Enforcer(caller): Enforcer,
    Segment(request_id): Segment,
    body: Small,
) -> Result<Response, ApiError> {
    let message = Envelope::<NoteSubmit>::read(&body.0, limit::NOTE)?;
    check_sender(&message.sender, &caller)?;
    if message.request_id != request_id {
        return Err(ApiError::invalid("path and message name different requests"));
    }
    let NoteSubmit { ciphertext } = message.body;
    let kept = message::note_content(&ciphertext)?;
    let now = gateway.now();
    let noted = gateway.store.keep_note(caller.device_id(), &request_id, kept, now).await?;
    let approver_id = match noted {
        Noted::Kept { approver_id } => approver_id,
        Noted::Over(state) => return Err(over(state).about(&request_id)),
        Noted::Unknown => return Err(ApiError::not_found()),
    };
    let sender = Sender::gateway(&gateway.config.gateway_id);
    let mut push = Envelope::new(&request_id, now.timestamp(), sender, NoteDeliver { ciphertext });
    push.recipient = Some(Recipient::approver(&approver_id));
    gateway.hub.push_to_approver(&approver_id, &message::frame(&push)?);
    envelope(&gateway, StatusCode::OK, &request_id, NoteAccepted {})
}

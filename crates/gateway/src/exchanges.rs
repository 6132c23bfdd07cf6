//! How far an exchange got, and taking it back.

use crate::body::Small;
use crate::caller::{Caller, Enforcer, Segment};
use crate::gateway::Gateway;
use crate::message;
use crate::reply::{ApiError, envelope, json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use countersign_store::relay::exchange::{self as record, Ended, Exchange, Party};
use countersign_wire::envelope::{Envelope, Sender};
use countersign_wire::exchange::{ExchangeStatus, State as Word, Withdraw};
use countersign_wire::{ErrorCode, limit};
use std::sync::Arc;

type Gw = State<Arc<Gateway>>;

/// `GET /v1/exchanges/{requestId}`
pub(crate) async fn status(
    State(gateway): Gw,
    caller: Caller,
    Segment(request_id): Segment,
) -> Result<Response, ApiError> {
    let exchange = gateway.store.exchange(caller.party(), &request_id, gateway.now()).await?;
    let body = status_body(exchange.ok_or_else(ApiError::not_found)?)?;
    envelope(&gateway, StatusCode::OK, &request_id, body)
}

fn status_body(exchange: Exchange) -> Result<ExchangeStatus, ApiError> {
    let decision = exchange.delivery.as_ref().map(message::decision_body).transpose()?;
    Ok(ExchangeStatus {
        request_id: exchange.request_id,
        state: word(exchange.state),
        created_at: exchange.received_at.timestamp(),
        expires_at: exchange.expires_at,
        artifact_hash: Some(exchange.artifact_hash),
        decision,
    })
}

fn word(state: record::State) -> Word {
    match state {
        record::State::PendingApproval => Word::PendingApproval,
        record::State::Decided => Word::Decided,
        record::State::Delivered => Word::Delivered,
        record::State::Expired => Word::Expired,
        record::State::Withdrawn => Word::Withdrawn,
        record::State::Cancelled => Word::Cancelled,
    }
}

/// `POST /v1/exchanges/{requestId}/withdraw`
pub(crate) async fn withdraw(
    State(gateway): Gw,
    Enforcer(caller): Enforcer,
    Segment(request_id): Segment,
    body: Small,
) -> Result<Response, ApiError> {
    let reason = reason(&body.0, &request_id, &caller)?;
    let now = gateway.now();
    let outcome = gateway.store.withdraw(caller.device_id(), &request_id, now).await?;
    let approver_id = match outcome {
        record::Withdrawn::Done { approver_id } => approver_id,
        record::Withdrawn::Over(state) => return Err(over(state).about(&request_id)),
        record::Withdrawn::Unknown => return Err(ApiError::not_found()),
    };
    let farewell = message::withdrawn(&gateway, &request_id, reason, now);
    gateway.hub.push_to_approver(&approver_id, &message::frame(&farewell)?);
    let enforcer_id = caller.device_id().to_owned();
    gateway.hub.end(&Ended { request_id, enforcer_id, approver_id });
    json(StatusCode::OK, &farewell)
}

/// The body is optional: the path says it all.
fn reason(body: &[u8], request_id: &str, caller: &Caller) -> Result<Option<String>, ApiError> {
    if body.is_empty() {
        return Ok(None);
    }
    let envelope = Envelope::<Withdraw>::read(body, limit::MESSAGE)?;
    check_sender(&envelope.sender, caller)?;
    if envelope.request_id != request_id {
        return Err(ApiError::invalid("path and message name different requests"));
    }
    Ok(envelope.body.reason.filter(|reason| reason.len() <= limit::LABEL))
}

/// A message may name its sender. Then it is the caller.
pub(crate) fn check_sender(sender: &Sender, caller: &Caller) -> Result<(), ApiError> {
    let (own, other) = match caller.party() {
        Party::Enforcer(_) => (&sender.enforcer_id, &sender.approver_id),
        Party::Approver(_) => (&sender.approver_id, &sender.enforcer_id),
    };
    let fits = own.as_deref().is_none_or(|id| id == caller.device_id());
    if fits && other.is_none() && sender.gateway_id.is_none() {
        return Ok(());
    }
    Err(ApiError::of(ErrorCode::Forbidden, "the message names another sender than the caller"))
}

pub(crate) fn over(state: record::State) -> ApiError {
    ApiError::of(ErrorCode::ExchangeOver, "the exchange is over").in_state(word(state))
}

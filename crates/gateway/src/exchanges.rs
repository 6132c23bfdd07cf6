//! A question goes in, its answer comes out: the calls of PROTOCOL §7.

use crate::body::{Large, Small};
use crate::caller::{Approver, Ask, Caller, Enforcer, Segment};
use crate::gateway::Gateway;
use crate::hub::{Wait, Wake};
use crate::message::{self, Frame};
use crate::reply::{ApiError, empty, envelope, json, raw};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use countersign_core::time::Instant;
use countersign_store::relay::exchange::{
    self as record, Acked, Decided, Ended, Exchange, Party, Route, Submission, Submitted,
};
use countersign_wire::artifact::{ArtifactAccepted, ArtifactSubmit, hash_key};
use countersign_wire::decision::{DecisionAccepted, DecisionSubmit};
use countersign_wire::envelope::{Body as _, Envelope, Sender};
use countersign_wire::exchange::{AckAccepted, AckSubmit, ExchangeStatus, State as Word, Withdraw};
use countersign_wire::{ErrorCode, limit};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

type Gw = State<Arc<Gateway>>;

/// `POST /v1/artifacts`
pub(crate) async fn submit(
    State(gateway): Gw,
    Enforcer(caller): Enforcer,
    body: Large,
) -> Result<Response, ApiError> {
    let envelope_in = Envelope::<ArtifactSubmit>::read(&body.0, limit::ARTIFACT_SUBMIT)?;
    let request_id = envelope_in.request_id.clone();
    check_sender(&envelope_in.sender, &caller)?;
    let artifact_hash = envelope_in.body.artifact_hash.clone();
    let taken = take(&gateway, &caller, envelope_in).await;
    taken.map_err(|error| error.about(&request_id))?;
    envelope(&gateway, StatusCode::ACCEPTED, &request_id, ArtifactAccepted { artifact_hash })
}

async fn take(
    gateway: &Gateway,
    caller: &Caller,
    envelope: Envelope<ArtifactSubmit>,
) -> Result<(), ApiError> {
    let now = gateway.now();
    let submission = submission(gateway, caller, envelope, now)?;
    let request = record::Request {
        request_id: submission.request_id.clone(),
        msg_id: submission.msg_id.clone(),
        content: submission.content.clone(),
        received_at: now,
        expires_at: submission.expires_at.clone(),
    };
    let max = gateway.config.limits.pending;
    let approver_id = match gateway.store.submit_artifact(submission, max, now).await? {
        Submitted::Accepted { approver_id } => approver_id,
        other => return not_taken(&other),
    };
    let push = message::approval_request(gateway, &approver_id, request)?;
    gateway.hub.push_to_approver(&approver_id, &message::frame(&push)?);
    Ok(())
}

fn not_taken(outcome: &Submitted) -> Result<(), ApiError> {
    use ErrorCode::{AlreadyExists, Expired, NoApprover};
    Err(match outcome {
        Submitted::Accepted { .. } | Submitted::Again => return Ok(()),
        Submitted::OtherArtifact => ApiError::of(AlreadyExists, "the request id is taken"),
        Submitted::NoRoute => ApiError::of(NoApprover, "no pairing leads to that approver"),
        Submitted::Expired => ApiError::of(Expired, "the artifact has expired already"),
        Submitted::Full => ApiError::too_many("too many requests wait for that approver", 60),
    })
}

fn submission(
    gateway: &Gateway,
    caller: &Caller,
    envelope: Envelope<ArtifactSubmit>,
    now: Instant,
) -> Result<Submission, ApiError> {
    let body = envelope.body;
    let explicit = envelope.recipient.and_then(|recipient| recipient.approver_id);
    let route = route(&body, explicit);
    let no_route = || ApiError::of(ErrorCode::NoApprover, "the artifact names no approver");
    let text = 1..=limit::LABEL;
    if !text.contains(&body.artifact_hash.len()) || !text.contains(&body.artifact_type.len()) {
        return Err(ApiError::invalid("`artifactHash` and `artifactType` are short texts"));
    }
    let longest = gateway.config.limits.longest_exchange.as_millis();
    let longest = i64::try_from(longest).unwrap_or(i64::MAX);
    if body.expires_at.instant() > now.plus_millis(longest) {
        return Err(ApiError::invalid("`expiresAt` is too far ahead"));
    }
    Ok(Submission {
        request_id: envelope.request_id,
        enforcer_id: caller.device_id().to_owned(),
        route: route.ok_or_else(no_route)?,
        artifact_key: hash_key(&body.artifact_hash).to_owned(),
        artifact_hash: body.artifact_hash.clone(),
        expires_at: body.expires_at.clone(),
        msg_id: gateway.id(),
        content: message::request_content(body)?,
    })
}

fn route(body: &ArtifactSubmit, explicit: Option<String>) -> Option<Route> {
    let token = body.metadata_text("routingToken").map(|token| Route::Token(token.to_owned()));
    let named = body.metadata_text("approverId").map(str::to_owned);
    token.or_else(|| explicit.or(named).map(Route::Approver))
}

/// A message may name its sender. Then it is the caller.
fn check_sender(sender: &Sender, caller: &Caller) -> Result<(), ApiError> {
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

/// `POST /v1/decisions`
pub(crate) async fn decide(
    State(gateway): Gw,
    Approver(caller): Approver,
    body: Small,
) -> Result<Response, ApiError> {
    let envelope_in = Envelope::parse(&body.0, limit::MESSAGE)?;
    let request_id = envelope_in.request_id.clone();
    check_sender(&envelope_in.sender, &caller)?;
    let decided = answer(&gateway, &caller, envelope_in).await;
    let artifact_hash = decided.map_err(|error| error.about(&request_id))?;
    envelope(&gateway, StatusCode::OK, &request_id, DecisionAccepted { artifact_hash })
}

async fn answer(gateway: &Gateway, caller: &Caller, from: Envelope) -> Result<String, ApiError> {
    let body = from.body.clone();
    let Envelope { request_id, trace, body: decision, .. } = from.open::<DecisionSubmit>()?;
    let record = record::Decision {
        request_id: request_id.clone(),
        approver_id: caller.device_id().to_owned(),
        artifact_key: hash_key(&decision.artifact_hash).to_owned(),
        digest: decision.digest()?,
        msg_id: gateway.id(),
        content: message::decision_content(&body, trace)?,
    };
    let (enforcer_id, delivery) = match gateway.store.decide(record, gateway.now()).await? {
        Decided::Accepted { enforcer_id, delivery } => (enforcer_id, delivery),
        other => return not_decided(&other).map(|()| decision.artifact_hash),
    };
    let frame = message::decision_deliver(gateway, &enforcer_id, &delivery)?;
    gateway.hub.deliver(&enforcer_id, &request_id, &frame);
    Ok(decision.artifact_hash)
}

fn not_decided(outcome: &Decided) -> Result<(), ApiError> {
    Err(match outcome {
        Decided::Accepted { .. } | Decided::Again => return Ok(()),
        Decided::DecidedOtherwise => {
            ApiError::of(ErrorCode::AlreadyDecided, "another decision was first")
        }
        Decided::OtherArtifact => {
            ApiError::of(ErrorCode::HashMismatch, "the decision names another artifact")
        }
        Decided::Over(state) => over(*state),
        Decided::Unknown => ApiError::not_found(),
    })
}

fn over(state: record::State) -> ApiError {
    ApiError::of(ErrorCode::ExchangeOver, "the exchange is over").in_state(word(state))
}

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

/// How long a caller wants to wait.
#[derive(Deserialize)]
pub(crate) struct Patience {
    timeout: Option<u64>,
}

/// `GET /v1/exchanges/{requestId}/wait`
pub(crate) async fn wait(
    State(gateway): Gw,
    Enforcer(caller): Enforcer,
    Segment(request_id): Segment,
    Ask(patience): Ask<Patience>,
) -> Result<Response, ApiError> {
    let enforcer = caller.device_id();
    let full = || ApiError::too_many("too many long polls of this device", 1);
    // The place is taken before the store is asked: a decision in between wakes it.
    let mut place = gateway.hub.wait(enforcer, &request_id).ok_or_else(full)?;
    if let Some(frame) = decision_of(&gateway, enforcer, &request_id).await? {
        return Ok(raw(StatusCode::OK, frame));
    }
    let seconds = patience.timeout.unwrap_or(30).clamp(1, 60);
    match woken(&gateway, &mut place, Duration::from_secs(seconds)).await {
        None => Ok(empty()),
        Some(Wake::Decision(frame)) => Ok(raw(StatusCode::OK, frame)),
        Some(Wake::Over) => {
            let decided = decision_of(&gateway, enforcer, &request_id).await?;
            Ok(decided.map_or_else(empty, |frame| raw(StatusCode::OK, frame)))
        }
    }
}

/// `None` where time runs out or the gateway closes.
async fn woken(gateway: &Gateway, place: &mut Wait<'_>, patience: Duration) -> Option<Wake> {
    let event = async {
        tokio::select! {
            wake = place.woken() => Some(wake),
            () = gateway.hub.closed() => None,
        }
    };
    timeout(patience, event).await.ok().flatten()
}

/// The decision, if there is one; an error where there will be none.
async fn decision_of(
    gateway: &Gateway,
    enforcer_id: &str,
    request_id: &str,
) -> Result<Option<Frame>, ApiError> {
    let party = Party::Enforcer(enforcer_id);
    let exchange = gateway.store.exchange(party, request_id, gateway.now()).await?;
    let exchange = exchange.ok_or_else(ApiError::not_found)?;
    match (&exchange.delivery, exchange.state) {
        (Some(delivery), _) => message::decision_deliver(gateway, enforcer_id, delivery).map(Some),
        (None, record::State::PendingApproval) => Ok(None),
        (None, state) => Err(over(state).about(request_id)),
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

/// `POST /v1/acks`
pub(crate) async fn ack(
    State(gateway): Gw,
    caller: Caller,
    body: Small,
) -> Result<Response, ApiError> {
    let accepted = acknowledge(&gateway, &caller, &body.0).await?;
    envelope(&gateway, StatusCode::OK, &accepted.0, accepted.1)
}

/// Takes an `ack.submit`, from a call or from a live channel.
pub(crate) async fn acknowledge(
    gateway: &Gateway,
    caller: &Caller,
    bytes: &[u8],
) -> Result<(String, AckAccepted), ApiError> {
    let Envelope { request_id, sender, body, .. } =
        Envelope::<AckSubmit>::read(bytes, limit::MESSAGE)?;
    check_sender(&sender, caller)?;
    let now = gateway.now();
    match gateway.store.ack(caller.party(), &request_id, &body.msg_id, now).await? {
        Acked::Done => Ok((request_id, AckAccepted { msg_id: body.msg_id })),
        Acked::Unknown => Err(ApiError::not_found().about(&request_id)),
    }
}

/// Every kind of message that a live channel takes from a device.
pub(crate) fn is_ack(envelope: &Envelope) -> bool {
    envelope.msg_type == AckSubmit::MSG_TYPE
}

//! An answer comes in, and goes out to whoever waits for it.

use crate::body::Small;
use crate::caller::{Approver, Ask, Caller, Enforcer, Segment};
use crate::exchanges::{check_sender, over};
use crate::gateway::Gateway;
use crate::hub::{Wait, Wake};
use crate::message::{self, Frame};
use crate::reply::{ApiError, empty, envelope, raw};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use countersign_store::relay::exchange::{self as record, Acked, Decided, Party};
use countersign_wire::artifact::hash_key;
use countersign_wire::decision::{DecisionAccepted, DecisionSubmit};
use countersign_wire::envelope::Envelope;
use countersign_wire::exchange::{AckAccepted, AckSubmit};
use countersign_wire::{ErrorCode, limit};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

type Gw = State<Arc<Gateway>>;

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

/// `POST /v1/acks`
pub(crate) async fn ack(
    State(gateway): Gw,
    caller: Caller,
    body: Small,
) -> Result<Response, ApiError> {
    let message = Envelope::read(&body.0, limit::MESSAGE)?;
    let request_id = message.request_id.clone();
    let accepted = acknowledge(&gateway, &caller, message).await?;
    envelope(&gateway, StatusCode::OK, &request_id, accepted)
}

/// Takes an `ack.submit`, from a call or from a live channel.
pub(crate) async fn acknowledge(
    gateway: &Gateway,
    caller: &Caller,
    message: Envelope<AckSubmit>,
) -> Result<AckAccepted, ApiError> {
    let Envelope { request_id, sender, body, .. } = message;
    check_sender(&sender, caller)?;
    let now = gateway.now();
    match gateway.store.ack(caller.party(), &request_id, &body.msg_id, now).await? {
        Acked::Done => Ok(AckAccepted { msg_id: body.msg_id }),
        Acked::Unknown => Err(ApiError::not_found().about(&request_id)),
    }
}

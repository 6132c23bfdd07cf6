//! Stops: taken from an approver's device, kept until the enforcer has heeded them.
//!
//! The gateway reads none of them. One that holds a stop back is found out by nobody but the person
//! who sees things run on: it is one more reason to stop at the machine as well.

use crate::body::Small;
use crate::caller::{Approver, Caller, Enforcer, Segment};
use crate::exchanges::check_sender;
use crate::gateway::Gateway;
use crate::reply::{ApiError, empty, envelope};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use countersign_core::json;
use countersign_store::relay::stop::Stop;
use countersign_wire::envelope::{Envelope, NO_REQUEST};
use countersign_wire::stop::{StopAccepted, StopPage, StopSubmit, WaitingStop};
use countersign_wire::{ErrorCode, limit};
use std::sync::Arc;

/// `POST /v1/stops`
pub(crate) async fn submit(
    State(gateway): State<Arc<Gateway>>,
    Approver(caller): Approver,
    body: Small,
) -> Result<Response, ApiError> {
    let message = Envelope::<StopSubmit>::read(&body.0, limit::MESSAGE)?;
    check_sender(&message.sender, &caller)?;
    let StopSubmit { enforcer_id, stop_id, ciphertext } = message.body;
    let short = |id: &str| !id.is_empty() && id.len() <= limit::ID;
    if !short(&enforcer_id) || !short(&stop_id) {
        return Err(ApiError::invalid("`enforcerId` and `stopId` are 1 to 128 characters"));
    }
    let content = json::canonical(&ciphertext).ok().and_then(|text| String::from_utf8(text).ok());
    let stop = Stop {
        stop_id: stop_id.clone(),
        enforcer_id,
        approver_id: caller.device_id().to_owned(),
        content: content.ok_or_else(|| ApiError::invalid("`ciphertext` has no form"))?,
    };
    if !gateway.store.keep_stop(stop).await? {
        return Err(ApiError::of(ErrorCode::NoApprover, "no pairing leads to that enforcer"));
    }
    envelope(&gateway, StatusCode::OK, NO_REQUEST, StopAccepted { stop_id })
}

/// `GET /v1/enforcers/{id}/stops`
pub(crate) async fn page(
    State(gateway): State<Arc<Gateway>>,
    Enforcer(caller): Enforcer,
    Segment(id): Segment,
) -> Result<Response, ApiError> {
    check_own(&caller, &id)?;
    let mut stops = Vec::new();
    for stop in gateway.store.stops(&id).await? {
        // What is damaged is left out: the others must still stop.
        let sealed = json::parse(stop.content.as_bytes(), limit::MESSAGE).and_then(json::typed);
        let Ok(ciphertext) = sealed else { continue };
        let Stop { stop_id, approver_id, .. } = stop;
        stops.push(WaitingStop { stop_id, approver_id, ciphertext });
    }
    envelope(&gateway, StatusCode::OK, NO_REQUEST, StopPage { stops })
}

/// `DELETE /v1/enforcers/{id}/stops/{stopId}`
pub(crate) async fn taken(
    State(gateway): State<Arc<Gateway>>,
    Enforcer(caller): Enforcer,
    Segment((id, stop_id)): Segment<(String, String)>,
) -> Result<Response, ApiError> {
    check_own(&caller, &id)?;
    gateway.store.drop_stop(&id, &stop_id).await?;
    Ok(empty())
}

fn check_own(caller: &Caller, id: &str) -> Result<(), ApiError> {
    if caller.device_id() == id { Ok(()) } else { Err(ApiError::not_found()) }
}

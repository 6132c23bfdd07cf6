//! A question goes in.

use crate::body::Large;
use crate::caller::{Caller, Enforcer};
use crate::exchanges::check_sender;
use crate::gateway::Gateway;
use crate::message;
use crate::reply::{ApiError, envelope};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use countersign_core::time::Instant;
use countersign_store::relay::exchange::{Request, Route, Submission, Submitted};
use countersign_wire::artifact::{ArtifactAccepted, ArtifactSubmit, hash_key};
use countersign_wire::envelope::Envelope;
use countersign_wire::{ErrorCode, limit};
use std::sync::Arc;

/// `POST /v1/artifacts`
pub(crate) async fn submit(
    State(gateway): State<Arc<Gateway>>,
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
    let request = Request {
        request_id: submission.request_id.clone(),
        msg_id: submission.msg_id.clone(),
        content: submission.content.clone(),
        received_at: now,
        expires_at: submission.expires_at.clone(),
        note: None,
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

//! Remembering how long an enforcer's ledger was, so that it cannot become shorter unnoticed.
//!
//! The gateway checks nothing: a head is signed, and only the enforcer knows its key.

use crate::body::Small;
use crate::caller::Enforcer;
use crate::exchanges::check_sender;
use crate::gateway::Gateway;
use crate::reply::{ApiError, envelope};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use countersign_wire::envelope::{Envelope, NO_REQUEST};
use countersign_wire::head::{HeadRemembered, HeadSubmit};
use countersign_wire::limit;
use std::sync::Arc;

/// `POST /v1/heads`
pub(crate) async fn submit(
    State(gateway): State<Arc<Gateway>>,
    Enforcer(caller): Enforcer,
    body: Small,
) -> Result<Response, ApiError> {
    let message = Envelope::<HeadSubmit>::read(&body.0, limit::MESSAGE)?;
    check_sender(&message.sender, &caller)?;
    let head = message.body.checkpoint;
    if head.head.ledger.is_empty() || head.head.ledger.len() > limit::ID {
        return Err(ApiError::invalid("`ledger` is 1 to 128 characters"));
    }
    let checkpoint = gateway.store.remember_head(caller.device_id(), head).await?;
    envelope(&gateway, StatusCode::OK, NO_REQUEST, HeadRemembered { checkpoint })
}

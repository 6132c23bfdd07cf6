//! The calls and where they lead.

use crate::gateway::Gateway;
use crate::page::page_routes;
use crate::reply::{ApiError, json, render_errors};
use crate::{artifacts, channel, decisions, exchanges, heads, inbox, notes, pairing, proof, stops};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state, map_response_with_state};
use axum::response::Response;
use axum::routing::{delete, get, post};
use countersign_core::pairing::Origin;
use countersign_wire::{ErrorCode, MEANT_FOR};
use serde_json::json as value;
use std::sync::Arc;

/// The calls of PROTOCOL §7, for a server of one's own. [`crate::serve()`] is a whole one: it also
/// limits connections and ends what time ends.
///
/// Put [`axum::extract::ConnectInfo`] with the caller's address into each request: without it all
/// callers share one count of tries.
pub fn router(gateway: Gateway) -> Router {
    routes(Arc::new(gateway))
}

pub(crate) fn routes(gateway: Arc<Gateway>) -> Router {
    let page = if gateway.config.console { page_routes() } else { Router::new() };
    calls(Arc::clone(&gateway), page).with_state(gateway)
}

/// The calls beside a page.
pub(crate) fn calls(gateway: Arc<Gateway>, page: Router<Arc<Gateway>>) -> Router<Arc<Gateway>> {
    Router::new()
        .merge(page)
        .merge(exchange_routes())
        .merge(pairing_routes())
        .route("/v1/health", get(health))
        .route("/v1/auth/challenge", get(proof::challenge))
        .route("/v1/auth/session", post(proof::session))
        .route("/v1/ws", get(channel::open))
        .route("/v1/sse/approvers/{id}", get(channel::to_approver))
        .route("/v1/sse/enforcers/{id}", get(channel::to_enforcer))
        .fallback(async || ApiError::not_found())
        .method_not_allowed_fallback(async || {
            ApiError::of(ErrorCode::MethodNotAllowed, "the call has another method")
        })
        .layer(from_fn_with_state(Arc::clone(&gateway), meant_for_us))
        .layer(map_response_with_state(gateway, render_errors))
}

/// A call that names another gateway than this one is not answered: whoever passed it on, or the
/// page that made it, has the wrong one.
async fn meant_for_us(
    State(gateway): State<Arc<Gateway>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let ours = |value: &HeaderValue| {
        let origin = value.to_str().ok().and_then(|text| Origin::parse(text).ok());
        origin.is_some_and(|origin| gateway.is_own(&origin))
    };
    if request.headers().get_all(MEANT_FOR).iter().all(ours) {
        return Ok(next.run(request).await);
    }
    Err(ApiError::of(ErrorCode::Misdirected, "this is another gateway"))
}

fn exchange_routes() -> Router<Arc<Gateway>> {
    Router::new()
        .route("/v1/artifacts", post(artifacts::submit))
        .route("/v1/decisions", post(decisions::decide))
        .route("/v1/acks", post(decisions::ack))
        .route("/v1/heads", post(heads::submit))
        .route("/v1/stops", post(stops::submit))
        .route("/v1/enforcers/{id}/stops", get(stops::page))
        .route("/v1/enforcers/{id}/stops/{stopId}", delete(stops::taken))
        .route("/v1/exchanges/{requestId}", get(exchanges::status))
        .route("/v1/exchanges/{requestId}/wait", get(decisions::wait))
        .route("/v1/exchanges/{requestId}/withdraw", post(exchanges::withdraw))
        .route("/v1/exchanges/{requestId}/note", post(notes::submit))
        .route("/v1/approvers/{id}/inbox", get(inbox::page))
        .route("/v1/approvers/{id}/inbox/{requestId}", delete(inbox::dismiss))
}

fn pairing_routes() -> Router<Arc<Gateway>> {
    Router::new()
        .route("/v1/pairing/initiate", post(pairing::initiate))
        .route("/v1/pairing/resolve/{code}", get(pairing::resolve))
        .route("/v1/pairing/complete", post(pairing::complete))
        .route("/v1/pairing/{nonce}/status", get(pairing::status))
        .route("/v1/pairing/{nonce}/reveal", post(pairing::reveal))
        .route("/v1/pairing/{nonce}/confirm", post(pairing::confirm))
        .route("/v1/pairings/revoke", post(pairing::revoke))
}

/// `GET /v1/health`: that it runs, and which version. Nothing else is anybody's business.
async fn health() -> Result<Response, ApiError> {
    json(StatusCode::OK, &value!({"ok": true, "version": env!("CARGO_PKG_VERSION")}))
}

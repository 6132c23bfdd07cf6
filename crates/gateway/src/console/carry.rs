//! There and back: the call to the gateway, and its answer as data.

use super::call;
use crate::body;
use crate::page::as_data;
use crate::reply::{ApiError, empty, raw};
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use countersign_client::{ClientError, Passage, Passed};
use countersign_wire::{ErrorCode, limit};
use futures_util::stream::unfold;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How long the browser may take for a body.
const PATIENCE: Duration = Duration::from_secs(30);

/// Carries one call. Streams go on until one of both sides, or this console, ends.
pub(super) async fn carry(
    passage: &Passage,
    ending: &Arc<watch::Sender<bool>>,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, taken) = request.into_parts();
    let mut passing = call::passing(&parts, passage.origin())?;
    let media_type = call::media_type(&parts.headers)?;
    // An approver's calls are small ones.
    let whole = Request::from_parts(parts, taken);
    let bytes = body::read(whole, limit::MESSAGE, PATIENCE).await?;
    if !bytes.is_empty() {
        passing.body = Some((media_type, bytes));
    }
    let passed = passage.pass(passing).await.map_err(away)?;
    answer(passed, ending).await
}

async fn answer(passed: Passed, ending: &watch::Sender<bool>) -> Result<Response, ApiError> {
    let status = StatusCode::from_u16(passed.status).map_err(|_| ApiError::invalid("no status"))?;
    if passed.is_stream() && status.is_success() {
        return Ok(as_data(stream(status, passed, ending.subscribe())));
    }
    let retry_after = passed.retry_after;
    let bytes = passed.whole().await.map_err(away)?;
    let mut response = match status {
        StatusCode::NO_CONTENT => empty(),
        // Whatever it calls itself: what is no JSON makes no sense to the page, and is shown by nobody.
        _ => raw(status, bytes.into()),
    };
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(as_data(response))
}

fn stream(status: StatusCode, passed: Passed, ending: watch::Receiver<bool>) -> Response {
    let next = async |(mut passed, mut ending): (Passed, watch::Receiver<bool>)| {
        let bytes = tokio::select! {
            next = passed.next() => next.ok().flatten()?,
            _ = ending.wait_for(|ending| *ending) => return None,
        };
        Some((Ok::<_, Infallible>(Bytes::from(bytes)), (passed, ending)))
    };
    let mut response = raw(status, Bytes::new());
    *response.body_mut() = Body::from_stream(unfold((passed, ending), next));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}

/// What the gateway's machine says of it is nobody's business here; the page says it in its own
/// words.
fn away(error: ClientError) -> ApiError {
    let why = match error {
        ClientError::Unreachable(_) => "the gateway does not answer",
        ClientError::Refused { .. } | ClientError::Protocol(_) => "what it answered is no answer",
    };
    ApiError::of(ErrorCode::Unavailable, why)
}

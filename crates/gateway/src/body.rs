//! Bodies, read up to their limit and no further.

use crate::gateway::Gateway;
use crate::reply::ApiError;
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use countersign_wire::{ErrorCode, MEDIA_TYPE, limit};
use futures_util::StreamExt as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// A body of at most 64 KiB.
pub(crate) struct Small(pub(crate) Vec<u8>);

/// A body that may hold a sealed artifact.
pub(crate) struct Large(pub(crate) Vec<u8>);

impl FromRequest<Arc<Gateway>> for Small {
    type Rejection = ApiError;

    async fn from_request(request: Request, gateway: &Arc<Gateway>) -> Result<Self, ApiError> {
        read(request, limit::MESSAGE, gateway.config.limits.patience).await.map(Self)
    }
}

impl FromRequest<Arc<Gateway>> for Large {
    type Rejection = ApiError;

    async fn from_request(request: Request, gateway: &Arc<Gateway>) -> Result<Self, ApiError> {
        read(request, limit::ARTIFACT_SUBMIT, gateway.config.limits.patience).await.map(Self)
    }
}

/// A body of JSON, which has to arrive in time.
pub(crate) async fn read(
    request: Request,
    limit: usize,
    patience: Duration,
) -> Result<Vec<u8>, ApiError> {
    let (parts, body) = request.into_parts();
    let reading = collect(body, declared(&parts.headers), limit);
    let in_time = timeout(patience, reading).await;
    let late = |_| Err(ApiError::invalid("the body did not arrive in time"));
    let bytes = in_time.unwrap_or_else(late)?;
    if !bytes.is_empty() {
        check_type(&parts.headers)?;
    }
    Ok(bytes)
}

/// A page in a browser can send forms to loopback without asking. It cannot send these types.
fn check_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let given = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let essence = given.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
    let known = [MEDIA_TYPE, "application/json"];
    if known.iter().any(|k| essence.eq_ignore_ascii_case(k.as_bytes())) {
        return Ok(());
    }
    Err(ApiError::invalid("the content type is application/harp+json"))
}

fn declared(headers: &HeaderMap) -> usize {
    let text = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    text.and_then(|t| t.parse().ok()).unwrap_or_default()
}

async fn collect(body: Body, declared: usize, limit: usize) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::with_capacity(declared.min(limit));
    let mut seen: usize = 0;
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| ApiError::invalid("the body did not arrive"))?;
        seen = seen.saturating_add(chunk.len());
        if seen <= limit {
            bytes.extend_from_slice(&chunk);
        } else if seen > limit.saturating_mul(4) {
            break;
        }
        // In between, what is too much is read and dropped: a caller who speaks before it
        // listens should still hear why.
    }
    if seen <= limit {
        return Ok(bytes);
    }
    Err(ApiError::of(ErrorCode::TooLarge, &format!("the body is larger than {limit} bytes")))
}

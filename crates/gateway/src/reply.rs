//! Envelopes and errors on their way out.

use crate::gateway::Gateway;
use crate::throttle::Throttled;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use countersign_core::json::JsonError;
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_wire::envelope::{Body as MessageBody, MessageError, NO_REQUEST, Sender};
use countersign_wire::{Envelope, ErrorBody, ErrorCode, MEDIA_TYPE};
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;

/// A refusal, on its way to becoming an `error` envelope.
///
/// What the caller sees is a code and a fixed text: never what the store or a parser said about
/// another's data.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    code: ErrorCode,
    message: String,
    request_id: Option<String>,
    details: Option<Map<String, Value>>,
    retry_after: Option<u64>,
}

impl ApiError {
    pub(crate) fn of(code: ErrorCode, message: &str) -> Self {
        let message = message.to_owned();
        Self { code, message, request_id: None, details: None, retry_after: None }
    }

    /// Unknown, or another's: the same bytes for both.
    pub(crate) fn not_found() -> Self {
        Self::of(ErrorCode::NotFound, "there is no such thing here for this caller")
    }

    pub(crate) fn invalid(message: &str) -> Self {
        Self::of(ErrorCode::InvalidMessage, message)
    }

    /// Too much of something; come back in a while.
    pub(crate) fn too_many(message: &str, retry_after: u64) -> Self {
        let retry_after = Some(retry_after);
        Self { retry_after, ..Self::of(ErrorCode::TooMany, message) }
    }

    /// Adds where the thing stands.
    pub(crate) fn in_state(self, state: impl Serialize) -> Self {
        let state = serde_json::to_value(state).unwrap_or(Value::Null);
        self.with(Map::from_iter([("state".to_owned(), state)]))
    }

    /// Adds more for a program.
    pub(crate) fn with(mut self, details: Map<String, Value>) -> Self {
        self.details = Some(details);
        self
    }

    pub(crate) fn about(mut self, request_id: &str) -> Self {
        self.request_id = Some(request_id.to_owned());
        self
    }

    /// The envelope, also for live channels.
    pub(crate) fn envelope(&self, gateway: &Gateway) -> Envelope<ErrorBody> {
        self.envelope_of(&gateway.config.gateway_id, gateway.now())
    }

    pub(crate) fn envelope_of(&self, sender: &str, now: Instant) -> Envelope<ErrorBody> {
        let body = ErrorBody {
            code: self.code.name().to_owned(),
            message: self.message.clone(),
            request_id: self.request_id.clone(),
            details: self.details.clone(),
        };
        let request_id = self.request_id.as_deref().unwrap_or(NO_REQUEST);
        Envelope::new(request_id, now.timestamp(), Sender::gateway(sender), body)
    }

    /// As an answer of whoever `sender` is.
    pub(crate) fn response(&self, sender: &str, now: Instant) -> Response {
        let status = StatusCode::from_u16(self.code.status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let bytes = serde_json::to_vec(&self.envelope_of(sender, now)).unwrap_or_default();
        let mut response = raw(status, bytes.into());
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// An error has no clock and does not know its gateway: it travels as itself to
/// [`render_errors`], which every route passes.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes an [`ApiError`] out as an envelope.
pub(crate) async fn render_errors(
    State(gateway): State<Arc<Gateway>>,
    mut response: Response,
) -> Response {
    match response.extensions_mut().remove::<ApiError>() {
        Some(error) => error.response(&gateway.config.gateway_id, gateway.now()),
        None => response,
    }
}

impl From<StoreError> for ApiError {
    fn from(_: StoreError) -> Self {
        Self::of(ErrorCode::Unavailable, "the gateway cannot reach its memory")
    }
}

impl From<JsonError> for ApiError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::TooLarge { .. } => Self::of(ErrorCode::TooLarge, &error.to_string()),
            error => Self::invalid(&error.to_string()),
        }
    }
}

impl From<MessageError> for ApiError {
    fn from(error: MessageError) -> Self {
        match error {
            MessageError::Json(error) => error.into(),
            error => Self::invalid(&error.to_string()),
        }
    }
}

impl From<Throttled> for ApiError {
    fn from(Throttled(seconds): Throttled) -> Self {
        Self::too_many("too many tries", seconds)
    }
}

/// A reply that stands in no envelope.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Result<Response, ApiError> {
    let failed = |_| ApiError::of(ErrorCode::Internal, "the reply cannot be written");
    let bytes = serde_json::to_vec(body).map_err(failed)?;
    Ok(raw(status, bytes.into()))
}

/// A reply in an envelope of this gateway.
pub(crate) fn envelope<B: MessageBody>(
    gateway: &Gateway,
    status: StatusCode,
    request_id: &str,
    body: B,
) -> Result<Response, ApiError> {
    let sender = Sender::gateway(&gateway.config.gateway_id);
    json(status, &Envelope::new(request_id, gateway.now().timestamp(), sender, body))
}

/// A reply that is written already.
pub(crate) fn raw(status: StatusCode, bytes: Bytes) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A reply without a body.
pub(crate) fn empty() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

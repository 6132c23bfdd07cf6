//! One call on its way through a hostile gateway.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use countersign_wire::MEDIA_TYPE;
use serde_json::{Value, json};

/// The most that anybody sends.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// Which call of PROTOCOL §7 and §8 it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `GET /v1/auth/challenge`
    Challenge,
    /// `POST /v1/auth/session`
    Session,
    /// `POST /v1/artifacts`
    Submit,
    /// `POST /v1/decisions`
    Decide,
    /// `GET /v1/exchanges/{requestId}/wait`
    Wait,
    /// `POST /v1/exchanges/{requestId}/withdraw`
    Withdraw,
    /// `POST /v1/exchanges/{requestId}/note`
    Note,
    /// `GET /v1/approvers/{id}/inbox`
    Inbox,
    /// `POST /v1/acks`
    Ack,
    /// `POST /v1/pairing/initiate`
    Initiate,
    /// `GET /v1/pairing/resolve/{code}`
    Resolve,
    /// `POST /v1/pairing/complete`
    Complete,
    /// `GET /v1/pairing/{nonce}/status` and `POST …/reveal`, whose replies are alike.
    PairingStatus,
    /// `POST /v1/pairing/{nonce}/confirm`, with the same reply.
    Confirm,
    /// Anything else.
    Other,
}

impl Kind {
    fn of(method: &Method, path: &str) -> Self {
        let words: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        match (method.as_str(), words.as_slice()) {
            ("GET", ["auth", "challenge"]) => Self::Challenge,
            ("POST", ["auth", "session"]) => Self::Session,
            ("POST", ["artifacts"]) => Self::Submit,
            ("POST", ["decisions"]) => Self::Decide,
            ("GET", ["exchanges", _, "wait"]) => Self::Wait,
            ("POST", ["exchanges", _, "withdraw"]) => Self::Withdraw,
            ("POST", ["exchanges", _, "note"]) => Self::Note,
            ("GET", ["approvers", _, "inbox"]) => Self::Inbox,
            ("POST", ["acks"]) => Self::Ack,
            ("POST", ["pairing", "initiate"]) => Self::Initiate,
            ("GET", ["pairing", "resolve", _]) => Self::Resolve,
            ("POST", ["pairing", "complete"]) => Self::Complete,
            (_, ["pairing", _, "status" | "reveal"]) => Self::PairingStatus,
            ("POST", ["pairing", _, "confirm"]) => Self::Confirm,
            _ => Self::Other,
        }
    }
}

/// A call as a device made it. A script may change its body before it hands it on.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which one.
    pub kind: Kind,
    /// As sent.
    pub body: Vec<u8>,
    parts: Parts,
}

impl Call {
    pub(crate) async fn read(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, MAX_BODY).await.unwrap_or_default().to_vec();
        Self { kind: Kind::of(&parts.method, parts.uri.path()), body, parts }
    }

    pub(crate) fn into_request(self) -> Request {
        Request::from_parts(self.parts, Body::from(self.body))
    }

    /// The path, without what follows the question mark.
    #[must_use]
    pub fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// The request that it is about: from the path, or from the envelope.
    #[must_use]
    pub fn request_id(&self) -> String {
        let mut words = self.path().split('/').skip_while(|word| *word != "exchanges").skip(1);
        let in_path = words.next().map(str::to_owned);
        in_path.or_else(|| text(&self.json(), "requestId")).unwrap_or_default()
    }

    /// The same call about another request, where its path names one.
    ///
    /// # Panics
    /// Where the id cannot stand in a path.
    #[must_use]
    pub fn about(mut self, request_id: &str) -> Self {
        let uri = self.parts.uri.to_string().replace(&self.request_id(), request_id);
        self.parts.uri = uri.parse().expect("an id can stand in a path");
        self
    }

    /// The body, `null` where there is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The same call with a changed body.
    #[must_use]
    pub fn edit(mut self, change: impl FnOnce(&mut Value)) -> Self {
        let mut value = self.json();
        change(&mut value);
        self.body = value.to_string().into_bytes();
        // The old length would belong to the old body.
        self.parts.headers.remove(axum::http::header::CONTENT_LENGTH);
        self
    }
}

/// What the caller gets.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status; `None` breaks the connection instead.
    pub status: Option<u16>,
    /// As received.
    pub body: Vec<u8>,
}

impl Reply {
    pub(crate) async fn read(response: Response) -> Self {
        let status = Some(response.status().as_u16());
        let body = to_bytes(response.into_body(), MAX_BODY).await.unwrap_or_default().to_vec();
        Self { status, body }
    }

    /// No reply at all: the connection breaks.
    #[must_use]
    pub fn lost() -> Self {
        Self { status: None, body: Vec::new() }
    }

    /// A reply of the script's own.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self { status: Some(status), body: body.to_string().into_bytes() }
    }

    /// A reply that need not be JSON.
    #[must_use]
    pub fn raw(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status: Some(status), body: body.into() }
    }

    /// A refusal as the gateway would word it, about a request that is in `state`.
    #[must_use]
    pub fn refusal(status: u16, code: &str, state: &str) -> Self {
        Self::json(
            status,
            &json!({
                "msgType": "error", "requestId": "-", "createdAt": "2026-02-24T10:00:00Z",
                "sender": {"gatewayId": "hostile"},
                "body": {"code": code, "message": "so it says", "details": {"state": state}},
            }),
        )
    }

    /// The body, `null` where there is none.
    #[must_use]
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The same reply with a changed body.
    #[must_use]
    pub fn edit(mut self, change: impl FnOnce(&mut Value)) -> Self {
        let mut value = self.value();
        change(&mut value);
        self.body = value.to_string().into_bytes();
        self
    }

    pub(crate) fn into_response(self) -> Response {
        let Some(status) = self.status else { return broken() };
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response
    }
}

/// A body that ends in an error takes its connection with it.
fn broken() -> Response {
    let error = std::io::Error::other("lost on the way");
    let body = futures_util::stream::once(async { Err::<Vec<u8>, _>(error) });
    Response::new(Body::from_stream(body))
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

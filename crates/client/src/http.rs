//! One call: a request, and a reply that is read strictly and up to a limit.

use crate::client::Client;
use crate::error::ClientError;
use countersign_core::json;
use countersign_core::pairing::Origin;
use countersign_wire::envelope::Envelope;
use countersign_wire::{ErrorBody, MEDIA_TYPE, limit};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Method, Response, Url};
use rustls::ClientConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// How long a connection may take.
pub(crate) const CONNECT: Duration = Duration::from_secs(5);

/// How long a call may take beyond what it was asked to wait.
pub(crate) const CALL: Duration = Duration::from_secs(30);

/// Shorter than the gateway's patience, so that no call is put on a connection that just closes.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// Never a redirect, and never a proxy from the environment: both would let another party choose
/// where a token goes.
pub(crate) fn client(tls: &ClientConfig) -> Result<reqwest::Client, ClientError> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(CONNECT)
        .pool_idle_timeout(KEEP_ALIVE)
        .build()
        .map_err(ClientError::protocol)
}

/// What to ask.
pub(crate) struct Call {
    method: Method,
    segments: Vec<String>,
    query: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
    waits: Duration,
    limit: usize,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// When the gateway sent it, in its own words.
    pub(crate) date: Option<String>,
    limit: usize,
    bytes: Vec<u8>,
}

impl Call {
    pub(crate) fn get(segments: &[&str]) -> Self {
        Self::new(Method::GET, segments)
    }

    pub(crate) fn delete(segments: &[&str]) -> Self {
        Self::new(Method::DELETE, segments)
    }

    pub(crate) fn post(segments: &[&str], body: &impl Serialize) -> Result<Self, ClientError> {
        let body = Some(serde_json::to_vec(body).map_err(ClientError::protocol)?);
        Ok(Self { body, ..Self::new(Method::POST, segments) })
    }

    fn new(method: Method, segments: &[&str]) -> Self {
        let segments = segments.iter().map(|segment| (*segment).to_owned()).collect();
        let limit = limit::MESSAGE;
        Self { method, segments, query: Vec::new(), body: None, waits: Duration::ZERO, limit }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// The gateway may hold the call for so long.
    pub(crate) fn waiting(mut self, waits: Duration) -> Self {
        self.waits = waits;
        self
    }

    /// The reply may be so large.
    pub(crate) fn up_to(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    fn url(&self, client: &Client) -> Result<Url, ClientError> {
        let mut url = url(client.origin(), &self.segments, None)?;
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }
}

/// The address of a call: whatever the parts say, it is below `/v1` of this gateway.
pub(crate) fn url(
    origin: &Origin,
    segments: &[String],
    query: Option<&str>,
) -> Result<Url, ClientError> {
    // A segment of dots would be another path.
    if segments.iter().any(|s| matches!(s.as_str(), "" | "." | "..")) {
        return Err(ClientError::Protocol("an id cannot stand in a path".to_owned()));
    }
    let mut url = Url::parse(origin.as_str()).map_err(ClientError::protocol)?;
    if let Ok(mut path) = url.path_segments_mut() {
        path.clear().push("v1").extend(segments);
    }
    url.set_query(query);
    Ok(url)
}

impl Reply {
    /// The reply as a bare object.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        json::read(&self.bytes, self.limit).map_err(ClientError::protocol)
    }

    /// The reply as an envelope.
    pub(crate) fn envelope(&self) -> Result<Envelope, ClientError> {
        Envelope::parse(&self.bytes, self.limit).map_err(ClientError::protocol)
    }
}

impl Client {
    /// Makes a call with a session; where the gateway no longer knows it, once more with another.
    pub(crate) async fn call(&self, call: &Call) -> Result<Reply, ClientError> {
        let token = self.token().await?;
        match self.send(call, Some(&token)).await {
            Err(ClientError::Refused { status: 401, .. }) => {
                let token = self.fresh_token(&token).await?;
                self.send(call, Some(&token)).await
            }
            other => other,
        }
    }

    /// Makes a call, with a session if there is a token.
    pub(crate) async fn send(
        &self,
        call: &Call,
        token: Option<&str>,
    ) -> Result<Reply, ClientError> {
        let mut request = self.inner.http.request(call.method.clone(), call.url(self)?);
        request = request.timeout(CALL.saturating_add(call.waits));
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, MEDIA_TYPE).body(body.clone());
        }
        let origin = self.origin();
        let response = request.send().await.map_err(|error| failed(&error, origin))?;
        read(response, call.limit, origin).await
    }
}

async fn read(response: Response, limit: usize, origin: &Origin) -> Result<Reply, ClientError> {
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers());
    let date = response.headers().get(DATE).and_then(|date| date.to_str().ok()).map(str::to_owned);
    let bytes = collect(response, limit, origin).await?;
    match status {
        200..=299 => Ok(Reply { status, date, limit, bytes }),
        _ => Err(refusal(status, &bytes, retry_after)),
    }
}

/// A body, up to a limit.
pub(crate) async fn collect(
    mut response: Response,
    limit: usize,
    origin: &Origin,
) -> Result<Vec<u8>, ClientError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error, origin))? {
        if bytes.len() + chunk.len() > limit {
            return Err(ClientError::Protocol(format!("a reply of more than {limit} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn retry_after(headers: &HeaderMap) -> Option<u64> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

/// A refusal of the gateway's, or the word of something else that stands in its place.
pub(crate) fn refusal(status: u16, bytes: &[u8], retry_after: Option<u64>) -> ClientError {
    match Envelope::<ErrorBody>::read(bytes, limit::MESSAGE) {
        Ok(envelope) => ClientError::refused(status, envelope.body, retry_after),
        Err(_) if matches!(status, 502..=504) => {
            ClientError::Unreachable(format!("something in front of it says {status}"))
        }
        Err(_) => ClientError::Protocol(format!("status {status} without an error envelope")),
    }
}

/// Says what failed, with the gateway's address and without the rest of the call's, which holds ids.
pub(crate) fn failed(error: &reqwest::Error, origin: &Origin) -> ClientError {
    if error.is_builder() || error.is_redirect() {
        return ClientError::Protocol("the call cannot be made".to_owned());
    }
    let why = if error.is_connect() {
        format!("no connection to `{origin}`")
    } else if error.is_timeout() {
        return late(origin);
    } else {
        format!("the connection to `{origin}` broke")
    };
    ClientError::Unreachable(why)
}

pub(crate) fn late(origin: &Origin) -> ClientError {
    ClientError::Unreachable(format!("no answer in time from `{origin}`"))
}

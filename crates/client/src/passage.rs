//! Calls that somebody else made, passed through to one gateway as they are.

use crate::error::ClientError;
use crate::http::{self, CALL};
use crate::tls;
use countersign_core::pairing::Origin;
use countersign_wire::limit;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Method, Response};
use rustls::ClientConfig;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How long a stream may say nothing: a gateway pings every 30 s.
const SILENCE: Duration = Duration::from_secs(120);

/// The media type of a stream.
const STREAM: &str = "text/event-stream";

/// The way to one gateway, for calls whose caller proves itself.
#[derive(Clone, Debug)]
pub struct Passage {
    origin: Origin,
    http: reqwest::Client,
    tls: Arc<ClientConfig>,
}

/// What may be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// Reads.
    Get,
    /// Hands something in.
    Post,
    /// Takes something away.
    Delete,
}

/// A call on its way: nothing else of it is passed through.
#[derive(Clone, Debug)]
pub struct Passing {
    /// What is asked.
    pub verb: Verb,
    /// The parts of the path behind `/v1/`, decoded.
    pub segments: Vec<String>,
    /// What stands behind the question mark.
    pub query: Option<String>,
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The body and its media type.
    pub body: Option<(String, Vec<u8>)>,
}

/// What the gateway answered.
#[derive(Debug)]
pub struct Passed {
    /// The status; never one that leads elsewhere.
    pub status: u16,
    /// The media type, as the gateway says it.
    pub media_type: Option<String>,
    /// Seconds until it wants to hear of it again.
    pub retry_after: Option<u64>,
    origin: Origin,
    response: Response,
}

impl Passage {
    /// The way to a gateway. It connects with the first call.
    ///
    /// # Errors
    /// [`ClientError::Protocol`] where the system's certificates cannot be used.
    pub fn to(origin: &Origin) -> Result<Self, ClientError> {
        let tls = tls::config(origin)?;
        let http = http::client(&tls)?;
        Ok(Self { origin: origin.clone(), http, tls })
    }

    pub(crate) fn tls(&self) -> &Arc<ClientConfig> {
        &self.tls
    }

    /// The gateway that it leads to, and to no other.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether the gateway is there. Needs no session.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn reach(&self) -> Result<(), ClientError> {
        let segments = vec!["health".to_owned()];
        let health =
            Passing { verb: Verb::Get, segments, query: None, authorization: None, body: None };
        let passed = self.pass(health).await?;
        let status = passed.status;
        let bytes = passed.whole().await?;
        if (200..300).contains(&status) { Ok(()) } else { Err(http::refusal(status, &bytes, None)) }
    }

    /// Passes one call through. A redirect is no answer: it would let the gateway say where a
    /// token goes.
    ///
    /// # Errors
    /// [`ClientError`]; what the gateway refuses is no error here.
    pub async fn pass(&self, call: Passing) -> Result<Passed, ClientError> {
        let url = http::url(&self.origin, &call.segments, call.query.as_deref())?;
        let mut request = self.http.request(call.verb.method(), url);
        if let Some(token) = call.authorization {
            request = request.header(AUTHORIZATION, token);
        }
        if let Some((media_type, bytes)) = call.body {
            request = request.header(CONTENT_TYPE, media_type).body(bytes);
        }
        let origin = self.origin.clone();
        let answered = timeout(CALL, request.send()).await.map_err(|_| http::late(&origin))?;
        let response = answered.map_err(|error| http::failed(&error, &origin))?;
        let status = response.status().as_u16();
        if !matches!(status, 200..=299 | 400..=599) {
            return Err(ClientError::Protocol(format!("status {status} leads elsewhere")));
        }
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let media_type = header(CONTENT_TYPE).map(str::to_owned);
        let retry_after = header(RETRY_AFTER).and_then(|text| text.trim().parse().ok());
        Ok(Passed { status, media_type, retry_after, origin, response })
    }
}

impl Passed {
    /// Whether it goes on until somebody ends it.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        let essence = self.media_type.as_deref().and_then(|text| text.split(';').next());
        essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(STREAM))
    }

    /// All of it, which is as much as an inbox's page at most.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn whole(self) -> Result<Vec<u8>, ClientError> {
        let origin = self.origin.clone();
        let reading = http::collect(self.response, limit::PAGE, &origin);
        timeout(CALL, reading).await.map_err(|_| http::late(&origin))?
    }

    /// The next bytes of a stream; `None` where it ended.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] where it broke, or said nothing for too long.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, ClientError> {
        let next = timeout(SILENCE, self.response.chunk()).await;
        let next = next.map_err(|_| http::late(&self.origin))?;
        let next = next.map_err(|error| http::failed(&error, &self.origin))?;
        Ok(next.map(Vec::from))
    }
}

impl Verb {
    fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Delete => Method::DELETE,
        }
    }
}

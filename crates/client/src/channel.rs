//! A live channel: what the gateway pushes, over WebSocket.

use crate::client::Client;
use crate::error::ClientError;
use crate::http::{CALL, CONNECT, refusal};
use crate::tls::is_encrypted;
use countersign_core::json;
use countersign_wire::envelope::{Body as _, Envelope};
use countersign_wire::presence::Hello;
use countersign_wire::{ErrorBody, ErrorCode, limit};
use futures_util::{SinkExt as _, StreamExt as _};
use rustls::pki_types::ServerName;
use std::fmt;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// The gateway asks every 30 s whether somebody is there. Silence for longer is no channel.
const SILENCE: Duration = Duration::from_secs(120);

/// The largest frame: a sealed artifact and the envelope around it.
const MAX_FRAME: usize = limit::ARTIFACT_SUBMIT + limit::MESSAGE;

/// A live channel. At first it brings everything that was not acknowledged, then what comes.
/// Messages may come twice; a message that is not acknowledged comes again on the next channel.
pub struct Channel {
    client: Client,
    socket: WebSocketStream<Box<dyn Stream>>,
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Channel({:?})", self.client)
    }
}

/// A connection, encrypted or not.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Client {
    /// Opens a live channel. Of an enforcer's channels only the newest lives; the others end with
    /// `channel_replaced`.
    ///
    /// # Errors
    /// [`ClientError`]; refused with `too_many`.
    pub async fn channel(&self) -> Result<Channel, ClientError> {
        let token = self.token().await?;
        let socket = match self.connect(&token).await {
            Err(ClientError::Refused { status: 401, .. }) => {
                let token = self.fresh_token(&token).await?;
                self.connect(&token).await?
            }
            other => other?,
        };
        let mut channel = Channel { client: self.clone(), socket };
        channel.hello().await?;
        Ok(channel)
    }

    async fn connect(&self, token: &str) -> Result<WebSocketStream<Box<dyn Stream>>, ClientError> {
        let request = self.upgrade(token)?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_FRAME))
            .max_frame_size(Some(MAX_FRAME));
        let opening = async {
            let stream = self.stream().await?;
            let opened = client_async_with_config(request, stream, Some(config)).await;
            opened.map(|(socket, _)| socket).map_err(failed)
        };
        timeout(CALL, opening).await.unwrap_or_else(|_| Err(late()))
    }

    fn upgrade(&self, token: &str) -> Result<Request, ClientError> {
        let origin = self.origin().as_str().replacen("http", "ws", 1);
        let (role, id) = (self.role().name(), self.device_id());
        let mut url = reqwest::Url::parse(&origin).map_err(ClientError::protocol)?;
        url.set_path("/v1/ws");
        url.query_pairs_mut().extend_pairs([("role", role), ("id", id)]);
        let mut request = url.as_str().into_client_request().map_err(ClientError::protocol)?;
        let bearer = HeaderValue::try_from(format!("Bearer {token}"));
        let bearer = bearer.map_err(|_| ClientError::Protocol("no token".to_owned()))?;
        request.headers_mut().insert(AUTHORIZATION, bearer);
        Ok(request)
    }

    async fn stream(&self) -> Result<Box<dyn Stream>, ClientError> {
        let url = reqwest::Url::parse(self.origin().as_str()).map_err(ClientError::protocol)?;
        let host = url.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port_or_known_default().unwrap_or_default();
        let connecting = timeout(CONNECT, TcpStream::connect((bare.as_str(), port))).await;
        let tcp = connecting.map_err(|_| late())?.map_err(|_| unreachable("no connection"))?;
        // Without it small frames wait for the other side's acknowledgement.
        let _ = tcp.set_nodelay(true);
        if !is_encrypted(self.origin()) {
            return Ok(Box::new(tcp));
        }
        let name = ServerName::try_from(bare).map_err(ClientError::protocol)?;
        let tls = TlsConnector::from(self.inner.tls.clone()).connect(name, tcp).await;
        Ok(Box::new(tls.map_err(|_| unreachable("no secure connection"))?))
    }
}

impl Channel {
    /// The next message. Dropping the wait loses nothing.
    ///
    /// # Errors
    /// [`ClientError`]: the channel is over; open another, after a [`crate::backoff()`].
    /// Refused with `channel_replaced`: a newer one of the same enforcer took over.
    pub async fn next(&mut self) -> Result<Envelope, ClientError> {
        let text = self.text(SILENCE).await?;
        let envelope =
            Envelope::parse(text.as_bytes(), MAX_FRAME).map_err(ClientError::protocol)?;
        if envelope.msg_type == ErrorBody::MSG_TYPE { Err(refused(envelope)) } else { Ok(envelope) }
    }

    /// Acknowledges a message, so that it is not delivered again.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] where the channel is over. Whether the gateway took it is not
    /// known; an unknown message ends the channel with the next [`Channel::next`].
    pub async fn ack(&mut self, msg_id: &str, request_id: &str) -> Result<(), ClientError> {
        let envelope = self.client.ack_envelope(msg_id, request_id);
        let text = serde_json::to_string(&envelope).map_err(ClientError::protocol)?;
        self.put(text).await
    }

    async fn hello(&mut self) -> Result<(), ClientError> {
        let text = serde_json::to_string(&Hello::default()).map_err(ClientError::protocol)?;
        self.put(text).await?;
        let reply = self.text(CALL).await?;
        if json::read::<Hello>(reply.as_bytes(), limit::MESSAGE).is_ok() {
            return Ok(());
        }
        let envelope =
            Envelope::parse(reply.as_bytes(), MAX_FRAME).map_err(ClientError::protocol)?;
        Err(refused(envelope))
    }

    async fn put(&mut self, text: String) -> Result<(), ClientError> {
        let sent = timeout(CALL, self.socket.send(Message::text(text))).await;
        sent.map_err(|_| late())?.map_err(failed)
    }

    async fn text(&mut self, silence: Duration) -> Result<String, ClientError> {
        loop {
            let heard = timeout(silence, self.socket.next()).await.map_err(|_| late())?;
            match heard {
                Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Binary(_))) => {
                    return Err(ClientError::Protocol("a frame that is no text".to_owned()));
                }
                Some(Ok(Message::Close(_))) | None => return Err(unreachable("it hung up")),
                Some(Err(error)) => return Err(failed(error)),
            }
        }
    }
}

fn refused(envelope: Envelope) -> ClientError {
    match envelope.open::<ErrorBody>() {
        Ok(error) => {
            let status = ErrorCode::parse(&error.body.code).map_or(400, ErrorCode::status);
            ClientError::refused(status, error.body, None)
        }
        Err(error) => ClientError::protocol(error),
    }
}

fn failed(error: Error) -> ClientError {
    match error {
        Error::Http(response) => {
            let body = response.body().as_deref().unwrap_or_default();
            refusal(response.status().as_u16(), body, None)
        }
        Error::Capacity(_) => ClientError::Protocol("a frame is too large".to_owned()),
        Error::Protocol(_) | Error::Utf8(_) => unreachable("the channel broke"),
        _ => unreachable("the connection broke"),
    }
}

fn unreachable(why: &str) -> ClientError {
    ClientError::Unreachable(why.to_owned())
}

fn late() -> ClientError {
    unreachable("no answer in time")
}

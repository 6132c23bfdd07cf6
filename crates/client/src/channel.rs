//! A live channel: what the gateway pushes, over WebSocket.

use crate::client::Client;
use crate::dial::{MAX_FRAME, Socket, dial, failed, late, unreachable};
use crate::error::ClientError;
use crate::http::CALL;
use countersign_core::json;
use countersign_wire::envelope::{Body as _, Envelope};
use countersign_wire::presence::Hello;
use countersign_wire::{ErrorBody, ErrorCode, limit};
use futures_util::{SinkExt as _, StreamExt as _};
use std::fmt;
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

/// The gateway asks every 30 s whether somebody is there. Silence for longer is no channel.
const SILENCE: Duration = Duration::from_secs(120);

/// A live channel. At first it brings everything that was not acknowledged, then what comes.
/// Messages may come twice; a message that is not acknowledged comes again on the next channel.
pub struct Channel {
    client: Client,
    socket: Socket,
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Channel({:?})", self.client)
    }
}

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

    async fn connect(&self, token: &str) -> Result<Socket, ClientError> {
        let query = [("role", self.role().name()), ("id", self.device_id())];
        dial(self.origin(), &self.inner.tls, &query, Some(token)).await
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

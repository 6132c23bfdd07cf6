//! A live channel whose device proves itself: its words both ways, as they are.

use crate::dial::{Socket, dial, failed, late};
use crate::error::ClientError;
use crate::http::CALL;
use crate::passage::Passage;
use countersign_wire::pairing::Role;
use futures_util::{SinkExt as _, StreamExt as _};
use std::fmt;
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

/// How long a gateway may say nothing: it pings every 30 s.
const SILENCE: Duration = Duration::from_secs(120);

/// A live channel of somebody else. Each frame is one text.
pub struct Tunnel(Socket);

/// What was said stands nowhere.
impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tunnel")
    }
}

impl Passage {
    /// Opens a live channel of a device. It says who it is in its first frame.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn tunnel(&self, role: Role, id: &str) -> Result<Tunnel, ClientError> {
        let query = [("role", role.name()), ("id", id)];
        dial(self.origin(), self.tls(), &query, None).await.map(Tunnel)
    }
}

impl Tunnel {
    /// What the gateway says next; `None` where it hung up. Dropping the wait loses nothing.
    ///
    /// # Errors
    /// [`ClientError`]: the channel is over.
    pub async fn next(&mut self) -> Result<Option<String>, ClientError> {
        loop {
            let heard = timeout(SILENCE, self.0.next()).await.map_err(|_| late())?;
            match heard {
                Some(Ok(Message::Text(text))) => return Ok(Some(text.as_str().to_owned())),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Binary(_))) => {
                    return Err(ClientError::Protocol("a frame that is no text".to_owned()));
                }
                Some(Ok(Message::Close(_))) | None => return Ok(None),
                Some(Err(error)) => return Err(failed(error)),
            }
        }
    }

    /// Says something to the gateway.
    ///
    /// # Errors
    /// [`ClientError`]: the channel is over.
    pub async fn send(&mut self, text: String) -> Result<(), ClientError> {
        let sent = timeout(CALL, self.0.send(Message::text(text))).await;
        sent.map_err(|_| late())?.map_err(failed)
    }
}

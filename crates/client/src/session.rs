//! The session that a device holds with its gateway, and how it gets one.

use crate::client::Client;
use crate::error::ClientError;
use crate::http::Call;
use countersign_wire::auth::{Challenge, Session, SessionRequest};
use std::sync::Arc;
use tokio::sync::Mutex;

/// The newest token. The lock is held while one is fetched, so that many calls at once prove
/// possession once.
#[derive(Default)]
pub(crate) struct SessionCache(Mutex<Option<Arc<str>>>);

impl Client {
    /// The token to use now.
    pub(crate) async fn token(&self) -> Result<Arc<str>, ClientError> {
        let mut held = self.inner.session.0.lock().await;
        match &*held {
            Some(token) => Ok(Arc::clone(token)),
            None => self.prove().await.map(|token| Arc::clone(held.insert(token))),
        }
    }

    /// Another token than `stale`: somebody else's newer one, or a new one.
    pub(crate) async fn fresh_token(&self, stale: &str) -> Result<Arc<str>, ClientError> {
        let mut held = self.inner.session.0.lock().await;
        if let Some(token) = held.as_ref().filter(|token| &***token != stale) {
            return Ok(Arc::clone(token));
        }
        *held = None;
        self.prove().await.map(|token| Arc::clone(held.insert(token)))
    }

    /// Signs where this device believes that it talks to, together with the gateway's nonce.
    async fn prove(&self) -> Result<Arc<str>, ClientError> {
        let reply = self.send(&Call::get(&["auth", "challenge"]), None).await?;
        let challenge: Challenge = reply.read()?;
        let origin = self.origin().clone();
        let proof = SessionRequest::sign(&challenge, origin, self.now(), &self.inner.keys)
            .map_err(ClientError::protocol)?;
        let call = Call::post(&["auth", "session"], &proof)?;
        let session: Session = self.send(&call, None).await?.read()?;
        if session.token.is_empty() || !session.token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(ClientError::Protocol("the token is not printable".to_owned()));
        }
        Ok(session.token.into())
    }
}

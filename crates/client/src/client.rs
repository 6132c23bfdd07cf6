//! One device that talks to one gateway.

use crate::error::ClientError;
use crate::session::SessionCache;
use crate::{http, tls};
use countersign_core::keys::SecretKeys;
use countersign_core::pairing::Origin;
use countersign_core::time::{Instant, Timestamp};
use countersign_wire::envelope::{Body, Envelope, Sender, check_id};
use countersign_wire::pairing::Role;
use rustls::ClientConfig;
use std::fmt;
use std::sync::Arc;

/// Says what time it is.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// One device of one pairing, and the gateway it was paired through. Clones share connections
/// and session.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) origin: Origin,
    pub(crate) role: Role,
    pub(crate) device_id: String,
    pub(crate) keys: Arc<SecretKeys>,
    pub(crate) session: SessionCache,
    pub(crate) http: reqwest::Client,
    pub(crate) tls: Arc<ClientConfig>,
    clock: Clock,
}

/// Neither keys nor token.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { origin, role, device_id, .. } = &*self.inner;
        write!(f, "Client({role:?} {device_id} at {origin})")
    }
}

impl Client {
    /// A client of the gateway at `relay`, such as `http://127.0.0.1:8080`. It connects with the
    /// first call, and proves possession of `keys` when a call needs it.
    ///
    /// # Errors
    /// [`ClientError::Protocol`] where `relay` is no origin or `device_id` no id.
    pub fn new(
        relay: &str,
        role: Role,
        device_id: &str,
        keys: Arc<SecretKeys>,
        clock: Clock,
    ) -> Result<Self, ClientError> {
        let origin = Origin::parse(relay).map_err(ClientError::protocol)?;
        check_id("deviceId", device_id).map_err(ClientError::protocol)?;
        let tls = tls::config(&origin)?;
        let http = http::client(&tls)?;
        let device_id = device_id.to_owned();
        let session = SessionCache::default();
        let inner = Inner { origin, role, device_id, keys, session, http, tls, clock };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The gateway's origin, as both sides of a pairing spell it.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.inner.origin
    }

    /// This device's id.
    #[must_use]
    pub fn device_id(&self) -> &str {
        &self.inner.device_id
    }

    /// This device's side.
    #[must_use]
    pub fn role(&self) -> Role {
        self.inner.role
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.inner.clock)().timestamp()
    }

    pub(crate) fn sender(&self) -> Sender {
        match self.inner.role {
            Role::Enforcer => Sender::enforcer(&self.inner.device_id),
            Role::Approver => Sender::approver(&self.inner.device_id),
        }
    }

    pub(crate) fn envelope<B: Body>(&self, request_id: &str, body: B) -> Envelope<B> {
        Envelope::new(request_id, self.now(), self.sender(), body)
    }
}

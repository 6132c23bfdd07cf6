//! One gateway: its memory, its settings, and what it keeps only while it runs.

use crate::config::Config;
use crate::hub::Hub;
use crate::proof::Nonces;
use crate::sessions::Sessions;
use crate::throttle::Throttle;
use countersign_core::encoding::base64;
use countersign_core::pairing::Origin;
use countersign_core::time::Instant;
use countersign_store::relay::RelayStore;
use std::sync::Arc;

/// Says what time it is.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// Fills bytes with randomness that nobody can guess.
pub type Entropy = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// A gateway over a store. [`crate::router`] and [`crate::serve()`] bring it to the network.
///
/// Sessions and open nonces live here and die with it: after a restart devices prove themselves
/// again. Everything else is in the store.
pub struct Gateway {
    pub(crate) store: Arc<dyn RelayStore>,
    pub(crate) config: Config,
    pub(crate) nonces: Nonces,
    pub(crate) sessions: Sessions,
    pub(crate) hub: Hub,
    pub(crate) wrong_codes: Throttle,
    pub(crate) initiations: Throttle,
    clock: Clock,
    entropy: Entropy,
}

impl Gateway {
    /// A gateway that takes time and randomness from outside.
    #[must_use]
    pub fn new(store: Arc<dyn RelayStore>, config: Config, clock: Clock, entropy: Entropy) -> Self {
        let mut key = [0; 32];
        entropy(&mut key);
        let limits = &config.limits;
        Self {
            store,
            nonces: Nonces::new(key),
            sessions: Sessions::new(limits.sessions),
            hub: Hub::new(limits),
            wrong_codes: Throttle::new(limits.wrong_codes, limits.wrong_codes_global),
            initiations: Throttle::new(limits.initiations, u32::MAX),
            config,
            clock,
            entropy,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        (self.clock)()
    }

    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.entropy)(&mut bytes);
        bytes
    }

    /// A fresh id that nobody can guess.
    pub(crate) fn id(&self) -> String {
        base64(&self.random::<16>())
    }

    pub(crate) fn is_own(&self, origin: &Origin) -> bool {
        self.config.origins.contains(origin)
    }
}

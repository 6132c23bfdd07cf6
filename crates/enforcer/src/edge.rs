//! Time and randomness, taken at one edge so that everything behind it is deterministic.

use countersign_client::backoff;
use countersign_core::time::Instant;
use std::sync::Arc;
use std::time::Duration;

type Clock = dyn Fn() -> Instant + Send + Sync;
type Entropy = dyn Fn(&mut [u8]) -> Result<(), String> + Send + Sync;

/// The clock and the source of randomness that an enforcer works with.
#[derive(Clone)]
pub struct Edge {
    clock: Arc<Clock>,
    entropy: Arc<Entropy>,
}

/// The system gave no randomness. Nothing can be asked without it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no randomness: {0}")]
pub struct NoEntropy(pub String);

impl Edge {
    /// An edge of the caller's making.
    pub fn new(
        clock: impl Fn() -> Instant + Send + Sync + 'static,
        entropy: impl Fn(&mut [u8]) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self { clock: Arc::new(clock), entropy: Arc::new(entropy) }
    }

    /// The system's clock and randomness.
    #[must_use]
    pub fn system() -> Self {
        Self::new(
            || {
                let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
                Instant(now.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX)))
            },
            |bytes| getrandom::fill(bytes).map_err(|e| e.to_string()),
        )
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Instant {
        (self.clock)()
    }

    /// Fills `bytes` with randomness.
    ///
    /// # Errors
    /// Where the system has none; the bytes are then not to be used.
    pub fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        (self.entropy)(bytes).map_err(NoEntropy)
    }

    /// `N` random bytes.
    ///
    /// # Errors
    /// Where the system has none.
    pub fn random<const N: usize>(&self) -> Result<[u8; N], NoEntropy> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// How long to wait before the next attempt to reach somebody, and counts it.
    pub fn pause(&self, attempt: &mut u32) -> Duration {
        let jitter = self.random::<1>().map_or(0, |[byte]| byte);
        let wait = backoff(*attempt, jitter);
        *attempt = attempt.saturating_add(1);
        wait
    }

    /// A fresh ULID: sorts by time, unguessable within it.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn id(&self) -> Result<String, NoEntropy> {
        let random = u128::from_be_bytes(self.random::<16>()?);
        let millis = u64::try_from(self.now().0).unwrap_or(0);
        Ok(ulid::Ulid::from_parts(millis, random).to_string())
    }
}

//! A stop from this device: signed, sealed to the enforcer, and left at the gateway for it.

use super::{AnswerError, Desk};
use crate::pairings::Status;
use crate::relay::{Relay, RelayError};
use countersign_client::Client;
use countersign_core::encoding::Fixed;
use countersign_core::freeze::{NotHeeded, SignedStop, Stop, StopType, shown};
use countersign_core::json;
use countersign_core::sealing::{Entropy, SealError, Sealed, seal};
use countersign_core::time::Instant;
use std::future::Future;

/// Why a stop was not sent.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// The pairing was taken back.
    #[error(transparent)]
    Pairing(#[from] AnswerError),
    /// It cannot be signed.
    #[error(transparent)]
    Sign(#[from] NotHeeded),
    /// It cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The gateway did not take it.
    #[error(transparent)]
    Relay(#[from] RelayError),
}

/// A relay that carries stops.
pub trait StopRelay: Sync {
    /// Leaves a sealed stop for an enforcer.
    fn stop(
        &self,
        enforcer_id: &str,
        stop_id: &str,
        sealed: Sealed,
    ) -> impl Future<Output = Result<(), RelayError>> + Send;
}

impl StopRelay for Client {
    async fn stop(
        &self,
        enforcer_id: &str,
        stop_id: &str,
        sealed: Sealed,
    ) -> Result<(), RelayError> {
        Ok(self.submit_stop(enforcer_id, stop_id, sealed).await?)
    }
}

impl<R: Relay + StopRelay> Desk<R> {
    /// Stops the enforcer of this pairing. It stops when it looks, which it does before it lets
    /// anything go; what runs already is not ended.
    ///
    /// # Errors
    /// [`StopError`]; nothing was stopped then.
    pub async fn freeze(
        &self,
        why: Option<&str>,
        now: Instant,
        random: &mut (dyn FnMut(&mut [u8]) + Send),
    ) -> Result<SignedStop, StopError> {
        if self.pairing.status == Status::Revoked {
            return Err(AnswerError::Revoked(self.pairing.name.to_string()).into());
        }
        let mut nonce = [0; 24];
        random(&mut nonce);
        let stop = Stop {
            kind: StopType::V1,
            enforcer: self.pairing.enforcer.key_id(),
            signer_key_id: self.keys.key_id(),
            why: why.map(str::to_owned),
            signed_at: now.timestamp(),
            nonce: Fixed(nonce),
        };
        let signed = SignedStop::sign(stop, &self.keys)?;
        let (id, text) = (signed.id(), json::canonical(&signed).map_err(NotHeeded::Json)?);
        let sealed = seal(&text, &shown(&id), &[self.pairing.enforcer], Entropy(random))?;
        self.relay.stop(&self.pairing.enforcer_id, &id, sealed).await?;
        Ok(signed)
    }
}

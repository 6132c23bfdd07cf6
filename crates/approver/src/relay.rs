//! What the approver needs of a relay, and nothing more: tests put a hostile one here.

use countersign_core::pairing::Code;
use countersign_wire::decision::DecisionSubmit;
use countersign_wire::exchange::InboxPage;
use countersign_wire::pairing::{Complete, Completed, Confirm, PairingStatus, Resolved};
use serde_json::{Map, Value};
use std::future::Future;

/// Why a relay did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// It could not be reached, or its answer made no sense; trying again may help.
    #[error("the relay cannot be reached: {0}")]
    Unreachable(String),
    /// It refused; trying again does not help.
    #[error("the relay refused (`{code}`): {message}")]
    Refused {
        /// The relay's code.
        code: String,
        /// The relay's words, made safe to show.
        message: String,
    },
}

/// The calls around requests.
pub trait Relay: Sync {
    /// A page of what waits for this device, from `cursor` on.
    fn inbox(
        &self,
        cursor: Option<&str>,
    ) -> impl Future<Output = Result<InboxPage, RelayError>> + Send;

    /// Submits a signed answer. Submitting the same one again is fine.
    fn decide(
        &self,
        request_id: &str,
        body: &DecisionSubmit,
        trace: &Map<String, Value>,
    ) -> impl Future<Output = Result<(), RelayError>> + Send;
}

impl<R: Relay> Relay for &R {
    async fn inbox(&self, cursor: Option<&str>) -> Result<InboxPage, RelayError> {
        R::inbox(self, cursor).await
    }

    async fn decide(
        &self,
        request_id: &str,
        body: &DecisionSubmit,
        trace: &Map<String, Value>,
    ) -> Result<(), RelayError> {
        R::decide(self, request_id, body, trace).await
    }
}

/// The calls around a pairing.
pub trait PairingRelay: Sync {
    /// Who waits under a code.
    fn resolve(&self, code: &Code) -> impl Future<Output = Result<Resolved, RelayError>> + Send;

    /// Hands over this device's keys.
    fn complete(
        &self,
        complete: &Complete,
    ) -> impl Future<Output = Result<Completed, RelayError>> + Send;

    /// How far the pairing got.
    fn status(&self, nonce: &str)
    -> impl Future<Output = Result<PairingStatus, RelayError>> + Send;

    /// Says yes or no.
    fn confirm(
        &self,
        nonce: &str,
        confirm: &Confirm,
    ) -> impl Future<Output = Result<PairingStatus, RelayError>> + Send;
}

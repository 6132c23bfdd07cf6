//! What the approver needs of a relay, and nothing more: tests put a hostile one here.

use countersign_client::{Client, ClientError};
use countersign_core::display::visible;
use countersign_core::pairing::Code;
use countersign_wire::decision::DecisionSubmit;
use countersign_wire::exchange::InboxPage;
use countersign_wire::pairing::{Complete, Completed, Confirm, PairingStatus, Resolved};
use serde_json::{Map, Value};
use std::future::Future;

/// Why a relay did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// It could not be reached, its answer made no sense, or it refused for a reason that may
    /// pass: no session, too many calls, a fault of its own. Trying again may help.
    #[error("the relay cannot be used now: {0}")]
    Unreachable(String),
    /// It does not know this device's key. Another one may stand at its address for a while, so that
    /// trying again may help.
    #[error("the relay cannot be used now: {0}")]
    UnknownKey(String),
    /// It refused; trying again does not help.
    #[error("the relay refused (`{code}`): {message}")]
    Refused {
        /// The relay's code.
        code: String,
        /// The relay's words, made safe to show.
        message: String,
    },
}

/// How many requests a page of an inbox has at most.
const PAGE: usize = 100;

impl RelayError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::UnknownKey(_))
    }
}

impl From<ClientError> for RelayError {
    /// The gateway's words are foreign: they are made safe to show here, once.
    fn from(error: ClientError) -> Self {
        let passing = error.is_retryable();
        if error.is_unknown_key() {
            return Self::UnknownKey(visible(&error.to_string(), false));
        }
        match error {
            ClientError::Refused { status, code, message, .. }
                if !passing && !matches!(status, 401 | 403) =>
            {
                Self::Refused { code: visible(&code, false), message: visible(&message, false) }
            }
            other => Self::Unreachable(visible(&other.to_string(), false)),
        }
    }
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

impl Relay for Client {
    async fn inbox(&self, cursor: Option<&str>) -> Result<InboxPage, RelayError> {
        Ok(Client::inbox(self, cursor, PAGE).await?)
    }

    async fn decide(
        &self,
        request_id: &str,
        body: &DecisionSubmit,
        trace: &Map<String, Value>,
    ) -> Result<(), RelayError> {
        Ok(Client::decide(self, request_id, body.clone(), Some(trace.clone())).await?)
    }
}

impl PairingRelay for Client {
    async fn resolve(&self, code: &Code) -> Result<Resolved, RelayError> {
        Ok(Client::resolve(self, code).await?)
    }

    async fn complete(&self, complete: &Complete) -> Result<Completed, RelayError> {
        Ok(Client::complete(self, complete).await?)
    }

    async fn status(&self, nonce: &str) -> Result<PairingStatus, RelayError> {
        Ok(self.pairing_status(nonce).await?)
    }

    async fn confirm(&self, nonce: &str, confirm: &Confirm) -> Result<PairingStatus, RelayError> {
        Ok(Client::confirm(self, nonce, confirm.mac, confirm.accepted).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16) -> RelayError {
        let (code, message) = ("exchange_over".into(), "\u{1b}[2Jgone".into());
        let (details, retry_after) = (None, None);
        ClientError::Refused { status, code, message, details, retry_after }.into()
    }

    #[test]
    fn only_what_will_never_be_taken_is_final() {
        for passing in [401, 403, 429, 500, 503] {
            assert!(refused(passing).may_pass(), "{passing}");
        }
        for last in [400, 404, 409, 413, 422] {
            assert!(!refused(last).may_pass(), "{last}");
        }
        assert!(RelayError::from(ClientError::Unreachable("x".into())).may_pass());
        assert!(RelayError::from(ClientError::Protocol("x".into())).may_pass());
    }

    #[test]
    fn attack_06_a_gateways_words_reach_no_terminal_raw() {
        for status in [409, 503] {
            assert!(!refused(status).to_string().contains('\u{1b}'));
        }
        let odd = ClientError::Protocol("\u{202e}".into());
        assert!(!RelayError::from(odd).to_string().contains('\u{202e}'));
    }
}

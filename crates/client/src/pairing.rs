//! The calls of a pairing. What they carry is proved in `core`; here it only travels.

use crate::client::Client;
use crate::error::ClientError;
use crate::http::Call;
use countersign_core::encoding::Fixed;
use countersign_core::pairing::{Code, Mac};
use countersign_wire::ErrorCode;
use countersign_wire::pairing::{
    Complete, Completed, Confirm, Initiate, Initiated, PairingStatus, Resolved, Reveal,
};

impl Client {
    /// Opens a pairing and makes this enforcer's key known. Needs no session.
    ///
    /// # Errors
    /// [`ClientError`]; refused with `device_conflict`, `too_many`.
    pub async fn initiate(&self, request: &Initiate) -> Result<Initiated, ClientError> {
        let call = Call::post(&["pairing", "initiate"], request)?;
        self.send(&call, None).await?.read()
    }

    /// What waits behind a code. Needs no session.
    ///
    /// # Errors
    /// [`ClientError`]; refused with `not_found`, `too_many`.
    pub async fn resolve(&self, code: &Code) -> Result<Resolved, ClientError> {
        let call = Call::get(&["pairing", "resolve", code.as_str()]);
        self.send(&call, None).await?.read()
    }

    /// Adds this approver's side, once, and makes its key known. A device that the gateway knows
    /// already proves that it is the one.
    ///
    /// # Errors
    /// [`ClientError`]; refused with `pairing_conflict`, `device_conflict`, `not_found`. After
    /// [`ClientError::Unreachable`] the pairing's status says whether it was taken.
    pub async fn complete(&self, request: &Complete) -> Result<Completed, ClientError> {
        let call = Call::post(&["pairing", "complete"], request)?;
        match self.send(&call, None).await {
            Err(error) if error.code() == Some(ErrorCode::DeviceConflict) => {
                // Where this is no session either, the first refusal says more.
                let token = self.token().await.map_err(|_| error)?;
                self.send(&call, Some(&token)).await?.read()
            }
            other => other?.read(),
        }
    }

    /// How far a pairing got. Needs no session.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn pairing_status(&self, nonce: &str) -> Result<PairingStatus, ClientError> {
        self.send(&Call::get(&["pairing", nonce, "status"]), None).await?.read()
    }

    /// Opens this enforcer's commitment. Again is fine.
    ///
    /// # Errors
    /// [`ClientError`]; refused with `pairing_conflict`.
    pub async fn reveal(&self, nonce: &str, r: Fixed<32>) -> Result<PairingStatus, ClientError> {
        let call = Call::post(&["pairing", nonce, "reveal"], &Reveal { r })?;
        self.call(&call).await?.read()
    }

    /// Says this side's yes or no; an enforcer that was proved a secret adds its own proof. The
    /// enforcer's yes opens the way for artifacts, and the reply holds the routing token.
    ///
    /// # Errors
    /// [`ClientError`]; refused with `pairing_conflict`.
    pub async fn confirm(
        &self,
        nonce: &str,
        mac: Option<Mac>,
        accepted: bool,
    ) -> Result<PairingStatus, ClientError> {
        let body = Confirm { role: self.role(), mac, accepted };
        let call = Call::post(&["pairing", nonce, "confirm"], &body)?;
        self.call(&call).await?.read()
    }
}

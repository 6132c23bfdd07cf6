//! How a device proves to a gateway that it holds its key.
//!
//! The gateway says a nonce, the device signs its own view of where it is talking to in a domain
//! of its own. Whatever the gateway says, the signature is worthless as anything else.

use countersign_core::keys::{Domain, KeyError, KeyId, SecretKeys, Signature, verify_domain};
use countersign_core::pairing::Origin;
use countersign_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The reply to `GET /v1/auth/challenge`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Challenge {
    /// What must be signed along; good for one session.
    pub server_nonce: String,
    /// When it loses its worth.
    pub expires_at: Timestamp,
}

/// The longest nonce that a device signs along.
pub const MAX_NONCE: usize = 256;

/// What a device signs, in the domain `countersign-auth/v1`.
///
/// These are bytes that must never change: both sides hash them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Possession {
    /// Where the device believes that it talks to, so that no other gateway can use the answer.
    pub gateway_origin: Origin,
    /// The gateway's nonce.
    pub server_nonce: String,
    /// The device's key.
    pub key_id: KeyId,
    /// The device's clock.
    pub time: Timestamp,
}

/// The body of `POST /v1/auth/session`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SessionRequest {
    /// The device's key.
    pub key_id: KeyId,
    /// The gateway's nonce.
    pub server_nonce: String,
    /// The device's clock.
    pub time: Timestamp,
    /// Where the device believes that it talks to.
    pub gateway_origin: Origin,
    /// Over a [`Possession`].
    pub signature: Signature,
}

/// Why a nonce is not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The nonce is empty, too long or not printable.
    #[error("the gateway's nonce is not 1 to {MAX_NONCE} visible ASCII characters")]
    BadNonce,
    /// Signing failed.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl SessionRequest {
    /// Answers a challenge.
    ///
    /// # Errors
    /// [`AuthError`].
    pub fn sign(
        challenge: &Challenge,
        gateway_origin: Origin,
        time: Timestamp,
        keys: &SecretKeys,
    ) -> Result<Self, AuthError> {
        let nonce = &challenge.server_nonce;
        if !(1..=MAX_NONCE).contains(&nonce.len()) || !nonce.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(AuthError::BadNonce);
        }
        let possession =
            Possession { gateway_origin, server_nonce: nonce.clone(), key_id: keys.key_id(), time };
        let signature = keys.sign(Domain::Auth, &possession)?;
        let Possession { gateway_origin, server_nonce, key_id, time } = possession;
        Ok(Self { key_id, server_nonce, time, gateway_origin, signature })
    }

    /// Checks the signature under `key`. Whether nonce, time and origin are the gateway's own is
    /// for the gateway to say.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn verify(&self, key: &[u8; 32]) -> Result<(), KeyError> {
        let possession = Possession {
            gateway_origin: self.gateway_origin.clone(),
            server_nonce: self.server_nonce.clone(),
            key_id: self.key_id.clone(),
            time: self.time.clone(),
        };
        verify_domain(key, Domain::Auth, &possession, &self.signature)
    }
}

/// The reply to a session request.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Session {
    /// The bearer token: 32 random bytes as base64url. A secret, so there is no `Debug`.
    pub token: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

//! Whether an authenticator verified its person for one signature (WebAuthn, `docs/design/0017`).
//!
//! Nothing here is trusted because a browser made it: every part of an assertion is compared with
//! what was pinned, and what is not understood proves nothing.

mod client;
mod offer;

pub use offer::{Offer, OfferBody, OfferError, OfferType};

use crate::encoding::{Blob, Fixed, Hash};
use crate::json::JsonError;
use crate::message::exact;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest `clientDataJSON` that is read; browsers write about 250 bytes.
const MAX_CLIENT_DATA: usize = 2 * 1024;

/// The longest DER form of a P-256 signature.
const MAX_SIGNATURE: usize = 72;

/// What `authenticatorData` says beside whose it is.
mod flag {
    pub(super) const USER_PRESENT: u8 = 0x01;
    pub(super) const USER_VERIFIED: u8 = 0x04;
    /// A new key, which no answer carries.
    pub(super) const ATTESTED: u8 = 0x40;
    /// Extensions, which we ask for none of.
    pub(super) const EXTENSIONS: u8 = 0x80;
}

/// A passkey that somebody pinned beside an approver's key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Passkey {
    /// `ES256`.
    pub alg: PasskeyAlg,
    /// x ‖ y of the point on P-256.
    pub public_key: Fixed<64>,
    /// The name under which it lives: the host of `origin`.
    pub rp_id: String,
    /// The page that may use it, exactly as browsers write it.
    pub origin: String,
}

/// The one algorithm, which every platform has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum PasskeyAlg {
    /// ECDSA on P-256 with SHA-256 (COSE -7).
    #[serde(rename = "ES256")]
    Es256,
}

/// What an authenticator answers, as `policyHints.webauthn` carries it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assertion {
    /// SHA-256 of the rpId, flags, a counter: 37 bytes.
    #[serde(rename = "authenticatorData")]
    pub authenticator_data: Fixed<37>,
    /// What the browser says it was asked for.
    #[serde(rename = "clientDataJSON")]
    pub client_data: Blob,
    /// In DER, over the first and the digest of the second.
    pub signature: Blob,
}

/// Why an assertion proves nothing. Not `#[non_exhaustive]`: each is a way to be fooled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    /// Not an assertion, or `clientDataJSON` is no strict JSON.
    #[error("not an assertion of a passkey: {0}")]
    Json(#[from] JsonError),
    /// A part is longer than an authenticator makes it.
    #[error("a part of the passkey's assertion is too long")]
    TooLong,
    /// The passkey lives under another name.
    #[error("the passkey's assertion is for another rpId than `{0}`")]
    RpId(String),
    /// Nobody touched it.
    #[error("the authenticator did not see its person")]
    NotPresent,
    /// Nobody was verified.
    #[error("the authenticator did not verify its person")]
    NotVerified,
    /// There is more in it than an answer needs.
    #[error("the passkey's assertion carries a key or extensions")]
    More,
    /// It was not made for an answer.
    #[error("the passkey's assertion is not of the type `webauthn.get`")]
    Type,
    /// It was made for something else.
    #[error("the passkey's assertion was made for something else")]
    Challenge,
    /// It was made in another page.
    #[error("the passkey's assertion was made in another page than `{0}`")]
    Origin(String),
    /// It was made in a frame of another page.
    #[error("the passkey's assertion was made inside another page")]
    CrossOrigin,
    /// The pinned bytes are no point of the curve.
    #[error("the pinned passkey is no key on P-256")]
    BadKey,
    /// The signature does not fit.
    #[error("the passkey's signature does not verify")]
    BadSignature,
}

impl Assertion {
    /// Reads one strictly out of a hint.
    ///
    /// # Errors
    /// [`PasskeyError::Json`] or [`PasskeyError::TooLong`].
    pub fn read(hint: &Value) -> Result<Self, PasskeyError> {
        let read: Self = exact(hint)?;
        let fits =
            read.client_data.0.len() <= MAX_CLIENT_DATA && read.signature.0.len() <= MAX_SIGNATURE;
        if fits { Ok(read) } else { Err(PasskeyError::TooLong) }
    }

    /// The bytes under the signature.
    #[must_use]
    pub fn signable(&self) -> Vec<u8> {
        [&self.authenticator_data.0[..], &Hash::of(&self.client_data.0).0].concat()
    }
}

impl Passkey {
    /// Checks that this passkey signed `challenge`, in its own page, after it verified its person.
    ///
    /// The counter is not looked at: what it is for, a challenge of one artifact and nonce rules out.
    ///
    /// # Errors
    /// The first of [`PasskeyError`] that holds.
    pub fn verify(&self, challenge: &Hash, made: &Assertion) -> Result<(), PasskeyError> {
        self.saw_its_person(&made.authenticator_data.0)?;
        client::check(&made.client_data.0, challenge, &self.origin)?;
        let signature =
            Signature::from_der(&made.signature.0).map_err(|_| PasskeyError::BadSignature)?;
        let verified = self.key()?.verify(&made.signable(), &signature);
        verified.map_err(|_| PasskeyError::BadSignature)
    }

    fn saw_its_person(&self, data: &[u8; 37]) -> Result<(), PasskeyError> {
        let (name, rest) = data.split_at(32);
        let flags = rest.first().copied().unwrap_or_default();
        let has = |bit: u8| flags & bit != 0;
        if name != Hash::of(self.rp_id.as_bytes()).0 {
            return Err(PasskeyError::RpId(self.rp_id.clone()));
        }
        if has(flag::ATTESTED) || has(flag::EXTENSIONS) {
            return Err(PasskeyError::More);
        }
        if !has(flag::USER_PRESENT) {
            return Err(PasskeyError::NotPresent);
        }
        if has(flag::USER_VERIFIED) { Ok(()) } else { Err(PasskeyError::NotVerified) }
    }

    fn key(&self) -> Result<VerifyingKey, PasskeyError> {
        // SEC1: 4 stands for a point in full.
        let point = [&[4][..], &self.public_key.0].concat();
        VerifyingKey::from_sec1_bytes(&point).map_err(|_| PasskeyError::BadKey)
    }
}

#[cfg(test)]
pub(crate) mod tests;

//! A device over the passkey that it wants to be pinned beside its key.
//!
//! Like a rotation it names keys and a time and nothing else. That it is pinned is for others to
//! allow; that it works is shown here, because a passkey that does not would shut people out.

use super::{Assertion, Passkey, PasskeyError};
use crate::encoding::Hash;
use crate::json::{self, JsonError, limit};
use crate::keys::{Domain, KeyError, KeyId, PublicKeys, SecretKeys, Signature, verify_domain};
use crate::message::exact;
use crate::pairing::Origin;
use crate::time::{Instant, Timestamp};
use serde::{Deserialize, Serialize};

/// For how long an offer can be taken: a day, in milliseconds.
pub(super) const OFFER_LASTS_MILLIS: i64 = 24 * 3_600_000;

/// A passkey, offered by the device that uses it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// `countersign.passkey/v1`.
    #[serde(rename = "type")]
    pub kind: OfferType,
    /// What is signed, twice.
    pub body: OfferBody,
    /// By the passkey: it works, and its person was there.
    pub webauthn: Assertion,
    /// By the device's key, in the domain `countersign-key/v1`.
    pub signature: Signature,
}

/// The document's type.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum OfferType {
    /// The first version.
    #[default]
    #[serde(rename = "countersign.passkey/v1")]
    V1,
}

/// Which passkey belongs to which key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OfferBody {
    /// The device's key, which signs this.
    pub key_id: KeyId,
    /// The passkey.
    pub passkey: Passkey,
    /// When this was signed.
    pub time: Timestamp,
}

/// Why an offered passkey was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// Not an offer.
    #[error("not the text of a passkey: copy the whole line from the console")]
    Text,
    /// It speaks for another key, or the signature does not verify.
    #[error("the passkey is not offered by the key that it is for")]
    Signature(#[from] KeyError),
    /// No page at which a passkey can live, or another name than the page's.
    #[error("`{0}` is no page for passkeys: it needs https and a name, or is http://localhost")]
    Place(String),
    /// From the future, or older than a day.
    #[error("the text of the passkey is older than a day, or from the future: make it again")]
    Times,
    /// The passkey itself does not answer for it.
    #[error(transparent)]
    Passkey(#[from] PasskeyError),
}

impl OfferBody {
    /// What the passkey signs: no decision has these bytes before it is hashed.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn challenge(&self) -> Result<Hash, JsonError> {
        Ok(Hash::of(&Domain::Key.around(&json::canonical(self)?)))
    }
}

impl Offer {
    /// Has `device` offer a passkey that signed the body.
    ///
    /// # Errors
    /// Where the statement has no canonical form.
    pub fn sign(
        body: OfferBody,
        webauthn: Assertion,
        device: &SecretKeys,
    ) -> Result<Self, KeyError> {
        let signature = device.sign(Domain::Key, &body)?;
        Ok(Self { kind: OfferType::V1, body, webauthn, signature })
    }

    /// Reads one strictly; nothing in it is checked.
    ///
    /// # Errors
    /// [`OfferError::Text`].
    pub fn parse(bytes: &[u8]) -> Result<Self, OfferError> {
        let value = json::parse(bytes, limit::MESSAGE).map_err(|_| OfferError::Text)?;
        exact(&value).map_err(|_| OfferError::Text)
    }

    /// Checks it under the pinned key of the device, at `now`, and gives what to pin.
    ///
    /// # Errors
    /// Every case of [`OfferError`].
    pub fn verify(self, of: &PublicKeys, now: Instant, skew: i64) -> Result<Passkey, OfferError> {
        if self.body.key_id != of.key_id() {
            return Err(KeyError::BadSignature.into());
        }
        verify_domain(&of.signing(), Domain::Key, &self.body, &self.signature)?;
        let time = self.body.time.instant();
        if time > now.plus_millis(skew) || now >= time.plus_millis(OFFER_LASTS_MILLIS) {
            return Err(OfferError::Times);
        }
        let passkey = &self.body.passkey;
        if !passkey.has_a_place() {
            return Err(OfferError::Place(json::clip(&passkey.origin)));
        }
        let challenge = self.body.challenge().map_err(|_| OfferError::Text)?;
        passkey.verify(&challenge, &self.webauthn)?;
        Ok(self.body.passkey)
    }
}

impl Passkey {
    /// Whether browsers would let a page of this origin use this rpId, and no other page's: a name
    /// and no address, reached so that nobody in between can change the page.
    fn has_a_place(&self) -> bool {
        let normal = Origin::parse(&self.origin).is_ok_and(|origin| origin.as_str() == self.origin);
        let (scheme, rest) = self.origin.split_once("://").unwrap_or_default();
        let host = rest.split(':').next().unwrap_or_default();
        let address = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
        let safe = scheme == "https" || scheme == "http" && host == "localhost";
        normal && safe && !address && self.rp_id == host
    }
}

//! The commitment, the digits and the MACs: each over one canonical object of ours.

use super::{Code, LinkSecret, Origin, PairError};
use crate::encoding::{Fixed, Hash, base64};
use crate::json;
use crate::keys::{Domain, PublicKeys};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::fmt;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// HMAC-SHA256 under a key from the link's secret.
pub type Mac = Fixed<32>;

const MAC_INFO: &[u8] = b"countersign-pair/v1";

/// Who made a MAC. Part of what it covers, so that neither can be sent back as the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The device of a person.
    Approver,
    /// The machine of the agent.
    Enforcer,
}

/// Six digits that two screens show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Digits(u32);

impl Digits {
    #[cfg(test)]
    pub(super) fn of(number: u32) -> Self {
        Self(number)
    }
}

/// Always six, in two groups: `042 137`.
impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03} {:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// Everything on which the two sides must agree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Meeting {
    pub(super) origin: Origin,
    pub(super) code: Code,
    pub(super) enforcer_id: String,
    pub(super) approver_id: String,
    pub(super) enforcer: PublicKeys,
    pub(super) approver: PublicKeys,
}

// The names and members of these two objects must never change: both sides hash them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Transcript<'a> {
    code: &'a Code,
    gateway_origin: &'a Origin,
    enforcer_id: &'a str,
    approver_id: &'a str,
    enforcer_keys: Fixed<64>,
    approver_keys: Fixed<64>,
    r: Fixed<32>,
    r2: Fixed<32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MacBody<'a> {
    direction: Side,
    code: &'a Code,
    gateway_origin: &'a Origin,
    enforcer_id: &'a str,
    approver_id: &'a str,
    enforcer_keys: Fixed<64>,
    approver_keys: Fixed<64>,
}

/// SHA-256 of the enforcer's 64 key bytes and `r`.
pub(super) fn commitment(enforcer: &PublicKeys, r: &[u8; 32]) -> Hash {
    Hash(Sha256::new().chain_update(enforcer.bytes().0).chain_update(r).finalize().into())
}

impl Meeting {
    /// The pairing's name, for both sides the same.
    pub(super) fn pair_id(&self) -> String {
        let hash = Sha256::new().chain_update(self.enforcer.bytes().0);
        let hash = hash.chain_update(self.approver.bytes().0).finalize();
        base64(&hash.iter().copied().take(16).collect::<Vec<_>>())
    }

    /// The digits that both sides show when nobody stands between them.
    pub(super) fn digits(&self, r: &[u8; 32], r2: &[u8; 32]) -> Result<Digits, PairError> {
        let transcript = Transcript {
            code: &self.code,
            gateway_origin: &self.origin,
            enforcer_id: &self.enforcer_id,
            approver_id: &self.approver_id,
            enforcer_keys: self.enforcer.bytes(),
            approver_keys: self.approver.bytes(),
            r: Fixed(*r),
            r2: Fixed(*r2),
        };
        let hash = Sha256::digest(Domain::Sas.around(&json::canonical(&transcript)?));
        // The first eight bytes as a number; the bias of the remainder is below 2^-44.
        let number = hash.iter().take(8).fold(0_u64, |n, b| (n << 8) | u64::from(*b));
        Ok(Digits((number % 1_000_000) as u32))
    }

    /// The proof of `side` that it knows the secret and means this meeting.
    pub(super) fn mac(&self, side: Side, secret: &LinkSecret) -> Result<Mac, PairError> {
        let mut key = Zeroizing::new([0; 32]);
        // INVARIANT: 32 bytes are within what HKDF gives, and HMAC takes a key of any length.
        Hkdf::<Sha256>::new(None, secret.bytes())
            .expand(MAC_INFO, &mut *key)
            .map_err(|_| PairError::WrongMac)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&*key).map_err(|_| PairError::WrongMac)?;
        mac.update(&json::canonical(&self.mac_body(side))?);
        Ok(Fixed(mac.finalize().into_bytes().into()))
    }

    /// Checks the proof of `side` in constant time.
    pub(super) fn check(&self, side: Side, s: &LinkSecret, given: &Mac) -> Result<(), PairError> {
        let expected = self.mac(side, s)?;
        if bool::from(expected.0.ct_eq(&given.0)) { Ok(()) } else { Err(PairError::WrongMac) }
    }

    fn mac_body(&self, direction: Side) -> MacBody<'_> {
        MacBody {
            direction,
            code: &self.code,
            gateway_origin: &self.origin,
            enforcer_id: &self.enforcer_id,
            approver_id: &self.approver_id,
            enforcer_keys: self.enforcer.bytes(),
            approver_keys: self.approver.bytes(),
        }
    }
}

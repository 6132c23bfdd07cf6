//! The enforcer's steps: offer, wait, answer.

use super::proof::{self, Meeting};
use super::{Code, Completion, Digits, Link, LinkSecret, Mac, Origin, PairError, Paired, Side};
use crate::encoding::{Fixed, Hash};
use crate::keys::PublicKeys;
use zeroize::Zeroizing;

/// A pairing that is not yet announced.
pub struct Offer {
    enforcer_id: String,
    keys: PublicKeys,
    r: Zeroizing<[u8; 32]>,
    secret: LinkSecret,
}

/// A pairing that the relay announces under a code.
///
/// It is consumed by the first completion: a second try at the same `r` does not exist.
pub struct Waiting {
    offer: Offer,
    origin: Origin,
    code: Code,
}

/// What the first completion leads to.
pub enum Answered {
    /// The approver proved the link's secret: pin its keys and send back our own proof.
    Joined {
        /// Whom to pin.
        paired: Paired,
        /// What the approver waits for.
        mac: Mac,
    },
    /// No secret was used: reveal `r`, show the digits, wait for a yes.
    Compare(EnforcerCompare),
}

/// Digits on the enforcer's screen that wait for a person.
pub struct EnforcerCompare {
    paired: Paired,
    digits: Digits,
    reveal: Fixed<32>,
}

impl Offer {
    /// Prepares a pairing from 32 random bytes for `r` and 32 for the link's secret.
    #[must_use]
    pub fn new(enforcer_id: String, keys: PublicKeys, r: [u8; 32], secret: [u8; 32]) -> Self {
        Self { enforcer_id, keys, r: Zeroizing::new(r), secret: LinkSecret::new(secret) }
    }

    /// What is announced beside the keys, before anything about an approver is known.
    #[must_use]
    pub fn commitment(&self) -> Hash {
        proof::commitment(&self.keys, &self.r)
    }

    /// The relay gave the pairing a code.
    #[must_use]
    pub fn announced(self, origin: Origin, code: Code) -> Waiting {
        Waiting { offer: self, origin, code }
    }
}

impl Waiting {
    /// The link for the approver's device.
    #[must_use]
    pub fn link(&self) -> Link {
        Link {
            origin: self.origin.clone(),
            code: self.code.clone(),
            fingerprint: self.offer.keys.fingerprint(),
            secret: self.offer.secret.clone(),
        }
    }

    /// The code for typing.
    #[must_use]
    pub fn code(&self) -> &Code {
        &self.code
    }

    /// Answers the completion that the relay delivered.
    ///
    /// # Errors
    /// [`PairError::WrongMac`] where a proof is there but wrong, which never falls back to
    /// digits; [`PairError::Reflected`].
    pub fn answer(self, completion: Completion) -> Result<Answered, PairError> {
        if completion.keys == self.offer.keys {
            return Err(PairError::Reflected);
        }
        let Completion { approver_id, keys, r2, mac } = completion;
        let meeting = Meeting {
            origin: self.origin,
            code: self.code,
            enforcer_id: self.offer.enforcer_id,
            approver_id,
            enforcer: self.offer.keys,
            approver: keys,
        };
        let Some(given) = mac else {
            let digits = meeting.digits(&self.offer.r, &r2.0)?;
            let reveal = Fixed(*self.offer.r);
            return Ok(Answered::Compare(EnforcerCompare {
                paired: peer(meeting),
                digits,
                reveal,
            }));
        };
        meeting.check(Side::Approver, &self.offer.secret, &given)?;
        let mac = meeting.mac(Side::Enforcer, &self.offer.secret)?;
        Ok(Answered::Joined { paired: peer(meeting), mac })
    }
}

impl EnforcerCompare {
    /// What the approver's screen must show too.
    #[must_use]
    pub fn digits(&self) -> Digits {
        self.digits
    }

    /// `r`, which the approver needs to compute its digits. Harmless now: its keys are fixed.
    #[must_use]
    pub fn reveal(&self) -> Fixed<32> {
        self.reveal
    }

    /// The person at the enforcer said whether the digits are the same.
    ///
    /// # Errors
    /// [`PairError::DigitsRefused`].
    pub fn confirm(self, same: bool) -> Result<Paired, PairError> {
        if same { Ok(self.paired) } else { Err(PairError::DigitsRefused) }
    }
}

fn peer(meeting: Meeting) -> Paired {
    Paired {
        pair_id: meeting.pair_id(),
        origin: meeting.origin,
        peer_id: meeting.approver_id,
        keys: meeting.approver,
    }
}

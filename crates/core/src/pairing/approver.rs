//! The approver's steps: join by link or by code, then check what comes back.

use super::proof::{self, Meeting};
use super::{
    Code, Completion, Digits, Link, LinkSecret, Mac, Origin, PairError, Paired, Resolved, Side,
};
use crate::encoding::{Fixed, Hash};
use crate::keys::PublicKeys;

/// An approver's device that wants to join: its id, its new keys and its 32 random bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Joining {
    /// The approver's device id.
    pub approver_id: String,
    /// Keys made for this pairing.
    pub keys: PublicKeys,
    /// Random.
    pub r2: Fixed<32>,
}

/// Joined by link; the enforcer has to prove that it knows the secret too.
pub struct AwaitingMac {
    meeting: Meeting,
    secret: LinkSecret,
}

/// Joined by code; the enforcer has to open its commitment.
pub struct AwaitingReveal {
    meeting: Meeting,
    commitment: Hash,
    r2: Fixed<32>,
}

/// Digits on the approver's screen that wait for a person.
pub struct ApproverCompare {
    paired: Paired,
    digits: Digits,
}

impl Joining {
    /// Joins with a link.
    ///
    /// # Errors
    /// [`PairError::WrongFingerprint`] where the relay shows other keys than the link names;
    /// then nothing is sent. [`PairError::Reflected`].
    pub fn by_link(
        self,
        link: &Link,
        resolved: Resolved,
    ) -> Result<(AwaitingMac, Completion), PairError> {
        if resolved.keys.fingerprint() != link.fingerprint {
            return Err(PairError::WrongFingerprint);
        }
        let meeting = self.meet(&link.origin, &link.code, resolved)?;
        let mac = meeting.mac(Side::Approver, &link.secret)?;
        let waiting = AwaitingMac { meeting, secret: link.secret.clone() };
        Ok((waiting, self.completion(Some(mac))))
    }

    /// Joins with a typed code at a relay that the person named.
    ///
    /// # Errors
    /// [`PairError::Reflected`].
    pub fn by_code(
        self,
        origin: &Origin,
        code: &Code,
        resolved: Resolved,
    ) -> Result<(AwaitingReveal, Completion), PairError> {
        let commitment = resolved.commitment;
        let meeting = self.meet(origin, code, resolved)?;
        let waiting = AwaitingReveal { meeting, commitment, r2: self.r2 };
        Ok((waiting, self.completion(None)))
    }

    fn meet(&self, origin: &Origin, code: &Code, with: Resolved) -> Result<Meeting, PairError> {
        if with.keys == self.keys {
            return Err(PairError::Reflected);
        }
        Ok(Meeting {
            origin: origin.clone(),
            code: code.clone(),
            enforcer_id: with.enforcer_id,
            approver_id: self.approver_id.clone(),
            enforcer: with.keys,
            approver: self.keys,
        })
    }

    fn completion(self, mac: Option<Mac>) -> Completion {
        Completion { approver_id: self.approver_id, keys: self.keys, r2: self.r2, mac }
    }
}

impl AwaitingMac {
    /// Checks the enforcer's proof.
    ///
    /// # Errors
    /// [`PairError::WrongMac`].
    pub fn finish(self, mac: &Mac) -> Result<Paired, PairError> {
        self.meeting.check(Side::Enforcer, &self.secret, mac)?;
        Ok(peer(self.meeting))
    }
}

impl AwaitingReveal {
    /// Checks what the enforcer revealed and computes the digits; without that check there are
    /// none to show, because a relay could have chosen them.
    ///
    /// # Errors
    /// [`PairError::WrongCommitment`].
    pub fn reveal(self, r: &Fixed<32>) -> Result<ApproverCompare, PairError> {
        if proof::commitment(&self.meeting.enforcer, &r.0) != self.commitment {
            return Err(PairError::WrongCommitment);
        }
        let digits = self.meeting.digits(&r.0, &self.r2.0)?;
        Ok(ApproverCompare { paired: peer(self.meeting), digits })
    }
}

impl ApproverCompare {
    /// What the enforcer's screen must show too.
    #[must_use]
    pub fn digits(&self) -> Digits {
        self.digits
    }

    /// The person at the approver's device said whether the digits are the same.
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
        peer_id: meeting.enforcer_id,
        keys: meeting.enforcer,
    }
}

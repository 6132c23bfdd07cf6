//! What an answer counts as: what was pinned with its key, and whether a passkey lifts it.

use super::Refusal;
use crate::artifact::{Assurance, Route};
use crate::decision::{Decision, hint};
use crate::passkey::Assertion;
use crate::trust::Approver;

impl Approver {
    /// What an answer of this key counts as without a passkey: `device` at most, whatever was
    /// pinned, because nothing shows that its person was there.
    #[must_use]
    pub fn unaided(&self) -> Assurance {
        self.assurance.min(Assurance::Device)
    }

    /// The most that an answer of this key can count as. A passkey lifts no key that lives on the
    /// enforcer's machine: what its person sees there is the agent's to change.
    #[must_use]
    pub fn reach(&self) -> Assurance {
        let lifted = self.passkey.is_some() && self.assurance > Assurance::Local;
        if lifted { Assurance::Verified } else { self.unaided() }
    }

    /// What this answer counts as. That this key signed it is checked elsewhere.
    #[must_use]
    pub fn assurance_of(&self, decision: &Decision) -> Assurance {
        if self.reach() == Assurance::Verified && self.was_there_for(decision).is_some() {
            Assurance::Verified
        } else {
            self.unaided()
        }
    }

    fn was_there_for(&self, decision: &Decision) -> Option<()> {
        let made = Assertion::read(decision.hint(hint::WEBAUTHN)?).ok()?;
        let challenge = decision.challenge().ok()?;
        self.passkey.as_ref()?.verify(&challenge, &made).ok()
    }
}

/// What a signed answer counts as, where that is enough for what it says.
///
/// A plain no needs no more than a key that was asked: saying no stays easy.
pub(crate) fn assured(
    decision: &Decision,
    signer: &Approver,
    route: &Route,
) -> Result<Assurance, Refusal> {
    let (have, need) = (signer.assurance_of(decision), route.min_assurance);
    if have < need && !is_plain_no(decision) {
        return Err(Refusal::Assurance { have, need });
    }
    Ok(have)
}

/// Whether it permits nothing and asks nobody else.
fn is_plain_no(decision: &Decision) -> bool {
    let says_more = [hint::ITEMS, hint::ESCALATE].iter().any(|name| decision.hint(name).is_some());
    !decision.decision.allows() && !says_more
}

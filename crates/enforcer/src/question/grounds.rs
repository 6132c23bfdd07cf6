//! Why an action runs, waits or does not run, and what an answer must satisfy.

use super::{Quorum, Way};
use crate::gate::grant::offered;
use countersign_core::artifact::{Assurance, GrantOffer, Risk};
use countersign_core::encoding::Hash;
use countersign_core::receipt::PolicyNote;
use countersign_policy::Verdict;
use sha2::{Digest as _, Sha256};

/// Why an action runs, waits or does not run, and what an answer must satisfy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grounds {
    /// What records say of it.
    pub(crate) note: PolicyNote,
    /// Why, in words for the person who is asked.
    pub(crate) because: String,
    /// The least assurance that counts.
    pub(crate) min_assurance: Assurance,
    /// Whether an answer must say why.
    pub(crate) reason_required: bool,
    /// How long an answer is waited for where the caller does not say, in seconds.
    pub(crate) timeout_seconds: u32,
    /// How many must allow, and who is asked next.
    pub(crate) quorum: Quorum,
    /// The widest standing permission that may be taken beside a yes.
    pub(crate) grant: Option<GrantOffer>,
}

impl Grounds {
    /// What a verdict says.
    #[must_use]
    pub fn of(verdict: &Verdict) -> Self {
        Self {
            note: PolicyNote {
                rule_id: verdict.rule_id.clone(),
                display: verdict.display.clone(),
                policy_hash: verdict.policy_hash,
                risk: verdict.risk,
                verb: verdict.verb.to_string(),
                matched: verdict.matched.clone(),
            },
            because: verdict.display.clone(),
            min_assurance: verdict.min_assurance,
            reason_required: verdict.require_reason,
            timeout_seconds: verdict.timeout_seconds,
            quorum: Quorum::of(verdict),
            grant: offered(verdict, false)
                .ok()
                .map(|offer| GrantOffer { max_seconds: offer.max_seconds, session: offer.session }),
        }
    }

    /// The same with the quorum that [`Enforcer::seated`](crate::Enforcer::seated) made of the
    /// verdict's labels. Without it, what several lists ask for is refused at the claim.
    #[must_use]
    pub fn with_quorum(mut self, quorum: Quorum) -> Self {
        self.quorum = quorum;
        self
    }

    /// How many must allow, and who is asked next.
    #[must_use]
    pub fn quorum(&self) -> &Quorum {
        &self.quorum
    }

    /// A rule of the enforcer's own, which no policy can loosen: one person of those asked.
    #[must_use]
    pub fn fixed(rule: &str, display: &str) -> Self {
        Self {
            note: PolicyNote {
                rule_id: rule.to_owned(),
                display: display.to_owned(),
                policy_hash: fixed_hash(),
                risk: Risk::High,
                verb: "tool_call".to_owned(),
                matched: Vec::new(),
            },
            because: display.to_owned(),
            min_assurance: Assurance::Local,
            reason_required: false,
            timeout_seconds: 300,
            quorum: Quorum::default(),
            grant: None,
        }
    }

    /// The same for those who admit others: each of them answers with as much as it can, or an answer
    /// that anybody could give in its place would count.
    #[must_use]
    pub(crate) fn of_admitters(mut self, to: &[Way]) -> Self {
        let least = to.iter().map(|way| way.approver.reach()).min();
        self.min_assurance = least.unwrap_or(self.min_assurance);
        self
    }

    /// The same for an action of which something was found that makes it critical.
    #[must_use]
    pub fn critical(mut self) -> Self {
        self.note.risk = Risk::Critical;
        self.grant = None;
        self.min_assurance = self.min_assurance.max(Assurance::Web);
        self
    }

    /// Why, in words for the person who is asked.
    #[must_use]
    pub fn because(&self) -> &str {
        &self.because
    }

    /// Whether it is critical.
    #[must_use]
    pub fn is_critical(&self) -> bool {
        self.note.risk == Risk::Critical
    }

    /// What records say of it.
    #[must_use]
    pub fn note(&self) -> &PolicyNote {
        &self.note
    }

    /// How long an answer is waited for where the caller does not say.
    #[must_use]
    pub fn timeout_seconds(&self) -> u32 {
        self.timeout_seconds
    }
}

/// What [`Grounds::fixed`] stands under in place of a policy.
pub(crate) fn fixed_hash() -> Hash {
    Hash(Sha256::digest(b"countersign.enforcer/v1").into())
}

//! Whether a verdict asks for more than an earlier one.

use super::{AlwaysAllow, Decision, OnTimeout, Roster, Verdict};

impl Verdict {
    /// Whether this verdict asks for anything that `before`, under which an approval was given,
    /// did not: then the approval does not fit it.
    ///
    /// The hash is not compared: two policies may say the same of one action.
    #[must_use]
    pub fn asks_for_more_than(&self, before: &Self) -> bool {
        self.decision > before.decision
            || self.redact.iter().any(|field| !before.redact.contains(field))
            || (self.decision == Decision::RequireApproval && self.obliges_to_more(before))
    }

    fn obliges_to_more(&self, before: &Self) -> bool {
        let met = |roster: &Roster| before.rosters.iter().any(|given| given.meets(roster));
        !self.rosters.iter().all(met)
            || self.persons > before.persons
            || self.risk > before.risk
            || self.min_assurance > before.min_assurance
            || (self.veto && !before.veto)
            || (self.require_reason && !before.require_reason)
            || self.timeout_seconds < before.timeout_seconds
            || self.max_uses < before.max_uses
            || (self.on_timeout == OnTimeout::Deny && before.on_timeout == OnTimeout::Escalate)
            || (self.silence_ends && !before.silence_ends)
            || offers_less(self.always_allow, before.always_allow)
    }
}

impl Roster {
    /// Whether whoever satisfies this one satisfies the other as well. An empty list of the other
    /// is every pinned approver, so anybody is in it.
    fn meets(&self, other: &Self) -> bool {
        let among = |label| other.approvers.contains(label);
        let inside = !self.approvers.is_empty() && self.approvers.iter().all(among);
        self.quorum >= other.quorum && (other.approvers.is_empty() || inside)
    }
}

fn offers_less(now: Option<AlwaysAllow>, before: Option<AlwaysAllow>) -> bool {
    match (now, before) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(now), Some(before)) => {
            now.max_seconds < before.max_seconds || (now.session && !before.session)
        }
    }
}

//! Who must answer in a round, and what may be answered: the part that approvers sign.

use super::quorum::{Place, on_the_roster};
use super::{Question, Way};
use countersign_core::action::Action;
use countersign_core::artifact::{GrantOffer, Route, Scope, Seat};
use countersign_core::grant;
use countersign_core::redact::smuggles_commitment;

impl Question {
    /// The route of a round in which these people are asked.
    pub(crate) fn route(&self, round: u32, place: &Place<'_>) -> Route {
        let seat = |way: &Way| Seat {
            person: way.approver.person.clone(),
            key_id: way.approver.key_id.clone(),
        };
        let roster: Vec<Seat> = self.enough(place.to).map(seat).collect();
        Route {
            round,
            rule_id: self.grounds.note.rule_id.clone(),
            risk: self.grounds.note.risk,
            policy_hash: self.grounds.note.policy_hash,
            threshold: place.threshold,
            min_assurance: self.min_assurance(),
            reason_required: self.grounds.reason_required,
            scopes: vec![Scope::Once],
            max_uses: 1,
            groups: on_the_roster(place.groups, &roster),
            roster,
            veto: self.grounds.quorum.veto,
            escalate_to: place.rest.iter().map(|step| step.label.clone()).collect(),
            grant: self.grant_offer(),
        }
    }

    /// What may be taken beside a yes. Only what the gate looks up as granted is on offer: no batch,
    /// nothing that has a use of its own, and nothing that holds a secret.
    fn grant_offer(&self) -> Option<GrantOffer> {
        let may_be = match &self.action {
            Action::Command(_) | Action::Tool(_) => true,
            Action::Request(request) => request.action != grant::ACTION,
            _ => false,
        };
        let open = || self.action.to_payload().is_ok_and(|whole| !smuggles_commitment(&whole));
        self.grounds.grant.filter(|_| may_be && open())
    }
}

//! What an approver takes of an offer beside a yes: "always allow this".
//!
//! It stands in the signed hint `grant`, so that an enforcer which does not know it hears a yes for
//! once. The call, who may make it and where stand in the artifact that is signed; the hint says
//! only until when, how often, and whether in the one session. Nobody can take more than the route
//! offers, and whoever reads the answer checks that again.

use super::Grant;
use crate::answer::Unclear;
use crate::artifact::{ArtifactHead, Context, GrantOffer, Risk, Route};
use crate::decision::{Decision, hint};
use crate::json::{self, JsonError};
use crate::message::exact;
use crate::tally;
use crate::time::{Instant, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The hint `grant` of a decision.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Taken {
    /// When it ends; at most as long after the artifact was made as the route offers.
    pub expires_at: Timestamp,
    /// The artifact's own session, where it holds in that one only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// How often the call may be made, at least 1; `None` is until it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

/// The widest permission that can be taken out of an artifact; `None` is none.
///
/// Whatever a route says, what is critical and what several people must allow is on no offer, and
/// neither is a call of which the artifact does not say whose it is and where.
#[must_use]
pub fn offer(head: &ArtifactHead, route: &Route) -> Option<GrantOffer> {
    let plain = tally::one_decides(route) && route.risk < Risk::Critical;
    route.grant.filter(|_| plain && place(head).is_some())
}

/// Whose call it is, and in which workspace.
fn place(head: &ArtifactHead) -> Option<(String, String)> {
    let Context { principal, workspace, .. } = head.context().ok().flatten()?;
    principal.zip(workspace)
}

/// The latest moment at which a permission taken out of this artifact may end.
#[must_use]
pub fn latest(head: &ArtifactHead, offer: GrantOffer) -> Instant {
    let most = i64::from(offer.max_seconds).saturating_mul(1_000);
    head.created_at.instant().plus_millis(most)
}

impl Taken {
    /// What a decision takes; `None` where it takes nothing.
    ///
    /// # Errors
    /// [`Unclear::Grant`] where it is no yes, not readable, or more than is on offer.
    pub fn of(
        decision: &Decision,
        head: &ArtifactHead,
        route: &Route,
    ) -> Result<Option<Self>, Unclear> {
        let Some(said) = decision.hint(hint::GRANT) else { return Ok(None) };
        let taken: Self = exact(said).map_err(|_| Unclear::Grant)?;
        let good = decision.decision.allows() && taken.is_within(head, route);
        if good { Ok(Some(taken)) } else { Err(Unclear::Grant) }
    }

    /// Whether it is no more than what is on offer.
    #[must_use]
    pub fn is_within(&self, head: &ArtifactHead, route: &Route) -> bool {
        let Some(offer) = offer(head, route) else { return false };
        let session = match &self.session {
            Some(_) => self.session == head.session_id,
            None => !offer.session,
        };
        let (from, end) = (head.created_at.instant(), self.expires_at.instant());
        session && self.count != Some(0) && from < end && end <= latest(head, offer)
    }

    /// Puts it beside the other hints of a yes.
    ///
    /// # Errors
    /// Where it has no JSON form.
    pub fn write(&self, hints: &mut Map<String, Value>) -> Result<(), JsonError> {
        hints.insert(hint::GRANT.into(), json::value_of(self)?);
        Ok(())
    }
}

impl Grant {
    /// The grant that taking this out of an artifact gives; `None` where that does not say whose
    /// call it is.
    #[must_use]
    pub fn out_of(
        payload: &Map<String, Value>,
        head: &ArtifactHead,
        taken: &Taken,
    ) -> Option<Self> {
        let (principal, workspace) = place(head)?;
        let Taken { expires_at, session, count } = taken.clone();
        Some(Self { action: payload.clone(), principal, session, workspace, expires_at, count })
    }

    /// Reads a grant back from everything that was signed: a request for it, or a call with an
    /// answer that took it; `None` where it is neither. Whether the signatures hold is for
    /// [`crate::verify`] to say.
    #[must_use]
    pub fn signed(
        payload: &Map<String, Value>,
        heads: &[&ArtifactHead],
        decisions: &[&Decision],
    ) -> Option<Self> {
        if let Some(asked_for) = Self::of_payload(payload) {
            return Some(asked_for);
        }
        let mut all = decisions.iter().map(|decision| taken_by(payload, heads, decision));
        let first = all.next().flatten()?;
        all.all(|other| other.as_ref() == Some(&first)).then_some(first)
    }
}

fn taken_by(
    payload: &Map<String, Value>,
    heads: &[&ArtifactHead],
    decision: &Decision,
) -> Option<Grant> {
    let head = heads.iter().find(|head| head.artifact_hash == decision.artifact_hash)?;
    let route = head.route().ok().flatten()?;
    let taken = Taken::of(decision, head, &route).ok().flatten()?;
    Grant::out_of(payload, head, &taken)
}

#[cfg(test)]
mod tests;

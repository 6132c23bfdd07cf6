//! Whether a grant stands: what was signed, by whom, and what the policies say today.

use super::taken::terms;
use crate::gate::standing::{Keys, still_signed};
use crate::policy::recheck::Judge;
use countersign_core::action::Action;
use countersign_core::artifact::Risk;
use countersign_core::time::Instant;
use countersign_policy::verdict::AlwaysAllow;
use countersign_policy::{Asker, Verdict};
use countersign_store::ledger::{GrantRecord, LedgerError, RequestRecord};
use serde_json::Value;

/// Everything that a grant is looked at with, inside the transaction that gives or uses it.
pub(super) struct Standing {
    pub(super) keys: Keys,
    pub(super) judge: Judge,
    pub(super) asker: Asker,
    pub(super) now: Instant,
}

/// What a policy offers of a call, narrowed by what no policy can offer: dangerous lanes hold for
/// one session, and what is critical is asked about each time.
///
/// # Errors
/// Why none is on offer, in words.
pub(crate) fn offered(verdict: &Verdict, critical: bool) -> Result<AlwaysAllow, String> {
    if critical || verdict.risk == Risk::Critical {
        return Err("what is critical is asked about each time".into());
    }
    let none = || format!("rule `{}` offers no standing permission", verdict.rule_id);
    let offer = verdict.always_allow.ok_or_else(none)?;
    Ok(AlwaysAllow { session: offer.session || verdict.lane.is_some(), ..offer })
}

impl Standing {
    /// Demands that people signed exactly this grant, that their keys still count, and that the
    /// policies of now are those of then and still offer it.
    ///
    /// # Errors
    /// [`LedgerError::Void`] where any of it is not so.
    pub(super) fn allows(
        &self,
        grant: &GrantRecord,
        giver: &RequestRecord,
    ) -> Result<(), LedgerError> {
        let signed = terms(giver).ok_or_else(|| void("what was signed is no grant"))?;
        let terms = signed.clone().terms().map_err(|_| void("a foreign payload"))?;
        if let Some(what) = grant.strange(&terms) {
            return Err(void(&format!("the grant is not the one that was signed, but has {what}")));
        }
        still_signed(&self.keys, giver, grant.granted_at, self.now)?;
        let action = Action::from_payload(&Value::Object(signed.action.clone()));
        let action = action.ok_or_else(|| void("a foreign payload"))?;
        let verdict = self.judge.still_grants(&action, &self.asker, giver)?;
        let offer = offered(&verdict, false).map_err(|why| void(&why))?;
        let lasts = signed.expires_at.instant().0.saturating_sub(asked_at(giver).0);
        let most = i64::from(offer.max_seconds).saturating_mul(1_000);
        // It was asked for a moment after its end was worked out.
        if lasts > most || offer.session && grant.session.is_none() {
            return Err(void("the policy offers less by now"));
        }
        Ok(())
    }
}

/// When it was asked for what was answered: the last round of several began later than the first.
fn asked_at(giver: &RequestRecord) -> Instant {
    let made = giver.asked_now().map(|one| one.artifact.head.created_at.instant());
    made.max().map_or(giver.created_at, |made| made.max(giver.created_at))
}

fn void(message: &str) -> LedgerError {
    LedgerError::Void { code: "HARP_ERR_POLICY_DENY".into(), message: message.to_owned() }
}

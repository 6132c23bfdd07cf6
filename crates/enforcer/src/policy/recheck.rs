//! Whether an approval is still enough, at the moment at which it would be used.

use super::layers;
use crate::gate::Enforcer;
use crate::home::{Home, HomeError};
use crate::policy::roster::Seated;
use crate::policy::{Acceptance, Sources, moment, roster};
use crate::question::{Step, Way, fixed_hash};
use crate::redaction::revealed;
use countersign_core::action::Action;
use countersign_core::artifact::{Artifact, Context, Group, Route, Seat};
use countersign_core::keys::KeyId;
use countersign_core::tally::Tally;
use countersign_core::time::Instant;
use countersign_policy::{Asker, Decision, Engine, Facts, Verdict};
use countersign_store::ledger::{Answers, LedgerError, Proven, RequestRecord};

/// Everything that the policies of this moment are judged by. The texts are read again inside the
/// claim's transaction.
pub(crate) struct Judge {
    home: Home,
    sources: Sources,
    accepted: Vec<Acceptance>,
    ways: Vec<Way>,
    now: Instant,
}

impl Judge {
    /// `past` is what the ledger says of what was accepted.
    pub(crate) fn of(enforcer: &Enforcer, past: &Proven) -> Result<Self, HomeError> {
        Ok(Self {
            home: enforcer.home().clone(),
            sources: enforcer.sources().clone(),
            accepted: enforcer.accepted_by(past)?,
            ways: enforcer.ways()?,
            now: enforcer.now(),
        })
    }

    /// Refuses an approval that was given under other policies, or that the policies of now would
    /// not be content with.
    pub(crate) fn still_asks_no_more(&self, request: &RequestRecord) -> Result<(), LedgerError> {
        for asked in request.asked_now() {
            let route = asked.artifact.route().ok().flatten().ok_or_else(|| void("no route"))?;
            // Keys and policies are admitted by a rule of the enforcer's own.
            if route.policy_hash != fixed_hash() {
                self.under(&route, &asked.artifact, request)?;
            }
        }
        Ok(())
    }

    fn under(
        &self,
        route: &Route,
        artifact: &Artifact,
        request: &RequestRecord,
    ) -> Result<(), LedgerError> {
        let workspace = &request.key.workspace;
        let found = layers::found(self.home.root(), &self.sources, workspace);
        let engine = found.and_then(|found| layers::engine(&found, &self.accepted, workspace));
        let engine = engine.map_err(|e| void(&e.to_string()))?;
        if engine.hash() != route.policy_hash {
            return Err(void("the policy changed"));
        }
        let verdict = self.verdict(&engine, artifact, request)?;
        if asks_for_more(&verdict, route) {
            return Err(void("the policy asks for more by now"));
        }
        self.signers_are_seated(&verdict, &engine, request)
    }

    /// What the policies of now say of a call that was granted. They must be the ones under which
    /// it was, ask no more of those who gave it, and count them.
    ///
    /// # Errors
    /// [`LedgerError::Void`] where any of it is not so.
    pub(crate) fn still_grants(
        &self,
        call: &Action,
        asker: &Asker,
        giver: &RequestRecord,
    ) -> Result<Verdict, LedgerError> {
        let workspace = &giver.key.workspace;
        let found = layers::found(self.home.root(), &self.sources, workspace);
        let engine = found.and_then(|found| layers::engine(&found, &self.accepted, workspace));
        let engine = engine.map_err(|e| void(&e.to_string()))?;
        let place = layers::surroundings(self.home.root(), &self.sources, workspace);
        let facts = Facts::of(call, asker.clone(), place, moment(self.now));
        let verdict = engine.judge(&facts.map_err(|e| void(&e.to_string()))?);
        for asked in giver.asked_now() {
            let route = asked.artifact.route().ok().flatten().ok_or_else(|| void("no route"))?;
            if engine.hash() != route.policy_hash {
                return Err(void("the policy changed"));
            }
            if asks_for_more(&verdict, &route) {
                return Err(void("the policy asks for more by now"));
            }
        }
        if verdict.decision != Decision::RequireApproval {
            return Err(void("the policy does not ask about it any more"));
        }
        self.signers_are_seated(&verdict, &engine, giver)?;
        Ok(verdict)
    }

    fn verdict(
        &self,
        engine: &Engine,
        artifact: &Artifact,
        request: &RequestRecord,
    ) -> Result<Verdict, LedgerError> {
        let action = artifact.action().ok_or_else(|| void("a foreign payload"))?;
        let action = revealed(&self.home, action).map_err(|e| void(&e.to_string()))?;
        let context = artifact.context().ok().flatten().unwrap_or_default();
        let asker = asker(&request.key.principal, &context);
        let place = layers::surroundings(self.home.root(), &self.sources, &request.key.workspace);
        let facts = Facts::of(&action, asker, place, moment(self.now));
        Ok(engine.judge(&facts.map_err(|e| void(&e.to_string()))?))
    }

    fn signers_are_seated(
        &self,
        verdict: &Verdict,
        engine: &Engine,
        request: &RequestRecord,
    ) -> Result<(), LedgerError> {
        if verdict.decision != Decision::RequireApproval {
            return Ok(());
        }
        let seated = roster::seated(verdict, engine, &self.ways, self.now);
        let Seated { ways, quorum } = seated.map_err(|e| void(&e.to_string()))?;
        if suffices(request, &ways, (quorum.threshold, &quorum.groups, quorum.veto)) {
            return Ok(());
        }
        // Who is asked next answers for themselves, and for as many as the policy names there.
        let next =
            |step: &Step| suffices(request, &step.to, (step.threshold, &step.groups, quorum.veto));
        if request.round() > 1 && quorum.chain.iter().any(next) {
            return Ok(());
        }
        Err(void("who allowed it is not enough any more"))
    }
}

/// Whether the answers of the round that ended it are enough under what is asked for now.
fn suffices(
    request: &RequestRecord,
    ways: &[Way],
    (threshold, groups, veto): (u32, &[Group], bool),
) -> bool {
    let seated = |key: &KeyId| ways.iter().any(|way| way.approver.key_id == *key);
    let seat = |way: &Way| Seat {
        person: way.approver.person.clone(),
        key_id: way.approver.key_id.clone(),
    };
    let Some(signed) = request.route() else { return false };
    let roster = ways.iter().map(seat).collect();
    // Whoever asked may have wanted more people: then one no did not end it, and does not now.
    let threshold = threshold.max(signed.threshold);
    let route = Route { roster, threshold, groups: groups.to_vec(), veto, ..signed };
    let mut answers = request.accepted_now().map(|accepted| &accepted.decision.signer_key_id);
    answers.all(seated)
        && Answers::of(request, &|_| true)
            .is_some_and(|answers| answers.tally_under(&route) == Tally::Met)
}

/// Who asks, as far as the connection and the caller's own words tell.
#[must_use]
pub(crate) fn asker(principal: &str, context: &Context) -> Asker {
    Asker {
        account: Some(principal.to_owned()),
        agent: context.agent.clone(),
        session: context.session.clone(),
        workflow: None,
    }
}

fn asks_for_more(verdict: &Verdict, route: &Route) -> bool {
    verdict.decision == Decision::Block
        || verdict.decision == Decision::RequireApproval
            && (verdict.min_assurance > route.min_assurance
                || verdict.require_reason && !route.reason_required
                || verdict.risk > route.risk)
}

fn void(message: &str) -> LedgerError {
    LedgerError::Void { code: "HARP_ERR_POLICY_DENY".into(), message: message.to_owned() }
}

#[cfg(test)]
mod tests;

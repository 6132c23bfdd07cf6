//! Questions and the requests that the ledger keeps of them.

use super::{Grounds, Question, Quorum, Step, Way, fixed_hash};
use countersign_core::action::Action;
use countersign_core::artifact::Group;
use countersign_core::grant;
use countersign_core::keys::KeyId;
use countersign_core::redact::{Disclosure, is_ours};
use countersign_store::ledger::{Asked, RequestRecord};
use serde_json::Value;
use std::collections::BTreeSet;

/// Whether a request is about something that whoever asked carries out, under a policy: then
/// whoever follows it may use its approval. Commands are run here, and changes of keys and policies
/// are made here.
#[must_use]
pub fn is_handed_over(request: &RequestRecord) -> bool {
    let handed_over = |asked: &Asked| {
        let route = asked.artifact.route().ok().flatten();
        let ruled = route.is_some_and(|route| route.policy_hash != fixed_hash());
        let words = |action: &Action| is_words(action) && !is_grant(action);
        ruled && asked.artifact.action().is_some_and(|action| words(&action))
    };
    !request.asked.is_empty() && request.asked.iter().all(handed_over)
}

/// What asks for a grant is used by giving it, and by nothing else.
fn is_grant(action: &Action) -> bool {
    matches!(action, Action::Request(request) if request.action == grant::ACTION)
}

/// Kinds that are asked in words: whoever asked carries them out.
fn is_words(action: &Action) -> bool {
    matches!(action, Action::Request(_) | Action::Plan(_) | Action::Task(_) | Action::Batch(_))
}

impl Question {
    /// The question behind a stored request, as far as it is needed to put it once more; `None`
    /// where it holds secrets that are not `kept`.
    pub(crate) fn of_record(
        request: &RequestRecord,
        to: Vec<Way>,
        kept: Vec<Disclosure>,
    ) -> Option<Self> {
        let artifact = &request.asked.last()?.artifact;
        let action = artifact.action().filter(is_words)?;
        let route = artifact.route().ok().flatten()?;
        let note = request.policy.clone()?;
        is_ours(&Value::Object(artifact.payload.clone()), &kept).then_some(())?;
        Some(Self {
            action,
            disclosures: kept,
            context: artifact.context().ok().flatten().unwrap_or_default(),
            grounds: Grounds {
                because: note.display.clone(),
                note,
                min_assurance: route.min_assurance,
                reason_required: route.reason_required,
                timeout_seconds: 0,
                quorum: Quorum::of_route(&route),
                grant: route.grant,
            },
            principal: request.key.principal.clone(),
            session: String::new(),
            workspace: request.key.workspace.clone(),
            ttl_millis: request.expires_at.0.saturating_sub(request.created_at.0),
            to,
        })
    }

    /// The same with those who are named as the next and whom the policy does not ask by itself: a
    /// caller named them. They are of those whose answer counts, and as many lists must allow.
    pub(crate) fn with_the_named(
        mut self,
        request: &RequestRecord,
        counting: &[Way],
        groups: &[Group],
    ) -> Self {
        let Some(route) = request.route() else { return self };
        let (millis, threshold) = (share(request, route.escalate_to.len()), route.threshold);
        let step = |label: &String| {
            let to = counting.iter().filter(|way| way.is_called(label)).cloned().collect();
            Step { label: label.clone(), to, millis, threshold, groups: groups.to_vec() }
        };
        let quorum = &mut self.grounds.quorum;
        quorum.timed = request.step_ends.is_some();
        quorum.chain = route.escalate_to.iter().map(step).collect();
        quorum.chain.retain(|step| !step.to.is_empty());
        self
    }

    /// Whether a stored request is this question: put to exactly these people, on exactly these
    /// grounds, in whatever round it is.
    pub(crate) fn asks_the_same(&self, request: &RequestRecord) -> bool {
        let Some(stored) = request.route() else { return false };
        let place = if stored.round == 1 { Some(self.first()) } else { self.place_of(&stored) };
        let Some(place) = place else { return false };
        let now: BTreeSet<&KeyId> = self.enough(place.to).map(|w| &w.approver.key_id).collect();
        let then: BTreeSet<&KeyId> = request.asked_now().map(|asked| &asked.key_id).collect();
        now == then && self.route(stored.round, &place) == stored
    }
}

/// How long each of these steps has. The request ends when the last one does; how the caller shared
/// the time between several is kept nowhere, so they share it evenly.
fn share(request: &RequestRecord, steps: usize) -> i64 {
    let from = request.step_ends.unwrap_or(request.created_at);
    let left = request.expires_at.0.saturating_sub(from.0);
    left / i64::try_from(steps.max(1)).unwrap_or(1)
}

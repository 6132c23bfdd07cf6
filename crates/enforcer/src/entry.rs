//! What the receipts of an enforcer say.

use countersign_core::action::{Action, ActionHash};
use countersign_core::artifact::{Artifact, Risk};
use countersign_core::decision::{Decision, Reason, hint};
use countersign_core::json::JsonError;
use countersign_core::keys::KeyId;
use countersign_core::receipt::check::word;
use countersign_core::receipt::{
    ApproverDecision, Basis, Binding, Boundary, Entry, Event, Level, Outcome, PolicyNote,
};
use countersign_core::trust::TrustStore;
use countersign_store::ledger::RequestRecord;
use countersign_store::ledger::items::permitted;
use serde_json::{Map, Value};

/// The entry of a request, before anything is said about how it ended.
pub(crate) fn of_request(event: Event, boundary: Boundary, request: &RequestRecord) -> Entry {
    let artifacts: Vec<&Artifact> = request.asked.iter().map(|a| &a.artifact).collect();
    let action = artifacts.first().map(|a| a.payload.clone());
    let decisions: Vec<Decision> = request.accepted.iter().map(|a| a.decision.clone()).collect();
    let items = part(request).filter(|_| event.needs_approval());
    Entry {
        request_id: Some(request.id.clone()),
        action_hash: Some(request.key.action_hash),
        action,
        artifacts: artifacts.iter().map(|a| a.head.clone()).collect(),
        policy: request.policy.clone(),
        trust_level: level(event, &decisions, items.as_deref()),
        items,
        decisions,
        basis: Basis::Decision,
        ..bare(event, boundary)
    }
}

/// An entry about no action.
pub(crate) fn bare(event: Event, boundary: Boundary) -> Entry {
    Entry {
        boundary,
        binding: None,
        event,
        request_id: None,
        action_hash: None,
        action: None,
        items: None,
        artifacts: Vec::new(),
        policy: None,
        decisions: Vec::new(),
        approver_decision: None,
        multi_approval: None,
        basis: Basis::Policy,
        grant: None,
        trust_level: Level::L0,
        outcome: None,
    }
}

/// The entry of an action that a policy decided by itself.
pub(crate) fn of_action(
    event: Event,
    boundary: Boundary,
    action: &Action,
    hash: ActionHash,
    policy: PolicyNote,
) -> Result<Entry, JsonError> {
    let action = crate::question::payload(action)?;
    let (action, action_hash) = (Some(action), Some(hash));
    Ok(Entry { action_hash, action, policy: Some(policy), ..bare(event, boundary) })
}

/// The same entry about another event.
pub(crate) fn as_event(mut entry: Entry, event: Event) -> Entry {
    entry.event = event;
    entry.trust_level = level(event, &entry.decisions, entry.items.as_deref());
    entry
}

/// Adds decisions and, in words, who made them.
pub(crate) fn decided(
    mut entry: Entry,
    decisions: &[&Decision],
    reason: Option<&Reason>,
    trust: &TrustStore,
) -> Entry {
    entry.decisions = decisions.iter().map(|d| (*d).clone()).collect();
    entry.approver_decision = match decisions {
        [one] => Some(ApproverDecision {
            verdict: word(one).into(),
            person: person(trust, &one.signer_key_id),
            key_id: one.signer_key_id.clone(),
            reason: reason.map(|r| r.text.clone()),
        }),
        _ => None,
    };
    entry.trust_level = level(entry.event, &entry.decisions, entry.items.as_deref());
    entry
}

/// The same entry about some items of a batch.
pub(crate) fn about(mut entry: Entry, items: Vec<usize>) -> Entry {
    entry.items = Some(items);
    entry.trust_level = level(entry.event, &entry.decisions, entry.items.as_deref());
    entry
}

/// The items of a batch that were allowed where others were not.
fn part(request: &RequestRecord) -> Option<Vec<usize>> {
    let allowed = permitted(request)?;
    let all = request.asked.first()?.artifact.items()?;
    (!allowed.is_empty() && allowed.len() < all).then_some(allowed)
}

/// Adds what came of a run.
pub(crate) fn ended(mut entry: Entry, binding: Option<Binding>, outcome: Outcome) -> Entry {
    entry.binding = binding;
    entry.outcome = Some(outcome);
    entry
}

/// An entry that says why an answer or a call was refused.
pub(crate) fn refused(mut entry: Entry, code: &str, message: &str) -> Entry {
    let mut policy = entry.policy.take().unwrap_or_else(|| no_rule(Risk::High));
    policy.display = format!("{code}: {message}");
    entry.policy = Some(policy);
    entry
}

fn no_rule(risk: Risk) -> PolicyNote {
    PolicyNote {
        rule_id: "default".into(),
        display: String::new(),
        policy_hash: countersign_core::encoding::Hash([0; 32]),
        risk,
        verb: "shell_exec".into(),
        matched: Vec::new(),
    }
}

fn person(trust: &TrustStore, id: &KeyId) -> String {
    trust.approver(id).map(|a| a.person.clone()).unwrap_or_default()
}

/// The level that decisions reach; verification works it out again.
fn level(event: Event, decisions: &[Decision], items: Option<&[usize]>) -> Level {
    let allows = |decision: &Decision| {
        let some = |items: &[usize]| {
            let said = decision.hint(hint::ITEMS).and_then(Value::as_array);
            said.is_some_and(|said| items.iter().all(|item| said.contains(&Value::from(*item))))
        };
        decision.decision.allows() || items.is_some_and(some)
    };
    let allowed = !decisions.is_empty() && decisions.iter().all(allows);
    if allowed && event.needs_approval() { Level::L1 } else { Level::L0 }
}

/// A map for an action of ours in a receipt about keys.
pub(crate) fn note(kind: &str, members: &[(&str, &str)]) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("kind".into(), kind.into());
    members.iter().for_each(|(k, v)| {
        map.insert((*k).into(), (*v).into());
    });
    map
}

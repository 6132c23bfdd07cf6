//! What the receipts of an enforcer say.

use countersign_core::action::{Action, ActionHash};
use countersign_core::artifact::{Artifact, Risk};
use countersign_core::decision::{Decision, Reason, hint};
use countersign_core::encoding::Hash;
use countersign_core::json::JsonError;
use countersign_core::keys::KeyId;
use countersign_core::receipt::check::word;
use countersign_core::receipt::{
    ApproverDecision, Basis, Binding, Boundary, Entry, Event, Level, MultiApproval, Outcome,
    PolicyNote,
};
use countersign_store::ledger::RequestRecord;
use countersign_store::ledger::items::permitted;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The entry of a request, before anything is said about how it ended, with the answers to the
/// round that is asked now which count.
pub(crate) fn of_request(
    event: Event,
    boundary: Boundary,
    request: &RequestRecord,
    decisions: Vec<Decision>,
) -> Entry {
    // What is kept of it and is not its own would be said of it in a receipt that does not hold.
    let own = request.strange().is_none();
    let artifacts: Vec<&Artifact> =
        request.asked_now().filter(|_| own).map(|a| &a.artifact).collect();
    let decisions = if own { decisions } else { Vec::new() };
    let action = artifacts.first().map(|a| a.payload.clone());
    let items = part(request).filter(|_| event.needs_approval());
    Entry {
        multi_approval: several(request, &decisions),
        request_id: Some(request.id.clone()),
        action_hash: action.is_some().then_some(request.key.action_hash),
        action,
        artifacts: artifacts.iter().map(|a| a.head.clone()).collect(),
        policy: request.policy.clone().filter(|_| own),
        trust_level: level(event, &decisions, items.as_deref()),
        items,
        decisions,
        basis: Basis::Decision,
        ..Entry::bare(event, boundary)
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
    Ok(Entry { action_hash, action, policy: Some(policy), ..Entry::bare(event, boundary) })
}

/// The same entry about another event.
pub(crate) fn as_event(mut entry: Entry, event: Event) -> Entry {
    entry.event = event;
    entry.trust_level = level(event, &entry.decisions, entry.items.as_deref());
    entry
}

/// The shape of a quorum and who allowed so far; `None` where one person decides.
fn several(request: &RequestRecord, decisions: &[Decision]) -> Option<MultiApproval> {
    let route = request.route().filter(|route| route.threshold > 1 && !decisions.is_empty())?;
    let says = |allows: bool| {
        let such = decisions.iter().filter(move |d| d.decision.allows() == allows);
        such.filter_map(|d| route.roster.iter().find(|seat| seat.key_id == d.signer_key_id))
            .map(|seat| seat.person.clone())
            .collect::<BTreeSet<_>>()
    };
    let approvers = says(true).difference(&says(false)).cloned().collect();
    Some(MultiApproval { threshold: route.threshold, roster: route.roster.clone(), approvers })
}

/// The entry of a request after an answer, and in words who gave it and why. Who allowed together
/// stands beside it where several must.
pub(crate) fn answered(mut entry: Entry, decision: &Decision, reason: Option<&Reason>) -> Entry {
    let counted = entry.decisions.contains(decision);
    entry.approver_decision = counted.then(|| ApproverDecision {
        verdict: word(decision).into(),
        person: seated(&entry, &decision.signer_key_id),
        key_id: decision.signer_key_id.clone(),
        reason: reason.map(|r| r.text.clone()),
    });
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

/// Stands in place of a policy hash where nothing was judged yet.
pub(crate) const NO_POLICY: Hash = Hash([0; 32]);

fn no_rule(risk: Risk) -> PolicyNote {
    PolicyNote {
        rule_id: "default".into(),
        display: String::new(),
        policy_hash: NO_POLICY,
        risk,
        verb: "shell_exec".into(),
        matched: Vec::new(),
    }
}

/// Whose a key was to whoever signed with it, whatever it is pinned as since.
fn seated(entry: &Entry, id: &KeyId) -> String {
    let routes = entry.artifacts.iter().filter_map(|head| head.route().ok()?);
    let mut seats = routes.flat_map(|route| route.roster);
    seats.find(|seat| seat.key_id == *id).map(|seat| seat.person).unwrap_or_default()
}

/// The level that the decisions reach; verification works it out again. The ledger lets nothing be
/// approved that the signed route does not call enough.
fn level(event: Event, decisions: &[Decision], items: Option<&[usize]>) -> Level {
    let allows = |decision: &Decision| {
        let some = |items: &[usize]| {
            let said = decision.hint(hint::ITEMS).and_then(Value::as_array);
            said.is_some_and(|said| items.iter().all(|item| said.contains(&Value::from(*item))))
        };
        decision.decision.allows() || items.is_some_and(some)
    };
    let allowed = decisions.iter().any(allows);
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

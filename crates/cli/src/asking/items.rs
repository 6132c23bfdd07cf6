//! What was answered to each item of a batch.

use crate::failure::Exit;
use countersign_core::action::Action;
use countersign_core::answer::meaning;
use countersign_store::ledger::RequestRecord;
use serde::Serialize;

/// One item of a batch, and what became of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Item {
    /// Its place in the batch as it was asked, from 0; none where it was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) index: Option<usize>,
    /// Its place among the lines that were given, from 1, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) given: Option<usize>,
    /// What became of it.
    pub(crate) decision: Decision,
}

/// What became of one item.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Decision {
    /// It may be carried out, once.
    Allowed,
    /// A person said no.
    Denied,
    /// A policy forbids it; nobody was asked.
    Blocked,
    /// Nothing yet, or nothing any more.
    Open,
}

/// The items of a request that is a batch, as its accepted answers have it; empty for all others.
pub(crate) fn of(request: &RequestRecord) -> Vec<Item> {
    let Some(artifact) = request.asked.first().map(|asked| &asked.artifact) else { return vec![] };
    let action = artifact.action();
    let Some(count) = action.as_ref().and_then(Action::items).map(<[Action]>::len) else {
        return vec![];
    };
    let route = artifact.route().ok().flatten();
    let said = |accepted: &countersign_store::ledger::Accepted| {
        meaning(&accepted.decision, Some(count), route.as_ref()?).ok()
    };
    let answers: Vec<_> = request.accepted.iter().filter_map(said).collect();
    let decision = |index| match answers.as_slice() {
        [] => Decision::Open,
        answers if answers.iter().all(|answer| answer.permits(index)) => Decision::Allowed,
        _ => Decision::Denied,
    };
    let item = |index| Item { index: Some(index), given: None, decision: decision(index) };
    (0..count).map(item).collect()
}

/// What a whole batch ends with: 0 only where everything may be carried out.
pub(crate) fn exit(items: &[Item]) -> Exit {
    let any = |decision| items.iter().any(|item| item.decision == decision);
    match () {
        () if any(Decision::Denied) => Exit::Denied,
        () if any(Decision::Blocked) => Exit::Blocked,
        () if any(Decision::Open) => Exit::Pending,
        () => Exit::Ok,
    }
}

/// The items in words, one on each line.
pub(crate) fn lines(items: &[Item]) -> String {
    let line = |item: &Item| {
        let number = item.given.or(item.index.map(|index| index + 1)).unwrap_or_default();
        let word = match item.decision {
            Decision::Allowed => "allowed",
            Decision::Denied => "denied",
            Decision::Blocked => "blocked by the policy",
            Decision::Open => "not answered",
        };
        format!("item {number}: {word}")
    };
    items.iter().map(line).collect::<Vec<_>>().join("\n")
}

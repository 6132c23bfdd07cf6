//! What was answered to each item of a batch.

use crate::failure::Exit;
use countersign_core::artifact::Artifact;
use countersign_core::request::State;
use countersign_store::ledger::RequestRecord;
use countersign_store::ledger::items::permitted;
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
    let artifact = request.asked.first().map(|asked| &asked.artifact);
    let Some(count) = artifact.and_then(Artifact::items) else { return vec![] };
    let allowed = permitted(request).unwrap_or_default();
    let decision = |index| match request.state {
        State::Approved | State::Executed if allowed.contains(&index) => Decision::Allowed,
        State::Created | State::AwaitingDecision | State::Expired => Decision::Open,
        State::Denied if request.accepted.is_empty() => Decision::Open,
        State::Approved | State::Executed | State::Denied => Decision::Denied,
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

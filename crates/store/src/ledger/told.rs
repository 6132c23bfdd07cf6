//! What the receipts of a request say against using it, whatever its rows say.
//!
//! They are found by the request's name, and are few: what it costs does not depend on how long the
//! ledger is.

use super::items::permitted;
use super::{Given, RequestRecord};
use countersign_core::artifact::{ArtifactHash, ArtifactHead};
use countersign_core::grant::Grant;
use countersign_core::receipt::{Entry, Event};
use std::collections::BTreeSet;

/// What is about to happen to a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use<'a> {
    /// An answer is accepted, or others are asked.
    Answer,
    /// All of it is used.
    Whole,
    /// These items of a batch are.
    Items(&'a [usize]),
    /// It gives a grant.
    Gives(Given),
    /// It ends, and what is left of it is not used.
    End,
}

/// Events that say something for or against a use.
pub const TELLING: [Event; 8] = [
    Event::Suspended,
    Event::Escalated,
    Event::Approved,
    Event::Denied,
    Event::Expired,
    Event::Withdrawn,
    Event::Released,
    Event::Granted,
];

impl RequestRecord {
    /// What is kept of this request and is not its own, or what its receipts say against a use, in
    /// words. `receipts` are the [`TELLING`] ones of it, oldest first; what is kept is looked at as
    /// it was read, and its state is not looked at.
    #[must_use]
    pub fn refuses(&self, receipts: &[Entry], usage: Use<'_>) -> Option<String> {
        self.strange().or_else(|| {
            let why = over(receipts, usage).or_else(|| self.unsaid(receipts, usage))?;
            Some(format!("{why} of `{}`, and its row says otherwise", self.id))
        })
    }

    /// The items of a batch that people allowed and no receipt tells the use of; `None` where it is no
    /// batch.
    #[must_use]
    pub fn left(&self, receipts: &[Entry]) -> Option<Vec<usize>> {
        let released = receipts.iter().filter(|entry| entry.event == Event::Released);
        let used: BTreeSet<usize> =
            released.flat_map(|entry| entry.items.iter().flatten().copied()).collect();
        permitted(self).map(|items| items.into_iter().filter(|item| !used.contains(item)).collect())
    }

    /// What is kept of this request and is not its own, or that none of its receipts tells of the
    /// grant that it is said to have given, in words. Where receipts were sealed there may be none.
    #[must_use]
    pub fn gave_nothing(&self, receipts: &[Entry]) -> Option<String> {
        let granted = receipts.iter().any(|entry| entry.event == Event::Granted);
        let unsaid = || format!("no receipt tells of the grant of `{}`", self.id);
        let untold = (!granted && !receipts.is_empty()).then(unsaid);
        self.strange().or(untold)
    }

    /// What no receipt says that must have been.
    fn unsaid(&self, receipts: &[Entry], usage: Use<'_>) -> Option<&'static str> {
        let named: Vec<_> = self.asked_now().map(|asked| &asked.artifact.head).collect();
        let names = |entry: &Entry| hashes(&entry.artifacts).eq(hashes(named.iter().copied()));
        let newest = |event| receipts.iter().rev().find(|entry| entry.event == event);
        if usage == Use::End {
            return None;
        }
        let other = |entry: &Entry| !entry.artifacts.is_empty() && entry.policy != self.policy;
        if receipts.iter().any(other) {
            return Some("a receipt tells of other grounds");
        }
        if usage != Use::Answer {
            let approved = newest(Event::Approved).is_some_and(names);
            return (!approved).then_some("no receipt tells of an approval");
        }
        let asked = receipts.iter().any(|entry| entry.event == Event::Suspended);
        let last = receipts.last();
        let now = match last.map(|entry| entry.event) {
            Some(Event::Escalated) => last.is_some_and(|entry| !names(entry)),
            _ => last.is_some_and(names),
        };
        (!(asked && now)).then_some("no receipt tells of the question")
    }
}

/// Why nothing is left to use.
fn over(receipts: &[Entry], usage: Use<'_>) -> Option<&'static str> {
    receipts.iter().find_map(|entry| match (entry.event, usage) {
        (Event::Denied, _) => Some("a receipt tells of a denial"),
        (Event::Expired, _) => Some("a receipt tells of the end in time"),
        (Event::Withdrawn, _) => Some("a receipt tells of the withdrawal"),
        (Event::Released, Use::Gives(Given::BesideAYes)) => None,
        (Event::Released, Use::End) if entry.items.is_some() => None,
        (Event::Released, Use::Items(items)) => {
            let other = |used: &Vec<usize>| !items.iter().any(|item| used.contains(item));
            let left = entry.items.as_ref().is_some_and(other);
            (!left).then_some("a receipt tells of the use")
        }
        (Event::Released, _) => Some("a receipt tells of the use"),
        (Event::Granted, Use::Gives(_)) => Some("a receipt tells of the grant"),
        (Event::Granted, _) if Grant::is_all_of(entry.action.as_ref()) => {
            Some("a receipt tells of the grant")
        }
        (Event::Approved, Use::Answer) => Some("a receipt tells of the approval"),
        _ => None,
    })
}

fn hashes<'a>(
    heads: impl IntoIterator<Item = &'a ArtifactHead>,
) -> impl Iterator<Item = ArtifactHash> {
    heads.into_iter().map(|head| head.artifact_hash)
}

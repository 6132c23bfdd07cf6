//! What may still be used, and how often: kept under a digest in the signed head.
//!
//! What a request's receipts say is found by its name, and whoever can write the file can hide a
//! receipt from that search. So what is left to use is kept whole, beside the receipts: it is as
//! much as waits or is approved at one moment, however long the ledger is, and the head says what it
//! is. What was used does not stand there, and nobody can put it back without the operator's key.

use super::items::permitted;
use super::told::Use;
use super::{Given, GrantRecord, RequestRecord};
use countersign_core::action::Action;
use countersign_core::display::counted;
use countersign_core::encoding::Hash;
use countersign_core::grant::{Grant, GrantNote};
use countersign_core::json::{self, JsonError};
use countersign_core::receipt::{Entry, Event};
use countersign_core::request::State;
use countersign_core::time::{Instant, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Requests of which something may still be used, and how often grants were that last and are for a
/// number of uses.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Usable {
    requests: BTreeMap<String, Left>,
    /// By the request that gave the grant.
    grants: BTreeMap<String, Counted>,
}

/// What is left of a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Left {
    /// The answer of people.
    Answer,
    /// All of what they allowed.
    Whole,
    /// These items of a batch.
    Items(BTreeSet<usize>),
}

/// A grant for a number of uses, of which there was one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Counted {
    used: u32,
    ends: Timestamp,
}

impl Usable {
    /// Whether a receipt of this entry changes anything of it.
    #[must_use]
    pub fn concerns(entry: &Entry) -> bool {
        use Event::{
            Approved, Denied, Escalated, Expired, Granted, Released, Suspended, Withdrawn,
        };
        let events =
            [Approved, Denied, Escalated, Expired, Granted, Released, Suspended, Withdrawn];
        entry.request_id.is_some() && events.contains(&entry.event)
    }

    /// Takes what the next receipt changes.
    pub fn follow(&mut self, entry: &Entry) {
        let Some(request) = entry.request_id.clone() else { return };
        match (entry.event, &entry.grant) {
            (Event::Suspended | Event::Escalated, _) => {
                self.requests.insert(request, Left::Answer);
            }
            (Event::Approved, _) => {
                self.requests.insert(request, Left::approved(entry));
            }
            (Event::Released, Some(note)) => self.lent(note),
            (Event::Released, None) => self.used(&request, entry.items.as_deref()),
            (Event::Denied | Event::Expired | Event::Withdrawn, _) => {
                self.requests.remove(&request);
            }
            (Event::Granted, _) if Grant::is_all_of(entry.action.as_ref()) => {
                self.requests.remove(&request);
            }
            _ => {}
        }
    }

    /// Forgets grants whose time is over at `seen`, the latest time that the ledger knows of.
    pub fn forget(&mut self, seen: Instant) {
        self.grants.retain(|_, grant| seen < grant.ends.instant());
    }

    fn used(&mut self, request: &str, items: Option<&[usize]>) {
        let left = match (self.requests.get_mut(request), items) {
            (Some(Left::Items(left)), Some(items)) => {
                left.retain(|item| !items.contains(item));
                !left.is_empty()
            }
            _ => false,
        };
        if !left {
            self.requests.remove(request);
        }
    }

    /// A grant was used. What it was for is what people signed.
    fn lent(&mut self, note: &GrantNote) {
        let heads: Vec<_> = note.artifacts.iter().collect();
        let decisions: Vec<_> = note.decisions.iter().collect();
        let signed = Grant::signed(&note.action, &heads, &decisions);
        let giver = heads.first().and_then(|head| head.of_request().ok());
        let (Some(Grant { count: Some(_), expires_at: ends, .. }), Some(giver)) = (signed, giver)
        else {
            return;
        };
        let grant = self.grants.entry(giver).or_insert(Counted { used: 0, ends });
        grant.used = grant.used.saturating_add(1);
    }
}

impl Left {
    /// What was allowed, as the receipt of it says.
    fn approved(entry: &Entry) -> Self {
        let payload = entry.action.clone().map(serde_json::Value::Object);
        let action = payload.and_then(|payload| Action::from_payload(&payload));
        match (&entry.items, action.as_ref().and_then(Action::items)) {
            (Some(items), _) => Self::Items(items.iter().copied().collect()),
            (None, Some(all)) => Self::Items((0..all.len()).collect()),
            (None, None) => Self::Whole,
        }
    }
}

/// As it is read from rows, for a ledger whose head says nothing of it yet.
impl Usable {
    /// What is left of these requests, of which items were used, and of these grants.
    #[must_use]
    pub fn of_rows(
        open: &[(RequestRecord, BTreeSet<usize>)],
        grants: &[GrantRecord],
        seen: Instant,
    ) -> Self {
        let left = |(request, used): &(RequestRecord, BTreeSet<usize>)| {
            let left = match permitted(request) {
                _ if request.state != State::Approved => Left::Answer,
                None => Left::Whole,
                Some(items) => {
                    Left::Items(items.into_iter().filter(|item| !used.contains(item)).collect())
                }
            };
            (request.id.clone(), left)
        };
        let lasting = grants.iter().filter(|grant| grant.count.is_some());
        let counted = lasting.map(|grant| {
            let ends = grant.expires_at.timestamp();
            (grant.request_id.clone(), Counted { used: grant.used, ends })
        });
        let mut usable =
            Self { requests: open.iter().map(left).collect(), grants: counted.collect() };
        usable.forget(seen);
        usable
    }
}

impl Usable {
    /// The digest that a head bears.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn digest(&self) -> Result<Hash, JsonError> {
        json::sha256(self).map(Hash)
    }

    /// Why nothing is left of a request for this use, in words.
    #[must_use]
    pub fn refuses(&self, request: &str, usage: Use<'_>) -> Option<String> {
        let left = self.requests.get(request);
        let may = match (usage, left) {
            (Use::Answer, left) => left == Some(&Left::Answer),
            (Use::Items(items), Some(Left::Items(left))) => {
                items.iter().all(|item| left.contains(item))
            }
            // Also after its use; and what another one like it was used already, counts for this.
            (Use::Gives(Given::BesideAYes), left) => left != Some(&Left::Answer),
            // What is used item by item is refused as a whole by whoever knows that it is a batch.
            (Use::Whole | Use::Gives(Given::AskedFor), Some(left)) => *left != Left::Answer,
            _ => false,
        };
        (!may).then(|| {
            format!(
                "the signed head leaves nothing to use of `{request}`, and its row says otherwise"
            )
        })
    }

    /// Why a grant was used more often than its row says, in words.
    #[must_use]
    pub fn miscounts(&self, grant: &GrantRecord) -> Option<String> {
        grant.count?;
        let id = &grant.id;
        let (kept, signed) = (grant.used, self.grants.get(&grant.request_id)?.used);
        // Uses of this moment are counted by the row alone.
        let own = || counted(kept, "use");
        (signed > kept)
            .then(|| format!("the grant `{id}` counts {}, and the signed head {signed}", own()))
    }
}

#[cfg(test)]
mod tests;

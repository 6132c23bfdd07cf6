//! What can be seen of the real enforcer.

use super::real::*;
use super::rules::Terms;
use super::steps::Person;
use countersign_core::receipt::{Entry, Event};
use countersign_core::time::Instant;
use countersign_store::ledger::read::{Query, Receipts};
use countersign_store::ledger::{GrantRecord, RequestRecord};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Real {
    /// On which terms a call would be put in this round now; none where it could not.
    pub(crate) fn terms(&self, call: u8, round: usize, accepted_policy: bool) -> Option<Terms> {
        let question = self.block_on(self.question(call, 0)).ok()?;
        let quorum = question.grounds.quorum();
        let (to, need) = match round.checked_sub(2) {
            None => (&question.to, quorum.threshold),
            Some(at) => quorum.chain.get(at).map(|step| (&step.to, step.threshold))?,
        };
        let next = quorum.chain.iter().skip(round - 1).map(|step| step.label.clone()).collect();
        let asked = to.iter().map(|way| self.person(&way.approver.key_id)).collect();
        Some(Terms { asked, need: usize::try_from(need).unwrap(), next, accepted_policy })
    }

    pub(crate) fn stored(&self, id: &str) -> Option<RequestRecord> {
        self.block_on(self.enforcer().ledger().request(id)).unwrap()
    }

    /// What the newest receipt says.
    pub(crate) fn newest(&self) -> Entry {
        let newest = self.block_on(self.enforcer().ledger().receipt(None)).unwrap();
        newest.unwrap().content.entry
    }

    /// How many receipts there are of this event.
    pub(crate) fn count_of(&self, event: Event) -> usize {
        let query = Query { events: vec![event], ..Query::default() };
        self.block_on(self.enforcer().ledger().find(&query, None, 100)).unwrap().len()
    }

    /// Whether a receipt says that this person's key was taken back.
    pub(crate) fn is_revoked(&self, person: Person) -> bool {
        let query = Query { events: vec![Event::Revoked], ..Query::default() };
        let found = self.block_on(self.enforcer().ledger().find(&query, None, 1_000)).unwrap();
        let id = json!(self.keys(person).public().key_id());
        let names =
            |entry: &Entry| entry.action.as_ref().is_some_and(|a| a.get("keyId") == Some(&id));
        found.iter().any(|receipt| names(&receipt.content.entry))
    }

    /// Whether a request has a receipt of this event.
    pub(crate) fn is_told(&self, request: &RequestRecord, event: Event) -> bool {
        let receipts = self.block_on(self.enforcer().ledger().receipts_of(&request.id)).unwrap();
        receipts.iter().any(|receipt| receipt.content.entry.event == event)
    }

    /// Every request of the ledger.
    pub(crate) fn all(&self) -> Vec<RequestRecord> {
        self.all_but(&[])
    }

    /// Every request that is not known.
    pub(crate) fn all_but(&self, known: &[&str]) -> Vec<RequestRecord> {
        let mut ids = self.block_on(self.enforcer().ledger().named("", 10_000)).unwrap();
        ids.retain(|id| !known.contains(&id.as_str()));
        ids.iter().filter_map(|id| self.stored(id)).collect()
    }

    pub(crate) fn stands_still(&self) -> bool {
        self.block_on(self.enforcer().frozen()).unwrap().is_some()
    }

    /// The latest moment at which anything was recorded.
    pub(crate) fn latest(&self) -> Instant {
        self.block_on(self.enforcer().ledger().latest()).unwrap().unwrap()
    }

    /// Those whose keys count.
    pub(crate) fn active(&self) -> BTreeSet<Person> {
        let ways = self.enforcer().ways().unwrap();
        ways.iter().map(|way| self.person(&way.approver.key_id)).collect()
    }

    /// The ledger as somebody reads it who checks it.
    pub(crate) fn receipts(&self) -> Arc<dyn Receipts> {
        match &self.memory {
            Some(memory) => Arc::clone(memory) as _,
            None => Arc::new(self.on_disk()),
        }
    }

    pub(crate) fn grants(&self) -> Vec<GrantRecord> {
        self.block_on(self.enforcer().ledger().grants()).unwrap()
    }
}

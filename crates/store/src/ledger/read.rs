//! The ledger as it is read from one end to the other: by those who check, search or carry it away.
//!
//! Whoever checks must see what is stored, and not what a reader made of it: a [`Row`] is the text
//! as it stands there, readable or not.

use super::segments::Segment;
use super::{Frozen, GrantRecord, Past, RequestRecord};
use crate::error::StoreError;
use async_trait::async_trait;
use countersign_core::artifact::Risk;
use countersign_core::decision::Decision;
use countersign_core::encoding::Hash;
use countersign_core::receipt::course::Round;
use countersign_core::receipt::{Entry, Event, MultiApproval, Receipt};
use countersign_core::request::State;
use countersign_core::time::Instant;
use std::collections::BTreeSet;

/// A receipt as it is stored, whether or not it is one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The number that it is stored under; one that this product writes is at least 1.
    pub seq: i64,
    /// The content hash that is stored beside it, of 32 bytes.
    pub content_hash: Vec<u8>,
    /// When it was written, in milliseconds since the Unix epoch, as it is stored beside it.
    pub recorded_at: i64,
    /// The request that is stored beside it.
    pub request_id: Option<String>,
    /// Under what it is filed, where the store files receipts already and this one is a row.
    pub filed: Option<Filed>,
    /// The kind of change that is stored beside it, where it is filed.
    pub change: Option<String>,
    /// The text of the receipt.
    pub text: Vec<u8>,
}

/// Under what words a receipt is found. They are a copy beside the receipt, and prove nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filed {
    /// Its event.
    pub event: String,
    /// The risk; empty where no policy spoke.
    pub risk: String,
}

impl Filed {
    /// Under what a receipt with this entry is filed.
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        let risk = entry.policy.as_ref().map(|policy| policy.risk);
        Self { event: entry.event.name(), risk: risk.map(risk_name).unwrap_or_default() }
    }
}

/// That a receipt is found by one person who decided. A copy, too.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// Who.
    pub person: String,
    /// Under what the receipt is filed.
    pub filed: Filed,
    /// When it was written.
    pub at: Instant,
    /// Its number.
    pub seq: u64,
}

/// The risk's name on the wire.
#[must_use]
pub fn risk_name(risk: Risk) -> String {
    match countersign_core::json::value_of(&risk) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

/// The persons whom a receipt names as having decided: of a denial by several, those who denied.
#[must_use]
pub fn persons(entry: &Entry) -> BTreeSet<&str> {
    let one = entry.approver_decision.iter().map(|said| said.person.as_str());
    let many = entry.multi_approval.iter().flat_map(|multi| match entry.event {
        Event::Denied => deniers(entry, multi),
        _ => multi.approvers.iter().map(String::as_str).collect(),
    });
    one.chain(many).collect()
}

fn deniers<'a>(entry: &'a Entry, multi: &'a MultiApproval) -> Vec<&'a str> {
    let denied = entry.decisions.iter().filter(|decision| !decision.decision.allows());
    let seat = |decision: &Decision| {
        multi.roster.iter().find(|seat| seat.key_id == decision.signer_key_id)
    };
    denied.filter_map(seat).map(|seat| seat.person.as_str()).collect()
}

/// What is looked for. Everything that is named must hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Query {
    /// One of these events; empty is every event.
    pub events: Vec<Event>,
    /// One of these risks; empty is every risk, and those to which no policy spoke.
    pub risks: Vec<Risk>,
    /// Somebody who decided.
    pub person: Option<String>,
    /// Written at this moment or later.
    pub since: Option<Instant>,
    /// Written before this moment.
    pub until: Option<Instant>,
    /// Of this number or later. Rows that stayed of receipts in segments have lower numbers than all
    /// that is not in one.
    pub from: u64,
}

impl Query {
    /// Whether a receipt is looked for.
    #[must_use]
    pub fn finds(&self, receipt: &Receipt) -> bool {
        let entry = &receipt.content.entry;
        let at = receipt.content.recorded_at.instant();
        let risk = entry.policy.as_ref().map(|policy| policy.risk);
        (self.events.is_empty() || self.events.contains(&entry.event))
            && (self.risks.is_empty() || risk.is_some_and(|risk| self.risks.contains(&risk)))
            && self.person.as_deref().is_none_or(|person| persons(entry).contains(person))
            && self.since.is_none_or(|since| at >= since)
            && self.until.is_none_or(|until| at < until)
            && receipt.content.seq >= self.from
    }
}

/// The place of a receipt among those that a query finds: when it was written, and its number.
pub type Mark = (Instant, u64);

/// The place of a receipt.
#[must_use]
pub fn mark(receipt: &Receipt) -> Mark {
    (receipt.content.recorded_at.instant(), receipt.content.seq)
}

/// What a ledger keeps beside its receipts, as all of it stood at one moment. It is a copy of what
/// they say, and proves nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Beside {
    /// The number of the newest receipt; 0 where there is none.
    pub newest: u64,
    /// Who stopped everything.
    pub frozen: Option<Frozen>,
    /// What forbids that receipts are dropped.
    pub holds: BTreeSet<String>,
    /// Every grant.
    pub grants: Vec<GrantRecord>,
    /// The requests that wait, or whose approval was not used up.
    pub open: Vec<Open>,
    /// The names of the requests that were denied or taken back, added up as [`sum`] does.
    ///
    /// [`sum`]: countersign_core::receipt::course::sum
    pub denied: u128,
    /// The requests of claims whose outcome is not known yet.
    pub claimed: Vec<String>,
    /// The first of them that is not kept any more.
    pub lost: Option<String>,
    /// Whether what may still be used is kept otherwise than the newest head says.
    pub miscounted: bool,
}

/// A request that waits, or whose approval was not used up, as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Open {
    /// The request.
    pub id: String,
    /// Whether it counts as approved.
    pub approved: bool,
    /// The artifacts with which people are asked now.
    pub round: Round,
    /// What is kept of it and is not its own, in words.
    pub strange: Option<String>,
}

impl Open {
    /// What is looked at of a request.
    #[must_use]
    pub fn of(request: &RequestRecord) -> Self {
        Self {
            id: request.id.clone(),
            approved: request.state == State::Approved,
            round: Round::of(
                request.asked_now().map(|asked| &asked.artifact.head),
                request.policy.as_ref(),
            ),
            strange: request.strange(),
        }
    }
}

/// Receipts in their order, in pages, so that the whole ledger is never in memory.
#[async_trait]
pub trait Receipts: Send + Sync {
    /// The receipts whose number is `seq` or more, oldest first, at most `limit`. An empty page is
    /// the end.
    ///
    /// # Errors
    /// `Corrupt` where one of them does not read back as a receipt.
    async fn receipts_from(&self, seq: u64, limit: usize) -> Result<Vec<Receipt>, StoreError>;

    /// What is stored after the number `seq`, or from the first row on, oldest first, at most
    /// `limit`. An empty page is the end.
    ///
    /// # Errors
    /// Only where the store cannot be read: a damaged receipt is given as it is.
    async fn rows_after(&self, seq: Option<i64>, limit: usize) -> Result<Vec<Row>, StoreError>;

    /// The text of the newest signed head, as it is stored.
    ///
    /// # Errors
    /// Only where the store cannot be read.
    async fn head_text(&self) -> Result<Option<Vec<u8>>, StoreError>;

    /// The parts of the ledger that stand in files of their own, oldest first.
    ///
    /// # Errors
    /// Only where the store cannot be read.
    async fn segments(&self) -> Result<Vec<Segment>, StoreError> {
        Ok(Vec::new())
    }

    /// The digest of a segment's file as it is now; `None` where there is no such file.
    ///
    /// # Errors
    /// Where it cannot be read.
    async fn digest(&self, _segment: &Segment) -> Result<Option<Hash>, StoreError> {
        Ok(None)
    }

    /// The rows that stayed of receipts that stand in a segment.
    ///
    /// # Errors
    /// Only where the store cannot be read.
    async fn copies(&self) -> Result<Vec<Row>, StoreError> {
        Ok(Vec::new())
    }

    /// The first of these that is not filed; `None` where all are, or the store files nobody.
    ///
    /// # Errors
    /// Only where the store cannot be read.
    async fn unfiled(&self, _persons: Vec<Person>) -> Result<Option<Person>, StoreError> {
        Ok(None)
    }

    /// How many persons are filed under receipts up to the number `seq`; `None` where the store
    /// files nobody.
    ///
    /// # Errors
    /// Only where the store cannot be read.
    async fn persons_up_to(&self, _seq: u64) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    /// What is kept beside the receipts; `None` where the store is of a version that keeps less.
    ///
    /// # Errors
    /// Only where it cannot be read, or does not read back.
    async fn beside(&self) -> Result<Option<Beside>, StoreError>;

    /// What of the store itself is not as this product makes it, in one line: a part that is
    /// foreign or gone, an index that leaves rows out. `None` where nothing is, or there is no file.
    ///
    /// # Errors
    /// Only where it cannot be read.
    async fn unsound(&self) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    /// What the gate looks back for. Its price depends on how many changes there are, and not on how
    /// long the ledger is.
    ///
    /// # Errors
    /// `Corrupt` where one of them does not read back as a receipt.
    async fn past(&self) -> Result<Past, StoreError>;

    /// The receipts that a query finds, newest first, at most `limit`; with `before`, only those
    /// whose place is before it. Its price depends on how many are found, and not on how long the
    /// ledger is. Of receipts that stand in segments, only the rows that stayed are looked at.
    ///
    /// # Errors
    /// `Corrupt` where one of them does not read back as a receipt.
    async fn find(
        &self,
        query: &Query,
        before: Option<Mark>,
        limit: usize,
    ) -> Result<Vec<Receipt>, StoreError>;
}

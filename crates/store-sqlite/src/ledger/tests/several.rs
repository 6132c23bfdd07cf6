//! Several handles on one file that take turns, as processes on one home do.

mod segments;
mod standing;

use super::super::*;
use countersign_store::ledger::read::{Beside, Mark, Query, Receipts, Row};
use countersign_store::ledger::{ItemClaims, Lookup, NewItemClaims, NextRound, Past, RoundStore};
use std::sync::atomic::{AtomicUsize, Ordering};

pub(super) struct Several {
    handles: Vec<SqliteLedger>,
    turn: AtomicUsize,
}

impl Several {
    pub(super) fn new(handles: Vec<SqliteLedger>) -> Self {
        Self { handles, turn: AtomicUsize::new(0) }
    }

    fn next(&self) -> &SqliteLedger {
        &self.handles[self.turn.fetch_add(1, Ordering::Relaxed) % self.handles.len()]
    }
}

#[async_trait]
impl RoundStore for Several {
    async fn advance(&self, next: NextRound) -> Result<RequestRecord, LedgerError> {
        self.next().advance(next).await
    }
}

#[async_trait]
impl Receipts for Several {
    async fn receipts_from(&self, seq: u64, limit: usize) -> Result<Vec<Receipt>, StoreError> {
        self.next().receipts_from(seq, limit).await
    }
    async fn rows_after(&self, seq: Option<i64>, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.next().rows_after(seq, limit).await
    }
    async fn head_text(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.next().head_text().await
    }
    async fn beside(&self) -> Result<Option<Beside>, StoreError> {
        self.next().beside().await
    }
    async fn past(&self) -> Result<Past, StoreError> {
        self.next().past().await
    }
    async fn find(
        &self,
        query: &Query,
        before: Option<Mark>,
        limit: usize,
    ) -> Result<Vec<Receipt>, StoreError> {
        self.next().find(query, before, limit).await
    }
}

#[async_trait]
impl Lookup for Several {
    async fn named(&self, prefix: &str, most: usize) -> Result<Vec<String>, StoreError> {
        self.next().named(prefix, most).await
    }
    async fn waits(&self, key: &RequestKey, now: Instant) -> Result<bool, StoreError> {
        self.next().waits(key, now).await
    }
}

#[async_trait]
impl ItemClaims for Several {
    async fn claim_items(
        &self,
        claims: NewItemClaims,
    ) -> Result<(Vec<ClaimRecord>, RequestRecord), LedgerError> {
        self.next().claim_items(claims).await
    }
    async fn item_of(&self, claim: &str) -> Result<Option<usize>, StoreError> {
        self.next().item_of(claim).await
    }
}

#[async_trait]
impl LedgerStore for Several {
    fn ledger_id(&self) -> &str {
        self.next().ledger_id()
    }
    fn secret(&self) -> &[u8; 32] {
        self.next().secret()
    }
    async fn session(&self, who: &str, label: &str, fresh: &str) -> Result<String, StoreError> {
        self.next().session(who, label, fresh).await
    }
    async fn repo_ref(&self, workspace: &str, fresh: &str) -> Result<String, StoreError> {
        self.next().repo_ref(workspace, fresh).await
    }
    async fn submitted(&self, id: &str, now: Instant) -> Result<RequestRecord, LedgerError> {
        self.next().submitted(id, now).await
    }
    async fn accept(&self, acceptance: Acceptance) -> Result<RequestRecord, LedgerError> {
        self.next().accept(acceptance).await
    }
    async fn permit(&self, permit: NewPermit) -> Result<ClaimRecord, LedgerError> {
        self.next().permit(permit).await
    }

    async fn claim(&self, claim: NewClaim) -> Result<(ClaimRecord, RequestRecord), LedgerError> {
        self.next().claim(claim).await
    }
    async fn hand_over(&self, id: &str) -> Result<(), LedgerError> {
        self.next().hand_over(id).await
    }
    async fn finish(&self, id: &str, entry: Entry, now: Instant) -> Result<Receipt, LedgerError> {
        self.next().finish(id, entry, now).await
    }
    async fn close(
        &self,
        id: &str,
        ending: Ending,
        entry: Entry,
        now: Instant,
    ) -> Result<RequestRecord, LedgerError> {
        self.next().close(id, ending, entry, now).await
    }
    async fn record(&self, entry: Entry, now: Instant) -> Result<Receipt, StoreError> {
        self.next().record(entry, now).await
    }
    async fn request(&self, id: &str) -> Result<Option<RequestRecord>, StoreError> {
        self.next().request(id).await
    }
    async fn stands(&self, id: &str) -> Result<(), LedgerError> {
        self.next().stands(id).await
    }
    async fn refused(
        &self,
        key: &RequestKey,
        since: Instant,
    ) -> Result<Vec<RequestRecord>, StoreError> {
        self.next().refused(key, since).await
    }
    async fn open_requests(&self) -> Result<Vec<RequestRecord>, StoreError> {
        self.next().open_requests().await
    }
    async fn open_claims(&self) -> Result<Vec<ClaimRecord>, StoreError> {
        self.next().open_claims().await
    }
    async fn receipt(&self, seq: Option<u64>) -> Result<Option<Receipt>, StoreError> {
        self.next().receipt(seq).await
    }
    async fn receipts_of(&self, id: &str) -> Result<Vec<Receipt>, StoreError> {
        self.next().receipts_of(id).await
    }
    async fn newest(&self) -> Result<Option<(u64, Hash)>, StoreError> {
        self.next().newest().await
    }
    async fn content_hash(&self, seq: u64) -> Result<Option<Hash>, StoreError> {
        self.next().content_hash(seq).await
    }
    async fn checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        self.next().checkpoint().await
    }
}

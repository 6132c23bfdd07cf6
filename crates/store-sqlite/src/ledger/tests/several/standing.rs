//! Grants, the stop and the bounds, through handles that take turns.

use super::*;
use countersign_store::ledger::{
    FreezeStore, Frozen, GrantRecord, GrantStore, GrantUse, LimitStore, NewGrant, Room, Sent,
    Suspended, Thaw, Turn,
};

#[async_trait]
impl GrantStore for Several {
    async fn grant(&self, new: NewGrant) -> Result<Receipt, LedgerError> {
        self.next().grant(new).await
    }
    async fn use_grant(&self, using: GrantUse) -> Result<ClaimRecord, LedgerError> {
        self.next().use_grant(using).await
    }
    async fn revoke_grant(
        &self,
        id: &str,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, LedgerError> {
        self.next().revoke_grant(id, entry, now).await
    }
    async fn grants(&self) -> Result<Vec<GrantRecord>, StoreError> {
        self.next().grants().await
    }
    async fn grants_for(&self, key: &RequestKey) -> Result<Vec<GrantRecord>, StoreError> {
        self.next().grants_for(key).await
    }
    async fn latest(&self) -> Result<Option<Instant>, StoreError> {
        self.next().latest().await
    }
}

#[async_trait]
impl FreezeStore for Several {
    async fn frozen(&self) -> Result<Option<Frozen>, StoreError> {
        self.next().frozen().await
    }
    async fn freeze(
        &self,
        frozen: Frozen,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, LedgerError> {
        self.next().freeze(frozen, entry, now).await
    }
    async fn freeze_once(
        &self,
        sent: Sent,
        frozen: Frozen,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, LedgerError> {
        self.next().freeze_once(sent, frozen, entry, now).await
    }
    async fn thaw(&self, thaw: Thaw) -> Result<(), LedgerError> {
        self.next().thaw(thaw).await
    }
    async fn let_go(&self, entry: Entry, now: Instant) -> Result<Receipt, LedgerError> {
        self.next().let_go(entry, now).await
    }
}

#[async_trait]
impl LimitStore for Several {
    async fn suspend_within(
        &self,
        request: RequestRecord,
        entry: Entry,
        room: Room,
        now: Instant,
    ) -> Result<Suspended, LedgerError> {
        self.next().suspend_within(request, entry, room, now).await
    }
    async fn turn(&self, id: &str, room: Room, now: Instant) -> Result<Turn, LedgerError> {
        self.next().turn(id, room, now).await
    }
    async fn denied(
        &self,
        key: &RequestKey,
        since: Instant,
    ) -> Result<Vec<RequestRecord>, StoreError> {
        self.next().denied(key, since).await
    }
    async fn allowed(
        &self,
        key: &RequestKey,
        since: Instant,
    ) -> Result<Vec<RequestRecord>, StoreError> {
        self.next().allowed(key, since).await
    }
}

//! The relay store that forgets: for tests, the demo, and gateways that need no restart.

mod exchanges;
mod meetings;
mod notes;
mod stops;

use super::device::{Device, Registered};
use super::exchange::{
    Acked, Decided, Decision, Delivery, Ended, Exchange, InboxCursor, Party, Request, Submission,
    Submitted, Withdrawn,
};
use super::pairing::{Completion, Confirmation, NewPairing, Opened, Pairing, PairingStep};
use super::stop::Stop;
use super::{LEDGERS_REMEMBERED, RelayStore};
use crate::error::StoreError;
use async_trait::async_trait;
use countersign_core::checkpoint::Checkpoint;
use countersign_core::keys::KeyId;
use countersign_core::time::Instant;
use exchanges::Exchanges;
use meetings::Meetings;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The in-memory [`RelayStore`]. One lock around everything, never held across a wait.
#[derive(Default)]
pub struct MemoryRelay {
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    meetings: Meetings,
    exchanges: Exchanges,
    heads: Vec<(String, Checkpoint)>,
    /// By enforcer and approver.
    stops: BTreeMap<(String, String), Stop>,
}

impl MemoryRelay {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> Result<MutexGuard<'_, Tables>, StoreError> {
        let poisoned = |_: PoisonError<_>| StoreError::Unavailable("a writer panicked".to_owned());
        self.tables.lock().map_err(poisoned)
    }
}

#[async_trait]
impl RelayStore for MemoryRelay {
    async fn register_device(&self, device: Device) -> Result<Registered, StoreError> {
        Ok(self.tables()?.meetings.register(device))
    }

    async fn device(&self, device_id: &str) -> Result<Option<Device>, StoreError> {
        Ok(self.tables()?.meetings.device(device_id).cloned())
    }

    async fn device_by_key(&self, key_id: &KeyId) -> Result<Option<Device>, StoreError> {
        Ok(self.tables()?.meetings.device_by_key(key_id).cloned())
    }

    async fn open_pairing(
        &self,
        pairing: NewPairing,
        limit: usize,
        now: Instant,
    ) -> Result<Opened, StoreError> {
        Ok(self.tables()?.meetings.open(pairing, limit, now))
    }

    async fn pairing_by_code(
        &self,
        code: &str,
        now: Instant,
    ) -> Result<Option<Pairing>, StoreError> {
        Ok(self.tables()?.meetings.by_code(code, now).cloned())
    }

    async fn pairing(&self, nonce: &str) -> Result<Option<Pairing>, StoreError> {
        Ok(self.tables()?.meetings.by_nonce(nonce).cloned())
    }

    async fn complete_pairing(
        &self,
        nonce: &str,
        completion: Completion,
        now: Instant,
    ) -> Result<PairingStep, StoreError> {
        Ok(self.tables()?.meetings.complete(nonce, completion, now))
    }

    async fn reveal_pairing(
        &self,
        nonce: &str,
        enforcer_id: &str,
        r: &str,
        now: Instant,
    ) -> Result<PairingStep, StoreError> {
        Ok(self.tables()?.meetings.reveal(nonce, enforcer_id, r, now))
    }

    async fn confirm_pairing(
        &self,
        nonce: &str,
        confirmation: Confirmation,
        now: Instant,
    ) -> Result<PairingStep, StoreError> {
        Ok(self.tables()?.meetings.confirm(nonce, &confirmation, now))
    }

    async fn revoke_route(
        &self,
        caller_id: &str,
        other_id: &str,
        now: Instant,
    ) -> Result<Vec<Ended>, StoreError> {
        let mut tables = self.tables()?;
        tables.meetings.close_routes(caller_id, other_id);
        Ok(tables.exchanges.cancel_between(caller_id, other_id, now))
    }

    async fn may_be_asked(&self, approver_id: &str, now: Instant) -> Result<bool, StoreError> {
        Ok(self.tables()?.meetings.may_be_asked(approver_id, now))
    }

    async fn submit_artifact(
        &self,
        submission: Submission,
        max_pending: usize,
        now: Instant,
    ) -> Result<Submitted, StoreError> {
        let mut tables = self.tables()?;
        let approver = tables.meetings.route(&submission.enforcer_id, &submission.route);
        Ok(tables.exchanges.submit(submission, approver, max_pending, now))
    }

    async fn inbox(
        &self,
        approver_id: &str,
        after: Option<&InboxCursor>,
        limit: usize,
        now: Instant,
    ) -> Result<Vec<Request>, StoreError> {
        Ok(self.tables()?.exchanges.inbox(approver_id, after, limit, now, false))
    }

    async fn unacked_requests(
        &self,
        approver_id: &str,
        after: Option<&InboxCursor>,
        limit: usize,
        now: Instant,
    ) -> Result<Vec<Request>, StoreError> {
        Ok(self.tables()?.exchanges.inbox(approver_id, after, limit, now, true))
    }

    async fn dismiss(&self, approver_id: &str, request_id: &str) -> Result<bool, StoreError> {
        Ok(self.tables()?.exchanges.dismiss(approver_id, request_id))
    }

    async fn decide(&self, decision: Decision, now: Instant) -> Result<Decided, StoreError> {
        Ok(self.tables()?.exchanges.decide(decision, now))
    }

    async fn undelivered(
        &self,
        enforcer_id: &str,
        after: Option<&InboxCursor>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        Ok(self.tables()?.exchanges.undelivered(enforcer_id, after, limit))
    }

    async fn exchange(
        &self,
        party: Party<'_>,
        request_id: &str,
        now: Instant,
    ) -> Result<Option<Exchange>, StoreError> {
        Ok(self.tables()?.exchanges.view(party, request_id, now))
    }

    async fn ack(
        &self,
        party: Party<'_>,
        request_id: &str,
        msg_id: &str,
        _now: Instant,
    ) -> Result<Acked, StoreError> {
        Ok(self.tables()?.exchanges.ack(party, request_id, msg_id))
    }

    async fn withdraw(
        &self,
        enforcer_id: &str,
        request_id: &str,
        now: Instant,
    ) -> Result<Withdrawn, StoreError> {
        Ok(self.tables()?.exchanges.withdraw(enforcer_id, request_id, now))
    }

    async fn remember_head(
        &self,
        enforcer_id: &str,
        head: Checkpoint,
    ) -> Result<Checkpoint, StoreError> {
        Ok(remember(&mut self.tables()?.heads, enforcer_id, head))
    }

    async fn expire_due(&self, now: Instant, limit: usize) -> Result<Vec<Ended>, StoreError> {
        Ok(self.tables()?.exchanges.expire_due(now, limit))
    }

    async fn forget(&self, before: Instant) -> Result<u64, StoreError> {
        let mut tables = self.tables()?;
        let exchanges = tables.exchanges.forget(before);
        let pairings = tables.meetings.forget_pairings(before);
        let Tables { meetings, exchanges: kept, .. } = &mut *tables;
        meetings.forget_devices(before, |device| kept.names(device));
        Ok(exchanges + pairings)
    }
}

/// Keeps a head that is newer than the one of its ledger, and returns the newest.
fn remember(heads: &mut Vec<(String, Checkpoint)>, who: &str, head: Checkpoint) -> Checkpoint {
    let same = |(enforcer, old): &&mut (String, Checkpoint)| {
        enforcer == who && old.head.ledger == head.head.ledger
    };
    if let Some((_, old)) = heads.iter_mut().find(same) {
        if head.head.seq > old.head.seq {
            *old = head;
        }
        return old.clone();
    }
    heads.push((who.to_owned(), head.clone()));
    let mut theirs = heads.iter().filter(|(enforcer, _)| enforcer == who).count();
    heads.retain(|(enforcer, _)| {
        let too_many = enforcer == who && theirs > LEDGERS_REMEMBERED;
        theirs -= usize::from(too_many);
        !too_many
    });
    head
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::contract;
    use std::sync::Arc;

    #[tokio::test]
    async fn keeps_the_contract() {
        contract::contract(async || Arc::new(MemoryRelay::new()) as Arc<dyn RelayStore>).await;
    }
}

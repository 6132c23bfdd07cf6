//! Bounds on what waits, in memory.

use super::{Inner, MemoryLedger, advance, known};
use crate::error::StoreError;
use crate::ledger::{
    Crowd, LedgerError, LimitStore, RequestKey, RequestRecord, Room, Suspended, Turn, expired_entry,
};
use async_trait::async_trait;
use countersign_core::receipt::Entry;
use countersign_core::request::{Event, State};
use countersign_core::time::Instant;

/// Those that wait for an answer, oldest first.
fn waiting(inner: &Inner, now: Instant) -> Vec<&RequestRecord> {
    let waits = |r: &&RequestRecord| {
        matches!(r.state, State::Created | State::AwaitingDecision) && now < r.expires_at
    };
    let mut waiting: Vec<_> = inner.requests.values().filter(waits).collect();
    waiting.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    waiting
}

fn crowd(inner: &Inner, principal: &str, now: Instant) -> Crowd {
    let mut crowd = Crowd::default();
    for request in waiting(inner, now) {
        let own = u32::from(request.key.principal == principal);
        let (each, all) = match inner.queued.contains(&request.id) {
            true => (&mut crowd.queued_each, &mut crowd.queued),
            false => (&mut crowd.put_each, &mut crowd.put),
        };
        *each += own;
        *all += 1;
    }
    crowd
}

fn same_asker(key: &RequestKey, request: &RequestRecord) -> bool {
    let RequestKey { principal, session, workspace, action_hash: _ } = &request.key;
    (principal, session, workspace) == (&key.principal, &key.session, &key.workspace)
}

#[async_trait]
impl LimitStore for MemoryLedger {
    async fn suspend_within(
        &self,
        request: RequestRecord,
        entry: Entry,
        room: Room,
        now: Instant,
    ) -> Result<Suspended, LedgerError> {
        self.commit(|inner| {
            let same: Vec<RequestRecord> = inner
                .requests
                .values()
                .filter(|r| r.key == request.key && !r.state.is_final())
                .cloned()
                .collect();
            for mut old in same {
                if now < old.expires_at {
                    let ready = old.state == State::Approved;
                    return Ok(if ready { Suspended::Ready(old) } else { Suspended::Joined(old) });
                }
                inner.unended(&old)?;
                self.append(inner, expired_entry(&entry, &old), now)?;
                advance(&mut old, Event::Tick, now)?;
                inner.requests.insert(old.id.clone(), old);
            }
            if crowd(inner, &request.key.principal, now).queues(room)? {
                inner.queued.insert(request.id.clone());
            }
            self.append(inner, entry, now)?;
            inner.requests.insert(request.id.clone(), request.clone());
            Ok(Suspended::Opened(request))
        })
    }

    async fn turn(&self, request_id: &str, room: Room, now: Instant) -> Result<Turn, LedgerError> {
        self.commit(|inner| {
            let request = known(inner, request_id)?.clone();
            if !inner.queued.contains(request_id) {
                return Ok(Turn::Now);
            }
            let mut before = 0;
            for other in waiting(inner, now).iter().filter(|r| inner.queued.contains(&r.id)) {
                if other.id == request_id {
                    break;
                }
                let own = other.key.principal == request.key.principal;
                let could = crowd(inner, &other.key.principal, now).put_each < room.each;
                before += u32::from(own || could);
            }
            let place = crowd(inner, &request.key.principal, now).has_place(room);
            if before > 0 || !place {
                return Ok(Turn::After(before));
            }
            inner.queued.remove(request_id);
            Ok(Turn::Now)
        })
    }

    async fn denied(
        &self,
        key: &RequestKey,
        since: Instant,
    ) -> Result<Vec<RequestRecord>, StoreError> {
        Ok(self.ended(key, since, |state| state == State::Denied))
    }

    async fn allowed(
        &self,
        key: &RequestKey,
        since: Instant,
    ) -> Result<Vec<RequestRecord>, StoreError> {
        let mut found =
            self.ended(key, since, |state| matches!(state, State::Approved | State::Executed));
        found.retain(|request| !request.accepted.is_empty());
        Ok(found)
    }
}

impl MemoryLedger {
    fn ended(
        &self,
        key: &RequestKey,
        since: Instant,
        such: impl Fn(State) -> bool,
    ) -> Vec<RequestRecord> {
        let inner = self.read();
        let fits =
            |r: &&RequestRecord| such(r.state) && same_asker(key, r) && r.created_at >= since;
        let mut found: Vec<_> = inner.requests.values().filter(fits).cloned().collect();
        found.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        found
    }
}

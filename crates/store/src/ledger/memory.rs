//! The ledger in memory, for tests and for callers who want no record.

mod freeze;
mod grants;
mod items;
mod limits;
mod lookup;
mod read;
mod rounds;
mod segments;

use super::items::is_claimed_whole;
use super::segments::Hold;
use super::told::{TELLING, Use};
use super::{
    Acceptance, Accepted, Change, ClaimRecord, Ending, Frozen, GrantRecord, LedgerError,
    LedgerStore, NewClaim, NewPermit, Notary, RequestKey, RequestRecord, Usable, expired_entry,
};
use crate::error::StoreError;
use async_trait::async_trait;
use countersign_core::checkpoint::{Changes, Checkpoint, Head};
use countersign_core::decision::Decision;
use countersign_core::encoding::Hash;
use countersign_core::receipt::{Content, Entry, Receipt};
use countersign_core::request::{Event, State, step};
use countersign_core::time::Instant;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A ledger that is gone with the process.
pub struct MemoryLedger {
    id: String,
    secret: [u8; 32],
    notary: Arc<dyn Notary>,
    inner: Mutex<Inner>,
}

#[derive(Default, Clone)]
struct Inner {
    requests: BTreeMap<String, RequestRecord>,
    claims: BTreeMap<String, ClaimRecord>,
    /// Items of batches that were used, with their claims.
    items: BTreeMap<(String, usize), String>,
    receipts: Vec<Receipt>,
    spent: HashSet<(String, String)>,
    names: BTreeMap<(String, String), String>,
    checkpoint: Option<Checkpoint>,
    usable: Usable,
    changes: Changes,
    frozen: Option<Frozen>,
    queued: HashSet<String>,
    grants: BTreeMap<String, GrantRecord>,
    holds: Vec<Hold>,
}

impl Inner {
    /// Nothing is let go while everything stands still.
    fn moves(&self) -> Result<(), LedgerError> {
        let stopped = |frozen: &Frozen| Err(LedgerError::Frozen(Box::new(frozen.clone())));
        self.frozen.as_ref().map_or(Ok(()), stopped)
    }
}

impl Inner {
    /// Refuses a use of a request that its receipts speak against, or of which something is kept
    /// that is not its own.
    fn sound(&self, request: &RequestRecord, usage: Use<'_>) -> Result<(), LedgerError> {
        let spent = |accepted: &Accepted| {
            parts(&accepted.decision).iter().all(|part| self.spent.contains(part))
        };
        let why = request.refuses(&self.told(&request.id), usage);
        let unspent = || "an answer is kept that nobody accepted".to_owned();
        let why = why.or_else(|| (!request.accepted_now().all(spent)).then(unspent));
        let why = why.or_else(|| self.usable.refuses(&request.id, usage));
        why.map_or(Ok(()), |why| Err(LedgerError::Contradicted(why)))
    }

    /// Refuses an end of what ended or was used before.
    fn unended(&self, request: &RequestRecord) -> Result<(), LedgerError> {
        let why = request.refuses(&self.told(&request.id), Use::End);
        why.map_or(Ok(()), |why| Err(LedgerError::Contradicted(why)))
    }

    /// The receipts of a request that tell for or against its use, oldest first.
    fn told(&self, id: &str) -> Vec<Entry> {
        let entries = self.receipts.iter().map(|receipt| &receipt.content.entry);
        let of = entries.filter(|entry| entry.request_id.as_deref() == Some(id));
        of.filter(|entry| TELLING.contains(&entry.event)).cloned().collect()
    }
}

impl MemoryLedger {
    /// An empty ledger.
    #[must_use]
    pub fn new(id: &str, secret: [u8; 32], notary: Arc<dyn Notary>) -> Self {
        Self { id: id.into(), secret, notary, inner: Mutex::default() }
    }

    fn read(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One commit: on an error nothing of it stays.
    fn commit<T>(
        &self,
        change: impl FnOnce(&mut Inner) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let mut inner = self.read();
        let mut draft = inner.clone();
        let value = change(&mut draft)?;
        let before = std::mem::replace(&mut *inner, draft);
        self.hand_on(before.checkpoint.as_ref(), inner);
        Ok(value)
    }

    /// Hands on a head that is new.
    fn hand_on(&self, before: Option<&Checkpoint>, after: MutexGuard<'_, Inner>) {
        let head = after.checkpoint.clone().filter(|head| before != Some(head));
        drop(after);
        if let Some(head) = head {
            self.notary.hand_on(&head);
        }
    }

    fn append(&self, inner: &mut Inner, entry: Entry, now: Instant) -> Result<Receipt, StoreError> {
        let prev = inner.receipts.last().map(|r| r.content_hash);
        let seq = inner.receipts.len() as u64 + 1;
        let recorded_at = now.timestamp();
        let ledger = self.id.clone();
        let content = Content { ledger: ledger.clone(), seq, prev, recorded_at, entry };
        let hashed = content.hashed().map_err(|e| StoreError::Corrupt(e.to_string()))?;
        let (receipt, _) = self.notary.receipt(hashed)?.into_parts();
        let content_hash = receipt.content_hash;
        if Change::of(&receipt.content.entry).is_some() {
            inner.changes = inner.changes.and(content_hash);
        }
        if Usable::concerns(&receipt.content.entry) {
            inner.usable.follow(&receipt.content.entry);
            inner.usable.forget(now);
        }
        let usable = inner.usable.digest().map_err(|e| StoreError::Corrupt(e.to_string()))?;
        let (time, changes) = (now.timestamp(), Some(inner.changes));
        let head = Head { ledger, seq, content_hash, time, changes, usable: Some(usable) };
        inner.checkpoint = Some(self.notary.checkpoint(head)?);
        inner.receipts.push(receipt.clone());
        Ok(receipt)
    }

    fn name(&self, kind: &str, key: &str, fresh: &str) -> String {
        let key = (kind.to_owned(), key.to_owned());
        self.read().names.entry(key).or_insert_with(|| fresh.to_owned()).clone()
    }
}

/// Uses up a decision; it is a replay where any part of it was used before.
fn spend(inner: &mut Inner, decision: &Decision) -> Result<(), LedgerError> {
    let used = parts(decision).into_iter().any(|part| !inner.spent.insert(part));
    if used { Err(LedgerError::Replay) } else { Ok(()) }
}

fn parts(decision: &Decision) -> [(String, String); 2] {
    [
        (decision.request_id.clone(), decision.artifact_hash.to_string()),
        (decision.nonce.clone(), decision.signer_key_id.to_string()),
    ]
}

/// Ends a claim, once.
fn end(inner: &mut Inner, claim_id: &str) -> Result<(), LedgerError> {
    let unknown = || LedgerError::Unknown(claim_id.to_owned());
    let claim = inner.claims.get_mut(claim_id).ok_or_else(unknown)?;
    match std::mem::replace(&mut claim.open, false) {
        true => Ok(()),
        false => Err(LedgerError::Ended(claim_id.to_owned())),
    }
}

fn known<'a>(inner: &'a mut Inner, id: &str) -> Result<&'a mut RequestRecord, LedgerError> {
    inner.requests.get_mut(id).ok_or_else(|| LedgerError::Unknown(id.to_owned()))
}

/// Moves a request by the one state machine.
fn advance(request: &mut RequestRecord, event: Event, now: Instant) -> Result<(), LedgerError> {
    let (state, _) = step(request.state, event, request.expires_at, now)
        .map_err(|illegal| LedgerError::State(illegal.state))?;
    request.state = state;
    Ok(())
}

#[async_trait]
impl LedgerStore for MemoryLedger {
    fn ledger_id(&self) -> &str {
        &self.id
    }

    fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    async fn session(
        &self,
        principal: &str,
        label: &str,
        fresh: &str,
    ) -> Result<String, StoreError> {
        Ok(self.name("session", &format!("{principal}\0{label}"), fresh))
    }

    async fn repo_ref(&self, workspace: &str, fresh: &str) -> Result<String, StoreError> {
        Ok(self.name("repo", workspace, fresh))
    }

    async fn submitted(
        &self,
        request_id: &str,
        now: Instant,
    ) -> Result<RequestRecord, LedgerError> {
        self.commit(|inner| {
            let request = known(inner, request_id)?;
            if request.state == State::Created && now < request.expires_at {
                advance(request, Event::Submitted, now)?;
            }
            Ok(request.clone())
        })
    }

    async fn accept(&self, acceptance: Acceptance) -> Result<RequestRecord, LedgerError> {
        let Acceptance { request_id, vote, reason, counts, entry, now } = acceptance;
        self.commit(|inner| {
            let accepted = Accepted { decision: vote.decision().clone(), reason };
            let before = known(inner, &request_id)?.clone();
            if before.accepted.iter().any(|a| a.decision == accepted.decision) {
                return Ok(before);
            }
            spend(inner, &accepted.decision)?;
            let request = known(inner, &request_id)?;
            if now >= request.expires_at {
                return Err(LedgerError::State(State::Expired));
            }
            let event = request.event_of(&accepted, &counts)?;
            advance(request, event, now)?;
            request.accepted.push(accepted);
            let after = request.clone();
            inner.sound(&after, Use::Answer)?;
            self.append(inner, entry(&after, event), now)?;
            Ok(after)
        })
    }

    async fn permit(&self, permit: NewPermit) -> Result<ClaimRecord, LedgerError> {
        let NewPermit { id, request, owner, now, entry } = permit;
        self.commit(|inner| {
            inner.moves()?;
            let request_id = request.id.clone();
            let claim = ClaimRecord { id, request_id, owner, claimed_at: now, open: true };
            let request = RequestRecord { state: State::Executed, ..request };
            inner.requests.insert(request.id.clone(), request);
            inner.claims.insert(claim.id.clone(), claim.clone());
            self.append(inner, entry, now)?;
            Ok(claim)
        })
    }

    async fn claim(&self, claim: NewClaim) -> Result<(ClaimRecord, RequestRecord), LedgerError> {
        let NewClaim { id, request_id, owner, now, recheck, entry } = claim;
        self.commit(|inner| {
            inner.moves()?;
            let request = known(inner, &request_id)?;
            if !request.state.is_final() && now >= request.expires_at {
                return Err(LedgerError::State(State::Expired));
            }
            advance(request, Event::Claimed, now)?;
            is_claimed_whole(request)?;
            recheck(request)?;
            let after = request.clone();
            inner.sound(&after, Use::Whole)?;
            let claim = ClaimRecord { id, request_id, owner, claimed_at: now, open: true };
            inner.claims.insert(claim.id.clone(), claim.clone());
            self.append(inner, entry, now)?;
            Ok((claim, after))
        })
    }

    async fn hand_over(&self, claim_id: &str) -> Result<(), LedgerError> {
        self.commit(|inner| end(inner, claim_id))
    }

    async fn finish(
        &self,
        claim_id: &str,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, LedgerError> {
        self.commit(|inner| {
            end(inner, claim_id)?;
            Ok(self.append(inner, entry, now)?)
        })
    }

    async fn close(
        &self,
        request_id: &str,
        ending: Ending,
        entry: Entry,
        now: Instant,
    ) -> Result<RequestRecord, LedgerError> {
        self.commit(|inner| {
            let before = known(inner, request_id)?.clone();
            if before.state.is_final() {
                return Ok(before);
            }
            if ending == Ending::Expired && now < before.expires_at {
                return Err(LedgerError::State(before.state));
            }
            inner.unended(&before)?;
            let request = known(inner, request_id)?;
            let event = if ending == Ending::Expired { Event::Tick } else { Event::Withdrawn };
            advance(request, event, now)?;
            let after = request.clone();
            let late = after.state == State::Expired;
            self.append(inner, if late { expired_entry(&entry, &after) } else { entry }, now)?;
            Ok(after)
        })
    }

    async fn record(&self, entry: Entry, now: Instant) -> Result<Receipt, StoreError> {
        let mut inner = self.read();
        let before = inner.checkpoint.clone();
        let receipt = self.append(&mut inner, entry, now)?;
        self.hand_on(before.as_ref(), inner);
        Ok(receipt)
    }

    async fn request(&self, request_id: &str) -> Result<Option<RequestRecord>, StoreError> {
        Ok(self.read().requests.get(request_id).cloned())
    }

    async fn stands(&self, request_id: &str) -> Result<(), LedgerError> {
        let inner = self.read();
        let known = inner.requests.get(request_id);
        let request = known.ok_or_else(|| LedgerError::Unknown(request_id.to_owned()))?;
        if request.state != State::Approved {
            return Err(LedgerError::State(request.state));
        }
        match request.left(&inner.told(request_id)).as_deref() {
            None | Some([]) => inner.sound(request, Use::Whole),
            Some(items) => inner.sound(request, Use::Items(items)),
        }
    }

    async fn refused(
        &self,
        key: &RequestKey,
        since: Instant,
    ) -> Result<Vec<RequestRecord>, StoreError> {
        let same = |r: &&RequestRecord| {
            let RequestKey { principal, workspace, action_hash, session: _ } = &r.key;
            (principal, workspace, action_hash)
                == (&key.principal, &key.workspace, &key.action_hash)
        };
        let inner = self.read();
        let refused = inner.requests.values().filter(|r| r.state == State::Denied);
        let mut found: Vec<_> =
            refused.filter(same).filter(|r| r.created_at >= since).cloned().collect();
        found.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(found)
    }

    async fn open_requests(&self) -> Result<Vec<RequestRecord>, StoreError> {
        Ok(self.read().requests.values().filter(|r| !r.state.is_final()).cloned().collect())
    }

    async fn open_claims(&self) -> Result<Vec<ClaimRecord>, StoreError> {
        Ok(self.read().claims.values().filter(|c| c.open).cloned().collect())
    }

    async fn receipt(&self, seq: Option<u64>) -> Result<Option<Receipt>, StoreError> {
        let inner = self.read();
        let found = match seq {
            None => inner.receipts.last(),
            Some(seq) => inner.receipts.iter().find(|r| r.content.seq == seq),
        };
        Ok(found.cloned())
    }

    async fn receipts_of(&self, request_id: &str) -> Result<Vec<Receipt>, StoreError> {
        let of = |r: &&Receipt| r.content.entry.request_id.as_deref() == Some(request_id);
        Ok(self.read().receipts.iter().filter(of).cloned().collect())
    }

    async fn newest(&self) -> Result<Option<(u64, Hash)>, StoreError> {
        Ok(self.read().receipts.last().map(|r| (r.content.seq, r.content_hash)))
    }

    async fn content_hash(&self, seq: u64) -> Result<Option<Hash>, StoreError> {
        Ok(self.receipt(Some(seq)).await?.map(|r| r.content_hash))
    }

    async fn checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        Ok(self.read().checkpoint.clone())
    }
}

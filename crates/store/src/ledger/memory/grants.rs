//! Standing permissions, in memory.

use super::{Inner, MemoryLedger, advance, known};
use crate::error::StoreError;
use crate::ledger::told::Use;
use crate::ledger::{
    ClaimRecord, Given, GrantRecord, GrantStore, GrantUse, LedgerError, NewGrant, NewPermit,
    RequestKey, RequestRecord,
};
use async_trait::async_trait;
use countersign_core::receipt::{Entry, Receipt};
use countersign_core::request::{Event, State};
use countersign_core::time::Instant;

fn latest(inner: &Inner) -> Option<Instant> {
    inner.receipts.iter().map(|receipt| receipt.content.recorded_at.instant()).max()
}

fn by_age(mut grants: Vec<GrantRecord>) -> Vec<GrantRecord> {
    grants.sort_by(|a, b| (a.granted_at, &a.id).cmp(&(b.granted_at, &b.id)));
    grants
}

#[async_trait]
impl GrantStore for MemoryLedger {
    async fn grant(&self, new: NewGrant) -> Result<Receipt, LedgerError> {
        let NewGrant { grant, given, now, recheck, entry } = new;
        self.commit(|inner| {
            inner.moves()?;
            let given_before = inner.grants.values().any(|old| old.request_id == grant.request_id);
            let request = known(inner, &grant.request_id)?;
            if !request.state.is_final() && now >= request.expires_at {
                return Err(LedgerError::State(State::Expired));
            }
            match given {
                Given::AskedFor => advance(request, Event::Claimed, now)?,
                Given::BesideAYes => Given::beside(request.state)?,
            }
            if given_before {
                return Err(LedgerError::Ended(grant.request_id));
            }
            recheck(request)?;
            let giver = request.clone();
            inner.sound(&giver, Use::Gives(given))?;
            inner.grants.insert(grant.id.clone(), grant);
            Ok(self.append(inner, entry, now)?)
        })
    }

    async fn use_grant(&self, using: GrantUse) -> Result<ClaimRecord, LedgerError> {
        let GrantUse { grant_id, permit, recheck } = using;
        let NewPermit { id, request, owner, now, entry } = permit;
        self.commit(|inner| {
            inner.moves()?;
            let unknown = || LedgerError::Unknown(grant_id.clone());
            let grant = inner.grants.get(&grant_id).cloned().ok_or_else(unknown)?;
            grant.check(&request.key, now, latest(inner).unwrap_or(now))?;
            let giver = known(inner, &grant.request_id)?.clone();
            let untold = giver.gave_nothing(&inner.told(&giver.id));
            if let Some(why) = untold.or_else(|| inner.usable.miscounts(&grant)) {
                return Err(LedgerError::Contradicted(why));
            }
            recheck(&grant, &giver)?;
            let used = grant.used.saturating_add(1);
            inner.grants.insert(grant_id.clone(), GrantRecord { used, ..grant });
            let request_id = request.id.clone();
            let claim = ClaimRecord { id, request_id, owner, claimed_at: now, open: true };
            let request = RequestRecord { state: State::Executed, ..request };
            inner.requests.insert(request.id.clone(), request);
            inner.claims.insert(claim.id.clone(), claim.clone());
            self.append(inner, entry, now)?;
            Ok(claim)
        })
    }

    async fn revoke_grant(
        &self,
        id: &str,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, LedgerError> {
        self.commit(|inner| {
            let unknown = || LedgerError::Unknown(id.to_owned());
            let grant = inner.grants.get_mut(id).ok_or_else(unknown)?;
            if grant.revoked_at.replace(now).is_some() {
                return Err(LedgerError::Ended(id.to_owned()));
            }
            Ok(self.append(inner, entry, now)?)
        })
    }

    async fn grants(&self) -> Result<Vec<GrantRecord>, StoreError> {
        Ok(by_age(self.read().grants.values().cloned().collect()))
    }

    async fn grants_for(&self, key: &RequestKey) -> Result<Vec<GrantRecord>, StoreError> {
        let inner = self.read();
        let fits = |grant: &&GrantRecord| grant.covers(key) && grant.revoked_at.is_none();
        Ok(by_age(inner.grants.values().filter(fits).cloned().collect()))
    }

    async fn latest(&self) -> Result<Option<Instant>, StoreError> {
        Ok(latest(&self.read()))
    }
}

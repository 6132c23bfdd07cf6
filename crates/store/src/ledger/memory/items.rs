//! The approval of a batch, used item by item.

use super::{MemoryLedger, advance, known};
use crate::error::StoreError;
use crate::ledger::items::within;
use crate::ledger::told::Use;
use crate::ledger::{ClaimRecord, ItemClaims, LedgerError, NewItemClaims, RequestRecord};
use async_trait::async_trait;
use countersign_core::request::{Event, State};

#[async_trait]
impl ItemClaims for MemoryLedger {
    async fn claim_items(
        &self,
        claims: NewItemClaims,
    ) -> Result<(Vec<ClaimRecord>, RequestRecord), LedgerError> {
        self.commit(|inner| {
            let now = claims.now;
            inner.moves()?;
            let before = known(inner, &claims.request_id)?.clone();
            if !before.state.is_final() && now >= before.expires_at {
                return Err(LedgerError::State(State::Expired));
            }
            if before.state != State::Approved {
                return Err(LedgerError::State(before.state));
            }
            let allowed = within(&before, &claims)?;
            let NewItemClaims { request_id, owner, recheck, claims, .. } = claims;
            recheck(&before)?;
            let items: Vec<usize> = claims.iter().map(|claim| claim.item).collect();
            let (mut made, mut entries) = (Vec::new(), Vec::new());
            for new in claims {
                if inner.items.insert((request_id.clone(), new.item), new.id.clone()).is_some() {
                    return Err(LedgerError::State(State::Executed));
                }
                let (request_id, owner) = (request_id.clone(), owner.clone());
                let claim =
                    ClaimRecord { id: new.id, request_id, owner, claimed_at: now, open: true };
                inner.claims.insert(claim.id.clone(), claim.clone());
                entries.push(new.entry);
                made.push(claim);
            }
            inner.sound(&before, Use::Items(&items))?;
            for entry in entries {
                self.append(inner, entry, now)?;
            }
            let used = inner.items.keys().filter(|(id, _)| *id == request_id).count();
            let request = known(inner, &request_id)?;
            if used >= allowed {
                advance(request, Event::Claimed, now)?;
            }
            Ok((made, request.clone()))
        })
    }

    async fn item_of(&self, claim_id: &str) -> Result<Option<usize>, StoreError> {
        let inner = self.read();
        let of = inner.items.iter().find(|(_, claim)| *claim == claim_id);
        Ok(of.map(|((_, item), _)| *item))
    }
}

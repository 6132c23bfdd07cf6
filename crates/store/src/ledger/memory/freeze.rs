//! The stop, in memory.

use super::{MemoryLedger, advance, known};
use crate::error::StoreError;
use crate::ledger::told::Use;
use crate::ledger::{FreezeStore, Frozen, LedgerError, Sent, Thaw};
use async_trait::async_trait;
use countersign_core::receipt::{Entry, Receipt};
use countersign_core::request::{Event, State};
use countersign_core::time::Instant;

#[async_trait]
impl FreezeStore for MemoryLedger {
    async fn frozen(&self) -> Result<Option<Frozen>, StoreError> {
        Ok(self.read().frozen.clone())
    }

    async fn freeze(
        &self,
        frozen: Frozen,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, LedgerError> {
        self.commit(|inner| {
            inner.frozen = Some(frozen);
            Ok(self.append(inner, entry, now)?)
        })
    }

    async fn freeze_once(
        &self,
        sent: Sent,
        frozen: Frozen,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, LedgerError> {
        self.commit(|inner| {
            if !inner.spent.insert((sent.nonce, sent.signer.to_string())) {
                return Err(LedgerError::Replay);
            }
            inner.frozen = Some(frozen);
            Ok(self.append(inner, entry, now)?)
        })
    }

    async fn thaw(&self, thaw: Thaw) -> Result<(), LedgerError> {
        self.commit(|inner| {
            thaw.ends(inner.frozen.as_ref())?;
            let Thaw { frozen: _, request_id, now, recheck, released, entry } = thaw;
            let request = known(inner, &request_id)?;
            if !request.state.is_final() && now >= request.expires_at {
                return Err(LedgerError::State(State::Expired));
            }
            advance(request, Event::Claimed, now)?;
            recheck(request)?;
            let after = request.clone();
            inner.sound(&after, Use::Whole)?;
            inner.frozen = None;
            self.append(inner, released, now)?;
            self.append(inner, entry, now)?;
            Ok(())
        })
    }

    async fn let_go(&self, entry: Entry, now: Instant) -> Result<Receipt, LedgerError> {
        self.commit(|inner| {
            inner.moves()?;
            Ok(self.append(inner, entry, now)?)
        })
    }
}

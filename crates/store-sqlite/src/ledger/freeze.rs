//! The stop, in SQLite.

use super::SqliteLedger;
use super::changes::spend_nonce;
use super::register::{Register, Ticket};
use super::requests::{advance, known, sound};
use crate::column::Json;
use crate::db::Db;
use async_trait::async_trait;
use countersign_core::receipt::{Entry, Receipt};
use countersign_core::request::{Event, State};
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::ledger::told::Use;
use countersign_store::ledger::{FreezeStore, Frozen, LedgerError, Sent, Thaw};
use rusqlite::params;

/// Nothing is let go while everything stands still.
pub(super) fn moves(db: &Db) -> Result<(), LedgerError> {
    let stopped = |frozen| Err(LedgerError::Frozen(Box::new(frozen)));
    frozen(db)?.map_or(Ok(()), stopped)
}

pub(super) fn frozen(db: &Db) -> Result<Option<Frozen>, StoreError> {
    db.one("SELECT body FROM frozen", [], |row| row.get::<_, Json<_>>(0).map(|json| json.0))
}

fn thaw(db: &Db, register: &Register, thaw: Thaw) -> Result<(), LedgerError> {
    thaw.ends(frozen(db)?.as_ref())?;
    let Thaw { frozen: _, request_id, now, recheck, released, entry } = thaw;
    let mut request = known(db, &request_id)?;
    if !request.state.is_final() && now >= request.expires_at {
        return Err(LedgerError::State(State::Expired));
    }
    advance(db, &mut request, Event::Claimed, vec![], now)?;
    sound(db, &request, Use::Whole)?;
    recheck(&request)?;
    db.run("DELETE FROM frozen", [])?;
    register.append(db, released, now)?;
    register.append(db, entry, now)?;
    Ok(())
}

fn freeze(
    db: &Db,
    register: &Register,
    frozen: Frozen,
    entry: Entry,
    now: Instant,
) -> Result<Ticket, LedgerError> {
    let sql = "INSERT INTO frozen (only, body) VALUES (1, ?1)
        ON CONFLICT DO UPDATE SET body = ?1";
    db.run(sql, params![Json(frozen)])?;
    Ok(register.append(db, entry, now)?)
}

#[async_trait]
impl FreezeStore for SqliteLedger {
    async fn frozen(&self) -> Result<Option<Frozen>, StoreError> {
        self.writer.read(frozen).await
    }

    async fn freeze(
        &self,
        frozen: Frozen,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, LedgerError> {
        let register = self.register.clone();
        let written = self.writer.write(move |db| freeze(db, &register, frozen, entry, now)).await;
        Ok(written?.redeem()?)
    }

    async fn freeze_once(
        &self,
        sent: Sent,
        frozen: Frozen,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, LedgerError> {
        let register = self.register.clone();
        let written = self.writer.write(move |db| {
            spend_nonce(db, &sent.nonce, &sent.signer)?;
            freeze(db, &register, frozen, entry, now)
        });
        Ok(written.await?.redeem()?)
    }

    async fn thaw(&self, change: Thaw) -> Result<(), LedgerError> {
        let register = self.register.clone();
        self.writer.write(move |db| thaw(db, &register, change)).await
    }

    async fn let_go(&self, entry: Entry, now: Instant) -> Result<Receipt, LedgerError> {
        let register = self.register.clone();
        let written = self.writer.write(move |db: &Db| {
            moves(db)?;
            Ok::<_, LedgerError>(register.append(db, entry, now)?)
        });
        Ok(written.await?.redeem()?)
    }
}

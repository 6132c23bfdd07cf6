//! The approval of a batch, used item by item.

use super::freeze::moves;
use super::register::Register;
use super::requests::{advance, known, sound};
use super::{SqliteLedger, claims};
use crate::db::Db;
use async_trait::async_trait;
use countersign_core::request::{Event, State};
use countersign_store::error::StoreError;
use countersign_store::ledger::items::within;
use countersign_store::ledger::told::Use;
use countersign_store::ledger::{
    ClaimRecord, ItemClaims, LedgerError, NewItemClaim, NewItemClaims, RequestRecord,
};
use rusqlite::params;

#[async_trait]
impl ItemClaims for SqliteLedger {
    async fn claim_items(
        &self,
        claims: NewItemClaims,
    ) -> Result<(Vec<ClaimRecord>, RequestRecord), LedgerError> {
        let register = self.register.clone();
        self.writer.write(move |db| claim(db, &register, claims)).await
    }

    async fn item_of(&self, claim_id: &str) -> Result<Option<usize>, StoreError> {
        let id = claim_id.to_owned();
        self.writer.read(move |db| item(db, &id)).await
    }
}

fn claim(
    db: &Db,
    register: &Register,
    claims: NewItemClaims,
) -> Result<(Vec<ClaimRecord>, RequestRecord), LedgerError> {
    let now = claims.now;
    moves(db)?;
    let mut request = known(db, &claims.request_id)?;
    if !request.state.is_final() && now >= request.expires_at {
        return Err(LedgerError::State(State::Expired));
    }
    if request.state != State::Approved {
        return Err(LedgerError::State(request.state));
    }
    let allowed = within(&request, &claims)?;
    let NewItemClaims { request_id, owner, recheck, claims, .. } = claims;
    recheck(&request)?;
    let items: Vec<usize> = claims.iter().map(|claim| claim.item).collect();
    let (mut made, mut entries) = (Vec::new(), Vec::new());
    for new in claims {
        let (id, request_id, owner) = (new.id.clone(), request_id.clone(), owner.clone());
        let claim = ClaimRecord { id, request_id, owner, claimed_at: now, open: true };
        claims::insert(db, &claim)?;
        spend(db, &claim, &new)?;
        entries.push(new.entry);
        made.push(claim);
    }
    sound(db, &request, Use::Items(&items))?;
    entries.into_iter().try_for_each(|entry| register.append(db, entry, now).map(|_| ()))?;
    let used = db.number("SELECT count(*) FROM item_claim WHERE request = ?1", [&request_id])?;
    if usize::try_from(used).is_ok_and(|used| used >= allowed) {
        advance(db, &mut request, Event::Claimed, vec![], now)?;
    }
    Ok((made, request))
}

/// Uses an item up; the primary key lets one caller win.
fn spend(db: &Db, claim: &ClaimRecord, new: &NewItemClaim) -> Result<(), LedgerError> {
    let sql = "INSERT INTO item_claim (request, item, claim) VALUES (?1, ?2, ?3)
         ON CONFLICT DO NOTHING";
    let item = i64::try_from(new.item).unwrap_or(i64::MAX);
    let used = db.run(sql, params![claim.request_id, item, claim.id])? == 0;
    if used { Err(LedgerError::State(State::Executed)) } else { Ok(()) }
}

fn item(db: &Db, claim: &str) -> Result<Option<usize>, StoreError> {
    let sql = "SELECT item FROM item_claim WHERE claim = ?1";
    let item: Option<i64> = db.one(sql, [claim], |row| row.get(0))?;
    Ok(item.and_then(|item| usize::try_from(item).ok()))
}

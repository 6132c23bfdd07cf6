//! Standing permissions, in SQLite.

use super::freeze::moves;
use super::register::{Register, Ticket};
use super::requests::{advance, insert, known, sound, told};
use super::{SqliteLedger, claims, usable};
use crate::column::{At, Digest};
use crate::db::Db;
use async_trait::async_trait;
use countersign_core::action::ActionHash;
use countersign_core::receipt::{Entry, Receipt};
use countersign_core::request::{Event, State};
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::ledger::told::Use;
use countersign_store::ledger::{
    ClaimRecord, Given, GrantRecord, GrantStore, GrantUse, LedgerError, NewGrant, NewPermit,
    RequestKey, RequestRecord,
};
use rusqlite::{Row, params};

const COLUMNS: &str = "SELECT id, request, principal, session, workspace, action_hash, granted_at,
        expires_at, count, used, revoked_at FROM standing";

fn one(db: &Db, id: &str) -> Result<GrantRecord, LedgerError> {
    let found = db.one(&format!("{COLUMNS} WHERE id = ?1"), [id], record)?;
    found.ok_or_else(|| LedgerError::Unknown(id.to_owned()))
}

pub(super) fn every(db: &Db) -> Result<Vec<GrantRecord>, StoreError> {
    db.all(&format!("{COLUMNS} ORDER BY granted_at, id"), [], record)
}

fn covering(db: &Db, key: &RequestKey) -> Result<Vec<GrantRecord>, StoreError> {
    let sql = format!(
        "{COLUMNS} WHERE action_hash = ?1 AND principal = ?2 AND workspace = ?3
            AND revoked_at IS NULL ORDER BY granted_at, id"
    );
    let hash = Digest(key.action_hash.0);
    let mut found = db.all(&sql, params![hash, key.principal, key.workspace], record)?;
    found.retain(|grant| grant.covers(key));
    Ok(found)
}

/// The latest time of any receipt that is written.
fn latest(db: &Db) -> Result<Option<Instant>, StoreError> {
    let sql = "SELECT recorded_at FROM receipt ORDER BY recorded_at DESC LIMIT 1";
    db.one(sql, [], |row| row.get::<_, At>(0).map(|at| at.0))
}

fn give(db: &Db, register: &Register, new: NewGrant) -> Result<Ticket, LedgerError> {
    let NewGrant { grant, given, now, recheck, entry } = new;
    moves(db)?;
    let mut request = known(db, &grant.request_id)?;
    if !request.state.is_final() && now >= request.expires_at {
        return Err(LedgerError::State(State::Expired));
    }
    match given {
        Given::AskedFor => advance(db, &mut request, Event::Claimed, vec![], now)?,
        Given::BesideAYes => beside(db, &request)?,
    }
    sound(db, &request, Use::Gives(given))?;
    recheck(&request)?;
    db.run(
        "INSERT INTO standing (id, request, principal, session, workspace, action_hash, granted_at,
            expires_at, count, used) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            grant.id,
            grant.request_id,
            grant.principal,
            grant.session,
            grant.workspace,
            Digest(grant.action_hash.0),
            At(grant.granted_at),
            At(grant.expires_at),
            grant.count,
            grant.used
        ],
    )?;
    Ok(register.append(db, entry, now)?)
}

/// A request whose answer may give a grant, and has given none.
fn beside(db: &Db, request: &RequestRecord) -> Result<(), LedgerError> {
    Given::beside(request.state)?;
    let sql = "SELECT id FROM standing WHERE request = ?1";
    match db.one(sql, [&request.id], |row| row.get::<_, String>(0))? {
        Some(_) => Err(LedgerError::Ended(request.id.clone())),
        None => Ok(()),
    }
}

fn take(db: &Db, register: &Register, using: GrantUse) -> Result<ClaimRecord, LedgerError> {
    let GrantUse { grant_id, permit, recheck } = using;
    let NewPermit { id, request, owner, now, entry } = permit;
    moves(db)?;
    let grant = one(db, &grant_id)?;
    grant.check(&request.key, now, latest(db)?.unwrap_or(now))?;
    let giver = known(db, &grant.request_id)?;
    let untold = giver.gave_nothing(&told(db, &giver.id)?);
    let miscounted = || Ok(usable::proven(db)?.and_then(|left| left.miscounts(&grant)));
    if let Some(why) = untold.map_or_else(miscounted, |why| Ok::<_, LedgerError>(Some(why)))? {
        return Err(LedgerError::Contradicted(why));
    }
    recheck(&grant, &giver)?;
    // INVARIANT: this transaction read the row it counts in; nobody writes between.
    db.run("UPDATE standing SET used = used + 1 WHERE id = ?1", [&grant_id])?;
    let claim =
        ClaimRecord { id, request_id: request.id.clone(), owner, claimed_at: now, open: true };
    insert(db, &RequestRecord { state: State::Executed, ..request })?;
    claims::insert(db, &claim)?;
    register.append(db, entry, now)?;
    Ok(claim)
}

fn revoke(
    db: &Db,
    register: &Register,
    id: &str,
    entry: Entry,
    now: Instant,
) -> Result<Ticket, LedgerError> {
    one(db, id)?;
    let sql = "UPDATE standing SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
    if db.run(sql, params![id, At(now)])? == 0 {
        return Err(LedgerError::Ended(id.to_owned()));
    }
    Ok(register.append(db, entry, now)?)
}

fn record(row: &Row<'_>) -> rusqlite::Result<GrantRecord> {
    Ok(GrantRecord {
        id: row.get(0)?,
        request_id: row.get(1)?,
        principal: row.get(2)?,
        session: row.get(3)?,
        workspace: row.get(4)?,
        action_hash: ActionHash(row.get::<_, Digest>(5)?.0),
        granted_at: row.get::<_, At>(6)?.0,
        expires_at: row.get::<_, At>(7)?.0,
        count: row.get(8)?,
        used: row.get(9)?,
        revoked_at: row.get::<_, Option<At>>(10)?.map(|at| at.0),
    })
}

#[async_trait]
impl GrantStore for SqliteLedger {
    async fn grant(&self, new: NewGrant) -> Result<Receipt, LedgerError> {
        let register = self.register.clone();
        Ok(self.writer.write(move |db| give(db, &register, new)).await?.redeem()?)
    }

    async fn use_grant(&self, using: GrantUse) -> Result<ClaimRecord, LedgerError> {
        let register = self.register.clone();
        self.writer.write(move |db| take(db, &register, using)).await
    }

    async fn revoke_grant(
        &self,
        id: &str,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, LedgerError> {
        let (register, id) = (self.register.clone(), id.to_owned());
        let written = self.writer.write(move |db| revoke(db, &register, &id, entry, now)).await;
        Ok(written?.redeem()?)
    }

    async fn grants(&self) -> Result<Vec<GrantRecord>, StoreError> {
        self.writer.read(every).await
    }

    async fn grants_for(&self, key: &RequestKey) -> Result<Vec<GrantRecord>, StoreError> {
        let key = key.clone();
        self.writer.read(move |db| covering(db, &key)).await
    }

    async fn latest(&self) -> Result<Option<Instant>, StoreError> {
        self.writer.read(latest).await
    }
}

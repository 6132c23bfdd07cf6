//! Bounds on what waits, in SQLite.

use super::SqliteLedger;
use super::register::Register;
use super::requests::{self, advance, insert, known, open_with, unended};
use crate::column::At;
use crate::db::Db;
use async_trait::async_trait;
use countersign_core::receipt::Entry;
use countersign_core::request::{Event, State};
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::ledger::{
    Crowd, LedgerError, LimitStore, RequestKey, RequestRecord, Room, Suspended, Turn, expired_entry,
};
use rusqlite::params;

/// One that waits for an answer.
struct Waiter {
    id: String,
    principal: String,
    queued: bool,
}

/// Those that wait, oldest first: few, since they are bounded.
fn waiting(db: &Db, now: Instant) -> Result<Vec<Waiter>, StoreError> {
    let sql = "SELECT id, principal, id IN (SELECT request FROM queued) FROM request
        WHERE state IN ('CREATED', 'AWAITING_DECISION', 'APPROVED') AND state != 'APPROVED'
            AND expires_at > ?1 ORDER BY created_at, id";
    db.all(sql, params![At(now)], |row| {
        Ok(Waiter { id: row.get(0)?, principal: row.get(1)?, queued: row.get(2)? })
    })
}

fn crowd(waiting: &[Waiter], principal: &str) -> Crowd {
    let mut crowd = Crowd::default();
    for waiter in waiting {
        let (each, all) = match waiter.queued {
            true => (&mut crowd.queued_each, &mut crowd.queued),
            false => (&mut crowd.put_each, &mut crowd.put),
        };
        *each += u32::from(waiter.principal == principal);
        *all += 1;
    }
    crowd
}

fn suspend(
    db: &Db,
    register: &Register,
    request: RequestRecord,
    entry: Entry,
    (room, now): (Room, Instant),
) -> Result<Suspended, LedgerError> {
    if let Some(mut old) = open_with(db, &request.key)? {
        if now < old.expires_at {
            let ready = old.state == State::Approved;
            return Ok(if ready { Suspended::Ready(old) } else { Suspended::Joined(old) });
        }
        unended(db, &old)?;
        register.append(db, expired_entry(&entry, &old), now)?;
        advance(db, &mut old, Event::Tick, vec![], now)?;
    }
    let bounded = room != Room::UNBOUNDED;
    let queued = bounded && crowd(&waiting(db, now)?, &request.key.principal).queues(room)?;
    register.append(db, entry, now)?;
    insert(db, &request)?;
    if queued {
        db.run("INSERT INTO queued (request) VALUES (?1)", [&request.id])?;
    }
    Ok(Suspended::Opened(request))
}

fn turn(db: &Db, id: &str, room: Room, now: Instant) -> Result<Turn, LedgerError> {
    let principal = known(db, id)?.key.principal;
    let stands = "SELECT 1 FROM queued WHERE request = ?1";
    if db.one(stands, [id], |_| Ok(()))?.is_none() {
        return Ok(Turn::Now);
    }
    let waiting = waiting(db, now)?;
    let before = waiting.iter().filter(|w| w.queued).take_while(|w| w.id != id).filter(|other| {
        // One whose own places are taken holds nobody else up.
        other.principal == principal || crowd(&waiting, &other.principal).put_each < room.each
    });
    let before = u32::try_from(before.count()).unwrap_or(u32::MAX);
    if before > 0 || !crowd(&waiting, &principal).has_place(room) {
        return Ok(Turn::After(before));
    }
    db.run("DELETE FROM queued WHERE request = ?1", [id])?;
    Ok(Turn::Now)
}

#[async_trait]
impl LimitStore for SqliteLedger {
    async fn suspend_within(
        &self,
        request: RequestRecord,
        entry: Entry,
        room: Room,
        now: Instant,
    ) -> Result<Suspended, LedgerError> {
        let register = self.register.clone();
        let suspend = move |db: &Db| suspend(db, &register, request, entry, (room, now));
        self.writer.write(suspend).await
    }

    async fn turn(&self, request_id: &str, room: Room, now: Instant) -> Result<Turn, LedgerError> {
        let id = request_id.to_owned();
        self.writer.write(move |db| turn(db, &id, room, now)).await
    }

    async fn denied(
        &self,
        key: &RequestKey,
        since: Instant,
    ) -> Result<Vec<RequestRecord>, StoreError> {
        let key = key.clone();
        let states = "state = 'DENIED'";
        self.writer.read(move |db| requests::of_asker(db, &key, since, states)).await
    }

    async fn allowed(
        &self,
        key: &RequestKey,
        since: Instant,
    ) -> Result<Vec<RequestRecord>, StoreError> {
        let key = key.clone();
        let states = "state IN ('APPROVED', 'EXECUTED')
            AND EXISTS (SELECT 1 FROM accepted WHERE accepted.request = request.id)";
        self.writer.read(move |db| requests::of_asker(db, &key, since, states)).await
    }
}

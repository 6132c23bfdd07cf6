//! How two devices meet. The rules of each step are the domain's own ([`Pairing`]); here each
//! step is read, taken and written back in one transaction.

use super::devices;
use super::routes;
use crate::column::{At, Json, rows};
use crate::db::Db;
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::relay::device::Registered;
use countersign_store::relay::pairing::{
    Completion, Confirmation, NewPairing, Opened, Pairing, PairingState, PairingStep,
};
use rusqlite::{Row, params};

pub(super) fn open(
    db: &Db,
    new: NewPairing,
    limit: usize,
    now: Instant,
) -> Result<Opened, StoreError> {
    if waiting(db, limit, now)? >= limit {
        return Ok(Opened::Full);
    }
    if is_taken(db, &new, now)? {
        return Ok(Opened::CodeTaken);
    }
    if devices::register(db, &new.enforcer)? == Registered::Conflict {
        return Ok(Opened::DeviceConflict);
    }
    let pairing = Pairing::from(new);
    db.run(
        "INSERT INTO pairing (nonce, code, routing_token, enforcer_id, is_open, expires_at, body)
         VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6)",
        params![
            pairing.nonce,
            pairing.code,
            pairing.routing_token,
            pairing.enforcer_id,
            At(pairing.expires_at),
            Json(&pairing)
        ],
    )?;
    Ok(Opened::Done)
}

pub(super) fn by_code(db: &Db, code: &str, now: Instant) -> Result<Option<Pairing>, StoreError> {
    db.one(
        "SELECT body FROM pairing WHERE code = ?1 AND is_open = 1 AND expires_at > ?2",
        params![code, At(now)],
        body,
    )
}

pub(super) fn by_nonce(db: &Db, nonce: &str) -> Result<Option<Pairing>, StoreError> {
    db.one("SELECT body FROM pairing WHERE nonce = ?1", [nonce], body)
}

pub(super) fn complete(
    db: &Db,
    nonce: &str,
    completion: Completion,
    now: Instant,
) -> Result<PairingStep, StoreError> {
    let approver = completion.approver.clone();
    let known = devices::known(db, &approver)?;
    step(db, nonce, |pairing| {
        let step = pairing.complete(completion, known.as_ref(), now);
        if matches!(step, PairingStep::Done(_)) {
            devices::register(db, &approver)?;
        }
        Ok(step)
    })
}

pub(super) fn reveal(
    db: &Db,
    nonce: &str,
    enforcer_id: &str,
    r: &str,
    now: Instant,
) -> Result<PairingStep, StoreError> {
    step(db, nonce, |pairing| Ok(pairing.reveal(enforcer_id, r, now)))
}

pub(super) fn confirm(
    db: &Db,
    nonce: &str,
    confirmation: &Confirmation,
    now: Instant,
) -> Result<PairingStep, StoreError> {
    step(db, nonce, |pairing| {
        let step = pairing.confirm(confirmation, now);
        if matches!(step, PairingStep::Done(_)) {
            routes::follow(db, pairing)?;
        }
        Ok(step)
    })
}

/// Drops at most `limit` pairings that expired before a moment; returns how many.
pub(super) fn forget(db: &Db, before: Instant, limit: usize) -> Result<usize, StoreError> {
    db.run(
        "DELETE FROM pairing WHERE nonce IN
         (SELECT nonce FROM pairing WHERE expires_at < ?1 LIMIT ?2)",
        params![At(before), rows(limit)],
    )
}

/// Reads a pairing, takes one step, and writes it back where the step was taken.
fn step(
    db: &Db,
    nonce: &str,
    take: impl FnOnce(&mut Pairing) -> Result<PairingStep, StoreError>,
) -> Result<PairingStep, StoreError> {
    let Some(mut pairing) = by_nonce(db, nonce)? else {
        return Ok(PairingStep::Unknown);
    };
    let step = take(&mut pairing)?;
    if matches!(step, PairingStep::Done(_)) {
        // Whether its time is over is asked with each question.
        let is_open = pairing.state(Instant(i64::MIN)) == PairingState::Open;
        db.run(
            "UPDATE pairing SET approver_id = ?2, is_open = ?3, body = ?4 WHERE nonce = ?1",
            params![nonce, pairing.approver_id(), is_open, Json(&pairing)],
        )?;
    }
    Ok(step)
}

fn is_taken(db: &Db, new: &NewPairing, now: Instant) -> Result<bool, StoreError> {
    let taken = db.one(
        "SELECT 1 FROM pairing WHERE nonce = ?1
         UNION ALL SELECT 1 FROM pairing WHERE routing_token = ?2
         UNION ALL SELECT 1 FROM route WHERE routing_token = ?2
         UNION ALL SELECT 1 FROM pairing WHERE code = ?3 AND expires_at > ?4",
        params![new.nonce, new.routing_token, new.code, At(now)],
        |_| Ok(()),
    )?;
    Ok(taken.is_some())
}

/// How many pairings are open, counted no further than `limit`.
fn waiting(db: &Db, limit: usize, now: Instant) -> Result<usize, StoreError> {
    let count = db.number(
        "SELECT count(*) FROM
         (SELECT 1 FROM pairing WHERE is_open = 1 AND expires_at > ?1 LIMIT ?2)",
        params![At(now), rows(limit)],
    )?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

fn body(row: &Row<'_>) -> rusqlite::Result<Pairing> {
    row.get::<_, Json<Pairing>>(0).map(|json| json.0)
}

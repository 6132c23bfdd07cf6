//! Which enforcer may reach which approver.

use crate::column::At;
use crate::db::Db;
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::relay::exchange::{Route, Submission};
use countersign_store::relay::pairing::Pairing;
use rusqlite::params;

/// Opens or closes the route of a pairing after an answer. A route that was closed stays closed,
/// also where the same answer comes again.
pub(super) fn follow(db: &Db, pairing: &Pairing) -> Result<(), StoreError> {
    let token = &pairing.routing_token;
    match pairing.approver_id() {
        Some(approver) if pairing.is_open_route() => db.run(
            "INSERT INTO route (routing_token, enforcer_id, approver_id, is_open)
             VALUES (?1, ?2, ?3, 1) ON CONFLICT DO NOTHING",
            params![token, pairing.enforcer_id, approver],
        ),
        _ => db.run("UPDATE route SET is_open = 0 WHERE routing_token = ?1", [token]),
    }
    .map(|_| ())
}

/// The approver that an open route of this enforcer leads to.
pub(super) fn lead(db: &Db, submission: &Submission) -> Result<Option<String>, StoreError> {
    let (sql, named) = match &submission.route {
        Route::Token(token) => (
            "SELECT approver_id FROM route
             WHERE enforcer_id = ?1 AND routing_token = ?2 AND is_open = 1",
            token,
        ),
        Route::Approver(approver) => (
            "SELECT approver_id FROM route
             WHERE enforcer_id = ?1 AND approver_id = ?2 AND is_open = 1",
            approver,
        ),
    };
    db.one(sql, [&submission.enforcer_id, named], |row| row.get(0))
}

/// Whether an open route leads to an approver, or a pairing may open one yet.
pub(super) fn may_lead_to(db: &Db, approver: &str, now: Instant) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM route WHERE approver_id = ?1 AND is_open = 1
         UNION ALL SELECT 1 FROM pairing WHERE approver_id = ?1 AND expires_at > ?2
         AND NOT EXISTS (SELECT 1 FROM route WHERE route.routing_token = pairing.routing_token)";
    Ok(db.one(sql, params![approver, At(now)], |_| Ok(()))?.is_some())
}

/// Closes every route between two devices, whichever of them asks.
pub(super) fn close(db: &Db, one: &str, other: &str) -> Result<(), StoreError> {
    let sql = "UPDATE route SET is_open = 0 WHERE enforcer_id = ?1 AND approver_id = ?2";
    db.run(sql, [one, other])?;
    db.run(sql, [other, one]).map(|_| ())
}

/// Drops closed routes that no pairing could open again.
pub(super) fn forget(db: &Db) -> Result<(), StoreError> {
    let sql = "DELETE FROM route WHERE is_open = 0 AND NOT EXISTS
         (SELECT 1 FROM pairing WHERE pairing.routing_token = route.routing_token)";
    db.run(sql, []).map(|_| ())
}

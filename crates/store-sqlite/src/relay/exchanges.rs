//! Artifacts on their way to approvers, and answers on their way back.

use super::{notes, routes};
use crate::column::{At, Digest, Stamp, Word, rows};
use crate::db::Db;
use countersign_core::encoding::Hash;
use countersign_core::time::{Instant, Timestamp};
use countersign_store::error::StoreError;
use countersign_store::relay::exchange::{
    Acked, Decided, Decision, Delivery, Ended, Exchange, Party, State, Submission, Submitted,
    Withdrawn,
};
use countersign_store::relay::note::Noted;
use rusqlite::{Row, params};

pub(super) fn submit(
    db: &Db,
    submission: &Submission,
    max_pending: usize,
    now: Instant,
) -> Result<Submitted, StoreError> {
    if let Some(key) = taken_by_enforcer(db, submission)? {
        let same = key == submission.artifact_key;
        return Ok(if same { Submitted::Again } else { Submitted::OtherArtifact });
    }
    let Some(approver_id) = routes::lead(db, submission)? else {
        return Ok(Submitted::NoRoute);
    };
    if stand(db, Party::Approver(&approver_id), &submission.request_id)?.is_some() {
        return Ok(Submitted::OtherArtifact);
    }
    if now >= submission.expires_at.instant() {
        return Ok(Submitted::Expired);
    }
    if pending_between(db, &submission.enforcer_id, &approver_id, max_pending, now)? >= max_pending
    {
        return Ok(Submitted::Full);
    }
    keep(db, submission, &approver_id, now)?;
    Ok(Submitted::Accepted { approver_id })
}

fn keep(db: &Db, new: &Submission, approver_id: &str, now: Instant) -> Result<(), StoreError> {
    db.run(
        "INSERT INTO exchange (request_id, enforcer_id, approver_id, artifact_hash, artifact_key,
            state, received_at, expires_text, expires_at, msg_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            new.request_id,
            new.enforcer_id,
            approver_id,
            new.artifact_hash,
            new.artifact_key,
            Word(State::PendingApproval),
            At(now),
            new.expires_at.as_str(),
            At(new.expires_at.instant()),
            new.msg_id
        ],
    )?;
    let sql = "INSERT INTO sealed_artifact (exchange, content) VALUES (last_insert_rowid(), ?1)";
    db.run(sql, [&new.content]).map(|_| ())
}

fn taken_by_enforcer(db: &Db, new: &Submission) -> Result<Option<String>, StoreError> {
    db.one(
        "SELECT artifact_key FROM exchange WHERE enforcer_id = ?1 AND request_id = ?2",
        [&new.enforcer_id, &new.request_id],
        |row| row.get(0),
    )
}

/// Counted no further than `limit`.
fn pending_between(
    db: &Db,
    enforcer_id: &str,
    approver_id: &str,
    limit: usize,
    now: Instant,
) -> Result<usize, StoreError> {
    let count = db.number(
        "SELECT count(*) FROM (SELECT 1 FROM exchange WHERE state = 'pendingApproval'
            AND enforcer_id = ?1 AND approver_id = ?2 AND expires_at > ?3 LIMIT ?4)",
        params![enforcer_id, approver_id, At(now), rows(limit)],
    )?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

pub(super) fn decide(db: &Db, decision: &Decision, now: Instant) -> Result<Decided, StoreError> {
    let party = Party::Approver(&decision.approver_id);
    let Some(stand) = stand(db, party, &decision.request_id)? else {
        return Ok(Decided::Unknown);
    };
    match (stand.digest, stand.state.at(now, stand.expires_at.instant())) {
        (Some(first), _) if first == decision.digest => Ok(Decided::Again),
        (Some(_), _) => Ok(Decided::DecidedOtherwise),
        (None, State::PendingApproval) if stand.artifact_key == decision.artifact_key => {
            answer(db, stand, decision, now)
        }
        (None, State::PendingApproval) => Ok(Decided::OtherArtifact),
        (None, over) => Ok(Decided::Over(over)),
    }
}

fn answer(db: &Db, stand: Stand, decision: &Decision, now: Instant) -> Result<Decided, StoreError> {
    db.run(
        "UPDATE exchange SET state = 'decided', digest = ?2, answer_id = ?3, decided_at = ?4
         WHERE id = ?1",
        params![stand.id, Digest(decision.digest), decision.msg_id, At(now)],
    )?;
    let sql = "INSERT INTO sealed_answer (exchange, content) VALUES (?1, ?2)";
    db.run(sql, params![stand.id, decision.content])?;
    notes::drop_of(db, stand.id)?;
    let delivery = Delivery {
        request_id: decision.request_id.clone(),
        msg_id: decision.msg_id.clone(),
        content: decision.content.clone(),
        decided_at: now,
        expires_at: stand.expires_at,
    };
    Ok(Decided::Accepted { enforcer_id: stand.enforcer_id, delivery })
}

pub(super) fn one(
    db: &Db,
    party: Party<'_>,
    request_id: &str,
    now: Instant,
) -> Result<Option<Exchange>, StoreError> {
    let (column, id) = side(party);
    let sql = format!("{WHOLE} WHERE {column} = ?1 AND request_id = ?2");
    let found = db.one(&sql, [id, request_id], exchange)?;
    Ok(found.map(|mut exchange| {
        exchange.state = exchange.state.at(now, exchange.expires_at.instant());
        exchange
    }))
}

pub(super) fn dismiss(db: &Db, approver_id: &str, request_id: &str) -> Result<bool, StoreError> {
    let sql = "UPDATE exchange SET is_dismissed = 1 WHERE approver_id = ?1 AND request_id = ?2";
    db.run(sql, [approver_id, request_id]).map(|found| found > 0)
}

pub(super) fn ack(
    db: &Db,
    party: Party<'_>,
    request_id: &str,
    msg_id: &str,
) -> Result<Acked, StoreError> {
    let (sql, id) = match party {
        Party::Approver(id) => (
            "UPDATE exchange SET is_acked = 1
             WHERE approver_id = ?1 AND request_id = ?2 AND msg_id = ?3",
            id,
        ),
        Party::Enforcer(id) => (
            "UPDATE exchange SET state = 'delivered'
             WHERE enforcer_id = ?1 AND request_id = ?2 AND answer_id = ?3",
            id,
        ),
    };
    let found = db.run(sql, [id, request_id, msg_id])?;
    Ok(if found > 0 { Acked::Done } else { Acked::Unknown })
}

pub(super) fn withdraw(
    db: &Db,
    enforcer_id: &str,
    request_id: &str,
    now: Instant,
) -> Result<Withdrawn, StoreError> {
    let Some(stand) = stand(db, Party::Enforcer(enforcer_id), request_id)? else {
        return Ok(Withdrawn::Unknown);
    };
    match stand.state.at(now, stand.expires_at.instant()) {
        State::PendingApproval => {
            end(db, stand.id, State::Withdrawn)?;
            Ok(Withdrawn::Done { approver_id: stand.approver_id })
        }
        over => Ok(Withdrawn::Over(over)),
    }
}

pub(super) fn note(
    db: &Db,
    enforcer_id: &str,
    request_id: &str,
    content: &str,
    now: Instant,
) -> Result<Noted, StoreError> {
    let Some(stand) = stand(db, Party::Enforcer(enforcer_id), request_id)? else {
        return Ok(Noted::Unknown);
    };
    match stand.state.at(now, stand.expires_at.instant()) {
        State::PendingApproval => {
            notes::put(db, stand.id, content)?;
            Ok(Noted::Kept { approver_id: stand.approver_id })
        }
        over => Ok(Noted::Over(over)),
    }
}

/// Cancels what is pending between two devices, whichever of them asked.
pub(super) fn cancel(
    db: &Db,
    one: &str,
    other: &str,
    now: Instant,
) -> Result<Vec<Ended>, StoreError> {
    let sql = "SELECT id, request_id, enforcer_id, approver_id FROM exchange
         WHERE state = 'pendingApproval' AND enforcer_id = ?1 AND approver_id = ?2
            AND expires_at > ?3 ORDER BY expires_at";
    let mut found = db.all(sql, params![one, other, At(now)], ended)?;
    found.extend(db.all(sql, params![other, one, At(now)], ended)?);
    finish(db, found, State::Cancelled)
}

/// Marks what has run out of time.
pub(super) fn expire(db: &Db, now: Instant, limit: usize) -> Result<Vec<Ended>, StoreError> {
    let found = db.all(
        "SELECT id, request_id, enforcer_id, approver_id FROM exchange
         WHERE state = 'pendingApproval' AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2",
        params![At(now), rows(limit)],
        ended,
    )?;
    finish(db, found, State::Expired)
}

/// Drops at most `limit` exchanges that ended before a moment; returns how many.
pub(super) fn forget(db: &Db, before: Instant, limit: usize) -> Result<usize, StoreError> {
    db.run(
        "DELETE FROM exchange WHERE id IN
         (SELECT id FROM exchange
          WHERE state <> 'pendingApproval' AND expires_at < ?1 AND received_at < ?1 LIMIT ?2)",
        params![At(before), rows(limit)],
    )
}

fn finish(db: &Db, found: Vec<(i64, Ended)>, state: State) -> Result<Vec<Ended>, StoreError> {
    found.into_iter().map(|(id, ended)| end(db, id, state).map(|()| ended)).collect()
}

fn end(db: &Db, id: i64, state: State) -> Result<(), StoreError> {
    db.run("UPDATE exchange SET state = ?2 WHERE id = ?1", params![id, Word(state)])?;
    notes::drop_of(db, id)
}

/// What a change of state depends on.
struct Stand {
    id: i64,
    enforcer_id: String,
    approver_id: String,
    artifact_key: String,
    state: State,
    expires_at: Timestamp,
    digest: Option<Hash>,
}

fn stand(db: &Db, party: Party<'_>, request_id: &str) -> Result<Option<Stand>, StoreError> {
    let (column, id) = side(party);
    let sql = format!(
        "SELECT id, enforcer_id, approver_id, artifact_key, state, expires_text, digest
         FROM exchange WHERE {column} = ?1 AND request_id = ?2"
    );
    db.one(&sql, [id, request_id], |row| {
        Ok(Stand {
            id: row.get(0)?,
            enforcer_id: row.get(1)?,
            approver_id: row.get(2)?,
            artifact_key: row.get(3)?,
            state: row.get::<_, Word<State>>(4)?.0,
            expires_at: row.get::<_, Stamp>(5)?.0,
            digest: row.get::<_, Option<Digest>>(6)?.map(|digest| digest.0),
        })
    })
}

/// The column that holds a party's device id: nobody finds what is not theirs.
fn side(party: Party<'_>) -> (&'static str, &str) {
    match party {
        Party::Enforcer(id) => ("enforcer_id", id),
        Party::Approver(id) => ("approver_id", id),
    }
}

const WHOLE: &str = "SELECT request_id, enforcer_id, approver_id, artifact_hash, state,
        received_at, expires_text, answer_id, content, decided_at
     FROM exchange LEFT JOIN sealed_answer ON sealed_answer.exchange = exchange.id";

fn exchange(row: &Row<'_>) -> rusqlite::Result<Exchange> {
    let request_id: String = row.get(0)?;
    let expires_at = row.get::<_, Stamp>(6)?.0;
    let delivery = match row.get::<_, Option<String>>(7)? {
        None => None,
        Some(msg_id) => Some(Delivery {
            request_id: request_id.clone(),
            msg_id,
            content: row.get(8)?,
            decided_at: row.get::<_, At>(9)?.0,
            expires_at: expires_at.clone(),
        }),
    };
    Ok(Exchange {
        request_id,
        enforcer_id: row.get(1)?,
        approver_id: row.get(2)?,
        artifact_hash: row.get(3)?,
        state: row.get::<_, Word<State>>(4)?.0,
        received_at: row.get::<_, At>(5)?.0,
        expires_at,
        delivery,
    })
}

fn ended(row: &Row<'_>) -> rusqlite::Result<(i64, Ended)> {
    let (request_id, enforcer_id) = (row.get(1)?, row.get(2)?);
    Ok((row.get(0)?, Ended { request_id, enforcer_id, approver_id: row.get(3)? }))
}

//! Requests, their artifacts and their accepted answers.

use super::changes::is_spent;
use super::{receipts, usable};
use crate::column::{At, Digest, Json, Word};
use crate::db::Db;
use countersign_core::action::ActionHash;
use countersign_core::receipt::Entry;
use countersign_core::receipt::course::sum;
use countersign_core::request::{Event, State, step};
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::ledger::read::Open;
use countersign_store::ledger::told::Use;
use countersign_store::ledger::{Accepted, Asked, LedgerError, RequestKey, RequestRecord};
use rusqlite::{Row, params};
use serde::de::DeserializeOwned;

const COLUMNS: &str = "SELECT id, principal, session, workspace, action_hash, state, created_at,
        expires_at, policy, step_ends FROM request";

/// As the indexes of the schema have it.
pub(super) const OPEN: &str = "state IN ('CREATED', 'AWAITING_DECISION', 'APPROVED')";

pub(super) fn one(db: &Db, id: &str) -> Result<Option<RequestRecord>, StoreError> {
    let bare = db.one(&format!("{COLUMNS} WHERE id = ?1"), [id], request)?;
    bare.map(|bare| whole(db, bare)).transpose()
}

/// The request with this id, for a change of it.
pub(super) fn known(db: &Db, id: &str) -> Result<RequestRecord, LedgerError> {
    one(db, id)?.ok_or_else(|| LedgerError::Unknown(id.to_owned()))
}

/// Refuses a use of a request that its receipts speak against, of which the signed head leaves
/// nothing, or of which something is kept that is not its own, whatever its row says.
pub(super) fn sound(db: &Db, request: &RequestRecord, usage: Use<'_>) -> Result<(), LedgerError> {
    let told = request.refuses(&told(db, &request.id)?, usage);
    let left = || Ok(usable::proven(db)?.and_then(|left| left.refuses(&request.id, usage)));
    if let Some(why) = told.map_or_else(left, |why| Ok::<_, LedgerError>(Some(why)))? {
        return Err(LedgerError::Contradicted(why));
    }
    request.accepted_now().try_for_each(|accepted| is_spent(db, &accepted.decision))
}

/// Refuses an end of what ended or was used before, whatever its row says: what became of a request
/// is signed once.
pub(super) fn unended(db: &Db, request: &RequestRecord) -> Result<(), LedgerError> {
    let why = request.refuses(&told(db, &request.id)?, Use::End);
    why.map_or(Ok(()), |why| Err(LedgerError::Contradicted(why)))
}

/// Whether something of an approved request is still to be used.
pub(super) fn stands(db: &Db, id: &str) -> Result<(), LedgerError> {
    let request = known(db, id)?;
    if request.state != State::Approved {
        return Err(LedgerError::State(request.state));
    }
    match request.left(&told(db, id)?).as_deref() {
        None | Some([]) => sound(db, &request, Use::Whole),
        Some(items) => sound(db, &request, Use::Items(items)),
    }
}

/// The receipts of a request that tell for or against its use, oldest first. They are found by its
/// name, however long the ledger is.
pub(super) fn told(db: &Db, id: &str) -> Result<Vec<Entry>, StoreError> {
    let texts = db.all(TOLD, [id], receipts::body)?;
    let entry = |text: &String| Ok(receipts::read(db, text)?.content.entry);
    texts.iter().map(entry).collect()
}

/// The events are those of [`countersign_store::ledger::told::TELLING`].
pub(super) const TOLD: &str = "SELECT body FROM receipt INDEXED BY receipt_request
    WHERE request_id = ?1 AND event IN ('suspended', 'escalated', 'approved', 'denied', 'expired',
        'withdrawn', 'released', 'granted')
    ORDER BY seq";

/// The open request of this key; the schema allows no second one.
pub(super) fn open_with(db: &Db, key: &RequestKey) -> Result<Option<RequestRecord>, StoreError> {
    let sql = format!(
        "{COLUMNS} WHERE action_hash = ?1 AND principal = ?2 AND session = ?3 AND workspace = ?4
            AND {OPEN}"
    );
    let hash = Digest(key.action_hash.0);
    let bare = db.one(&sql, params![hash, key.principal, key.session, key.workspace], request)?;
    bare.map(|bare| whole(db, bare)).transpose()
}

/// Requests for this call that were refused since, whatever their session, oldest first.
pub(super) fn refused(
    db: &Db,
    key: &RequestKey,
    since: Instant,
) -> Result<Vec<RequestRecord>, StoreError> {
    let sql = format!(
        "{COLUMNS} WHERE action_hash = ?1 AND principal = ?2 AND workspace = ?3
            AND created_at >= ?4 AND state = 'DENIED' ORDER BY created_at, id"
    );
    let hash = Digest(key.action_hash.0);
    let found = params![hash, key.principal, key.workspace, At(since)];
    db.all(&sql, found, request)?.into_iter().map(|bare| whole(db, bare)).collect()
}

/// Requests of the same principal, session and workspace that stand as `states` says, oldest
/// first.
pub(super) fn of_asker(
    db: &Db,
    key: &RequestKey,
    since: Instant,
    states: &str,
) -> Result<Vec<RequestRecord>, StoreError> {
    let sql = format!(
        "{COLUMNS} WHERE principal = ?1 AND session = ?2 AND workspace = ?3 AND created_at >= ?4
            AND {states} ORDER BY created_at, id"
    );
    let asker = params![key.principal, key.session, key.workspace, At(since)];
    db.all(&sql, asker, request)?.into_iter().map(|bare| whole(db, bare)).collect()
}

/// Every open request, oldest first.
pub(super) fn open(db: &Db) -> Result<Vec<RequestRecord>, StoreError> {
    let sql = format!("{COLUMNS} WHERE {OPEN} ORDER BY created_at, id");
    db.all(&sql, [], request)?.into_iter().map(|bare| whole(db, bare)).collect()
}

/// What is kept of the requests that are not final. Read one by one: their artifacts are large.
pub(super) fn kept_open(db: &Db) -> Result<Vec<Open>, StoreError> {
    let ids: Vec<String> =
        db.all(&format!("SELECT id FROM request WHERE {OPEN}"), [], |row| row.get(0))?;
    let kept = |id: &String| Ok(one(db, id)?.as_ref().map(Open::of));
    ids.iter().filter_map(|id| kept(id).transpose()).collect()
}

/// The names of the requests that were denied or taken back, added up.
pub(super) fn denied(db: &Db) -> Result<u128, StoreError> {
    let sql = "SELECT id FROM request WHERE state = 'DENIED'";
    let ids: Vec<String> = db.all(sql, [], |row| row.get(0))?;
    Ok(sum(ids.iter().map(String::as_str)))
}

pub(super) fn insert(db: &Db, new: &RequestRecord) -> Result<(), StoreError> {
    let RequestKey { principal, session, workspace, action_hash } = &new.key;
    db.run(
        "INSERT INTO request (id, principal, session, workspace, action_hash, state, created_at,
            expires_at, policy, step_ends) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            new.id,
            principal,
            session,
            workspace,
            Digest(action_hash.0),
            Word(new.state),
            At(new.created_at),
            At(new.expires_at),
            new.policy.as_ref().map(Json),
            new.step_ends.map(At)
        ],
    )?;
    new.asked.iter().enumerate().try_for_each(|(place, asked)| put(db, &new.id, place, asked))?;
    new.accepted.iter().enumerate().try_for_each(|(place, one)| keep(db, &new.id, place, one))
}

/// Moves a request by the one state machine, and adds answers to it.
pub(super) fn advance(
    db: &Db,
    request: &mut RequestRecord,
    event: Event,
    answers: Vec<Accepted>,
    now: Instant,
) -> Result<(), LedgerError> {
    let (state, _) = step(request.state, event, request.expires_at, now)
        .map_err(|illegal| LedgerError::State(illegal.state))?;
    request.state = state;
    db.run("UPDATE request SET state = ?2 WHERE id = ?1", params![request.id, Word(state)])?;
    for answer in answers {
        keep(db, &request.id, request.accepted.len(), &answer)?;
        request.accepted.push(answer);
    }
    Ok(())
}

/// Adds the artifacts of the next round, and when it ends.
pub(super) fn next_round(
    db: &Db,
    request: &mut RequestRecord,
    asked: Vec<Asked>,
    step_ends: Option<Instant>,
) -> Result<(), StoreError> {
    for one in asked {
        put(db, &request.id, request.asked.len(), &one)?;
        request.asked.push(one);
    }
    request.step_ends = step_ends;
    let sql = "UPDATE request SET step_ends = ?2 WHERE id = ?1";
    db.run(sql, params![request.id, step_ends.map(At)]).map(|_| ())
}

fn put(db: &Db, id: &str, place: usize, asked: &Asked) -> Result<(), StoreError> {
    let sql = "INSERT INTO asked (request, place, body) VALUES (?1, ?2, ?3)";
    db.run(sql, params![id, place as i64, Json(asked)]).map(|_| ())
}

fn keep(db: &Db, id: &str, place: usize, answer: &Accepted) -> Result<(), StoreError> {
    let sql = "INSERT INTO accepted (request, place, body) VALUES (?1, ?2, ?3)";
    db.run(sql, params![id, place as i64, Json(answer)]).map(|_| ())
}

fn request(row: &Row<'_>) -> rusqlite::Result<RequestRecord> {
    Ok(RequestRecord {
        id: row.get(0)?,
        key: RequestKey {
            principal: row.get(1)?,
            session: row.get(2)?,
            workspace: row.get(3)?,
            action_hash: ActionHash(row.get::<_, Digest>(4)?.0),
        },
        state: row.get::<_, Word<State>>(5)?.0,
        created_at: row.get::<_, At>(6)?.0,
        expires_at: row.get::<_, At>(7)?.0,
        policy: row.get::<_, Option<Json<_>>>(8)?.map(|json| json.0),
        step_ends: row.get::<_, Option<At>>(9)?.map(|at| at.0),
        asked: vec![],
        accepted: vec![],
    })
}

fn whole(db: &Db, mut request: RequestRecord) -> Result<RequestRecord, StoreError> {
    let parts = |table| format!("SELECT body FROM {table} WHERE request = ?1 ORDER BY place");
    request.asked = db.all(&parts("asked"), [&request.id], part)?;
    request.accepted = db.all(&parts("accepted"), [&request.id], part)?;
    Ok(request)
}

fn part<T: DeserializeOwned>(row: &Row<'_>) -> rusqlite::Result<T> {
    row.get::<_, Json<T>>(0).map(|json| json.0)
}

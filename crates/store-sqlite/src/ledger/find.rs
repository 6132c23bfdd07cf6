//! Receipts by what they say.
//!
//! One index answers every question: by event, then risk, then time. The few pairs of event and
//! risk that a ledger holds are found first, each by one step into the index; then each pair gives
//! its newest. So no question reads the ledger from end to end.

use super::receipts;
use crate::column::{At, rows};
use crate::db::Db;
use countersign_core::receipt::Receipt;
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::ledger::read::{Filed, Mark, Query, mark, persons, risk_name};
use rusqlite::{Row, params};

/// A place as it stands in a row.
type Place = (i64, i64);

/// Files a receipt under those who decided.
pub(super) fn file(
    db: &Db,
    receipt: &Receipt,
    filed: &Filed,
    at: Instant,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO receipt_person (person, event, risk, recorded_at, seq)
        VALUES (?1, ?2, ?3, ?4, ?5)";
    for person in persons(&receipt.content.entry) {
        let seq = receipts::number(receipt.content.seq);
        db.run(sql, params![person, filed.event, filed.risk, At(at), seq])?;
    }
    Ok(())
}

/// What a query finds, newest first.
pub(super) fn find(
    db: &Db,
    query: &Query,
    before: Option<Mark>,
    limit: usize,
) -> Result<Vec<Receipt>, StoreError> {
    let (since, before) = bounds(query, before);
    let mut places = Vec::new();
    for pair in pairs(db, query)? {
        places.extend(newest(db, query, &pair, since, before, limit)?);
    }
    places.sort_unstable_by(|a, b| b.cmp(a));
    places.truncate(limit);
    let mut found = Vec::with_capacity(places.len());
    for (at, seq) in places {
        let text = db.one("SELECT body FROM receipt WHERE seq = ?1", [seq], receipts::body)?;
        let text = text.ok_or_else(|| db.damaged("a receipt is filed that is not there"))?;
        let receipt = receipts::read(db, &text)?;
        let (own, number) = mark(&receipt);
        // Whoever goes on after its place would else be given it again, for ever.
        if (own.0, receipts::number(number)) != (at, seq) {
            return Err(db.damaged(format!("receipt {number} is filed at another place")));
        }
        found.push(receipt);
    }
    Ok(found)
}

/// The first moment that counts, and the place before which all that counts stands.
fn bounds(query: &Query, before: Option<Mark>) -> (i64, Place) {
    let since = query.since.map_or(i64::MIN, |since| since.0);
    let until = query.until.map_or((i64::MAX, i64::MAX), |until| (until.0, i64::MIN));
    let before = before.map_or(until, |(at, seq)| (at.0, receipts::number(seq)));
    (since, before.min(until))
}

/// The pairs of event and risk that the ledger holds and the query wants.
fn pairs(db: &Db, query: &Query) -> Result<Vec<Filed>, StoreError> {
    let events: Vec<String> = query.events.iter().map(|event| event.name()).collect();
    let risks: Vec<String> = query.risks.iter().map(|risk| risk_name(*risk)).collect();
    let wanted = |pair: &Filed| {
        (events.is_empty() || events.contains(&pair.event))
            && (risks.is_empty() || risks.contains(&pair.risk))
    };
    let mut found = Vec::new();
    let mut pair = next(db, None)?;
    while let Some(one) = pair {
        pair = next(db, Some(&one))?;
        if wanted(&one) {
            found.push(one);
        }
    }
    Ok(found)
}

/// The pair after another one, or the first. Each question is one step into the index.
fn next(db: &Db, after: Option<&Filed>) -> Result<Option<Filed>, StoreError> {
    let Some(Filed { event, risk }) = after else {
        let sql = "SELECT event, risk FROM receipt INDEXED BY receipt_kind
            ORDER BY event, risk LIMIT 1";
        return db.one(sql, [], filed);
    };
    let sql = "SELECT event, risk FROM receipt INDEXED BY receipt_kind
        WHERE event = ?1 AND risk > ?2 ORDER BY risk LIMIT 1";
    if let Some(same_event) = db.one(sql, params![event, risk], filed)? {
        return Ok(Some(same_event));
    }
    let sql = "SELECT event, risk FROM receipt INDEXED BY receipt_kind
        WHERE event > ?1 ORDER BY event, risk LIMIT 1";
    db.one(sql, params![event], filed)
}

fn filed(row: &Row<'_>) -> rusqlite::Result<Filed> {
    Ok(Filed { event: row.get(0)?, risk: row.get(1)? })
}

/// The newest places of one pair.
fn newest(
    db: &Db,
    query: &Query,
    pair: &Filed,
    since: i64,
    (at, seq): Place,
    limit: usize,
) -> Result<Vec<Place>, StoreError> {
    let place = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let all = "SELECT recorded_at, seq FROM receipt INDEXED BY receipt_kind
        WHERE event = ?1 AND risk = ?2 AND recorded_at BETWEEN ?3 AND ?4
            AND (recorded_at < ?4 OR seq < ?5) AND seq >= ?7
        ORDER BY recorded_at DESC, seq DESC LIMIT ?6";
    let theirs = "SELECT recorded_at, seq FROM receipt_person
        WHERE event = ?1 AND risk = ?2 AND recorded_at BETWEEN ?3 AND ?4
            AND (recorded_at < ?4 OR seq < ?5) AND seq >= ?7 AND person = ?8
        ORDER BY recorded_at DESC, seq DESC LIMIT ?6";
    let (limit, from) = (rows(limit), receipts::number(query.from));
    match &query.person {
        None => db.all(all, params![pair.event, pair.risk, since, at, seq, limit, from], place),
        Some(person) => {
            let of = params![pair.event, pair.risk, since, at, seq, limit, from, person];
            db.all(theirs, of, place)
        }
    }
}

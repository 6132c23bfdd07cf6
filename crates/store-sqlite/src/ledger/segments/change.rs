//! Sealing, dropping and holding, each one commit with its receipt.

use super::super::SqliteLedger;
use super::super::receipts::{newest, number};
use super::super::register::{Register, Ticket};
use super::{all, boundary};
use crate::column::{At, Digest};
use crate::db::Db;
use async_trait::async_trait;
use countersign_core::receipt::{Entry, Receipt};
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::ledger::segments::{Hold, Place, Sealing, Segment, SegmentError, Segments};
use rusqlite::params;

#[async_trait]
impl Segments for SqliteLedger {
    async fn seal(&self, sealing: Sealing) -> Result<Receipt, SegmentError> {
        let register = self.register.clone();
        Ok(self.writer.write(move |db| seal(db, &register, sealing)).await?.redeem()?)
    }

    async fn drop_oldest(
        &self,
        segment: &Segment,
        denied_since: Instant,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, SegmentError> {
        let (register, segment) = (self.register.clone(), segment.clone());
        let drop = move |db: &Db| -> Result<Ticket, SegmentError> {
            is_oldest(db, &segment)?;
            db.run("UPDATE segment SET dropped = 1 WHERE first = ?1", [number(segment.first)])?;
            thin(db, number(segment.last), denied_since)?;
            Ok(register.append(db, entry, now)?)
        };
        Ok(self.writer.write(drop).await?.redeem()?)
    }

    async fn hold(&self, hold: Hold, entry: Entry) -> Result<Receipt, SegmentError> {
        let register = self.register.clone();
        Ok(self.writer.write(move |db| begin(db, &register, hold, entry)).await?.redeem()?)
    }

    async fn release(
        &self,
        name: &str,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, SegmentError> {
        let (register, name) = (self.register.clone(), name.to_owned());
        let release = move |db: &Db| release(db, &register, name, entry, now);
        Ok(self.writer.write(release).await?.redeem()?)
    }

    async fn holds(&self) -> Result<Vec<Hold>, StoreError> {
        self.writer.read(holds).await
    }
}

/// What the gate looks back for. `?2` is the moment since which denials stay.
const KEPT: &str = "change IS NOT NULL
    OR (request_id IS NOT NULL AND (
        request_id IN (SELECT id FROM request
            WHERE state IN ('CREATED', 'AWAITING_DECISION', 'APPROVED'))
        OR request_id IN (SELECT request_id FROM claim WHERE is_open = 1)))
    OR (event = 'denied' AND recorded_at >= ?2)
    OR seq = (SELECT seq FROM receipt ORDER BY recorded_at DESC, seq DESC LIMIT 1)";

fn seal(db: &Db, register: &Register, sealing: Sealing) -> Result<Ticket, SegmentError> {
    let Sealing { segment, places, denied_since, entry, now } = sealing;
    is_next(db, &segment, &places)?;
    let (first, last) = (number(segment.first), number(segment.last));
    db.run(
        "INSERT INTO segment (first, last, head, sha256, sealed_at, newest_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            first,
            last,
            Digest(segment.head),
            Digest(segment.sha256),
            At(segment.sealed_at),
            At(segment.newest_at)
        ],
    )?;
    places.iter().try_for_each(|place| put(db, first, place))?;
    thin(db, last, denied_since)?;
    Ok(register.append(db, entry, now)?)
}

/// Takes every row up to a number away for which the gate does not look back, also one that it did
/// look back for when its segment was sealed.
fn thin(db: &Db, last: i64, denied_since: Instant) -> Result<(), StoreError> {
    let sql = format!("DELETE FROM receipt WHERE seq <= ?1 AND NOT ({KEPT})");
    db.run(&sql, params![last, At(denied_since)])?;
    let sql = "DELETE FROM receipt_person WHERE seq <= ?1
        AND seq NOT IN (SELECT seq FROM receipt WHERE seq <= ?1)";
    db.run(sql, [last])?;
    Ok(())
}

/// Whether it is the next part of the ledger, and not its end.
fn is_next(db: &Db, segment: &Segment, places: &[Place]) -> Result<(), SegmentError> {
    let changed = |why: &str| Err(SegmentError::Changed(why.to_owned()));
    if number(segment.first) != boundary(db)?.saturating_add(1) {
        return changed("somebody sealed it already");
    }
    let newest = newest(db)?.map_or(0, |(seq, _)| seq);
    if segment.last < segment.first || segment.last >= newest {
        return changed("its newest receipt is never sealed");
    }
    let numbers = places.iter().map(|place| place.seq);
    if !numbers.eq(segment.first..=segment.last) {
        return changed("the file does not hold every receipt");
    }
    match places.last() {
        Some(last) if last.content_hash == segment.head => Ok(()),
        _ => changed("the file ends with another receipt"),
    }
}

/// Writes down what is left of a receipt, where its row is the one in the file.
fn put(db: &Db, segment: i64, place: &Place) -> Result<(), SegmentError> {
    let sql = "INSERT INTO sealed (seq, content_hash, segment, place, length)
        SELECT seq, content_hash, ?3, ?4, ?5 FROM receipt WHERE seq = ?1 AND content_hash = ?2";
    let (seq, hash) = (number(place.seq), Digest(place.content_hash));
    let spot = (number(place.at), number(place.length));
    match db.run(sql, params![seq, hash, segment, spot.0, spot.1])? {
        1 => Ok(()),
        _ => Err(SegmentError::Changed(format!("row {seq} is not the one in the file"))),
    }
}

/// Whether a segment may go: nobody holds it, and it is the oldest that is left.
fn is_oldest(db: &Db, segment: &Segment) -> Result<(), SegmentError> {
    if let Some(hold) = holds(db)?.into_iter().next() {
        return Err(SegmentError::Held(hold.name));
    }
    if all(db)?.iter().find(|one| !one.dropped) != Some(segment) {
        return Err(SegmentError::Changed("it is not the oldest that is left".to_owned()));
    }
    Ok(())
}

fn begin(db: &Db, register: &Register, hold: Hold, entry: Entry) -> Result<Ticket, SegmentError> {
    let Hold { name, why, since } = hold;
    let sql = "INSERT INTO hold (name, why, since) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    if db.run(sql, params![name, why, At(since)])? == 0 {
        return Err(SegmentError::Exists(name));
    }
    Ok(register.append(db, entry, since)?)
}

fn release(
    db: &Db,
    register: &Register,
    name: String,
    entry: Entry,
    now: Instant,
) -> Result<Ticket, SegmentError> {
    if db.run("DELETE FROM hold WHERE name = ?1", [&name])? == 0 {
        return Err(SegmentError::Unknown(name));
    }
    Ok(register.append(db, entry, now)?)
}

pub(in crate::ledger) fn holds(db: &Db) -> Result<Vec<Hold>, StoreError> {
    db.all("SELECT name, why, since FROM hold ORDER BY since, name", [], |row| {
        Ok(Hold { name: row.get(0)?, why: row.get(1)?, since: row.get::<_, At>(2)?.0 })
    })
}

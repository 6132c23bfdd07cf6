//! The receipts in their order, and the rows as they stand there.

use super::{
    SCHEMA, SqliteLedger, claims, filed, find, freeze, grants, receipts, requests, segments, usable,
};
use crate::column::rows;
use crate::db::Db;
use crate::readers::Readers;
use crate::sound::{belied, unsound};
use async_trait::async_trait;
use countersign_core::encoding::Hash;
use countersign_core::receipt::Receipt;
use countersign_store::error::StoreError;
use countersign_store::ledger::read::{Beside, Filed, Mark, Person, Query, Receipts, Row};
use countersign_store::ledger::segments::Segment;
use countersign_store::ledger::{Change, Past};
use std::path::Path;

/// A ledger that is only looked at: a home's own, or a copy that somebody was given.
///
/// Nothing in it is changed, not even a version that is out of date. It is read as it is, and what
/// cannot be read is an error.
pub struct LedgerFile {
    readers: Readers,
    ledger: String,
}

impl LedgerFile {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// `Unavailable` where it cannot be opened; `Corrupt` where it is no ledger, damaged, or of a
    /// later version.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let readers = Readers::new(path);
        let ledger = readers.read(identify).await?;
        Ok(Self { readers, ledger })
    }

    /// The name that the file gives the ledger; nothing proves it but its receipts.
    #[must_use]
    pub fn ledger_id(&self) -> &str {
        &self.ledger
    }

    /// The number of the newest receipt.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub async fn newest(&self) -> Result<Option<u64>, StoreError> {
        Ok(self.readers.read(receipts::newest).await?.map(|(seq, _)| seq))
    }
}

fn identify(db: &Db) -> Result<String, StoreError> {
    SCHEMA.judge(db)?;
    if db.number("PRAGMA user_version", [])? < 1 {
        return Err(db.damaged("it is empty"));
    }
    if let Some(lie) = belied(&SCHEMA, db)? {
        return Err(db.damaged(lie));
    }
    let found = db.one("SELECT ledger FROM identity", [], |row| row.get(0))?;
    found.ok_or_else(|| db.damaged("the ledger has no name"))
}

/// Reads are the same, whether a file is only looked at or written as well: whoever checks a ledger
/// sees what its enforcer sees.
macro_rules! receipts_by {
    ($ledger:ty, $by:ident) => {
        #[async_trait]
        impl Receipts for $ledger {
            async fn receipts_from(
                &self,
                seq: u64,
                limit: usize,
            ) -> Result<Vec<Receipt>, StoreError> {
                self.$by.read(move |db| page(db, seq, limit)).await
            }

            async fn rows_after(
                &self,
                seq: Option<i64>,
                limit: usize,
            ) -> Result<Vec<Row>, StoreError> {
                self.$by.read(move |db| raw(db, seq, limit)).await
            }

            async fn head_text(&self) -> Result<Option<Vec<u8>>, StoreError> {
                self.$by.read(head).await
            }

            async fn segments(&self) -> Result<Vec<Segment>, StoreError> {
                self.$by.read(segments::all).await
            }

            async fn digest(&self, segment: &Segment) -> Result<Option<Hash>, StoreError> {
                let segment = segment.clone();
                self.$by.read(move |db| segments::digest(db, &segment)).await
            }

            async fn copies(&self) -> Result<Vec<Row>, StoreError> {
                self.$by.read(segments::copies).await
            }

            async fn unfiled(&self, persons: Vec<Person>) -> Result<Option<Person>, StoreError> {
                self.$by.read(move |db| filed::missing(db, persons)).await
            }

            async fn persons_up_to(&self, seq: u64) -> Result<Option<u64>, StoreError> {
                self.$by.read(move |db| filed::count(db, seq)).await
            }

            async fn beside(&self) -> Result<Option<Beside>, StoreError> {
                self.$by.read(beside).await
            }

            async fn unsound(&self) -> Result<Option<String>, StoreError> {
                self.$by.read(|db| unsound(&SCHEMA, db)).await
            }

            async fn past(&self) -> Result<Past, StoreError> {
                self.$by.read(past).await
            }

            async fn find(
                &self,
                query: &Query,
                before: Option<Mark>,
                limit: usize,
            ) -> Result<Vec<Receipt>, StoreError> {
                let query = query.clone();
                self.$by.read(move |db| find::find(db, &query, before, limit)).await
            }
        }
    };
}

receipts_by!(LedgerFile, readers);
receipts_by!(SqliteLedger, writer);

fn page(db: &Db, seq: u64, limit: usize) -> Result<Vec<Receipt>, StoreError> {
    let after = seq.checked_sub(1).map(receipts::number);
    let sealed = segments::texts(db, after, limit)?;
    if !sealed.is_empty() {
        return sealed.iter().map(|one| receipts::read_bytes(db, &one.text)).collect();
    }
    let from = receipts::number(seq).max(segments::boundary(db)?.saturating_add(1));
    let sql = "SELECT seq, body FROM receipt WHERE seq >= ?1 ORDER BY seq LIMIT ?2";
    let stored: Vec<(i64, String)> =
        db.all(sql, (from, rows(limit)), |row| Ok((row.get(0)?, row.get(1)?)))?;
    stored.iter().map(|(at, text)| in_place(db, *at, text)).collect()
}

/// The receipt that stands under a number. One of another number would lead whoever goes on after
/// it back to where they were, for ever.
fn in_place(db: &Db, at: i64, text: &str) -> Result<Receipt, StoreError> {
    let receipt = receipts::read(db, text)?;
    let seq = receipt.content.seq;
    if receipts::number(seq) == at {
        return Ok(receipt);
    }
    Err(db.damaged(format!("receipt {seq} stands under the number {at}")))
}

fn beside(db: &Db) -> Result<Option<Beside>, StoreError> {
    if db.number("PRAGMA user_version", [])? < SCHEMA.newest() {
        return Ok(None);
    }
    Ok(Some(Beside {
        newest: receipts::newest(db)?.map_or(0, |(seq, _)| seq),
        frozen: freeze::frozen(db)?,
        holds: segments::change::holds(db)?.into_iter().map(|hold| hold.name).collect(),
        grants: grants::every(db)?,
        open: requests::kept_open(db)?,
        denied: requests::denied(db)?,
        claimed: claims::open(db)?.into_iter().map(|claim| claim.request_id).collect(),
        lost: claims::lost(db)?,
        miscounted: !usable::is_counted(db)?,
    }))
}

pub(super) fn past(db: &Db) -> Result<Past, StoreError> {
    Ok(Past {
        head: receipts::checkpoint(db)?,
        newest: receipts::newest(db)?,
        changes: receipts::changes(db)?,
        frozen: freeze::frozen(db)?,
        holds: segments::change::holds(db)?.into_iter().map(|hold| hold.name).collect(),
    })
}

fn head(db: &Db) -> Result<Option<Vec<u8>>, StoreError> {
    db.one("SELECT CAST(body AS BLOB) FROM checkpoint WHERE only = 1", [], |row| row.get(0))
}

/// The first version whose receipts are filed.
const FILED: i64 = 4;

/// Reads bytes and not text: what is no UTF-8 is for the reader to name. A ledger of an earlier
/// version is read as it is.
fn raw(db: &Db, seq: Option<i64>, limit: usize) -> Result<Vec<Row>, StoreError> {
    let sealed = segments::texts(db, seq, limit)?;
    if !sealed.is_empty() {
        return Ok(sealed.into_iter().map(segments::Text::row).collect());
    }
    // The smallest number is nobody's: a row that bears it would be the one before the first.
    let seq = seq.unwrap_or(i64::MIN);
    // Rows below the boundary are copies.
    let boundary = segments::boundary(db)?;
    let after = if boundary > 0 { seq.max(boundary) } else { seq };
    if db.number("PRAGMA user_version", [])? < FILED {
        let sql = "SELECT seq, content_hash, recorded_at, request_id, CAST(body AS BLOB)
            FROM receipt WHERE seq > ?1 ORDER BY seq LIMIT ?2";
        return db.all(sql, (after, rows(limit)), |row| one(row, None));
    }
    between(db, after, i64::MAX, limit)
}

/// The rows after one number and up to another.
pub(super) fn between(
    db: &Db,
    after: i64,
    last: i64,
    limit: usize,
) -> Result<Vec<Row>, StoreError> {
    let sql = "SELECT seq, content_hash, recorded_at, request_id, CAST(body AS BLOB), event, risk,
        change FROM receipt WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3";
    let is_old = db.number("PRAGMA user_version", [])? < SCHEMA.newest();
    db.all(sql, (after, last, rows(limit)), |row| {
        // An earlier version filed fewer kinds of changes, or none.
        let change = if is_old { change(&row.get::<_, Vec<u8>>(4)?) } else { row.get(7)? };
        let filed = Some(Filed { event: row.get(5)?, risk: row.get(6)? });
        Ok(Row { change, ..one(row, filed)? })
    })
}

fn change(text: &[u8]) -> Option<String> {
    let receipt = Receipt::parse(text).ok()?;
    Change::of(&receipt.content.entry).map(|change| change.name().to_owned())
}

fn one(row: &rusqlite::Row<'_>, filed: Option<Filed>) -> rusqlite::Result<Row> {
    Ok(Row {
        seq: row.get(0)?,
        content_hash: row.get(1)?,
        recorded_at: row.get(2)?,
        request_id: row.get(3)?,
        filed,
        change: None,
        text: row.get(4)?,
    })
}

//! Receipts whose rows went into a file of their own.

pub(super) mod change;

use super::read::between;
use super::receipts::{self, number};
use crate::column::{At, Digest, rows};
use crate::db::Db;
use countersign_core::encoding::Hash;
use countersign_core::json::limit;
use countersign_core::receipt::Receipt;
use countersign_store::error::StoreError;
use countersign_store::files::{self, Links, dir_of};
use countersign_store::ledger::read::Row;
use countersign_store::ledger::segments::{DIRECTORY, LONGEST, Segment, file_name};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

/// Rows that stay are few.
const MOST_COPIES: usize = 1_000_000;

/// A receipt's text, as it stands in its file.
pub(super) struct Text {
    seq: i64,
    content_hash: Vec<u8>,
    pub(super) text: Vec<u8>,
}

impl Text {
    /// What stood beside it is the text's own, except for the hash, which stayed.
    pub(super) fn row(self) -> Row {
        let receipt = Receipt::parse(&self.text).ok();
        let content = receipt.as_ref().map(|receipt| &receipt.content);
        Row {
            seq: self.seq,
            content_hash: self.content_hash,
            recorded_at: content.map_or(0, |content| content.recorded_at.instant().0),
            request_id: content.and_then(|content| content.entry.request_id.clone()),
            filed: None,
            change: None,
            text: self.text,
        }
    }
}

/// Where a text stands.
struct Spot {
    seq: i64,
    content_hash: Vec<u8>,
    place: i64,
    length: i64,
    file: (i64, i64),
}

/// Whether this version of the ledger has segments.
fn has_segments(db: &Db) -> Result<bool, StoreError> {
    Ok(db.number("SELECT count(*) FROM sqlite_schema WHERE name = 'segment'", [])? > 0)
}

/// The last number that stands in a segment; 0 where none does.
pub(super) fn boundary(db: &Db) -> Result<i64, StoreError> {
    if !has_segments(db)? {
        return Ok(0);
    }
    let last =
        db.one("SELECT last FROM segment ORDER BY first DESC LIMIT 1", [], |row| row.get(0))?;
    Ok(last.unwrap_or(0))
}

/// Every segment, oldest first.
pub(super) fn all(db: &Db) -> Result<Vec<Segment>, StoreError> {
    if !has_segments(db)? {
        return Ok(Vec::new());
    }
    let sql = "SELECT first, last, head, sha256, sealed_at, newest_at, dropped FROM segment
        ORDER BY first";
    db.all(sql, [], |row| {
        Ok(Segment {
            first: row.get::<_, i64>(0)?.unsigned_abs(),
            last: row.get::<_, i64>(1)?.unsigned_abs(),
            head: row.get::<_, Digest>(2)?.0,
            sha256: row.get::<_, Digest>(3)?.0,
            sealed_at: row.get::<_, At>(4)?.0,
            newest_at: row.get::<_, At>(5)?.0,
            dropped: row.get::<_, i64>(6)? != 0,
        })
    })
}

/// Where the file with these receipts lies.
fn path(db: &Db, first: u64, last: u64) -> PathBuf {
    dir_of(db.path()).join(DIRECTORY).join(file_name(first, last))
}

/// The file; `None` where there is none. What is no file of its own is none of ours, and one that
/// waits for a writer would be waited for without end.
fn open(db: &Db, first: u64, last: u64) -> Result<Option<File>, StoreError> {
    let path = path(db, first, last);
    match files::open(&path, Links::Refused) {
        Ok(file) => Ok(Some(file)),
        Err(error) if files::is_odd(&error) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(db.unavailable(error)),
    }
}

/// The digest of a segment's file as it is now. One that is longer than any of ours has another
/// digest in any case.
pub(super) fn digest(db: &Db, segment: &Segment) -> Result<Option<Hash>, StoreError> {
    let Some(file) = open(db, segment.first, segment.last)? else { return Ok(None) };
    let mut bytes = Vec::new();
    let mut file = file.take(LONGEST + 1);
    file.read_to_end(&mut bytes).map_err(|error| db.unavailable(error))?;
    Ok(Some(Hash::of(&bytes)))
}

/// Texts after a number, oldest first. Those of a file that is not there are left out; a text that
/// cannot be read where it should be is empty.
pub(super) fn texts(db: &Db, after: Option<i64>, limit: usize) -> Result<Vec<Text>, StoreError> {
    let mut after = after.unwrap_or(i64::MIN);
    let boundary = boundary(db)?;
    if limit == 0 || boundary == 0 || after >= boundary {
        return Ok(Vec::new());
    }
    loop {
        let spots = spots(db, after, limit)?;
        let Some(last) = spots.last() else { return Ok(Vec::new()) };
        after = last.seq;
        let texts = read(db, spots)?;
        if !texts.is_empty() {
            return Ok(texts);
        }
    }
}

fn spots(db: &Db, after: i64, limit: usize) -> Result<Vec<Spot>, StoreError> {
    let sql = "SELECT sealed.seq, content_hash, place, length, first, last
        FROM sealed JOIN segment ON first = segment
        WHERE sealed.seq > ?1 AND dropped = 0 ORDER BY sealed.seq LIMIT ?2";
    db.all(sql, (after, rows(limit)), |row| {
        Ok(Spot {
            seq: row.get(0)?,
            content_hash: row.get(1)?,
            place: row.get(2)?,
            length: row.get(3)?,
            file: (row.get(4)?, row.get(5)?),
        })
    })
}

fn read(db: &Db, spots: Vec<Spot>) -> Result<Vec<Text>, StoreError> {
    let mut opened: Option<((i64, i64), Option<File>)> = None;
    let mut texts = Vec::with_capacity(spots.len());
    for spot in spots {
        let (first, last) = spot.file;
        let file = match opened.take() {
            Some((name, file)) if name == spot.file => file,
            _ => open(db, first.unsigned_abs(), last.unsigned_abs())?,
        };
        if let Some(file) = &file {
            let text = text(file, &spot).unwrap_or_default();
            texts.push(Text { seq: spot.seq, content_hash: spot.content_hash, text });
        }
        opened = Some((spot.file, file));
    }
    Ok(texts)
}

fn text(file: &File, spot: &Spot) -> Option<Vec<u8>> {
    let length = usize::try_from(spot.length).ok().filter(|length| *length <= limit::RECEIPT)?;
    let mut text = vec![0; length];
    file.read_exact_at(&mut text, u64::try_from(spot.place).ok()?).ok()?;
    Some(text)
}

/// The receipt with a number, wherever it stands; `None` names the newest.
pub(super) fn one(db: &Db, seq: Option<u64>) -> Result<Option<Receipt>, StoreError> {
    let row = receipts::one(db, seq)?;
    let (None, Some(seq)) = (&row, seq) else { return Ok(row) };
    let Some(before) = number(seq).checked_sub(1) else { return Ok(None) };
    let found = texts(db, Some(before), 1)?.pop().filter(|text| text.seq == number(seq));
    found.map(|found| receipts::read_bytes(db, &found.text)).transpose()
}

/// The rows that stayed.
pub(super) fn copies(db: &Db) -> Result<Vec<Row>, StoreError> {
    match boundary(db)? {
        0 => Ok(Vec::new()),
        last => between(db, i64::MIN, last, MOST_COPIES),
    }
}

//! The daily audit files of a home, `audit/YYYY-MM-DD.jsonl`: what the ledger says, line by line.
//!
//! The ledger is the truth and these files are derived from it, after the commit and off the gate's
//! path: nothing waits for them, and a disk that is full only makes them late. A receipt's lines go
//! into the file of the UTC day of its `recordedAt`.
//!
//! `audit/cursor.json` names the last receipt whose lines are durable, and how long its file was
//! then. It is moved forward after them. What stands beyond it in a file is what a machine that
//! loses power may lose: it is compared with what the ledger says, and written again from the first
//! byte that differs, so that no line is lost and none is there twice. The cursor and the last line
//! beyond it are one more witness of the ledger: where the ledger does not contain the receipt that
//! one of them names, nothing is written.
//!
//! After a command the few new lines are written and not synced: the ledger has them anyway. Once
//! there are enough of them, they are made durable together.

mod place;
#[cfg(test)]
mod tests;

use crate::home::{Home, HomeError};
use crate::walk::Walk;
use crate::witness::Contradicted;
use countersign_core::checkpoint::{Head, Standing};
use countersign_core::encoding::Hash;
use countersign_core::export;
use countersign_core::json::JsonError;
use countersign_core::receipt::Receipt;
use countersign_core::trust::TrustStore;
use countersign_store::error::StoreError;
use countersign_store::files::FileError;
use countersign_store::ledger::LedgerStore;
use place::{Disk, Files};
use serde::{Deserialize, Serialize};

/// Lines of so many bytes are made durable together.
const BATCH: usize = 1024 * 1024;

/// Lines of fewer bytes wait for more before they are made durable, where a command is at its end.
/// What is beyond the cursor is derived anew each time, so it is not to grow long.
const SOON: usize = 32 * 1024;

/// Why the files could not be brought up to date. None of it is any matter of the gate's.
#[derive(Debug, thiserror::Error)]
pub enum DailyError {
    /// The files of the home.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The ledger could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A receipt has no line.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The ledger is not the one that the files were written from.
    #[error(transparent)]
    Contradicted(#[from] Contradicted),
    /// There are files, and nothing says how far they reach.
    #[error("there are daily files in `audit`, and `audit/cursor.json` is missing")]
    NoCursor,
    /// The files are of another ledger.
    #[error("the daily files in `audit` are of another ledger, `{0}`")]
    OtherLedger(String),
}

/// How far the files reach.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Cursor {
    #[serde(rename = "type")]
    kind: CursorType,
    ledger: String,
    /// The last receipt whose lines are durable; 0 before the first.
    seq: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content_hash: Option<Hash>,
    /// The file that holds them, and its length with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    day: Option<String>,
    length: u64,
    /// Every file is to be removed before anything is written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    rebuild: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum CursorType {
    #[serde(rename = "countersign.daily/v1")]
    V1,
}

impl Cursor {
    fn start(ledger: &str, rebuild: bool) -> Self {
        let ledger = ledger.to_owned();
        let (kind, seq, content_hash) = (CursorType::V1, 0, None);
        Self { kind, ledger, seq, content_hash, day: None, length: 0, rebuild }
    }
}

/// How much to do, and whether to wait for another process that is at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effort {
    /// At most so many receipts, and nothing where another process writes: for the end of a command.
    Some(u64),
    /// Everything.
    All,
    /// Everything, from the first receipt on.
    Rebuild,
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Done {
    /// How many receipts were written out, with those that were not durable before.
    pub receipts: u64,
    /// The receipt that the files reach now.
    pub seq: u64,
}

/// Brings the daily files up to date. `trust` gives people and pairings their names.
///
/// # Errors
/// Where a file cannot be written (the next call goes on from there), or the ledger does not contain
/// what was written out of it.
pub async fn catch_up(
    home: &Home,
    ledger: &dyn LedgerStore,
    trust: &TrustStore,
    effort: Effort,
) -> Result<Done, DailyError> {
    let Some((_lock, mut files)) = Files::open(home, effort)? else { return Ok(Done::default()) };
    write(&mut files, ledger, trust, effort).await
}

async fn write(
    disk: &mut dyn Disk,
    ledger: &dyn LedgerStore,
    trust: &TrustStore,
    effort: Effort,
) -> Result<Done, DailyError> {
    let most = if let Effort::Some(most) = effort { most } else { u64::MAX };
    let mut cursor = begin(disk, ledger, effort == Effort::Rebuild).await?;
    let mut batch = Batch::default();
    let mut done = Done { receipts: 0, seq: cursor.seq };
    let mut walk = Walk::from(ledger, cursor.seq + 1);
    while done.receipts < most {
        let Some(receipt) = walk.next().await? else { break };
        let day = receipt.content.recorded_at.day();
        if batch.is_full() || batch.day.as_ref().is_some_and(|open| *open != day) {
            cursor = batch.flush(disk, cursor, true)?;
        }
        batch.add(&receipt, day, trust)?;
        done = Done { receipts: done.receipts + 1, seq: receipt.content.seq };
    }
    // Whoever is told to stop goes on from the cursor the next time, so it must move.
    let stopped = done.receipts == most;
    let durably = !matches!(effort, Effort::Some(_)) || stopped || batch.bytes.len() >= SOON;
    batch.flush(disk, cursor, durably)?;
    Ok(done)
}

/// Where to go on: the cursor, if the ledger still contains what it names.
async fn begin(
    disk: &mut dyn Disk,
    ledger: &dyn LedgerStore,
    rebuild: bool,
) -> Result<Cursor, DailyError> {
    let id = ledger.ledger_id();
    let found = disk.cursor()?;
    if let Some(other) = found.as_ref().filter(|cursor| cursor.ledger != id) {
        return Err(DailyError::OtherLedger(other.ledger.clone()));
    }
    if let Some(cursor) = &found {
        let Cursor { seq, content_hash, .. } = *cursor;
        compare(ledger, "`audit/cursor.json`", seq, content_hash).await?;
        compare_beyond(disk, ledger, cursor).await?;
    }
    let mut cursor = match found {
        Some(cursor) if !rebuild => cursor,
        None if !rebuild && !disk.days()?.is_empty() => return Err(DailyError::NoCursor),
        _ => {
            let cursor = Cursor::start(id, rebuild);
            disk.save(&cursor)?;
            cursor
        }
    };
    // The order of these steps is what a crash cannot hurt: first the intent, then the files.
    if cursor.rebuild {
        for day in disk.days()? {
            disk.remove(&day)?;
        }
        cursor = Cursor::start(id, false);
        disk.save(&cursor)?;
    }
    Ok(cursor)
}

/// Compares the ledger with the last line beyond the cursor: of a ledger that was cut since, no line
/// is to vanish.
async fn compare_beyond(
    disk: &dyn Disk,
    ledger: &dyn LedgerStore,
    cursor: &Cursor,
) -> Result<(), DailyError> {
    // What waits to be made durable is of one day: the cursor's, or a newer one.
    let newest = disk.days()?.pop().filter(|day| cursor.day.as_ref() != Some(day));
    let places = cursor.day.clone().map(|day| (day, cursor.length));
    for (day, from) in places.into_iter().chain(newest.map(|day| (day, 0))) {
        let Some(told) = disk.last_after(&day, from)? else { continue };
        if told.ledger == cursor.ledger {
            let who = format!("`audit/{day}.jsonl`");
            compare(ledger, &who, told.seq, Some(told.receipt)).await?;
        }
    }
    Ok(())
}

async fn compare(
    ledger: &dyn LedgerStore,
    who: &str,
    seq: u64,
    content_hash: Option<Hash>,
) -> Result<(), DailyError> {
    let Some(content_hash) = content_hash else { return Ok(()) };
    let newest = ledger.newest().await?.map_or(0, |(seq, _)| seq);
    let time = countersign_core::time::Instant(0).timestamp();
    let head = Head {
        ledger: ledger.ledger_id().to_owned(),
        seq,
        content_hash,
        time,
        changes: None,
        usable: None,
    };
    let who = who.to_owned();
    match head.standing(newest, ledger.content_hash(seq).await?) {
        Standing::Consistent => Ok(()),
        Standing::Truncated => Err(Contradicted::Truncated { who, seq }.into()),
        Standing::Forked => Err(Contradicted::Forked { who, seq }.into()),
    }
}

/// Lines of one day that are written together.
#[derive(Default)]
struct Batch {
    day: Option<String>,
    bytes: Vec<u8>,
    last: Option<(u64, Hash)>,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.bytes.len() >= BATCH
    }

    fn add(&mut self, receipt: &Receipt, day: String, trust: &TrustStore) -> Result<(), JsonError> {
        for line in export::lines(receipt, trust) {
            self.bytes.extend(line.text()?.as_bytes());
            self.bytes.push(b'\n');
        }
        self.day = Some(day);
        self.last = Some((receipt.content.seq, receipt.content_hash));
        Ok(())
    }

    /// Writes the lines and empties the batch. The cursor moves where they are durable.
    fn flush(
        &mut self,
        disk: &mut dyn Disk,
        cursor: Cursor,
        durably: bool,
    ) -> Result<Cursor, FileError> {
        let batch = std::mem::take(self);
        let (Some(day), Some((seq, hash))) = (batch.day, batch.last) else { return Ok(cursor) };
        let from = if cursor.day.as_ref() == Some(&day) {
            cursor.length
        } else {
            disk.length_up_to(&day, cursor.seq)?
        };
        disk.put(&day, from, &batch.bytes, durably)?;
        if !durably {
            return Ok(cursor);
        }
        let length = from + batch.bytes.len() as u64;
        let moved = Cursor { seq, content_hash: Some(hash), day: Some(day), length, ..cursor };
        disk.save(&moved)?;
        Ok(moved)
    }
}

//! Lines of the ledger for a collector, each at least once and none forgotten.
//!
//! For each collector a cursor in the home names the last receipt whose lines it took. It moves only
//! after the collector said so: a process that dies in between, or an answer that is lost, means that
//! the same lines are sent once more. Every line has an id of its own, so that nothing is taken for
//! two, and lines that are sent again without delay bear the same key.

use crate::home::{Home, HomeError};
use crate::walk::Walk;
use crate::witness::Contradicted;
use countersign_core::checkpoint::{Head, Standing};
use countersign_core::encoding::Hash;
use countersign_core::export;
use countersign_core::json::JsonError;
use countersign_core::time::Instant;
use countersign_core::trust::TrustStore;
use countersign_store::error::StoreError;
use countersign_store::files::{self, FileError, Target};
use countersign_store::ledger::LedgerStore;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::path::PathBuf;

/// A batch has at most so many lines, but for the last receipt's.
const LINES: usize = 500;

/// And about so many bytes.
const BYTES: usize = 512 * 1024;

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
pub enum ShipError {
    /// The files of the home.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The cursor could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The ledger could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A receipt has no line.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The ledger does not contain what was sent out of it.
    #[error(transparent)]
    Contradicted(#[from] Contradicted),
    /// Another process sends to the same collector.
    #[error("another process ships to this collector")]
    Busy,
    /// What was sent is of another ledger.
    #[error("lines of another ledger, `{ledger}`, were shipped to this collector: {path}")]
    OtherLedger {
        /// Which.
        ledger: String,
        /// The cursor that says so.
        path: PathBuf,
    },
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Cursor {
    #[serde(rename = "type")]
    kind: CursorType,
    ledger: String,
    seq: u64,
    content_hash: Hash,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum CursorType {
    #[serde(rename = "countersign.ship/v1")]
    V1,
}

/// What one collector has, and the lock that lets one process at a time send to it.
pub struct Shipping {
    path: PathBuf,
    cursor: Option<Cursor>,
    _lock: File,
}

/// Lines that are sent together.
pub struct Batch {
    /// The lines, each with its line break.
    pub bytes: Vec<u8>,
    /// How many.
    pub lines: usize,
    /// SHA-256 of `bytes`: the same lines have the same key.
    pub key: String,
    last: Cursor,
}

impl Shipping {
    /// Reads how far the collector at `address` has come. The home remembers no address, only its
    /// hash: it may hold a secret.
    ///
    /// # Errors
    /// Where another process sends there, or the ledger does not contain what was sent.
    pub async fn open(
        home: &Home,
        ledger: &dyn LedgerStore,
        address: &str,
    ) -> Result<Self, ShipError> {
        let dir = home.root().join("ship");
        files::private_dir(&dir)?;
        let name: String = Hash::of(address.as_bytes()).to_string().chars().take(16).collect();
        let lock = files::lock_file(&dir.join(format!("{name}.lock")))?;
        lock.try_lock().map_err(|_| ShipError::Busy)?;
        let path = dir.join(format!("{name}.json"));
        let cursor: Option<Cursor> = files::read(&path)?;
        if let Some(cursor) = &cursor {
            contained(ledger, cursor, &path).await?;
        }
        Ok(Self { path, cursor, _lock: lock })
    }

    /// The last receipt whose lines the collector took; 0 before the first.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.cursor.as_ref().map_or(0, |cursor| cursor.seq)
    }

    /// The next lines; none where the collector has everything.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub async fn next(
        &self,
        ledger: &dyn LedgerStore,
        trust: &TrustStore,
    ) -> Result<Option<Batch>, ShipError> {
        let (mut bytes, mut lines, mut last) = (Vec::new(), 0, None);
        let mut walk = Walk::from(ledger, self.seq() + 1);
        while lines < LINES && bytes.len() < BYTES {
            let Some(receipt) = walk.next().await? else { break };
            for line in export::lines(&receipt, trust) {
                bytes.extend(line.text()?.as_bytes());
                bytes.push(b'\n');
                lines += 1;
            }
            let (kind, seq) = (CursorType::V1, receipt.content.seq);
            let ledger = receipt.content.ledger;
            last = Some(Cursor { kind, ledger, seq, content_hash: receipt.content_hash });
        }
        let key = Hash::of(&bytes).to_string();
        Ok(last.map(|last| Batch { bytes, lines, key, last }))
    }

    /// Remembers that the collector took a batch.
    ///
    /// # Errors
    /// Where it cannot be written; the batch is then sent again.
    pub fn taken(&mut self, batch: Batch) -> Result<(), ShipError> {
        files::write(&self.path, &batch.last, Target::Replace)?;
        self.cursor = Some(batch.last);
        Ok(())
    }
}

/// How far the collector has come that has come least far; `None` where nothing is shipped.
///
/// # Errors
/// Where a cursor cannot be read.
pub(crate) fn hindmost(home: &Home) -> Result<Option<u64>, FileError> {
    let dir = home.root().join("ship");
    if !dir.exists() {
        return Ok(None);
    }
    let mut hindmost = None;
    for name in files::names(&dir)? {
        let cursor: Option<Cursor> = files::read(&dir.join(format!("{name}.json")))?;
        let seq = cursor.map(|cursor| cursor.seq);
        hindmost = hindmost.into_iter().chain(seq).min();
    }
    Ok(hindmost)
}

async fn contained(
    ledger: &dyn LedgerStore,
    cursor: &Cursor,
    path: &std::path::Path,
) -> Result<(), ShipError> {
    let Cursor { ledger: id, seq, content_hash, .. } = cursor.clone();
    if id != ledger.ledger_id() {
        return Err(ShipError::OtherLedger { ledger: id, path: path.to_owned() });
    }
    let newest = ledger.newest().await?.map_or(0, |(seq, _)| seq);
    let head = Head {
        ledger: id,
        seq,
        content_hash,
        time: Instant(0).timestamp(),
        changes: None,
        usable: None,
    };
    let who = "what was shipped".to_owned();
    match head.standing(newest, ledger.content_hash(seq).await?) {
        Standing::Consistent => Ok(()),
        Standing::Truncated => Err(Contradicted::Truncated { who, seq }.into()),
        Standing::Forked => Err(Contradicted::Forked { who, seq }.into()),
    }
}

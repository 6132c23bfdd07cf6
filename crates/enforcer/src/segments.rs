//! Old receipts moved into sealed files, dropped when they are old enough, and held.
//!
//! A segment is a bundle (`countersign_core::bundle`) of receipts that follow one another, with the
//! operator's head over the last of them: anybody checks it alone. The order is what a crash cannot
//! hurt. The file is written, synced and renamed; it is proven as an auditor would; only then the
//! rows go, in one commit with the receipt that names the file and its digest. To drop a segment is
//! the other way round: first the receipt, then the file.
//!
//! # Rooms
//! * `draft`: receipts made into a file. `inside`: what such a file says. `keep`: what is dropped, and
//!   what forbids it.
//! * `note`: what receipts say of it, for those who write and those who check.

mod draft;
mod inside;
mod keep;
pub(crate) mod note;

use crate::daily::DailyError;
use crate::gate::COOL_MILLIS;
use crate::gate::{Enforcer, GateError};
use crate::home::HomeError;
use countersign_core::bundle::BundleError;
use countersign_core::receipt::Event;
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::files::{self, FileError, Target};
use countersign_store::ledger::segments::{DIRECTORY, Sealing, Segment, SegmentError};
use draft::Draft;
use note::Note;
use std::path::PathBuf;

/// What is sealed, and what is dropped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Receipts are sealed that were written so long ago, in milliseconds.
    pub older_millis: i64,
    /// And, whatever their age, all but so many of the newest.
    pub live: u64,
    /// So many receipts stand in one segment at most.
    pub size: usize,
    /// A segment is dropped when its newest receipt is so old, in milliseconds; `None` is never.
    pub keep_millis: Option<i64>,
}

/// What was done.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rotated {
    /// Segments that were sealed.
    pub sealed: Vec<Segment>,
    /// Segments whose files were dropped.
    pub dropped: Vec<Segment>,
    /// The hold that forbade to drop what is old enough.
    pub held: Option<String>,
}

/// Why nothing more was sealed or dropped. What was done before stays done.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The home.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The ledger could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something else about the home.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The file cannot be made.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The ledger refused.
    #[error(transparent)]
    Segment(#[from] SegmentError),
    /// The daily files could not be brought up to date before something is dropped.
    #[error(transparent)]
    Daily(#[from] DailyError),
    /// What is in the ledger does not hold, and is not sealed.
    #[error("receipt {seq} does not hold, and is not sealed: {because}")]
    Unsound {
        /// Which.
        seq: u64,
        /// Why.
        because: String,
    },
    /// A collector does not have yet what is old enough to be dropped.
    #[error("a collector has the lines up to receipt {0} only, and nothing after it is dropped")]
    Behind(u64),
}

impl Enforcer {
    /// Seals what a rule says, then drops what it says. One process at a time does so.
    ///
    /// # Errors
    /// Where a step fails; the ones before it stay done, and the next call goes on from there.
    pub async fn rotate(&self, rule: &Rule) -> Result<Rotated, RotateError> {
        let _lock = self.home().lock("segments.lock")?;
        files::private_dir(&self.segments())?;
        self.sweep().await?;
        let mut rotated = Rotated::default();
        // What sealing writes is not sealed with it.
        let newest = self.ledger().newest().await?.map_or(0, |(seq, _)| seq);
        while let Some(draft) = self.next_segment(rule, newest).await? {
            self.place(&draft)?;
            rotated.sealed.push(self.seal(draft).await?);
        }
        self.retain(rule, &mut rotated).await?;
        Ok(rotated)
    }

    /// Where the files lie.
    fn segments(&self) -> PathBuf {
        self.home().root().join(DIRECTORY)
    }

    /// Makes the file durable, beside whatever is there. A file that a crash left here belongs to
    /// no segment and is replaced.
    fn place(&self, draft: &Draft) -> Result<(), RotateError> {
        let path = self.segments().join(draft.segment.file_name());
        Ok(files::write_bytes(&path, &draft.bytes, Target::Replace)?)
    }

    /// Takes the rows away that stand in a durable file.
    async fn seal(&self, draft: Draft) -> Result<Segment, RotateError> {
        let (segment, now) = (draft.segment, self.now());
        let note = Note::of(&segment, false);
        let sealing = Sealing {
            segment: segment.clone(),
            places: draft.places,
            denied_since: denied_since(now),
            entry: self.change(Event::Observed, note.action())?,
            now,
        };
        self.ledger().seal(sealing).await?;
        Ok(segment)
    }
}

/// Since when denials may still matter to what is asked: twice as long as they do.
fn denied_since(now: Instant) -> Instant {
    now.plus_millis(-2 * COOL_MILLIS)
}

/// Whether a receipt is old enough.
fn is_over(at: Instant, millis: i64, now: Instant) -> bool {
    at.plus_millis(millis) <= now
}

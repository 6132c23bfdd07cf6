//! Old receipts in files of their own, and who forbids that any of them is dropped.
//!
//! A segment is a file that holds receipts one after another and is proven by itself. Once it is
//! on the disk, the rows that it holds go, in one commit with the receipt that says so. What is
//! left of each is its number, its hash and its place in the file, so that the chain and every
//! head that somebody remembers can still be compared. What the gate itself looks back for stays
//! a row: see [`Segments::seal`].

use super::LedgerError;
use crate::error::StoreError;
use async_trait::async_trait;
use countersign_core::encoding::Hash;
use countersign_core::receipt::{Entry, Receipt};
use countersign_core::time::Instant;

/// The directory beside a ledger in which its segments lie.
pub const DIRECTORY: &str = "segments";

/// No segment's file is longer, in bytes.
pub const LONGEST: u64 = 128 * 1024 * 1024;

/// Receipts that stand in a file of their own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Segment {
    /// The number of the first.
    pub first: u64,
    /// The number of the last.
    pub last: u64,
    /// The content hash of the last: the chain up to here.
    pub head: Hash,
    /// The digest of the file.
    pub sha256: Hash,
    /// When it was sealed.
    pub sealed_at: Instant,
    /// When the newest receipt inside was written.
    pub newest_at: Instant,
    /// Whether its file was dropped because it was too old.
    pub dropped: bool,
}

impl Segment {
    /// The name of its file.
    #[must_use]
    pub fn file_name(&self) -> String {
        file_name(self.first, self.last)
    }
}

/// The name of the file with these receipts.
#[must_use]
pub fn file_name(first: u64, last: u64) -> String {
    format!("{first:010}-{last:010}.csb")
}

/// Where in its file a receipt stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Its number.
    pub seq: u64,
    /// Its content hash.
    pub content_hash: Hash,
    /// Where its text begins, in bytes from the start of the file.
    pub at: u64,
    /// How long its text is, in bytes.
    pub length: u64,
}

/// A file that is on the disk, and whose rows may go.
pub struct Sealing {
    /// The file.
    pub segment: Segment,
    /// What it holds, every number from the first to the last.
    pub places: Vec<Place>,
    /// Denials of this moment or later stay rows: what was denied lately is not asked again.
    pub denied_since: Instant,
    /// The receipt that says so.
    pub entry: Entry,
    /// The time.
    pub now: Instant,
}

/// Somebody forbids that receipts are dropped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hold {
    /// What it is for.
    pub name: String,
    /// Why, where somebody said so.
    pub why: Option<String>,
    /// Since when.
    pub since: Instant,
}

/// Why receipts stay where they are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// The ledger is another than when the file was written.
    #[error("the ledger changed meanwhile: {0}")]
    Changed(String),
    /// Somebody holds them.
    #[error("a hold forbids that receipts are dropped: `{0}`")]
    Held(String),
    /// There is a hold of this name.
    #[error("there is a hold `{0}` already")]
    Exists(String),
    /// No such hold.
    #[error("no hold is called `{0}`")]
    Unknown(String),
    /// The store itself.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LedgerError> for SegmentError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Store(error) => Self::Store(error),
            other => Self::Changed(other.to_string()),
        }
    }
}

/// Sealing, dropping and holding. Each is one commit with its receipt.
#[async_trait]
pub trait Segments: Send + Sync {
    /// Takes the rows of receipts away that stand in a file. It must be the next part of the
    /// ledger, and not its end; each row must be there with the hash that the file has.
    ///
    /// A row stays, as a copy, where the gate looks back for it: changes of keys and policies,
    /// receipts of requests and runs that are not over, denials since [`Sealing::denied_since`],
    /// and the one with the latest time. Copies in earlier segments that nothing of this holds for
    /// any more go, too.
    ///
    /// Nothing but receipts goes: requests, answers, what was spent, claims and grants stay.
    async fn seal(&self, sealing: Sealing) -> Result<Receipt, SegmentError>;

    /// Writes down that the file of the oldest segment that is left goes, and takes the rows away
    /// that stayed for what is over by now, as [`Segments::seal`] says. The caller removes the file
    /// afterwards.
    async fn drop_oldest(
        &self,
        segment: &Segment,
        denied_since: Instant,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, SegmentError>;

    /// Forbids that anything is dropped.
    async fn hold(&self, hold: Hold, entry: Entry) -> Result<Receipt, SegmentError>;

    /// Takes a hold back.
    async fn release(
        &self,
        name: &str,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, SegmentError>;

    /// Every hold, oldest first.
    async fn holds(&self) -> Result<Vec<Hold>, StoreError>;
}

//! Rows, page by page: the next ones are read and checked on every core while one is followed.

use super::Broken;
use super::link::{Link, link};
use countersign_core::receipt::validity::{Moment, Witnessed};
use countersign_core::time::Instant;
use countersign_core::trust::TrustStore;
use countersign_store::error::StoreError;
use countersign_store::ledger::read::{Receipts, Row};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::task::{JoinError, JoinHandle};

/// Rows that are read together. Few enough that the pages of the largest receipts still fit.
pub(super) const PAGE: usize = 128;

/// Pages that are checked at the same time, so that no core waits for the end of one.
const AHEAD: usize = 2;

/// Into how many shares a page is cut for each core: one that is held up holds up little.
const SHARES: usize = 2;

/// A page, each row of it checked by itself.
pub(super) type Links = Vec<Result<Link, Broken>>;

/// What rows are checked against.
pub(super) struct Grounds {
    pub(super) trust: Arc<TrustStore>,
    pub(super) now: Instant,
    /// What the chain does not lead to in the end is found when the heads are compared.
    pub(super) witnessed: Vec<Witnessed>,
}

impl Grounds {
    pub(super) fn links(&self, rows: &[Row]) -> Links {
        let at = self.at();
        rows.iter().map(|row| link(row, &self.trust, &at)).collect()
    }

    pub(super) fn at(&self) -> Moment<'_> {
        Moment { now: self.now, witnessed: &self.witnessed }
    }
}

/// The rows after one, on their way.
pub(super) struct Pages {
    source: Arc<dyn Receipts>,
    grounds: Arc<Grounds>,
    /// The page that is read; `None` after the last one.
    reading: Option<JoinHandle<Result<Vec<Row>, StoreError>>>,
    /// Those that are checked, oldest first, in shares.
    checking: VecDeque<Vec<JoinHandle<Links>>>,
    /// Why there are no more.
    failed: Option<StoreError>,
}

impl Pages {
    /// Begins after the row of a number, or at the first.
    pub(super) fn after(source: Arc<dyn Receipts>, grounds: Grounds, last: Option<i64>) -> Self {
        let (grounds, checking) = (Arc::new(grounds), VecDeque::with_capacity(AHEAD));
        let mut pages = Self { source, grounds, reading: None, checking, failed: None };
        pages.read(last);
        pages
    }

    /// The next page; an empty one is the end.
    pub(super) async fn next(&mut self) -> Result<Links, StoreError> {
        while self.checking.len() < AHEAD
            && let Some(reading) = self.reading.take()
        {
            match reading.await.map_err(ended).and_then(|read| read) {
                Ok(page) => self.check(page),
                // What was read before is followed first: the first place is the one that is told.
                Err(error) => self.failed = Some(error),
            }
        }
        let Some(shares) = self.checking.pop_front() else {
            return self.failed.take().map_or_else(|| Ok(Vec::new()), Err);
        };
        let mut links = Vec::with_capacity(PAGE);
        for share in shares {
            links.extend(share.await.map_err(ended)?);
        }
        Ok(links)
    }

    fn read(&mut self, last: Option<i64>) {
        let source = Arc::clone(&self.source);
        self.reading = Some(tokio::spawn(async move { source.rows_after(last, PAGE).await }));
    }

    /// Begins to check a page, and to read the one after it.
    fn check(&mut self, page: Vec<Row>) {
        let Some(last) = page.last().map(|row| row.seq) else { return };
        self.read(Some(last));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let share = page.len().div_ceil(cores * SHARES).max(1);
        let (mut rows, mut shares) = (page.into_iter(), Vec::with_capacity(cores * SHARES));
        loop {
            let rows: Vec<Row> = rows.by_ref().take(share).collect();
            if rows.is_empty() {
                break self.checking.push_back(shares);
            }
            let grounds = Arc::clone(&self.grounds);
            shares.push(tokio::task::spawn_blocking(move || grounds.links(&rows)));
        }
    }
}

fn ended(error: JoinError) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

//! Threads that sign, so that a group of receipts is signed on every core, and while the rest of
//! the group is still being drafted.

use super::register::Ticket;
use countersign_core::receipt::{Hashed, Receipt};
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::ledger::Notary;
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Drafts that are worth waking a thread for.
pub(super) const SHARE: usize = 8;

/// More threads would wait for the one that writes.
const MOST_THREADS: usize = 8;

/// A receipt without its signature.
pub(super) struct Draft {
    /// The next receipt names its hash already.
    pub(super) hashed: Hashed,
    pub(super) at: Instant,
    pub(super) ticket: Ticket,
}

/// A draft that was signed, and its text.
pub(super) struct Signed {
    pub(super) receipt: Receipt,
    pub(super) text: String,
    pub(super) at: Instant,
    pub(super) ticket: Ticket,
}

type Outcome = Result<Vec<Signed>, StoreError>;

/// What there is for the one who writes.
enum Next {
    /// The share whose turn it is.
    Signed(Outcome),
    /// That one is not signed, and another waits to be.
    Unsigned(Share),
    /// All of them were written.
    Nothing,
}

/// The notary, and helpers that are started when there is first enough to share.
pub(super) struct Signers {
    table: Arc<Table>,
    helpers: usize,
    most: usize,
}

/// Where drafts lie that anybody may sign.
struct Table {
    notary: Arc<dyn Notary>,
    pile: Mutex<Pile>,
    /// Something lies there, or nobody needs helpers any more.
    laid: Condvar,
    /// A helper has put something back.
    returned: Condvar,
}

#[derive(Default)]
struct Pile {
    /// The group that is being written. What was taken for an earlier one is dropped.
    group: u64,
    /// How many shares of this group were laid down.
    laid: usize,
    waiting: VecDeque<Share>,
    /// By the place of their share.
    signed: BTreeMap<usize, Outcome>,
    /// How many were written.
    written: usize,
    closed: bool,
}

/// Drafts that one thread signs together.
struct Share {
    group: u64,
    place: usize,
    drafts: Vec<Draft>,
}

impl Signers {
    pub(super) fn new(notary: Arc<dyn Notary>) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let (pile, laid, returned) = (Mutex::default(), Condvar::new(), Condvar::new());
        let table = Arc::new(Table { notary, pile, laid, returned });
        Self { table, helpers: 0, most: cores.min(MOST_THREADS) - 1 }
    }

    /// Whether anybody could sign besides the one who asks.
    pub(super) fn has_helpers(&self) -> bool {
        self.most > 0
    }

    /// Whether anything was handed over.
    pub(super) fn has_any(&self) -> bool {
        self.table.pile().laid > 0
    }

    /// Hands over drafts that stay, if their group does.
    pub(super) fn lend(&mut self, drafts: Vec<Draft>) -> Result<(), StoreError> {
        let waiting = {
            let mut pile = self.table.pile();
            let (group, place) = (pile.group, pile.laid);
            pile.laid += 1;
            pile.waiting.push_back(Share { group, place, drafts });
            pile.waiting.len()
        };
        if self.helpers < waiting.min(self.most) {
            start(Arc::clone(&self.table))?;
            self.helpers += 1;
        }
        self.table.laid.notify_one();
        Ok(())
    }

    /// Signs `rest` and what was lent, and has `write` write all of it in the order in which it
    /// came: while others sign, what they have signed before is written.
    pub(super) fn sign(
        &mut self,
        mut rest: Vec<Draft>,
        mut write: impl FnMut(Signed) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if rest.len() <= SHARE && !self.has_any() {
            return sign_each(&*self.table.notary, rest)?.into_iter().try_for_each(write);
        }
        while !rest.is_empty() {
            let later = rest.split_off(SHARE.min(rest.len()));
            self.lend(std::mem::replace(&mut rest, later))?;
        }
        loop {
            match self.table.next() {
                Next::Signed(share) => share?.into_iter().try_for_each(&mut write)?,
                Next::Unsigned(share) => self.table.sign(share),
                Next::Nothing => return Ok(()),
            }
        }
    }

    /// The group is over: nothing of it is signed any more.
    pub(super) fn forget(&mut self) {
        let mut pile = self.table.pile();
        let (group, closed) = (pile.group + 1, pile.closed);
        *pile = Pile { group, closed, ..Pile::default() };
    }
}

impl Drop for Signers {
    fn drop(&mut self) {
        self.table.pile().closed = true;
        self.table.laid.notify_all();
    }
}

impl Table {
    fn pile(&self) -> MutexGuard<'_, Pile> {
        self.pile.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the one who writes does next; waits where others have all that is left.
    fn next(&self) -> Next {
        let mut pile = self.pile();
        while pile.written < pile.laid {
            let turn = pile.written;
            if let Some(share) = pile.signed.remove(&turn) {
                pile.written += 1;
                return Next::Signed(share);
            }
            if let Some(share) = pile.waiting.pop_front() {
                return Next::Unsigned(share);
            }
            pile = self.returned.wait(pile).unwrap_or_else(PoisonError::into_inner);
        }
        Next::Nothing
    }

    /// A share that nobody has taken, for one who waits for it; `None` is the end.
    fn wait(&self) -> Option<Share> {
        let mut pile = self.pile();
        loop {
            if let Some(share) = pile.waiting.pop_front() {
                return Some(share);
            }
            if pile.closed {
                return None;
            }
            pile = self.laid.wait(pile).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Signs a share, unless its group is over by then.
    fn sign(&self, share: Share) {
        let Share { group, place, drafts } = share;
        // Sound: what a panic leaves half-done is dropped.
        let signed = catch_unwind(AssertUnwindSafe(|| sign_each(&*self.notary, drafts)));
        let panicked = |_| Err(StoreError::Unavailable("a signature panicked".to_owned()));
        let signed = signed.unwrap_or_else(panicked);
        let mut pile = self.pile();
        if pile.group == group {
            pile.signed.insert(place, signed);
            self.returned.notify_one();
        }
    }
}

/// Starts a thread that signs until nobody needs it any more.
fn start(table: Arc<Table>) -> Result<(), StoreError> {
    let work = move || {
        while let Some(share) = table.wait() {
            table.sign(share);
        }
    };
    let started = thread::Builder::new().name("store-signer".into()).spawn(work);
    let failed = |error| StoreError::Unavailable(format!("no thread to sign: {error}"));
    started.map(|_| ()).map_err(failed)
}

fn sign_each(notary: &dyn Notary, drafts: Vec<Draft>) -> Outcome {
    drafts.into_iter().map(|draft| sign_one(notary, draft)).collect()
}

fn sign_one(notary: &dyn Notary, draft: Draft) -> Result<Signed, StoreError> {
    let hash = draft.hashed.hash();
    let (receipt, text) = notary.receipt(draft.hashed)?.into_parts();
    if receipt.content_hash != hash {
        return Err(StoreError::Unavailable("a receipt changed as it was signed".to_owned()));
    }
    Ok(Signed { receipt, text, at: draft.at, ticket: draft.ticket })
}

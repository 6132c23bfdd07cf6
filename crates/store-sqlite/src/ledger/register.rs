//! The writing of receipts: numbered and chained one after the other, signed side by side.
//!
//! A signature costs more than everything else about a receipt. So a job only drafts: number,
//! link and hash. The drafts that stay are signed on every core; when all jobs of the group are
//! done they are written and covered by one signed head, in the transaction of the jobs.

use super::find;
use super::receipts::{self, newest, number, tail};
use super::signers::{Draft, SHARE, Signed, Signers};
use super::usable;
use crate::column::{At, Digest, Json};
use crate::db::Db;
use crate::writer::Around;
use countersign_core::checkpoint::{Changes, Checkpoint, Head};
use countersign_core::encoding::Hash;
use countersign_core::json::{self, JsonError};
use countersign_core::receipt::{Content, Entry, Event, Hashed, Receipt};
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::ledger::read::Filed;
use countersign_store::ledger::{Change, Notary, Usable};
use rusqlite::params;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Where jobs draft receipts. Clones share the page.
#[derive(Clone)]
pub(super) struct Register {
    ledger: Arc<str>,
    page: Arc<Mutex<Page>>,
}

/// The drafts of the group that is being written.
#[derive(Default)]
struct Page {
    /// The number and hash of the newest draft that was handed over to be signed.
    handed_over: Option<(u64, Hash)>,
    /// Those that were not.
    drafts: Vec<Draft>,
    /// How many of them belong to jobs that are done and stay.
    settled: usize,
}

impl Page {
    fn newest(&self) -> Option<(u64, Hash)> {
        let last =
            self.drafts.last().map(|draft| (draft.hashed.content().seq, draft.hashed.hash()));
        last.or(self.handed_over)
    }

    /// Takes the drafts off the page, where they are worth waking a thread for.
    fn hand_over(&mut self) -> Option<Vec<Draft>> {
        if self.drafts.len() < SHARE {
            return None;
        }
        self.handed_over = self.newest();
        self.settled = 0;
        Some(std::mem::take(&mut self.drafts))
    }
}

/// Where a receipt lies once its group is written.
#[derive(Clone, Default)]
pub(super) struct Ticket(Arc<OnceLock<Receipt>>);

impl Ticket {
    /// The receipt; only for those whose write succeeded.
    pub(super) fn redeem(self) -> Result<Receipt, StoreError> {
        let receipt = match Arc::try_unwrap(self.0) {
            Ok(own) => own.into_inner(),
            Err(shared) => shared.get().cloned(),
        };
        receipt.ok_or_else(|| StoreError::Unavailable("the receipt was not written".to_owned()))
    }
}

impl Register {
    pub(super) fn new(ledger: &str) -> Self {
        Self { ledger: ledger.into(), page: Arc::default() }
    }

    /// The ledger's name.
    pub(super) fn ledger(&self) -> &str {
        &self.ledger
    }

    /// Drafts one receipt: numbers it and links it to the one before.
    pub(super) fn append(&self, db: &Db, entry: Entry, now: Instant) -> Result<Ticket, StoreError> {
        let mut page = self.page();
        let before = match page.newest() {
            None => newest(db)?,
            drafted => drafted,
        };
        let content = Content {
            ledger: self.ledger.to_string(),
            seq: before.map_or(1, |(seq, _)| seq + 1),
            prev: before.map(|(_, hash)| hash),
            recorded_at: now.timestamp(),
            entry,
        };
        let hashed = hashed(content).map_err(|error| db.unavailable(error))?;
        let ticket = Ticket::default();
        page.drafts.push(Draft { hashed, at: now, ticket: ticket.clone() });
        Ok(ticket)
    }

    fn page(&self) -> MutexGuard<'_, Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The content with its hash. One that could not be read back is no draft.
fn hashed(content: Content) -> Result<Hashed, JsonError> {
    let hashed = content.hashed()?;
    // The receipt around it adds little more than signatures.
    let limit = json::limit::RECEIPT - json::limit::MESSAGE;
    if hashed.size() > limit {
        return Err(JsonError::TooLarge { size: hashed.size(), limit });
    }
    Ok(hashed)
}

/// Receipts of calls that a policy let go, after which their head is handed on before it rests.
const UNTOLD: usize = 256;

/// Writes down what was drafted.
pub(super) struct Registrar {
    register: Register,
    notary: Arc<dyn Notary>,
    signers: Signers,
    /// The head of the group that is being written.
    sealed: Option<Sealed>,
    /// The newest head that was written and not handed on.
    untold: Option<Sealed>,
    /// The newest head that was written here.
    last: Option<Checkpoint>,
}

/// A head and what is new under it.
struct Sealed {
    head: Checkpoint,
    receipts: usize,
    /// Whether there is anything but calls that a policy let go.
    matters: bool,
}

impl Registrar {
    pub(super) fn new(register: Register, notary: Arc<dyn Notary>) -> Self {
        let signers = Signers::new(notary.clone());
        Self { register, signers, notary, sealed: None, untold: None, last: None }
    }

    /// Signs the head over everything that was written, which counts on from the one before.
    fn seal(
        &self,
        db: &Db,
        before: Option<Head>,
        changes: &[Hash],
        usable: Hash,
    ) -> Result<Option<Checkpoint>, StoreError> {
        let Some((seq, content_hash, time)) = tail(db)? else { return Ok(None) };
        let before = before.map_or(Ok(Changes::NONE), |head| counted(db, &head, changes))?;
        let changes = Some(changes.iter().fold(before, |so_far, hash| so_far.and(*hash)));
        let (ledger, time) = (self.register.ledger().to_owned(), time.timestamp());
        let head = Head { ledger, seq, content_hash, time, changes, usable: Some(usable) };
        let checkpoint = self.notary.checkpoint(head)?;
        db.run(
            "INSERT INTO checkpoint (only, seq, content_hash, body) VALUES (1, ?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET seq = ?1, content_hash = ?2, body = ?3",
            params![number(seq), Digest(content_hash), Json(&checkpoint)],
        )?;
        Ok(Some(checkpoint))
    }

    /// The head before what is written now. The newest receipt must be the one that it names: a tail
    /// that was cut, or a row that was changed or added, is not signed over. And only one that was
    /// signed here is counted on from: else whoever edits it would have the operator sign what is
    /// missing.
    fn before(&self, db: &Db) -> Result<Option<Head>, StoreError> {
        let Some(head) = receipts::checkpoint(db)? else { return Ok(None) };
        if newest(db)? != Some((head.head.seq, head.head.content_hash)) {
            return Err(db.damaged("the receipts do not end at the head that was signed last"));
        }
        if !self.is_own(&head) {
            return Err(db.damaged("the head that was signed last is not signed here"));
        }
        Ok(Some(head.head))
    }

    /// Whether a head was signed here. The one that this process signed last needs no proof.
    fn is_own(&self, head: &Checkpoint) -> bool {
        self.last.as_ref() == Some(head) || self.notary.is_own(head)
    }

    /// Hands on the newest head, where there is one that nobody heard of.
    fn tell(&mut self) {
        if let Some(sealed) = self.untold.take() {
            self.notary.hand_on(&sealed.head);
        }
    }
}

impl Around for Registrar {
    fn settle(&mut self, kept: bool) -> Result<(), StoreError> {
        let mut page = self.register.page();
        if !kept {
            let settled = page.settled;
            page.drafts.truncate(settled);
            return Ok(());
        }
        page.settled = page.drafts.len();
        if !self.signers.has_helpers() {
            return Ok(());
        }
        match page.hand_over() {
            Some(drafts) => self.signers.lend(drafts),
            None => Ok(()),
        }
    }

    fn end(&mut self, db: &Db) -> Result<(), StoreError> {
        let drafts = std::mem::take(&mut self.register.page().drafts);
        if drafts.is_empty() && !self.signers.has_any() {
            return Ok(());
        }
        let before = self.before(db)?;
        let (mut receipts, mut matters, mut changes) = (0, false, Vec::new());
        let (mut entries, mut seen) = (Vec::new(), Instant(0));
        self.signers.sign(drafts, |signed| {
            let entry = &signed.receipt.content.entry;
            (receipts, seen) = (receipts + 1, signed.at);
            matters |= entry.event != Event::Allowed;
            changes.extend(Change::of(entry).map(|_| signed.receipt.content_hash));
            entries.extend(Usable::concerns(entry).then(|| entry.clone()));
            write(db, signed)
        })?;
        let usable = usable::after(db, before.as_ref(), &entries, seen)?;
        let head = self.seal(db, before, &changes, usable)?;
        self.sealed = head.map(|head| Sealed { head, receipts, matters });
        Ok(())
    }

    fn over(&mut self, written: bool) {
        *self.register.page() = Page::default();
        self.signers.forget();
        let Some(sealed) = self.sealed.take().filter(|_| written) else { return };
        self.last = Some(sealed.head.clone());
        let before = self.untold.take().map_or(0, |before| before.receipts);
        self.untold = Some(Sealed { receipts: before + sealed.receipts, ..sealed });
    }

    fn after(&mut self) {
        if self.untold.as_ref().is_some_and(|new| new.matters || new.receipts >= UNTOLD) {
            self.tell();
        }
    }

    fn rest(&mut self) {
        self.tell();
    }
}

/// The changes that a head counts.
fn counted(db: &Db, head: &Head, new: &[Hash]) -> Result<Changes, StoreError> {
    if let Some(changes) = head.changes {
        return Ok(changes);
    }
    // An earlier version signed it, and counted nothing.
    let stored = receipts::changes(db)?.into_iter().map(|receipt| receipt.content_hash);
    let before = stored.filter(|hash| !new.contains(hash));
    Ok(before.fold(Changes::NONE, Changes::and))
}

fn write(db: &Db, signed: Signed) -> Result<(), StoreError> {
    let Signed { receipt, text, at, ticket } = signed;
    let filed = Filed::of(&receipt.content.entry);
    db.run(
        "INSERT INTO receipt
            (seq, content_hash, recorded_at, request_id, body, change, event, risk)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            number(receipt.content.seq),
            Digest(receipt.content_hash),
            At(at),
            receipt.content.entry.request_id,
            text,
            Change::of(&receipt.content.entry).map(Change::name),
            filed.event,
            filed.risk,
        ],
    )?;
    find::file(db, &receipt, &filed, at)?;
    // Set once: nobody else writes this draft.
    let _ = ticket.0.set(receipt);
    Ok(())
}

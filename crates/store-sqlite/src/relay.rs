//! What a gateway remembers, in SQLite.

mod devices;
mod exchanges;
mod heads;
mod lists;
mod notes;
mod pairings;
mod routes;
mod stops;

use crate::db::Db;
use crate::fault;
use crate::group::Leaving;
use crate::private_file::{self, beside};
use crate::schema::Schema;
use crate::writer::Writer;
use async_trait::async_trait;
use countersign_core::checkpoint::Checkpoint;
use countersign_core::keys::KeyId;
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::relay::RelayStore;
use countersign_store::relay::device::{Device, Registered};
use countersign_store::relay::exchange::{
    Acked, Decided, Decision, Delivery, Ended, Exchange, InboxCursor, Party, Request, Submission,
    Submitted, Withdrawn,
};
use countersign_store::relay::pairing::{
    Completion, Confirmation, NewPairing, Opened, Pairing, PairingStep,
};
use lists::Page;
use std::fs::{File, TryLockError};
use std::path::Path;

const SCHEMA: Schema = Schema {
    // "CSgw": a ledger that is opened as a gateway's memory is refused.
    application_id: 0x4353_6777,
    // 32 MiB. Exchanges change a page again and again, which is then copied once, and the syncs
    // around a copy are rare.
    log_pages: 8_192,
    steps: &[
        include_str!("relay/schema.sql"),
        include_str!("relay/heads.sql"),
        include_str!("relay/stops.sql"),
        include_str!("relay/notes.sql"),
    ],
};

/// Rows that one housekeeping write drops, so that nobody waits long behind it.
const SWEEP: usize = 500;

/// A gateway's memory in one SQLite file.
///
/// One gateway has it at a time: an open store holds a lock beside the file until it is dropped.
pub struct SqliteRelay {
    // INVARIANT: the writer goes first, the lock last.
    writer: Writer,
    _only: File,
}

impl SqliteRelay {
    /// Opens the file at `path`, made with its directory if it is missing.
    ///
    /// # Errors
    /// `Unavailable` where another gateway has it or the disk fails; `Corrupt` where the file is
    /// damaged, of another kind, or of a later version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let only = alone(path)?;
        let (writer, ()) =
            Writer::open(path, &SCHEMA, Leaving::Tidied, |_| Ok(((), Box::new(()))))?;
        Ok(Self { writer, _only: only })
    }

    /// Drops rows in small writes until a write drops fewer than it may.
    async fn sweep(
        &self,
        drop: impl Fn(&Db) -> Result<usize, StoreError> + Copy + Send + 'static,
    ) -> Result<u64, StoreError> {
        let mut all = 0;
        loop {
            let dropped = self.writer.write(drop).await?;
            all += dropped as u64;
            if dropped < SWEEP {
                return Ok(all);
            }
        }
    }
}

/// Takes the lock that says that one gateway works here.
fn alone(path: &Path) -> Result<File, StoreError> {
    let failed = |error: std::io::Error| fault::unavailable(path, error);
    private_file::make_room_for(path).map_err(failed)?;
    let lock = private_file::lock_file(&beside(path, ".gateway.lock")).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(fault::unavailable(path, "another gateway has it")),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// A [`Party`] that travels to another thread.
struct Who {
    is_enforcer: bool,
    id: String,
}

impl From<Party<'_>> for Who {
    fn from(party: Party<'_>) -> Self {
        let (is_enforcer, id) = match party {
            Party::Enforcer(id) => (true, id),
            Party::Approver(id) => (false, id),
        };
        Self { is_enforcer, id: id.to_owned() }
    }
}

impl Who {
    fn party(&self) -> Party<'_> {
        if self.is_enforcer { Party::Enforcer(&self.id) } else { Party::Approver(&self.id) }
    }
}

#[async_trait]
impl RelayStore for SqliteRelay {
    async fn register_device(&self, device: Device) -> Result<Registered, StoreError> {
        self.writer.write(move |db| devices::register(db, &device)).await
    }

    async fn device(&self, device_id: &str) -> Result<Option<Device>, StoreError> {
        let id = device_id.to_owned();
        self.writer.read(move |db| devices::by_id(db, &id)).await
    }

    async fn device_by_key(&self, key_id: &KeyId) -> Result<Option<Device>, StoreError> {
        let key = key_id.clone();
        self.writer.read(move |db| devices::by_key(db, &key)).await
    }

    async fn open_pairing(
        &self,
        pairing: NewPairing,
        limit: usize,
        now: Instant,
    ) -> Result<Opened, StoreError> {
        self.writer.write(move |db| pairings::open(db, pairing, limit, now)).await
    }

    async fn pairing_by_code(
        &self,
        code: &str,
        now: Instant,
    ) -> Result<Option<Pairing>, StoreError> {
        let code = code.to_owned();
        self.writer.read(move |db| pairings::by_code(db, &code, now)).await
    }

    async fn pairing(&self, nonce: &str) -> Result<Option<Pairing>, StoreError> {
        let nonce = nonce.to_owned();
        self.writer.read(move |db| pairings::by_nonce(db, &nonce)).await
    }

    async fn complete_pairing(
        &self,
        nonce: &str,
        completion: Completion,
        now: Instant,
    ) -> Result<PairingStep, StoreError> {
        let nonce = nonce.to_owned();
        self.writer.write(move |db| pairings::complete(db, &nonce, completion, now)).await
    }

    async fn reveal_pairing(
        &self,
        nonce: &str,
        enforcer_id: &str,
        r: &str,
        now: Instant,
    ) -> Result<PairingStep, StoreError> {
        let (nonce, enforcer, r) = (nonce.to_owned(), enforcer_id.to_owned(), r.to_owned());
        self.writer.write(move |db| pairings::reveal(db, &nonce, &enforcer, &r, now)).await
    }

    async fn confirm_pairing(
        &self,
        nonce: &str,
        confirmation: Confirmation,
        now: Instant,
    ) -> Result<PairingStep, StoreError> {
        let nonce = nonce.to_owned();
        self.writer.write(move |db| pairings::confirm(db, &nonce, &confirmation, now)).await
    }

    async fn revoke_route(
        &self,
        caller_id: &str,
        other_id: &str,
        now: Instant,
    ) -> Result<Vec<Ended>, StoreError> {
        let (one, other) = (caller_id.to_owned(), other_id.to_owned());
        let revoke = move |db: &Db| {
            routes::close(db, &one, &other)?;
            exchanges::cancel(db, &one, &other, now)
        };
        self.writer.write(revoke).await
    }

    async fn may_be_asked(&self, approver_id: &str, now: Instant) -> Result<bool, StoreError> {
        let id = approver_id.to_owned();
        self.writer.read(move |db| routes::may_lead_to(db, &id, now)).await
    }

    async fn submit_artifact(
        &self,
        submission: Submission,
        max_pending: usize,
        now: Instant,
    ) -> Result<Submitted, StoreError> {
        self.writer.write(move |db| exchanges::submit(db, &submission, max_pending, now)).await
    }

    async fn inbox(
        &self,
        approver_id: &str,
        after: Option<&InboxCursor>,
        limit: usize,
        now: Instant,
    ) -> Result<Vec<Request>, StoreError> {
        let (id, page) = (approver_id.to_owned(), Page::new(after, limit));
        self.writer.read(move |db| lists::inbox(db, &id, &page, now)).await
    }

    async fn unacked_requests(
        &self,
        approver_id: &str,
        after: Option<&InboxCursor>,
        limit: usize,
        now: Instant,
    ) -> Result<Vec<Request>, StoreError> {
        let (id, page) = (approver_id.to_owned(), Page::new(after, limit));
        self.writer.read(move |db| lists::unacked(db, &id, &page, now)).await
    }

    async fn dismiss(&self, approver_id: &str, request_id: &str) -> Result<bool, StoreError> {
        let (approver, request) = (approver_id.to_owned(), request_id.to_owned());
        self.writer.write(move |db| exchanges::dismiss(db, &approver, &request)).await
    }

    async fn decide(&self, decision: Decision, now: Instant) -> Result<Decided, StoreError> {
        self.writer.write(move |db| exchanges::decide(db, &decision, now)).await
    }

    async fn undelivered(
        &self,
        enforcer_id: &str,
        after: Option<&InboxCursor>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let (id, page) = (enforcer_id.to_owned(), Page::new(after, limit));
        self.writer.read(move |db| lists::undelivered(db, &id, &page)).await
    }

    async fn exchange(
        &self,
        party: Party<'_>,
        request_id: &str,
        now: Instant,
    ) -> Result<Option<Exchange>, StoreError> {
        let (who, request) = (Who::from(party), request_id.to_owned());
        self.writer.read(move |db| exchanges::one(db, who.party(), &request, now)).await
    }

    async fn ack(
        &self,
        party: Party<'_>,
        request_id: &str,
        msg_id: &str,
        _now: Instant,
    ) -> Result<Acked, StoreError> {
        let (who, request, msg) = (Who::from(party), request_id.to_owned(), msg_id.to_owned());
        self.writer.write(move |db| exchanges::ack(db, who.party(), &request, &msg)).await
    }

    async fn withdraw(
        &self,
        enforcer_id: &str,
        request_id: &str,
        now: Instant,
    ) -> Result<Withdrawn, StoreError> {
        let (enforcer, request) = (enforcer_id.to_owned(), request_id.to_owned());
        self.writer.write(move |db| exchanges::withdraw(db, &enforcer, &request, now)).await
    }

    async fn remember_head(
        &self,
        enforcer_id: &str,
        head: Checkpoint,
    ) -> Result<Checkpoint, StoreError> {
        let enforcer = enforcer_id.to_owned();
        self.writer.write(move |db| heads::remember(db, &enforcer, head)).await
    }

    async fn expire_due(&self, now: Instant, limit: usize) -> Result<Vec<Ended>, StoreError> {
        self.writer.write(move |db| exchanges::expire(db, now, limit)).await
    }

    async fn forget(&self, before: Instant) -> Result<u64, StoreError> {
        let exchanges = self.sweep(move |db| exchanges::forget(db, before, SWEEP)).await?;
        let pairings = self.sweep(move |db| pairings::forget(db, before, SWEEP)).await?;
        let rest = move |db: &Db| routes::forget(db).and_then(|()| devices::forget(db, before));
        self.writer.write(rest).await?;
        Ok(exchanges + pairings)
    }
}

#[cfg(test)]
mod tests;

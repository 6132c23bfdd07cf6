//! What an enforcer must never forget, in SQLite.

mod changes;
mod claims;
mod filed;
mod find;
mod freeze;
mod grants;
mod items;
mod limits;
mod lookup;
mod read;
mod receipts;
mod register;
mod requests;
mod rounds;
mod segments;
mod sessions;
mod signers;
mod usable;

use crate::db::Db;
use crate::group::Leaving;
use crate::schema::Schema;
use crate::writer::Writer;
use async_trait::async_trait;
use countersign_core::checkpoint::Checkpoint;
use countersign_core::encoding::Hash;
use countersign_core::receipt::{Entry, Receipt};
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::ledger::{
    Acceptance, ClaimRecord, Ending, LedgerError, LedgerStore, NewClaim, NewPermit, Notary,
    RequestKey, RequestRecord,
};
pub use read::LedgerFile;
use register::{Register, Registrar};
use rusqlite::params;
use sessions::Name;
use std::path::Path;
use std::sync::Arc;

const SCHEMA: Schema = Schema {
    // "CSle": a gateway's memory that is opened as a ledger is refused.
    application_id: 0x4353_6c65,
    // 4 MiB. Receipts only ever come after one another, so a longer log would save no copies.
    log_pages: 1_000,
    steps: &[
        include_str!("ledger/schema.sql"),
        include_str!("ledger/policy.sql"),
        include_str!("ledger/refused.sql"),
        include_str!("ledger/read.sql"),
        include_str!("ledger/items.sql"),
        include_str!("ledger/grants.sql"),
        include_str!("ledger/rounds.sql"),
        include_str!("ledger/segments.sql"),
        include_str!("ledger/revoked.sql"),
        include_str!("ledger/session.sql"),
        include_str!("ledger/changes.sql"),
        include_str!("ledger/usable.sql"),
    ],
};

/// What a ledger is born with. Random, and drawn by the caller.
#[derive(Clone)]
pub struct Birth {
    /// Its name.
    pub ledger_id: String,
    /// Its secret for commitments (PROTOCOL §2).
    pub secret: [u8; 32],
}

/// An enforcer's ledger in one SQLite file. Several processes may have it open.
///
/// The receipts of all callers that are written together get one signed head, in the same commit.
pub struct SqliteLedger {
    writer: Writer,
    register: Register,
    secret: [u8; 32],
}

impl SqliteLedger {
    /// Opens the file at `path`, made with its directory if it is missing. `birth` counts only
    /// for a ledger that is made now.
    ///
    /// # Errors
    /// `Unavailable` where the disk fails; `Corrupt` where the file is damaged, of another kind,
    /// or of a later version.
    pub fn open(path: &Path, notary: Arc<dyn Notary>, birth: &Birth) -> Result<Self, StoreError> {
        Self::opened(path, notary, birth, Leaving::Tidied)
    }

    /// The same for a process that writes a line and ends: it leaves the log beside the file where
    /// that is short, and saves the syncs of making and removing one. Whoever copies the ledger then
    /// must take the log along.
    ///
    /// # Errors
    /// As [`SqliteLedger::open`].
    pub fn open_briefly(
        path: &Path,
        notary: Arc<dyn Notary>,
        birth: &Birth,
    ) -> Result<Self, StoreError> {
        Self::opened(path, notary, birth, Leaving::Log)
    }

    fn opened(
        path: &Path,
        notary: Arc<dyn Notary>,
        birth: &Birth,
        leaving: Leaving,
    ) -> Result<Self, StoreError> {
        let (writer, (register, secret)) = Writer::open(path, &SCHEMA, leaving, |db| {
            let (ledger, secret) = born(db, birth)?;
            let register = Register::new(&ledger);
            let registrar = Registrar::new(register.clone(), notary);
            Ok(((register, secret), Box::new(registrar)))
        })?;
        Ok(Self { writer, register, secret })
    }

    /// What is known of a name already; else it is drawn, once for all processes.
    async fn drawn(
        &self,
        known: impl FnOnce(&Db) -> Result<Option<String>, StoreError> + Send + 'static,
        draw: impl FnOnce(&Db) -> Result<String, StoreError> + Send + 'static,
    ) -> Result<String, StoreError> {
        match self.writer.read(known).await? {
            Some(value) => Ok(value),
            None => self.writer.write(draw).await,
        }
    }
}

/// The ledger's name and secret, drawn once.
fn born(db: &Db, birth: &Birth) -> Result<(String, [u8; 32]), StoreError> {
    let sql = "INSERT INTO identity (only, ledger, secret) VALUES (1, ?1, ?2)
         ON CONFLICT DO NOTHING";
    db.run(sql, params![birth.ledger_id, birth.secret])?;
    let sql = "SELECT ledger, secret FROM identity";
    let found = db.one(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (ledger, secret) = found.ok_or_else(|| db.damaged("the ledger has no name"))?;
    sessions::hide_clear(db, &secret)?;
    Ok((ledger, secret))
}

#[async_trait]
impl LedgerStore for SqliteLedger {
    fn ledger_id(&self) -> &str {
        self.register.ledger()
    }

    fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    async fn session(
        &self,
        principal: &str,
        label: &str,
        fresh: &str,
    ) -> Result<String, StoreError> {
        let (name, fresh) = (Name::of(&self.secret, principal, label)?, fresh.to_owned());
        let draw = move |db: &Db| sessions::id(db, name, &fresh);
        self.drawn(move |db| sessions::known(db, name), draw).await
    }

    async fn repo_ref(&self, workspace: &str, fresh: &str) -> Result<String, StoreError> {
        let (asked, fresh) = (workspace.to_owned(), fresh.to_owned());
        let drawn = asked.clone();
        let known = move |db: &Db| changes::named(db, ["repo", &asked, ""]);
        self.drawn(known, move |db| changes::name(db, ["repo", &drawn, ""], &fresh)).await
    }

    async fn submitted(
        &self,
        request_id: &str,
        now: Instant,
    ) -> Result<RequestRecord, LedgerError> {
        let id = request_id.to_owned();
        self.writer.write(move |db| changes::submitted(db, &id, now)).await
    }

    async fn accept(&self, acceptance: Acceptance) -> Result<RequestRecord, LedgerError> {
        let register = self.register.clone();
        self.writer.write(move |db| changes::accept(db, &register, acceptance)).await
    }

    async fn permit(&self, permit: NewPermit) -> Result<ClaimRecord, LedgerError> {
        let register = self.register.clone();
        self.writer.write(move |db| changes::permit(db, &register, permit)).await
    }

    async fn claim(&self, claim: NewClaim) -> Result<(ClaimRecord, RequestRecord), LedgerError> {
        let register = self.register.clone();
        self.writer.write(move |db| changes::claim(db, &register, claim)).await
    }

    async fn hand_over(&self, claim_id: &str) -> Result<(), LedgerError> {
        let id = claim_id.to_owned();
        self.writer.write(move |db| claims::end(db, &id)).await
    }

    async fn finish(
        &self,
        claim_id: &str,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, LedgerError> {
        let (register, id) = (self.register.clone(), claim_id.to_owned());
        let finish = move |db: &Db| changes::finish(db, &register, &id, entry, now);
        Ok(self.writer.write(finish).await?.redeem()?)
    }

    async fn close(
        &self,
        request_id: &str,
        ending: Ending,
        entry: Entry,
        now: Instant,
    ) -> Result<RequestRecord, LedgerError> {
        let (register, id) = (self.register.clone(), request_id.to_owned());
        self.writer.write(move |db| changes::close(db, &register, &id, ending, entry, now)).await
    }

    async fn record(&self, entry: Entry, now: Instant) -> Result<Receipt, StoreError> {
        let register = self.register.clone();
        self.writer.write(move |db| register.append(db, entry, now)).await?.redeem()
    }

    async fn request(&self, request_id: &str) -> Result<Option<RequestRecord>, StoreError> {
        let id = request_id.to_owned();
        self.writer.read(move |db| requests::one(db, &id)).await
    }

    async fn stands(&self, request_id: &str) -> Result<(), LedgerError> {
        let id = request_id.to_owned();
        self.writer.read(move |db| requests::stands(db, &id)).await
    }

    async fn refused(
        &self,
        key: &RequestKey,
        since: Instant,
    ) -> Result<Vec<RequestRecord>, StoreError> {
        let key = key.clone();
        self.writer.read(move |db| requests::refused(db, &key, since)).await
    }

    async fn open_requests(&self) -> Result<Vec<RequestRecord>, StoreError> {
        self.writer.read(requests::open).await
    }

    async fn open_claims(&self) -> Result<Vec<ClaimRecord>, StoreError> {
        self.writer.read(claims::open).await
    }

    async fn receipt(&self, seq: Option<u64>) -> Result<Option<Receipt>, StoreError> {
        self.writer.read(move |db| segments::one(db, seq)).await
    }

    async fn receipts_of(&self, request_id: &str) -> Result<Vec<Receipt>, StoreError> {
        let id = request_id.to_owned();
        self.writer.read(move |db| receipts::of_request(db, &id)).await
    }

    async fn newest(&self) -> Result<Option<(u64, Hash)>, StoreError> {
        self.writer.read(receipts::newest).await
    }

    async fn content_hash(&self, seq: u64) -> Result<Option<Hash>, StoreError> {
        self.writer.read(move |db| receipts::content_hash_at(db, seq)).await
    }

    async fn checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        self.writer.read(receipts::checkpoint).await
    }
}

#[cfg(test)]
mod tests;

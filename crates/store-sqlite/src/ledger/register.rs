//! The writing of receipts: numbered, chained, signed, and covered by a signed head.

use super::receipts::{content_hash_at, newest, number, signed, tail};
use crate::column::{At, Digest, Json, Plain};
use crate::db::Db;
use countersign_core::checkpoint::Head;
use countersign_core::receipt::{Content, Entry, Receipt};
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::ledger::Notary;
use rusqlite::params;
use std::sync::Arc;

/// Writes receipts: knows the ledger's name, and who signs.
#[derive(Clone)]
pub(super) struct Register {
    pub(super) ledger: Arc<str>,
    pub(super) notary: Arc<dyn Notary>,
}

impl Register {
    /// Writes one receipt after the newest one.
    pub(super) fn append(
        &self,
        db: &Db,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, StoreError> {
        let before = newest(db)?;
        let receipt = self.notary.receipt(Content {
            ledger: self.ledger.to_string(),
            seq: before.map_or(1, |(seq, _)| seq + 1),
            prev: before.map(|(_, hash)| hash),
            recorded_at: now.timestamp(),
            entry,
        })?;
        db.run(
            "INSERT INTO receipt (seq, content_hash, recorded_at, request_id, body)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                number(receipt.content.seq),
                Digest(receipt.content_hash),
                At(now),
                receipt.content.entry.request_id,
                Plain(&receipt)
            ],
        )?;
        Ok(receipt)
    }

    /// Signs the head over the receipts of a group, once.
    ///
    /// The chain must still hold the head that was signed before: a tail that was cut, or a row
    /// that was changed, is not signed over.
    pub(super) fn seal(&self, db: &Db) -> Result<(), StoreError> {
        let Some((seq, content_hash, time)) = tail(db)? else { return Ok(()) };
        if let Some((sealed, hash)) = signed(db)? {
            if content_hash_at(db, sealed)? != Some(hash) {
                return Err(db.damaged("the receipts do not hold the head that was signed last"));
            }
            if sealed == seq {
                return Ok(());
            }
        }
        let (ledger, time) = (self.ledger.to_string(), time.timestamp());
        let checkpoint = self.notary.checkpoint(Head { ledger, seq, content_hash, time })?;
        db.run(
            "INSERT INTO checkpoint (only, seq, content_hash, body) VALUES (1, ?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET seq = ?1, content_hash = ?2, body = ?3",
            params![number(seq), Digest(content_hash), Json(checkpoint)],
        )
        .map(|_| ())
    }
}

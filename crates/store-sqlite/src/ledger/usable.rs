//! What may still be used, as the newest signed head counts it.

use super::{grants, receipts, requests};
use crate::column::Json;
use crate::db::Db;
use countersign_core::checkpoint::Head;
use countersign_core::encoding::Hash;
use countersign_core::receipt::Entry;
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::ledger::{LedgerError, Usable};
use rusqlite::params;

/// What is kept of it, proven by the newest head; `None` where that head counts nothing of it yet.
/// Whose head it is, the commit around this demands before it signs the next one.
pub(super) fn proven(db: &Db) -> Result<Option<Usable>, LedgerError> {
    let contradicted = |why: &str| Err(LedgerError::Contradicted(why.to_owned()));
    let Some(head) = receipts::checkpoint(db)? else { return Ok(None) };
    if receipts::newest(db)? != Some((head.head.seq, head.head.content_hash)) {
        return contradicted("its newest head names another receipt than the newest");
    }
    let Some(counted) = head.head.usable else { return Ok(None) };
    let kept = kept(db)?;
    if digest(db, &kept)? != counted {
        return contradicted("what may still be used is not what the newest head counts");
    }
    Ok(Some(kept))
}

/// Whether what is kept of it is what the newest head counts, where it counts that. A table that was
/// taken away keeps nothing.
pub(super) fn is_counted(db: &Db) -> Result<bool, StoreError> {
    let head = receipts::checkpoint(db)?;
    let Some(counted) = head.and_then(|head| head.head.usable) else { return Ok(true) };
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'usable'";
    Ok(db.number(sql, [])? > 0 && digest(db, &kept(db)?)? == counted)
}

/// What the next head counts, after receipts of these entries, which concern it. What is kept and is not what the head
/// before counts is not counted on from: no use of it is allowed any more.
pub(super) fn after(
    db: &Db,
    before: Option<&Head>,
    entries: &[Entry],
    seen: Instant,
) -> Result<Hash, StoreError> {
    let usable = match before.and_then(|head| head.usable) {
        None => of_rows(db, seen)?,
        Some(counted) if entries.is_empty() => return Ok(counted),
        Some(counted) => {
            let mut kept = kept(db)?;
            if digest(db, &kept)? != counted {
                return Ok(Hash::of(&counted.0));
            }
            entries.iter().for_each(|entry| kept.follow(entry));
            kept.forget(seen);
            kept
        }
    };
    let sql = "INSERT INTO usable (only, body) VALUES (1, ?1)
        ON CONFLICT DO UPDATE SET body = ?1";
    db.run(sql, params![Json(&usable)])?;
    digest(db, &usable)
}

fn kept(db: &Db) -> Result<Usable, StoreError> {
    let body =
        db.one("SELECT body FROM usable WHERE only = 1", [], |row| row.get::<_, Json<_>>(0))?;
    Ok(body.map(|json| json.0).unwrap_or_default())
}

fn digest(db: &Db, usable: &Usable) -> Result<Hash, StoreError> {
    usable.digest().map_err(|error| db.damaged(error))
}

/// As an earlier version left it, or before the first receipt.
fn of_rows(db: &Db, seen: Instant) -> Result<Usable, StoreError> {
    let sql = "SELECT item FROM item_claim WHERE request = ?1";
    let open = requests::open(db)?.into_iter().map(|request| {
        let items = db.all(sql, [&request.id], |row| row.get::<_, i64>(0))?;
        let items = items.into_iter().filter_map(|item| usize::try_from(item).ok()).collect();
        Ok((request, items))
    });
    let open = open.collect::<Result<Vec<_>, StoreError>>()?;
    Ok(Usable::of_rows(&open, &grants::every(db)?, seen))
}

//! Heads of enforcers' ledgers.

use crate::column::Json;
use crate::db::Db;
use countersign_core::checkpoint::Checkpoint;
use countersign_store::error::StoreError;
use countersign_store::relay::LEDGERS_REMEMBERED;
use rusqlite::params;

/// Keeps a head that is newer than the one of its ledger, and returns the newest.
pub(super) fn remember(
    db: &Db,
    enforcer: &str,
    checkpoint: Checkpoint,
) -> Result<Checkpoint, StoreError> {
    let ledger = checkpoint.head.ledger.clone();
    let seq = i64::try_from(checkpoint.head.seq).unwrap_or(i64::MAX);
    db.run(
        "INSERT INTO head (enforcer_id, ledger, seq, body) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (enforcer_id, ledger) DO UPDATE SET seq = excluded.seq, body = excluded.body
         WHERE excluded.seq > head.seq",
        params![enforcer, ledger, seq, Json(&checkpoint)],
    )?;
    db.run(
        "DELETE FROM head WHERE enforcer_id = ?1 AND id NOT IN
         (SELECT id FROM head WHERE enforcer_id = ?1 ORDER BY id DESC LIMIT ?2)",
        params![enforcer, i64::try_from(LEDGERS_REMEMBERED).unwrap_or(i64::MAX)],
    )?;
    let sql = "SELECT body FROM head WHERE enforcer_id = ?1 AND ledger = ?2";
    let newest = db.one(sql, [enforcer, ledger.as_str()], |row| row.get::<_, Json<_>>(0))?;
    newest.map(|Json(newest)| newest).ok_or_else(|| db.damaged("a head is gone"))
}

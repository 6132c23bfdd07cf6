//! Who may speak.

use crate::column::{At, Json, Word};
use crate::db::Db;
use countersign_core::keys::KeyId;
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::relay::device::{Device, Registered, Role};
use rusqlite::{Row, params};

const COLUMNS: &str = "SELECT device_id, role, keys, registered_at FROM device";

pub(super) fn by_id(db: &Db, id: &str) -> Result<Option<Device>, StoreError> {
    db.one(&format!("{COLUMNS} WHERE device_id = ?1"), [id], device)
}

pub(super) fn by_key(db: &Db, key: &KeyId) -> Result<Option<Device>, StoreError> {
    db.one(&format!("{COLUMNS} WHERE key_id = ?1"), [&key.0], device)
}

/// The device that stands in the way of `new`, or is the same one.
pub(super) fn known(db: &Db, new: &Device) -> Result<Option<Device>, StoreError> {
    match by_id(db, &new.device_id)? {
        Some(found) => Ok(Some(found)),
        None => by_key(db, &new.key_id()),
    }
}

/// Writes a device that is new; the caller holds the transaction.
pub(super) fn register(db: &Db, new: &Device) -> Result<Registered, StoreError> {
    match known(db, new)? {
        Some(found) if found.is_same(new) => return Ok(Registered::Known),
        Some(_) => return Ok(Registered::Conflict),
        None => {}
    }
    db.run(
        "INSERT INTO device (device_id, key_id, role, keys, registered_at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            new.device_id,
            new.key_id().0,
            Word(new.role),
            Json(new.keys),
            At(new.registered_at)
        ],
    )?;
    Ok(Registered::New)
}

/// Drops devices that were registered before a moment and that nothing names.
pub(super) fn forget(db: &Db, before: Instant) -> Result<(), StoreError> {
    let mut sql = "DELETE FROM device WHERE registered_at < ?1".to_owned();
    for (table, open) in [("route", " AND is_open = 1"), ("pairing", ""), ("exchange", "")] {
        for side in ["enforcer_id", "approver_id"] {
            sql += &format!(
                " AND NOT EXISTS (SELECT 1 FROM {table} WHERE {side} = device.device_id{open})"
            );
        }
    }
    db.run(&sql, [At(before)]).map(|_| ())
}

fn device(row: &Row<'_>) -> rusqlite::Result<Device> {
    Ok(Device {
        device_id: row.get(0)?,
        role: row.get::<_, Word<Role>>(1)?.0,
        keys: row.get::<_, Json<_>>(2)?.0,
        registered_at: row.get::<_, At>(3)?.0,
    })
}

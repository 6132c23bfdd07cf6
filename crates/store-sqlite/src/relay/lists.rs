//! What waits for a device, in order, page by page.

use crate::column::{At, Stamp, rows};
use crate::db::Db;
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::relay::exchange::{Delivery, InboxCursor, Request};
use rusqlite::{Row, params};

/// A page of a list: strictly after a place, at most so many.
pub(super) struct Page {
    after: Option<InboxCursor>,
    limit: usize,
}

impl Page {
    pub(super) fn new(after: Option<&InboxCursor>, limit: usize) -> Self {
        Self { after: after.cloned(), limit }
    }

    /// The place as two values that sort before everything where there is none.
    fn place(&self) -> (i64, &str) {
        self.after
            .as_ref()
            .map_or((i64::MIN, ""), |cursor| (cursor.at.0, cursor.request_id.as_str()))
    }
}

/// Pending, not dismissed and not expired, oldest first.
pub(super) fn inbox(
    db: &Db,
    approver_id: &str,
    page: &Page,
    now: Instant,
) -> Result<Vec<Request>, StoreError> {
    requests(db, "", approver_id, page, now)
}

/// Of the inbox, what the approver's device has not acknowledged.
pub(super) fn unacked(
    db: &Db,
    approver_id: &str,
    page: &Page,
    now: Instant,
) -> Result<Vec<Request>, StoreError> {
    requests(db, "AND is_acked = 0", approver_id, page, now)
}

fn requests(
    db: &Db,
    only: &str,
    approver_id: &str,
    page: &Page,
    now: Instant,
) -> Result<Vec<Request>, StoreError> {
    let (at, id) = page.place();
    db.all(
        &format!(
            "SELECT request_id, msg_id, sealed_artifact.content, received_at, expires_text,
                note.content
             FROM exchange JOIN sealed_artifact ON sealed_artifact.exchange = exchange.id
                LEFT JOIN note ON note.exchange = exchange.id
             WHERE state = 'pendingApproval' AND approver_id = ?1
                AND (received_at, request_id) > (?2, ?3)
                AND expires_at > ?4 AND is_dismissed = 0 {only}
             ORDER BY received_at, request_id LIMIT ?5"
        ),
        params![approver_id, at, id, At(now), rows(page.limit)],
        request,
    )
}

fn request(row: &Row<'_>) -> rusqlite::Result<Request> {
    Ok(Request {
        request_id: row.get(0)?,
        msg_id: row.get(1)?,
        content: row.get(2)?,
        received_at: row.get::<_, At>(3)?.0,
        expires_at: row.get::<_, Stamp>(4)?.0,
        note: row.get(5)?,
    })
}

/// Decisions that their enforcer has not acknowledged, oldest first.
pub(super) fn undelivered(
    db: &Db,
    enforcer_id: &str,
    page: &Page,
) -> Result<Vec<Delivery>, StoreError> {
    let (at, id) = page.place();
    db.all(
        "SELECT request_id, answer_id, content, decided_at, expires_text
         FROM exchange JOIN sealed_answer ON sealed_answer.exchange = exchange.id
         WHERE state = 'decided' AND enforcer_id = ?1
            AND (decided_at, request_id) > (?2, ?3)
         ORDER BY decided_at, request_id LIMIT ?4",
        params![enforcer_id, at, id, rows(page.limit)],
        delivery,
    )
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        request_id: row.get(0)?,
        msg_id: row.get(1)?,
        content: row.get(2)?,
        decided_at: row.get::<_, At>(3)?.0,
        expires_at: row.get::<_, Stamp>(4)?.0,
    })
}

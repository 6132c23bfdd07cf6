//! What waits for an approver.

use crate::caller::{Approver, Ask, Caller, Segment};
use crate::gateway::Gateway;
use crate::message;
use crate::reply::{ApiError, empty, json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use countersign_core::time::Instant;
use countersign_store::relay::exchange::{InboxCursor, Request};
use countersign_wire::envelope::{Body as _, Envelope, NO_REQUEST, Sender};
use countersign_wire::exchange::InboxPage;
use countersign_wire::limit;
use serde::Deserialize;
use std::sync::Arc;

/// Items on a page where the caller does not say.
const DEFAULT_LIMIT: usize = 50;

/// The most items on a page.
const MAX_LIMIT: usize = 200;

/// Items that are read from the store at a time, so that huge ones never stand in memory by the
/// hundred.
const STRIDE: usize = 16;

/// Where a page starts and how long it is.
#[derive(Deserialize)]
pub(crate) struct PageAsk {
    cursor: Option<String>,
    limit: Option<usize>,
}

/// `GET /v1/approvers/{id}/inbox`
pub(crate) async fn page(
    State(gateway): State<Arc<Gateway>>,
    Approver(caller): Approver,
    Segment(id): Segment,
    Ask(ask): Ask<PageAsk>,
) -> Result<Response, ApiError> {
    check_own(&caller, &id)?;
    let cursor = ask.cursor.filter(|c| !c.is_empty()).map(|c| read_cursor(&c)).transpose()?;
    let limit = ask.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    let (requests, has_more) = collect(&gateway, &id, cursor, limit).await?;
    let next_cursor = requests.last().filter(|_| has_more).map(write_cursor);
    let envelope = |request| message::approval_request(&gateway, &id, request);
    let items = requests.into_iter().map(envelope).collect::<Result<_, _>>()?;
    let sender = Sender::gateway(&gateway.config.gateway_id);
    json(
        StatusCode::OK,
        &Envelope {
            msg_id: None,
            msg_type: InboxPage::MSG_TYPE.to_owned(),
            request_id: NO_REQUEST.to_owned(),
            created_at: gateway.now().timestamp(),
            expires_at: None,
            sender,
            recipient: None,
            trace: None,
            body: InboxPage { items, next_cursor },
        },
    )
}

/// Reads until the page is full, by count or by bytes; at least one item where there is one.
async fn collect(
    gateway: &Gateway,
    approver_id: &str,
    mut cursor: Option<InboxCursor>,
    limit: usize,
) -> Result<(Vec<Request>, bool), ApiError> {
    let (mut page, mut size) = (Vec::new(), 0);
    loop {
        let now = gateway.now();
        let more = gateway.store.inbox(approver_id, cursor.as_ref(), STRIDE, now).await?;
        let is_last = more.len() < STRIDE;
        for request in more {
            if page.len() >= limit || size >= limit::PAGE {
                return Ok((page, true));
            }
            size += request.content.len() + request.note.as_ref().map_or(0, String::len);
            cursor = Some(request.cursor());
            page.push(request);
        }
        if is_last {
            return Ok((page, false));
        }
    }
}

/// A place in the inbox, as opaque text.
fn write_cursor(request: &Request) -> String {
    format!("{}.{}", request.received_at.0, request.request_id)
}

fn read_cursor(text: &str) -> Result<InboxCursor, ApiError> {
    let refuse = || ApiError::invalid("`cursor` is not one of ours");
    let (at, request_id) = text.split_once('.').ok_or_else(refuse)?;
    let at = Instant(at.parse().map_err(|_| refuse())?);
    Ok(InboxCursor { at, request_id: request_id.to_owned() })
}

/// `DELETE /v1/approvers/{id}/inbox/{requestId}`
pub(crate) async fn dismiss(
    State(gateway): State<Arc<Gateway>>,
    Approver(caller): Approver,
    Segment((id, request_id)): Segment<(String, String)>,
) -> Result<Response, ApiError> {
    check_own(&caller, &id)?;
    if gateway.store.dismiss(&id, &request_id).await? {
        return Ok(empty());
    }
    Err(ApiError::not_found())
}

/// Another's inbox is no inbox.
fn check_own(caller: &Caller, id: &str) -> Result<(), ApiError> {
    if caller.device_id() == id { Ok(()) } else { Err(ApiError::not_found()) }
}

//! Live channels: first everything that was not acknowledged, then what comes.
//!
//! Two ways lead a message to a device: [`socket`] over WebSocket, on which it acknowledges as well,
//! and [`stream`] over server-sent events. What both promise stands here.

mod socket;
mod stream;

pub(crate) use socket::open;
pub(crate) use stream::{to_approver, to_enforcer};

use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::hub::{Channel, Event};
use crate::message::{self, Frame};
use crate::reply::ApiError;
use countersign_store::relay::device::Role;
use countersign_wire::ErrorCode;
use std::future::Future;

/// Messages that are read from the store at a time.
const STRIDE: usize = 16;

/// Something to send messages on, one after the other.
trait Line: Send {
    /// Sends one; who does not take it in time is too slow.
    fn send(&mut self, frame: Frame) -> impl Future<Output = Result<(), End>> + Send;
}

/// How a channel ends.
enum End {
    /// The other side is gone, or said goodbye.
    Gone,
    /// It said something that is not said here, or may not be here any more.
    Refused(ApiError),
    /// It reads slower than messages come; everything waits in the store.
    TooSlow,
    /// The gateway closes.
    Closing,
}

impl From<ApiError> for End {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

/// Opens a channel. It is open before the store is asked: what comes in between is queued, perhaps
/// sent twice.
///
/// An approver's device whose pairings were all ended is told so, and waits for nothing.
async fn join<'a>(gateway: &'a Gateway, caller: &Caller) -> Result<Channel<'a>, ApiError> {
    let full = || ApiError::too_many("too many channels of this device", 60);
    let channel = gateway.hub.open(caller.role(), caller.device_id()).ok_or_else(full)?;
    let asked = match caller.role() {
        Role::Approver => gateway.store.may_be_asked(caller.device_id(), gateway.now()).await?,
        Role::Enforcer => true,
    };
    if asked { Ok(channel) } else { Err(revoked()) }
}

fn revoked() -> ApiError {
    ApiError::of(ErrorCode::Revoked, "every pairing of this device was ended")
}

/// The next message for the device.
fn pushed(event: Option<Event>) -> Result<Frame, End> {
    match event {
        Some(Event::Frame(frame)) => Ok(frame),
        Some(Event::Replaced) => {
            let text = "a newer channel of this enforcer took over";
            Err(ApiError::of(ErrorCode::ChannelReplaced, text).into())
        }
        Some(Event::Revoked) => Err(revoked().into()),
        None => Err(End::TooSlow),
    }
}

/// Sends what was not acknowledged.
async fn redeliver(gateway: &Gateway, caller: &Caller, line: &mut impl Line) -> Result<(), End> {
    match caller.role() {
        Role::Enforcer => decisions(gateway, caller.device_id(), line).await,
        Role::Approver => requests(gateway, caller.device_id(), line).await,
    }
}

async fn decisions(gateway: &Gateway, id: &str, line: &mut impl Line) -> Result<(), End> {
    let mut cursor = None;
    loop {
        let page = gateway.store.undelivered(id, cursor.as_ref(), STRIDE).await;
        let page = page.map_err(ApiError::from)?;
        for delivery in &page {
            line.send(message::decision_deliver(gateway, id, delivery)?).await?;
        }
        cursor = page.last().map(|delivery| delivery.cursor());
        if page.len() < STRIDE {
            return Ok(());
        }
    }
}

async fn requests(gateway: &Gateway, id: &str, line: &mut impl Line) -> Result<(), End> {
    let mut cursor = None;
    loop {
        let now = gateway.now();
        let page = gateway.store.unacked_requests(id, cursor.as_ref(), STRIDE, now).await;
        let page = page.map_err(ApiError::from)?;
        cursor = page.last().map(|request| request.cursor());
        let is_last = page.len() < STRIDE;
        for request in page {
            let envelope = message::approval_request(gateway, id, request)?;
            line.send(message::frame(&envelope)?).await?;
        }
        if is_last {
            return Ok(());
        }
    }
}

//! Wakes those who wait, so that nothing polls.
//!
//! It holds no message that the store does not hold: whoever is not there, or too slow, finds
//! everything in the store when it comes back.

mod channels;
mod waits;

pub(crate) use channels::{Channel, Event};
pub(crate) use waits::{Wait, Wake};

use crate::config::Limits;
use crate::message::Frame;
use channels::Channels;
use countersign_store::relay::device::Role;
use countersign_store::relay::exchange::Ended;
use tokio::sync::watch;
use waits::Waits;

/// The long polls and live channels of this process.
pub(crate) struct Hub {
    waits: Waits,
    channels: Channels,
    closing: watch::Sender<bool>,
}

impl Hub {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            waits: Waits::new(limits.waits),
            channels: Channels::new(limits.channels, limits.connections, limits.queue),
            closing: watch::Sender::new(false),
        }
    }

    /// Joins the long polls of one exchange; `None` where the device has too many.
    pub(crate) fn wait(&self, enforcer_id: &str, request_id: &str) -> Option<Wait<'_>> {
        self.waits.join(enforcer_id, request_id)
    }

    /// Opens a live channel; `None` where the device has too many.
    pub(crate) fn open(&self, role: Role, device_id: &str) -> Option<Channel<'_>> {
        self.channels.open(role, device_id)
    }

    /// Sends a request to an approver's channels.
    pub(crate) fn push_to_approver(&self, approver_id: &str, frame: &Frame) {
        self.channels.push(Role::Approver, approver_id, frame);
    }

    /// Hands a decision to whoever waits for it.
    pub(crate) fn deliver(&self, enforcer_id: &str, request_id: &str, frame: &Frame) {
        self.waits.wake(enforcer_id, request_id, &Wake::Decision(frame.clone()));
        self.channels.push(Role::Enforcer, enforcer_id, frame);
    }

    /// Tells whoever waits that there will be no decision.
    pub(crate) fn end(&self, ended: &Ended) {
        self.waits.wake(&ended.enforcer_id, &ended.request_id, &Wake::Over);
    }

    /// Ends the channels of an approver's device that nobody may ask any more.
    pub(crate) fn cut(&self, approver_id: &str) {
        self.channels.cut(approver_id);
    }

    /// Sends everyone home.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Ends when the gateway closes.
    pub(crate) async fn closed(&self) {
        let mut closing = self.closing.subscribe();
        // An error means that the hub is gone, which is closed too.
        let _ = closing.wait_for(|closing| *closing).await;
    }
}

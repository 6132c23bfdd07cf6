//! Live channels: a queue of frames for each.

use crate::message::Frame;
use countersign_store::relay::device::Role;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

/// What a frame costs beside its bytes.
const OVERHEAD: usize = 256;

pub(super) struct Channels {
    /// Of one approver's device.
    max: usize,
    /// Of all devices.
    max_all: usize,
    max_queue: usize,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    next: u64,
    count: usize,
    open: HashMap<(Role, String), Vec<Handle>>,
}

/// The sending end of one channel.
struct Handle {
    id: u64,
    events: mpsc::UnboundedSender<Event>,
    queued: Arc<AtomicUsize>,
}

/// What happens to a channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// Send this.
    Frame(Frame),
    /// A newer channel of the same enforcer took over.
    Replaced,
    /// Nobody may ask this approver's device any more.
    Revoked,
}

/// The receiving end. Dropping it closes the channel.
pub(crate) struct Channel<'a> {
    channels: &'a Channels,
    key: (Role, String),
    id: u64,
    events: mpsc::UnboundedReceiver<Event>,
    queued: Arc<AtomicUsize>,
}

impl Channel<'_> {
    /// The next event; `None` where the reader was too slow and the channel was closed.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        let event = self.events.recv().await;
        if let Some(Event::Frame(frame)) = &event {
            self.queued.fetch_sub(frame.len() + OVERHEAD, Ordering::Relaxed);
        }
        event
    }
}

impl Drop for Channel<'_> {
    fn drop(&mut self) {
        let mut table = self.channels.table();
        table.count = table.count.saturating_sub(1);
        if let Some(handles) = table.open.get_mut(&self.key) {
            handles.retain(|handle| handle.id != self.id);
            if handles.is_empty() {
                table.open.remove(&self.key);
            }
        }
    }
}

impl Handle {
    /// Queues a frame; `false` where the reader is gone or too far behind.
    fn push(&self, frame: &Frame, max_queue: usize) -> bool {
        let cost = frame.len() + OVERHEAD;
        let before = self.queued.fetch_add(cost, Ordering::Relaxed);
        let fits = before == 0 || before.saturating_add(cost) <= max_queue;
        fits && self.events.send(Event::Frame(frame.clone())).is_ok()
    }
}

impl Channels {
    pub(super) fn new(max: usize, max_all: usize, max_queue: usize) -> Self {
        Self { max, max_all, max_queue, table: Mutex::default() }
    }

    /// Opens a channel. An enforcer's newest replaces the others; an approver may have several.
    pub(super) fn open(&self, role: Role, device_id: &str) -> Option<Channel<'_>> {
        let key = (role, device_id.to_owned());
        let (sender, events) = mpsc::unbounded_channel();
        let queued = Arc::new(AtomicUsize::new(0));
        let mut table = self.table();
        if table.count >= self.max_all {
            return None;
        }
        table.next += 1;
        let id = table.next;
        let handles = table.open.entry(key.clone()).or_default();
        match role {
            Role::Enforcer => handles.drain(..).for_each(|old| {
                // One that is gone needs no farewell.
                let _ = old.events.send(Event::Replaced);
            }),
            Role::Approver if handles.len() >= self.max => return None,
            Role::Approver => {}
        }
        handles.push(Handle { id, events: sender, queued: Arc::clone(&queued) });
        table.count += 1;
        drop(table);
        Some(Channel { channels: self, key, id, events, queued })
    }

    pub(super) fn push(&self, role: Role, device_id: &str, frame: &Frame) {
        let mut table = self.table();
        if let Some(handles) = table.open.get_mut(&(role, device_id.to_owned())) {
            handles.retain(|handle| handle.push(frame, self.max_queue));
        }
    }

    /// Ends an approver's channels.
    pub(super) fn cut(&self, device_id: &str) {
        let table = self.table();
        let own = table.open.get(&(Role::Approver, device_id.to_owned()));
        own.into_iter().flatten().for_each(|handle| {
            // One that is gone needs no farewell.
            let _ = handle.events.send(Event::Revoked);
        });
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(len: usize) -> Frame {
        Frame::from(vec![b' '; len])
    }

    #[tokio::test]
    async fn the_newest_channel_of_an_enforcer_wins() {
        let channels = Channels::new(9, 99, 9_999);
        let mut old = channels.open(Role::Enforcer, "e").unwrap();
        let mut new = channels.open(Role::Enforcer, "e").unwrap();
        channels.push(Role::Enforcer, "e", &frame(1));
        assert_eq!(old.next().await, Some(Event::Replaced));
        assert_eq!(old.next().await, None);
        drop(old);
        assert_eq!(new.next().await, Some(Event::Frame(frame(1))));
        channels.push(Role::Enforcer, "e", &frame(2));
        assert_eq!(
            new.next().await,
            Some(Event::Frame(frame(2))),
            "the old one took nothing along"
        );
    }

    #[tokio::test]
    async fn every_channel_of_an_approver_hears() {
        let channels = Channels::new(2, 3, 9_999);
        let mut all = [
            channels.open(Role::Approver, "a").unwrap(),
            channels.open(Role::Approver, "a").unwrap(),
        ];
        assert!(channels.open(Role::Approver, "a").is_none(), "no more than allowed");
        let other = channels.open(Role::Approver, "b");
        assert!(other.is_some(), "others have their own");
        assert!(channels.open(Role::Approver, "c").is_none(), "no more than allowed together");
        channels.push(Role::Approver, "a", &frame(1));
        channels.push(Role::Enforcer, "a", &frame(2));
        for channel in &mut all {
            assert_eq!(channel.next().await, Some(Event::Frame(frame(1))));
            assert!(channel.events.try_recv().is_err());
        }
        drop((all, other));
        let table = channels.table();
        assert!(table.open.is_empty() && table.count == 0);
    }

    #[tokio::test]
    async fn attack_26_a_slow_reader_is_let_go() {
        let channels = Channels::new(9, 99, 3 * (100 + OVERHEAD));
        let mut slow = channels.open(Role::Approver, "a").unwrap();
        for _ in 0..3 {
            channels.push(Role::Approver, "a", &frame(100));
        }
        assert!(slow.next().await.is_some());
        channels.push(Role::Approver, "a", &frame(100));
        channels.push(Role::Approver, "a", &frame(100));
        for _ in 0..3 {
            assert!(slow.next().await.is_some());
        }
        assert_eq!(slow.next().await, None, "the fifth did not fit");
    }

    #[tokio::test]
    async fn one_frame_always_fits() {
        let channels = Channels::new(9, 99, 10);
        let mut channel = channels.open(Role::Approver, "a").unwrap();
        channels.push(Role::Approver, "a", &frame(1_000));
        assert_eq!(channel.next().await, Some(Event::Frame(frame(1_000))));
    }
}

//! Long polls: a place in the line of one exchange.

use crate::message::Frame;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The exchange that a long poll waits for: the enforcer's device id and the request id.
type Key = (String, String);

pub(super) struct Waits {
    max: usize,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    next: u64,
    lines: HashMap<Key, Vec<(u64, oneshot::Sender<Wake>)>>,
    by_device: HashMap<String, usize>,
}

/// Why a long poll ends early.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Wake {
    /// Here is the decision.
    Decision(Frame),
    /// There will be none.
    Over,
}

/// A place in the line. Dropping it leaves the line.
pub(crate) struct Wait<'a> {
    waits: &'a Waits,
    key: Key,
    id: u64,
    woken: oneshot::Receiver<Wake>,
}

impl Wait<'_> {
    /// Waits for a wake that came after the place was taken.
    pub(crate) async fn woken(&mut self) -> Wake {
        // A sender that is dropped unused says nothing: look into the store.
        (&mut self.woken).await.unwrap_or(Wake::Over)
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.waits.leave(&self.key, self.id);
    }
}

impl Waits {
    pub(super) fn new(max: usize) -> Self {
        Self { max, table: Mutex::default() }
    }

    pub(super) fn join(&self, enforcer_id: &str, request_id: &str) -> Option<Wait<'_>> {
        let key = (enforcer_id.to_owned(), request_id.to_owned());
        let (sender, woken) = oneshot::channel();
        let mut table = self.table();
        let count = table.by_device.entry(key.0.clone()).or_default();
        if *count >= self.max {
            return None;
        }
        *count += 1;
        table.next += 1;
        let id = table.next;
        table.lines.entry(key.clone()).or_default().push((id, sender));
        Some(Wait { waits: self, key, id, woken })
    }

    pub(super) fn wake(&self, enforcer_id: &str, request_id: &str, wake: &Wake) {
        let line = self.table().lines.remove(&(enforcer_id.to_owned(), request_id.to_owned()));
        for (_, sender) in line.unwrap_or_default() {
            // Whoever left in the meantime needs no waking.
            let _ = sender.send(wake.clone());
        }
    }

    fn leave(&self, key: &Key, id: u64) {
        let mut table = self.table();
        if let Some(line) = table.lines.get_mut(key) {
            line.retain(|(other, _)| *other != id);
            if line.is_empty() {
                table.lines.remove(key);
            }
        }
        if let Some(count) = table.by_device.get_mut(&key.0) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                table.by_device.remove(&key.0);
            }
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everyone_in_line_is_woken_and_nothing_stays() {
        let waits = Waits::new(9);
        let mut line = [waits.join("e", "r").unwrap(), waits.join("e", "r").unwrap()];
        let mut other = waits.join("e", "s").unwrap();
        let decision = Wake::Decision(Frame::from_static(b"{}"));
        waits.wake("e", "r", &decision);
        for wait in &mut line {
            assert_eq!(wait.woken().await, decision);
        }
        waits.wake("f", "s", &Wake::Over);
        assert!(other.woken.try_recv().is_err(), "another enforcer's line");
        drop((line, other));
        let table = waits.table();
        assert!(table.lines.is_empty() && table.by_device.is_empty());
    }

    #[tokio::test]
    async fn attack_26_a_device_waits_only_so_often() {
        let waits = Waits::new(1);
        let first = waits.join("e", "r");
        assert!(waits.join("e", "s").is_none());
        assert!(waits.join("f", "s").is_some(), "others have their own");
        drop(first);
        assert!(waits.join("e", "s").is_some());
    }
}

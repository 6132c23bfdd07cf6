//! A gateway that is away is told of once, and then rarely: whoever waits needs no line for each try.

use super::{Progress, Report};
use crate::edge::Edge;
use countersign_core::time::Instant;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How long the same is not told again.
const AGAIN_MILLIS: i64 = 60_000;

/// Reports what happens, and the same trouble not more than once a minute.
pub(super) struct Rarely<'a> {
    report: Report<'a>,
    edge: &'a Edge,
    told: Mutex<BTreeMap<String, Instant>>,
}

impl<'a> Rarely<'a> {
    pub(super) fn new(report: Report<'a>, edge: &'a Edge) -> Self {
        Self { report, edge, told: Mutex::default() }
    }

    pub(super) fn tell(&self, progress: Progress) {
        match &progress {
            Progress::Unreachable(why) if !self.is_due(why, self.edge.now()) => {}
            _ => (self.report)(progress),
        }
    }

    fn is_due(&self, why: &str, now: Instant) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let due = told.get(why).is_none_or(|last| now >= last.plus_millis(AGAIN_MILLIS));
        if due {
            told.insert(why.to_owned(), now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_trouble_is_told_once_a_minute_and_another_at_once() {
        let edge = Edge::system();
        let nothing = |_| {};
        let rarely = Rarely::new(&nothing, &edge);
        let due = |why, at| rarely.is_due(why, Instant(at));
        assert!(due("one is away", 0));
        assert!(!due("one is away", 1_000));
        assert!(due("two is away", 1_000));
        assert!(!due("one is away", 59_999));
        assert!(due("one is away", 60_000));
        assert!(!due("one is away", 60_001));
    }
}

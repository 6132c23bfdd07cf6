//! What a ledger keeps of its requests beside the receipts, compared with what they say.

use super::fate::{Fate, Key};
use super::{Course, Round};
use std::collections::HashSet;

/// The names of requests, added up: the same in any order.
#[must_use]
pub fn sum<'a>(requests: impl IntoIterator<Item = &'a str>) -> u128 {
    requests.into_iter().fold(0, |sum, name| sum.wrapping_add(Key::of(name).number()))
}

impl Course {
    /// Why a request may not be used any more, as receipts say.
    #[must_use]
    pub fn is_over(&self, request: &str) -> Option<&'static str> {
        match self.requests.get(&Key::of(request))? {
            Fate::Ended(_) => Some("it ended"),
            Fate::Used { .. } | Fate::Runs => Some("it was used"),
            Fate::Items(batch) if batch.has_ended() => Some("it ended"),
            // Which of its items are left is for the artifact to say.
            Fate::Items(_) | Fate::Asked(_) => None,
        }
    }

    /// What is kept of a request that waits, and is not what receipts say of it: with which
    /// artifacts people are asked, and whether they allowed it.
    #[must_use]
    pub fn differs(&self, request: &str, round: Round, approved: bool) -> Option<String> {
        if let Some(why) = self.is_over(request) {
            return Some(format!("waits to be used, and receipts say that {why}"));
        }
        let (named, said) = match self.requests.get(&Key::of(request)) {
            Some(Fate::Asked(asked)) => (asked.names_now(round), asked.approved),
            Some(Fate::Items(batch)) => (batch.names(round), true),
            // It was asked about in a receipt that is not there.
            _ if self.partial => return None,
            _ => return Some("waits, and no receipt says that anybody was asked".to_owned()),
        };
        if !named {
            return Some("is kept with other artifacts or grounds than receipts name".to_owned());
        }
        match (said, approved) {
            (false, true) => Some("counts as approved, and no receipt says so".to_owned()),
            (true, false) => {
                Some("waits for answers, and receipts say that it was approved".into())
            }
            _ => None,
        }
    }

    /// The receipt in which a request was asked about that receipts leave waiting, and that is not
    /// among those which wait.
    #[must_use]
    pub fn gone<'a>(&self, waiting: impl IntoIterator<Item = &'a str>) -> Option<u64> {
        let waiting: HashSet<Key> = waiting.into_iter().map(Key::of).collect();
        let gone = self.requests.iter().filter_map(|(key, fate)| match fate {
            Fate::Asked(asked) if !waiting.contains(key) => Some(asked.since),
            _ => None,
        });
        gone.min()
    }

    /// Whether what came of a request that was let go is still to be told, as receipts say.
    #[must_use]
    pub fn is_told(&self, request: &str) -> bool {
        match self.requests.get(&Key::of(request)) {
            Some(Fate::Runs | Fate::Used { told: false }) => false,
            Some(Fate::Items(batch)) => batch.is_told(),
            Some(Fate::Used { told: true } | Fate::Asked(_) | Fate::Ended(_)) => true,
            None => !self.partial,
        }
    }

    /// The [`sum`] of the requests that people denied, or that were taken back.
    #[must_use]
    pub fn denied(&self) -> u128 {
        self.denied
    }
}

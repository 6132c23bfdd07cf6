//! What an action does, in one word, and which words are dangerous.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What an action does: a coarse verb, or one refined by dots (`payment.refund`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct Verb(Cow<'static, str>);

/// The coarse verbs, from least to most dangerous.
pub const COARSE: [&str; 12] = [
    "file_read",
    "llm_call",
    "tool_call",
    "http_request",
    "file_write",
    "patch",
    "shell_exec",
    "checkpoint",
    "data_export",
    "account_change",
    "payment",
    "delete",
];

/// The four lanes that never run without a person or a grant that one signed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Data leaves.
    DataExport,
    /// Who may do what changes.
    AccountChange,
    /// Money moves.
    Payment,
    /// Something is gone afterwards.
    Delete,
}

impl Verb {
    /// A verb, if it begins with a coarse one and its refinements are words of `a-z0-9_`.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let word = |part: &str| {
            let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            !part.is_empty() && part.bytes().all(letter)
        };
        let known = COARSE.contains(&text.split('.').next().unwrap_or_default());
        (known && text.len() <= 64 && text.split('.').all(word))
            .then(|| Self(Cow::Owned(text.to_owned())))
    }

    /// A verb of ours. A test holds that [`Verb::new`] would take it.
    pub(crate) const fn fixed(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// The whole verb.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the first dot.
    #[must_use]
    pub fn coarse(&self) -> &str {
        self.0.split('.').next().unwrap_or_default()
    }

    /// Whether this verb, as a rule writes it, speaks of `other`: the same, or a refinement of it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let rest = other.0.strip_prefix(self.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// The dangerous lane it is in.
    #[must_use]
    pub fn lane(&self) -> Option<Lane> {
        match self.coarse() {
            "data_export" => Some(Lane::DataExport),
            "account_change" => Some(Lane::AccountChange),
            "payment" => Some(Lane::Payment),
            "delete" => Some(Lane::Delete),
            _ => None,
        }
    }

    /// Its place among the coarse verbs; higher is more dangerous.
    #[must_use]
    pub fn weight(&self) -> usize {
        COARSE.iter().position(|coarse| *coarse == self.coarse()).unwrap_or(COARSE.len())
    }
}

impl std::fmt::Display for Verb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Lane {
    /// The coarse verb of the lane.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DataExport => "data_export",
            Self::AccountChange => "account_change",
            Self::Payment => "payment",
            Self::Delete => "delete",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refinement_is_covered_by_its_verb_and_not_the_other_way_round() {
        let (payment, refund) = (Verb::fixed("payment"), Verb::fixed("payment.refund"));
        assert!(payment.covers(&refund) && payment.covers(&payment));
        assert!(!refund.covers(&payment));
        assert!(!Verb::fixed("file_read").covers(&Verb::fixed("file_reader")));
    }

    #[test]
    fn a_verb_begins_with_a_coarse_one() {
        for bad in ["", "pay", "payment.", ".payment", "Payment", "payment refund", "payment..a"] {
            assert!(Verb::new(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn every_lane_is_a_coarse_verb() {
        for lane in [Lane::DataExport, Lane::AccountChange, Lane::Payment, Lane::Delete] {
            assert_eq!(Verb::new(lane.name()).unwrap().lane(), Some(lane));
        }
    }
}

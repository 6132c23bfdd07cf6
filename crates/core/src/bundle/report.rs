//! What a check of a bundle found, and what it could not look at.

use super::line::{Cover, Range};
use crate::receipt::Level;
use crate::receipt::check::Verdict;
use crate::time::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// No report names more problems than this; the others are counted.
const MOST: usize = 100;

/// The verdict over a bundle.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// `Valid`, else the name of the first problem.
    pub verdict: String,
    /// The ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger: Option<String>,
    /// The receipts that it says are inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// From when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// How many receipts of the range were read.
    pub receipts: u64,
    /// How many of them hold, by the level that was worked out.
    pub levels: BTreeMap<String, u64>,
    /// How many of them hold, by what happened.
    pub events: BTreeMap<String, u64>,
    /// What is wrong, in the order of the file; at most 100.
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub more: u64,
    /// Where the keys that the home pinned differ from those of the trust store; in words.
    pub differences: Vec<String>,
    /// What was checked, in words.
    pub checked: Vec<String>,
    /// What was not, and why, in words.
    pub not_checked: Vec<String>,
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// The line, from 1; 0 is the file as a whole.
    pub line: u64,
    /// The number of the receipt that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<u64>,
    /// What it is.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// More about it, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub because: String,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.problems.is_empty()
    }

    /// What every implementation says alike: without the words in which it says what it could not
    /// read.
    #[must_use]
    pub fn alike(mut self) -> Self {
        let unread =
            |p: &&mut Problem| matches!(p.verdict, Verdict::Malformed | Verdict::Unsupported);
        self.problems.iter_mut().filter(unread).for_each(|problem| problem.because.clear());
        self
    }

    pub(super) fn empty() -> Self {
        Self {
            verdict: String::new(),
            ledger: None,
            range: None,
            since: None,
            until: None,
            receipts: 0,
            levels: BTreeMap::new(),
            events: BTreeMap::new(),
            problems: Vec::new(),
            more: 0,
            differences: Vec::new(),
            checked: Vec::new(),
            not_checked: Vec::new(),
        }
    }

    pub(super) fn covers(&mut self, cover: &Cover) {
        self.ledger = Some(cover.ledger.clone());
        (self.range, self.since, self.until) =
            (cover.range, cover.since.clone(), cover.until.clone());
    }

    pub(super) fn holds(&mut self, level: Level, event: String) {
        *self.levels.entry(format!("{level:?}")).or_default() += 1;
        *self.events.entry(event).or_default() += 1;
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        if self.problems.len() < MOST {
            self.problems.push(problem);
        } else {
            self.more += 1;
        }
    }

    /// Names the verdict after the first problem.
    pub(super) fn named(mut self) -> Self {
        let first = self.problems.first().and_then(|p| serde_json::to_value(&p.verdict).ok());
        let name = first.as_ref().and_then(|v| v.get("verdict")).and_then(|v| v.as_str());
        self.verdict = match (name, self.problems.is_empty()) {
            (Some(name), _) => name.to_owned(),
            (None, true) => "Valid".to_owned(),
            (None, false) => "Malformed".to_owned(),
        };
        self
    }
}

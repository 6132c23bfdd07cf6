//! What a check found.

use countersign_core::encoding::Hash;
use countersign_core::receipt::Level;
use countersign_core::receipt::check::Verdict;
use serde::Serialize;
use std::collections::BTreeMap;

/// The first thing that does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broken {
    /// The number under which it is stored, where it is one receipt.
    pub at: Option<i64>,
    /// What it is.
    pub verdict: Verdict,
    /// The same in words.
    pub because: String,
}

impl Broken {
    pub(super) fn new(at: Option<i64>, verdict: Verdict, because: impl Into<String>) -> Self {
        Self { at, verdict, because: because.into() }
    }
}

/// A head that was compared with the ledger.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Witnessed {
    /// Who remembers it.
    pub who: String,
    /// The receipt that it names.
    pub seq: u64,
    /// Whether the ledger holds it.
    pub holds: bool,
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// The ledger, as its receipts call it.
    pub ledger: String,
    /// Receipts that hold.
    pub receipts: u64,
    /// How many of them reach which level.
    pub levels: BTreeMap<Level, u64>,
    /// The newest of them.
    pub newest: Option<(u64, Hash)>,
    /// Heads that were compared.
    pub witnesses: Vec<Witnessed>,
    /// Segments that were checked.
    pub segments: u64,
    /// The last receipt of those that were dropped by rule.
    pub dropped: Option<u64>,
    /// What was not looked at, and why.
    pub not_checked: Vec<String>,
    /// What does not hold; none where all does.
    pub broken: Option<Broken>,
}

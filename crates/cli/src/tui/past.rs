//! What this device was asked and answered: the list behind the inbox, and its search.

use super::input::Input;
use crate::commands::history::word;
use countersign_approver::history::Past;
use countersign_approver::{Review, Verdict};
use countersign_core::display::visible;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One request of the past.
#[derive(Clone, Debug)]
pub(super) struct PastRow {
    pub(super) request: String,
    pub(super) pairing: String,
    /// When it was answered, or else first shown.
    pub(super) when: String,
    pub(super) word: &'static str,
    pub(super) verdict: Option<Verdict>,
    /// The reason that was given, safe to show.
    pub(super) reason: Option<String>,
    pub(super) review: Arc<Review>,
}

impl PastRow {
    /// A record, where it says what was shown.
    pub(super) fn of(past: Past) -> Option<Self> {
        let word = word(&past);
        let Past { request_id, asked, answered } = past;
        let request = visible(&request_id, false);
        if let Some(answered) = answered {
            let reason = answered.signed.answer.reason.as_ref();
            return Some(Self {
                request,
                pairing: answered.pairing.to_string(),
                when: answered.answered_at.to_string(),
                word,
                verdict: Some(answered.signed.verdict()),
                reason: reason.map(|reason| visible(&reason.text, false)),
                review: Arc::new(answered.review),
            });
        }
        let asked = asked?;
        let (pairing, when) = (asked.pairing.to_string(), asked.seen_at.to_string());
        let review = Arc::new(asked.review);
        Some(Self { request, pairing, when, word, verdict: None, reason: None, review })
    }

    fn contains(&self, words: &str) -> bool {
        if words.trim().is_empty() {
            return true;
        }
        let reason = self.reason.as_deref().unwrap_or_default();
        let all =
            [&self.request, &self.pairing, self.word, &self.when, reason, &self.review.headline];
        let text = all.join("\n").to_lowercase();
        words.split_whitespace().all(|word| text.contains(&word.to_lowercase()))
    }
}

/// The calls that were denied, with the requests that asked for them.
pub(super) fn denials(rows: &[PastRow]) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.verdict == Some(Verdict::Deny)) {
        let call = row.review.action_hash.to_string();
        found.entry(call).or_default().push(row.review.request_id.clone());
    }
    found
}

/// The list, newest first, and what is looked for in it.
#[derive(Clone, Default, Debug)]
pub(super) struct Browsing {
    rows: Vec<PastRow>,
    /// Why it could not be read.
    pub(super) damage: Option<String>,
    pub(super) search: Input,
    pub(super) is_searching: bool,
    cursor: usize,
}

impl Browsing {
    /// Takes records in place of those before.
    pub(super) fn load(&mut self, mut rows: Vec<PastRow>) {
        rows.sort_by(|a, b| (&b.when, &b.request).cmp(&(&a.when, &a.request)));
        (self.rows, self.damage) = (rows, None);
        self.step(0);
    }

    /// What fits what is looked for.
    pub(super) fn found(&self) -> Vec<&PastRow> {
        let words = self.search.text();
        self.rows.iter().filter(|row| row.contains(words)).collect()
    }

    pub(super) fn all(&self) -> &[PastRow] {
        &self.rows
    }

    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(super) fn chosen(&self) -> Option<&PastRow> {
        self.found().get(self.cursor).copied()
    }

    /// Moves the cursor by so many rows.
    pub(super) fn step(&mut self, by: isize) {
        let last = self.found().len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
    }
}

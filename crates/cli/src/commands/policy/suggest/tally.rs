//! How often each call was answered, and how.

use crate::failure::Failure;
use countersign_core::artifact::Risk;
use countersign_core::encoding::Hash;
use countersign_core::json;
use countersign_core::receipt::{Event, Receipt};
use countersign_core::time::{Instant, Timestamp};
use countersign_policy::verb::Verb;
use countersign_store::ledger::read::{Receipts, persons};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Receipts that are read together.
const PAGE: usize = 256;

/// How a call was answered, every time.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answers {
    pub(super) approved: usize,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    /// Who.
    pub(super) by: Vec<String>,
    /// Half of the answers came within so many milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) median_millis: Option<i64>,
}

/// What is known of one call so far.
struct Call {
    payload: Map<String, Value>,
    approved: Vec<Instant>,
    by: BTreeSet<String>,
    took: Vec<i64>,
}

#[derive(Default)]
struct Tally {
    calls: BTreeMap<Hash, Call>,
    /// Commands, and programs, of which something was denied.
    denied: BTreeSet<Hash>,
    /// When what is not answered yet was asked.
    asked: HashMap<String, Instant>,
}

/// Every call that was approved so often since a moment and never denied, most often first.
pub(super) async fn tally(
    ledger: &dyn Receipts,
    since: Option<Instant>,
    at_least: u32,
) -> Result<Vec<(Map<String, Value>, Answers)>, Failure> {
    let (mut tally, mut next) = (Tally::default(), 1);
    loop {
        // All of it, also what stands in segments: a denial counts however old it is.
        let page = ledger.receipts_from(next, PAGE).await?;
        let Some(last) = page.last() else { break };
        next = last.content.seq.saturating_add(1);
        page.iter().for_each(|receipt| tally.take(receipt, since));
    }
    Ok(tally.end(at_least as usize))
}

impl Tally {
    fn take(&mut self, receipt: &Receipt, since: Option<Instant>) {
        let (entry, at) = (&receipt.content.entry, receipt.content.recorded_at.instant());
        let (Some(payload), Some(id)) = (&entry.action, &entry.request_id) else { return };
        match entry.event {
            // An answer that ends nothing yet is recorded as this, too.
            Event::Suspended => {
                self.asked.entry(id.clone()).or_insert(at);
            }
            // An approval of some items is no plain yes.
            Event::Approved if entry.items.is_none() && is_harmless(receipt) => {
                let asked = self.asked.remove(id);
                if since.is_none_or(|since| at >= since) {
                    self.approved(payload, receipt, asked);
                }
            }
            Event::Approved | Event::Denied => {
                self.denied.extend(key(payload).into_iter().chain(family(payload)));
            }
            _ => {}
        }
    }

    fn approved(
        &mut self,
        payload: &Map<String, Value>,
        receipt: &Receipt,
        asked: Option<Instant>,
    ) {
        let Some(key) = key(payload) else { return };
        let at = receipt.content.recorded_at.instant();
        let call = self.calls.entry(key).or_insert_with(|| Call::of(payload));
        call.approved.push(at);
        call.by.extend(persons(&receipt.content.entry).into_iter().map(str::to_owned));
        call.took.extend(asked.map(|asked| at.0.saturating_sub(asked.0).max(0)));
    }

    fn end(self, at_least: usize) -> Vec<(Map<String, Value>, Answers)> {
        let Self { calls, denied, .. } = self;
        let clean = |(key, call): &(Hash, Call)| {
            let family = family(&call.payload);
            let denied = denied.contains(key) || family.is_some_and(|all| denied.contains(&all));
            !denied && call.approved.len() >= at_least
        };
        let calls = calls.into_iter().filter(clean).map(|(_, call)| call);
        let mut found: Vec<_> = calls.filter_map(Call::end).collect();
        found.sort_by_key(|(_, answers)| std::cmp::Reverse(answers.approved));
        found
    }
}

impl Call {
    fn of(payload: &Map<String, Value>) -> Self {
        let (payload, by) = (payload.clone(), BTreeSet::new());
        Self { payload, approved: Vec::new(), by, took: Vec::new() }
    }

    fn end(self) -> Option<(Map<String, Value>, Answers)> {
        let Self { payload, approved, by, mut took } = self;
        took.sort_unstable();
        let answers = Answers {
            approved: approved.len(),
            first: approved.iter().min()?.timestamp(),
            last: approved.iter().max()?.timestamp(),
            by: by.into_iter().collect(),
            median_millis: took.get(took.len().saturating_sub(1) / 2).copied(),
        };
        Some((payload, answers))
    }
}

/// As it was judged when it was asked about; it is judged again before anything is suggested.
fn is_harmless(receipt: &Receipt) -> bool {
    let Some(note) = &receipt.content.entry.policy else { return false };
    let lane = Verb::new(&note.verb).map(|verb| verb.lane().is_some());
    note.risk < Risk::Critical && lane == Some(false)
}

/// What makes two commands the same for a rule: their words and their place. Others make no rule.
fn key(payload: &Map<String, Value>) -> Option<Hash> {
    let of = |name: &str| payload.get(name);
    let same = json!({"argv": of("argv")?, "cwd": of("cwd")?});
    json::sha256(&same).ok().map(Hash)
}

/// What a denial speaks of beyond the one command: its program. Of a shell only its line, since
/// everything is called by one.
fn family(payload: &Map<String, Value>) -> Option<Hash> {
    const SHELLS: [&str; 6] = ["sh", "bash", "zsh", "dash", "ksh", "fish"];
    let first = payload.get("argv").and_then(|argv| argv.get(0)).and_then(Value::as_str);
    let program = first.map(|word| word.rsplit('/').next().unwrap_or(word))?;
    if SHELLS.contains(&program) {
        return None;
    }
    json::sha256(&json!({"program": program})).ok().map(Hash)
}

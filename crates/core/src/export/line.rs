//! One line for what was asked, and one for each answer and each outcome.

use crate::artifact::{Artifact, Context};
use crate::decision::Decision;
use crate::display::escaped;
use crate::encoding::Hash;
use crate::json::{self, JsonError};
use crate::keys::{KeyId, Signature};
use crate::receipt::{Entry, Event, Level, Receipt, check};
use crate::time::Timestamp;
use crate::trust::TrustStore;
use serde::Serialize;
use serde_json::{Map, Value};

/// One line of the audit log. A member that has nothing to say is absent.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Line {
    /// Names the line for whoever keeps it: `RECEIPT:N`, N from 1.
    pub id: String,
    /// When it was written down.
    pub timestamp: Timestamp,
    /// The request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The pairing that it was put to or that answered, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pair_id: Option<String>,
    /// The ledger's word for what happened, such as `suspended`.
    pub event: String,
    /// What was asked for: the request's own name, the tool, or the verb that a policy found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The agent's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its arguments; secrets are commitments, `{"_sd"}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
    /// How it was decided; absent where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<&'static str>,
    /// What one of several people answered where it ends nothing yet: in the line with their reason.
    /// Once they are enough, each has a line with a `decision`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<&'static str>,
    /// The items of a batch that it is about, from 0; absent where it is about everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<usize>>,
    /// Who decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
    /// Why: the person's words, or the policy's where it decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The approver's signature, which the receipt carries whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// The level as it is written down; `receipt verify` works it out.
    pub level: Level,
    /// How dangerous the policy held it to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<crate::artifact::Risk>,
    /// The exit code of what ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// Why it did not start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The ledger.
    pub ledger: String,
    /// The receipt's number in it.
    pub seq: u64,
    /// The receipt's content hash.
    pub receipt: Hash,
}

impl Line {
    /// The line as text without its line break: one JSON object, with every character that could
    /// mislead a reader as an escape.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn text(&self) -> Result<String, JsonError> {
        let text = serde_json::to_string(self).map_err(|e| JsonError::Shape(e.to_string()))?;
        Ok(escaped(&text))
    }
}

/// The lines of one receipt, at least one. `trust` only gives people and pairings their names.
#[must_use]
pub fn lines(receipt: &Receipt, trust: &TrustStore) -> Vec<Line> {
    let entry = &receipt.content.entry;
    let frame = frame(receipt, trust);
    if let Some(line) = one_answer(receipt, trust, &frame) {
        return vec![line];
    }
    let answered = matches!(entry.event, Event::Approved | Event::Denied);
    if !answered || entry.decisions.is_empty() {
        return vec![Line { id: id(receipt, 1), ..frame }];
    }
    let answers = (1..).zip(&entry.decisions);
    answers.map(|(n, decision)| answer(receipt, n, decision, trust, frame.clone())).collect()
}

/// The line of an answer after which the request waits on: of one that ends nothing yet, or hands it
/// to others. Those before it have lines of their own, and decide nothing here.
fn one_answer(receipt: &Receipt, trust: &TrustStore, frame: &Line) -> Option<Line> {
    let entry = &receipt.content.entry;
    let waits_on = matches!(entry.event, Event::Suspended | Event::Escalated);
    let said = entry.approver_decision.as_ref().filter(|_| waits_on)?;
    let theirs = |decision: &&Decision| decision.signer_key_id == said.key_id;
    let decision = entry.decisions.iter().rfind(theirs)?;
    let line = answer(receipt, 1, decision, trust, frame.clone());
    Some(match entry.event {
        Event::Suspended => Line { answer: line.decision, decision: None, ..line },
        _ => Line { decision: frame.decision, ..line },
    })
}

fn id(receipt: &Receipt, n: usize) -> String {
    format!("{}:{n}", receipt.content_hash)
}

/// What all lines of a receipt have in common; all there is to say where nobody answered.
fn frame(receipt: &Receipt, trust: &TrustStore) -> Line {
    let (content, entry) = (&receipt.content, &receipt.content.entry);
    let outcome = entry.outcome.as_ref();
    let by_policy = matches!(entry.event, Event::Blocked | Event::Observed);
    let display = entry.policy.as_ref().filter(|_| by_policy).map(|note| note.display.clone());
    Line {
        id: String::new(),
        timestamp: content.recorded_at.clone(),
        request_id: entry.request_id.clone(),
        pair_id: asked(entry, trust),
        event: entry.event.name(),
        action: name(entry),
        description: context(receipt).and_then(|context| context.description),
        parameters: parameters(entry),
        decision: word(entry.event),
        answer: None,
        items: entry.items.clone(),
        approver: None,
        reason: display,
        signature: None,
        level: entry.trust_level,
        risk: entry.policy.as_ref().map(|note| note.risk),
        exit_code: outcome.and_then(|outcome| outcome.exit_code),
        signal: outcome.and_then(|outcome| outcome.signal),
        error: outcome.and_then(|outcome| outcome.error.clone()),
        ledger: content.ledger.clone(),
        seq: content.seq,
        receipt: receipt.content_hash,
    }
}

fn answer(
    receipt: &Receipt,
    n: usize,
    decision: &Decision,
    trust: &TrustStore,
    frame: Line,
) -> Line {
    let entry = &receipt.content.entry;
    let said = entry.approver_decision.as_ref();
    let said = said.filter(|said| said.key_id == decision.signer_key_id);
    let pinned = trust.approver(&decision.signer_key_id);
    let person = pinned.map(|approver| approver.person.clone());
    Line {
        id: id(receipt, n),
        pair_id: pair(&decision.signer_key_id, trust),
        decision: Some(said_in(decision)),
        approver: person.or_else(|| said.map(|said| said.person.clone())),
        reason: said.and_then(|said| said.reason.clone()),
        signature: Some(decision.signature),
        ..frame
    }
}

/// How an answer decided.
fn said_in(decision: &Decision) -> &'static str {
    match check::word(decision) {
        "rejected" => "denied",
        word => word,
    }
}

/// How an event without an answer in it was decided.
pub(super) fn word(event: Event) -> Option<&'static str> {
    match event {
        Event::Allowed => Some("allowed"),
        Event::Blocked => Some("blocked"),
        Event::Approved => Some("approved"),
        Event::Denied => Some("denied"),
        Event::Expired => Some("expired"),
        Event::Withdrawn => Some("withdrawn"),
        // By a person's hand, or because time was over: nothing is decided for good.
        Event::Escalated => Some("escalated"),
        _ => None,
    }
}

/// The pairing of a key.
fn pair(key: &KeyId, trust: &TrustStore) -> Option<String> {
    trust.approver(key).map(|approver| approver.pair_id.clone())
}

/// The one pairing that a request was put to; none where there were several.
fn asked(entry: &Entry, trust: &TrustStore) -> Option<String> {
    let [head] = entry.artifacts.as_slice() else { return None };
    let artifact = Artifact { head: head.clone(), payload: Map::new() };
    let route = artifact.route().ok().flatten()?;
    match route.roster.as_slice() {
        [seat] => pair(&seat.key_id, trust),
        _ => None,
    }
}

/// What the agent said of the request.
fn context(receipt: &Receipt) -> Option<Context> {
    let head = receipt.content.entry.artifacts.first()?.clone();
    Artifact { head, payload: Map::new() }.context().ok().flatten()
}

/// What was asked for, in one word where there is one.
pub(super) fn name(entry: &Entry) -> Option<String> {
    let action = entry.action.as_ref()?;
    let text = |member: &str| action.get(member).and_then(Value::as_str).map(str::to_owned);
    let verb = || entry.policy.as_ref().map(|note| note.verb.clone());
    match text("kind").as_deref() {
        Some("request") => text("action"),
        Some("tool") => text("tool"),
        Some("command" | "http" | "batch") => verb().or_else(|| text("kind")),
        _ => text("operation").or_else(|| text("kind")),
    }
}

/// The arguments of what was asked for: the named ones, else everything but its kind.
pub(super) fn parameters(entry: &Entry) -> Option<Value> {
    let action = entry.action.as_ref()?;
    let named = match action.get("kind").and_then(Value::as_str) {
        Some("request") => action.get("parameters"),
        Some("tool") => action.get("arguments"),
        _ => None,
    };
    Some(named.cloned().unwrap_or_else(|| {
        let mut rest = action.clone();
        rest.remove("kind");
        Value::Object(rest)
    }))
}

/// A value as one text, for a cell.
pub(super) fn as_text(value: &Value) -> String {
    json::canonical(value).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

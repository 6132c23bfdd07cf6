//! The same decisions as the audit entries of human-in-the-loop gates.

use super::line::{Line, lines, name, parameters};
use crate::receipt::{Event, Receipt};
use crate::trust::TrustStore;
use serde_json::{Map, Value, json};

/// The entries of one receipt; none where it records neither a decision nor an answer.
///
/// A policy that decides by itself is a `policy_decision`; whatever waited for people is a
/// `hitl_decision`, and what nobody allowed in time is a `deny`. So is a yes to some items of a batch
/// only, since a gate has no word for it; `items` names those. What one person said and was not the
/// end, with their reason, is a `hitl_answer`: it has an `answer` and no `decision`.
#[must_use]
pub fn entries(receipt: &Receipt, trust: &TrustStore) -> Vec<Value> {
    lines(receipt, trust).iter().filter_map(|line| entry(receipt, line)).collect()
}

fn entry(receipt: &Receipt, line: &Line) -> Option<Value> {
    let content = &receipt.content.entry;
    let (member, word) = said(line)?;
    let kind = match content.event {
        Event::Allowed | Event::Blocked => "policy_decision",
        _ if member == "answer" => "hitl_answer",
        _ => "hitl_decision",
    };
    let mut entry = Map::new();
    let mut add = |name: &str, value: Option<Value>| {
        entry.extend(value.map(|value| (name.to_owned(), value)));
    };
    let params = parameters(content).unwrap_or_else(|| json!({}));
    add("event_type", Some(kind.into()));
    add("correlation_id", line.request_id.clone().map(Value::from));
    add("timestamp", Some(line.timestamp.as_str().into()));
    add(member, Some(word.into()));
    add("operation", Some(json!({"tool_name": name(content), "params": params})));
    add("items", line.items.clone().map(|items| json!(items)));
    add("risk_level", line.risk.and_then(|risk| serde_json::to_value(risk).ok()));
    add("user", line.approver.clone().map(Value::from));
    add("reason", line.reason.clone().or_else(|| unanswered(content.event)).map(Value::from));
    add("timeout_seconds", timeout(receipt).map(Value::from));
    add("receipt", Some(json!(line.receipt)));
    add("receipt_line", Some(line.id.clone().into()));
    Some(Value::Object(entry))
}

/// What a line says, as gates say it, and whether it is a decision or an answer that ends nothing.
/// Where nobody answered and the next are asked, nobody said anything.
fn said(line: &Line) -> Option<(&'static str, &'static str)> {
    match (line.decision, line.answer) {
        (Some("escalated"), _) => line.approver.as_ref().map(|_| ("answer", "escalate")),
        (Some("allowed" | "approved"), _) => Some(("decision", "approve")),
        (Some(_), _) => Some(("decision", "deny")),
        (None, Some("approved")) => Some(("answer", "approve")),
        (None, Some(_)) => Some(("answer", "deny")),
        (None, None) => None,
    }
}

/// Why it was denied where nobody said so.
fn unanswered(event: Event) -> Option<String> {
    match event {
        Event::Expired => Some("nobody answered in time".to_owned()),
        Event::Withdrawn => Some("whoever asked took it back".to_owned()),
        _ => None,
    }
}

/// How long the request might wait.
fn timeout(receipt: &Receipt) -> Option<i64> {
    let head = receipt.content.entry.artifacts.first()?;
    Some(head.expires_at.instant().0.saturating_sub(head.created_at.instant().0) / 1_000)
}

//! The words by which receipts are looked for, and what each of them means.
//!
//! A word that means nothing is an error that names those that do: an answer that is empty
//! because of a typing error would read as "it never happened".

use countersign_core::artifact::Risk;
use countersign_core::display::visible;
use countersign_core::receipt::Event;
use serde::de::DeserializeOwned;

/// What was decided, as audit lines say it, and which events say so.
const DECISIONS: [(&str, &[Event]); 8] = [
    ("allowed", &[Event::Allowed]),
    ("blocked", &[Event::Blocked]),
    ("approved", &[Event::Approved]),
    ("denied", &[Event::Denied]),
    ("expired", &[Event::Expired]),
    ("withdrawn", &[Event::Withdrawn]),
    // The words of human-in-the-loop gates: what nobody allowed is a denial.
    ("approve", &[Event::Allowed, Event::Approved]),
    ("deny", &[Event::Blocked, Event::Denied, Event::Expired, Event::Withdrawn]),
];

/// The kinds of entries of human-in-the-loop gates.
const KINDS: [(&str, &[Event]); 3] = [
    ("hitl_decision", &[Event::Approved, Event::Denied, Event::Expired, Event::Withdrawn]),
    ("policy_decision", &[Event::Allowed, Event::Blocked]),
    ("hitl_answer", &[Event::Suspended, Event::Escalated]),
];

/// The risks, from the smallest.
const RISKS: [&str; 4] = ["low", "medium", "high", "critical"];

/// Members of a filter, each with its other spelling.
pub(super) const KEYS: [&str; 11] = [
    "event_type",
    "event",
    "decision",
    "risk_level",
    "risk",
    "user",
    "approver",
    "correlation_id",
    "request_id",
    "tool_name",
    "rule",
];

/// The events that a word names.
pub(super) fn events(text: &str) -> Result<Vec<Event>, String> {
    if let Some((_, events)) = KINDS.iter().find(|(kind, _)| *kind == text) {
        return Ok(events.to_vec());
    }
    word::<Event>(text).map(|event| vec![event]).map_err(|known| {
        let kinds = KINDS.map(|(kind, _)| kind).join(", ");
        unknown("event", text, &format!("{known}, {kinds}"))
    })
}

/// The events in which this was decided.
pub(super) fn decisions(text: &str) -> Result<Vec<Event>, String> {
    let known = || DECISIONS.map(|(word, _)| word).join(", ");
    let found = DECISIONS.iter().find(|(word, _)| *word == text);
    found.map(|(_, events)| events.to_vec()).ok_or_else(|| unknown("decision", text, &known()))
}

/// The risk that a word names.
pub(super) fn risk(text: &str) -> Result<Risk, String> {
    word(text).map_err(|_| unknown("risk", text, &RISKS.join(", ")))
}

/// A key and a value, both known by themselves.
pub(super) fn filter(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| {
        format!("`{}` is no filter: write KEY=VALUE, such as decision=deny", visible(text, false))
    })?;
    if !KEYS.contains(&key) {
        return Err(unknown("filter", key, &KEYS.join(", ")));
    }
    match key {
        "event" | "event_type" => drop(events(value)?),
        "decision" => drop(decisions(value)?),
        "risk" | "risk_level" => drop(risk(value)?),
        _ if value.is_empty() => return Err(format!("`{key}=` names nothing")),
        _ => {}
    }
    Ok((key.to_owned(), value.to_owned()))
}

/// A word of a fixed list, or the list.
fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|error| {
        let error = error.to_string();
        let (_, known) = error.split_once("expected one of ").unwrap_or_default();
        known.replace('`', "")
    })
}

fn unknown(what: &str, text: &str, known: &str) -> String {
    format!("no {what} is called `{}`; there are {known}", visible(text, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_that_is_offered_is_taken() {
        for (word, events) in DECISIONS {
            assert_eq!(decisions(word).unwrap(), events);
        }
        for (kind, found) in KINDS {
            assert_eq!(events(kind).unwrap(), found);
        }
        assert_eq!(events("uncertain").unwrap(), [Event::Uncertain]);
        assert!(RISKS.iter().all(|word| risk(word).is_ok()));
    }

    #[test]
    fn a_word_that_means_nothing_names_those_that_do() {
        for (refused, offered) in [
            (events("aproved").unwrap_err(), "approved"),
            (events("").unwrap_err(), "hitl_decision"),
            (decisions("no").unwrap_err(), "deny"),
            (risk("severe").unwrap_err(), "critical"),
            (filter("colour=red").unwrap_err(), "risk_level"),
            (filter("risk=red").unwrap_err(), "critical"),
            (filter("decision").unwrap_err(), "decision=deny"),
            (filter("user=").unwrap_err(), "names nothing"),
        ] {
            assert!(refused.contains(offered) && !refused.contains('\n'), "{refused}");
        }
    }
}

//! `history`: what I was asked and what I answered.

use super::Here;
use crate::failure::{Exit, Outcome};
use crate::reviewer;
use countersign_approver::history::{History as Past, Past as Entry};
use serde_json::{Value, json};

/// List what I was asked and what I answered, from this device's own records.
#[derive(clap::Args)]
pub(crate) struct History {}

impl History {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let home = reviewer::home(here)?;
        let mut entries = Past::of(&home).list()?;
        entries.reverse();
        let lines: Vec<String> = entries.iter().map(line).collect();
        let documents: Vec<Value> = entries.iter().map(document).collect();
        let text = if lines.is_empty() { "nothing yet".to_owned() } else { lines.join("\n") };
        here.output.result(&text, &json!({"items": documents}))?;
        Ok(Exit::Ok)
    }
}

/// What was answered, in one word.
pub(crate) fn word(entry: &Entry) -> &'static str {
    match &entry.answered {
        None => "unanswered",
        Some(a) if a.refused.is_some() => "not taken",
        Some(a) if !a.submitted => "not sent",
        Some(a) => a.signed.verdict().word(),
    }
}

fn line(entry: &Entry) -> String {
    let review = entry.answered.as_ref().map(|a| &a.review);
    let review = review.or(entry.asked.as_ref().map(|a| &a.review));
    let (headline, when) =
        review.map_or(("", String::new()), |r| (r.headline.as_str(), r.created_at.to_string()));
    format!("{}  {when}  {:<10}  {headline}", entry.request_id, word(entry))
}

fn document(entry: &Entry) -> Value {
    json!({
        "requestId": entry.request_id,
        "answer": word(entry),
        "asked": entry.asked,
        "answered": entry.answered,
    })
}

//! `inbox`: what waits for my answer.

use super::Here;
use crate::args::PassphraseArgs;
use crate::failure::{Exit, Failure, Outcome};
use crate::reviewer;
use crate::tui;
use countersign_approver::{Item, Review, Verdict, so_far_line};
use countersign_core::display::visible;
use countersign_core::time::Instant;
use countersign_enforcer::Edge;
use serde_json::{Value, json};

/// Show what waits for my answer: on a terminal a screen to read and answer it, else a list, oldest
/// first.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  countersign inbox --json | jq -r '.items[].requestId'")]
pub(crate) struct Inbox {
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

impl Inbox {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let desks = reviewer::desks(here, &self.passphrase)?;
        if tui::wanted(here) {
            return tui::run(here, desks).await;
        }
        let items = reviewer::waiting(here, &desks).await?;
        let now = Edge::system().now();
        let documents: Vec<Value> = items
            .iter()
            .filter_map(|(at, item)| Some(document(desks.get(*at)?.pairing().name.as_str(), item)))
            .collect();
        let lines: Vec<String> = items.iter().map(|(_, item)| line(item, now)).collect();
        let text = if lines.is_empty() { "nothing waits".to_owned() } else { lines.join("\n") };
        here.output.result(&text, &json!({"items": documents}))?;
        Ok(Exit::Ok)
    }
}

/// How much time there is, in the unit that matters.
pub(crate) fn left(end: Instant, now: Instant) -> String {
    let seconds = end.0.saturating_sub(now.0).max(0) / 1000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

fn line(item: &Item, now: Instant) -> String {
    let id = visible(&item.request_id, false);
    match &item.content {
        Ok(opened) => {
            let review = Review::of(opened);
            let risk = review.risk.map_or("UNKNOWN".into(), |r| format!("{r:?}").to_uppercase());
            let left = left(review.expires_at.instant(), now);
            let answered = answered(item).map(|a| format!("  (you {a})")).unwrap_or_default();
            let told = item.so_far.as_ref().map(|so_far| format!("  ({})", so_far_line(so_far)));
            let told = told.unwrap_or_default();
            format!("{id}  {risk:<8}  {left:>7} left  {}{told}{answered}", review.headline)
        }
        Err(error) => format!("{id}  REFUSED   not shown: {error}"),
    }
}

fn answered(item: &Item) -> Option<&'static str> {
    item.answered.map(|verdict| match verdict {
        Verdict::Allow => "allowed it",
        Verdict::Part => "allowed a part of it",
        Verdict::Deny => "denied it",
        Verdict::Escalate => "handed it on",
    })
}

fn document(pairing: &str, item: &Item) -> Value {
    let mut document = json!({"requestId": item.request_id, "pairing": pairing});
    let extra = match &item.content {
        Ok(opened) => {
            let review = Review::of(opened);
            json!({
                "headline": review.headline,
                "risk": review.risk,
                "createdAt": review.created_at,
                "expiresAt": review.expires_at,
                "artifactHash": review.artifact_hash,
                "actionHash": review.action_hash,
                "answered": item.answered,
                "soFar": item.so_far,
                "review": review,
            })
        }
        Err(error) => json!({"refused": error.to_string()}),
    };
    if let (Some(members), Value::Object(extra)) = (document.as_object_mut(), extra) {
        members.extend(extra.into_iter().filter(|(_, v)| !v.is_null()));
    }
    document
}

/// What cannot be shown can also not be answered.
pub(crate) fn opened(item: &Item) -> Result<&countersign_approver::Opened, Failure> {
    match &item.content {
        Ok(opened) => Ok(opened),
        Err(error) => {
            let message = format!("this request is not shown: {error}");
            Err(Failure::new(Exit::Verification, "HARP_ERR_SIGNATURE_INVALID", message)
                .hint("it did not come from your enforcer as it is; nothing was signed"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_is_left_reads_well() {
        for (millis, text) in [
            (-5, "0s"),
            (59_999, "59s"),
            (60_000, "1m 00s"),
            (3_599_000, "59m 59s"),
            (7_380_000, "2h 03m"),
        ] {
            assert_eq!(left(Instant(1_000 + millis), Instant(1_000)), text);
        }
    }
}

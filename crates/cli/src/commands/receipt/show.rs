//! `receipt show`: a receipt for people, and whole.

use super::{find, malformed, parsed};
use crate::commands::Here;
use crate::failure::{Exit, Outcome};
use countersign_core::display::{counted, visible};
use countersign_core::json;
use countersign_core::receipt::{OutputDigest, Receipt as Document};
use serde_json::Value;

/// Print a receipt.
#[derive(clap::Args)]
pub(crate) struct Show {
    /// A file, a number, or `last`
    #[arg(value_name = "FILE|N|last")]
    which: String,
}

impl Show {
    pub(super) async fn run(self, here: &Here<'_>) -> Outcome {
        let bytes = find(here, &self.which).await?;
        let value = json::parse(&bytes, json::limit::RECEIPT).map_err(|e| malformed(&e))?;
        let receipt = parsed(&bytes)?;
        here.output.result(&summary(&receipt, &value), &value)?;
        Ok(Exit::Ok)
    }
}

fn summary(receipt: &Document, whole: &Value) -> String {
    let (content, entry) = (&receipt.content, &receipt.content.entry);
    let mut lines = vec![format!(
        "receipt {} of ledger {}, {} at {}",
        content.seq,
        visible(&content.ledger, false),
        entry.event.name(),
        content.recorded_at
    )];
    let mut add = |label: &str, text: String| lines.push(format!("  {label:<12} {text}"));
    if let Some(id) = &entry.request_id {
        add("request", visible(id, false));
    }
    if let Some(hash) = &entry.action_hash {
        add("action", hash.to_string());
    }
    let argv = entry.action.as_ref().and_then(|a| a.get("argv"));
    if let Some(argv) = argv {
        add("command", visible(&argv.to_string(), false));
    }
    if let Some(by) = &entry.approver_decision {
        add(
            "decision",
            format!("{} by {}", visible(&by.verdict, false), visible(&by.person, false)),
        );
        if let Some(reason) = &by.reason {
            add("reason", visible(reason, false));
        }
    }
    if let Some(outcome) = &entry.outcome {
        if let Some(code) = outcome.exit_code {
            add("exit code", code.to_string());
        }
        if let Some(signal) = outcome.signal {
            add("signal", signal.to_string());
        }
        if let Some(error) = &outcome.error {
            add("error", visible(error, false));
        }
        for (name, digest) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
            if let Some(OutputDigest { bytes, sha256, cut }) = digest {
                let part = if *cut { "the first " } else { "" };
                add(name, format!("sha256 {sha256} of {part}{}", counted(*bytes, "byte")));
            }
        }
    }
    if let Some(binding) = entry.binding {
        add("binding", format!("{binding:?}").to_lowercase());
    }
    add("boundary", format!("{:?}", entry.boundary).to_lowercase());
    add("level", format!("{:?} as written; `receipt verify` works it out", entry.trust_level));
    let text = serde_json::to_string_pretty(whole).unwrap_or_default();
    format!("{}\n\n{}", lines.join("\n"), visible(&text, true))
}

//! `audit erase`: hidden values deleted for good; every receipt stays what it was.

use super::when::when;
use crate::asking::{keep_receipt, principal};
use crate::commands::Here;
use crate::commands::receipt::{find, parsed};
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_core::action::ActionHash;
use countersign_core::display::counted;
use countersign_core::time::Timestamp;
use countersign_enforcer::redaction::{Erased, Erasure};
use serde_json::json;
use std::collections::BTreeSet;

/// Delete values that policies hid, and record that they were deleted.
///
/// Receipts hold commitments only, so the ledger stays whole and valid. What still waits for an
/// answer is left alone.
#[derive(clap::Args)]
#[command(
    group = clap::ArgGroup::new("what").required(true).args(["receipt", "before"]),
    after_help = "Examples:\n  \
    countersign audit erase --receipt 412 --reason 'request of the data subject'\n  \
    countersign audit erase --before 90d --reason 'kept 90 days'\n\n\
    Equal calls share their values: what is erased of one is erased of all of them."
)]
pub(crate) struct Erase {
    /// The values of this receipt's call: a file, a number, or `last`; may be repeated
    #[arg(long, value_name = "FILE|N|last")]
    receipt: Vec<String>,

    /// The values of calls that were last made before: 90d, 8h, 2026-01-31, or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = when)]
    before: Option<Timestamp>,

    /// Why; it stands in the receipt
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl Erase {
    pub(super) async fn run(self, here: &Here<'_>) -> Outcome {
        let mut calls = BTreeSet::new();
        for which in &self.receipt {
            calls.insert(call(here, which).await?);
        }
        if self.reason.trim().is_empty() {
            return Err(Failure::new(Exit::Usage, "reason", "the reason is empty")
                .hint("nothing was erased; say why with --reason"));
        }
        let enforcer = parties::existing_enforcer(&here.root).await?;
        let before = self.before.as_ref().map(Timestamp::instant);
        let erasure = Erasure { calls, before, by: principal(), reason: self.reason };
        let erased = enforcer.erase(&erasure).await?;
        let mut receipts = Vec::new();
        for receipt in &erased.receipts {
            receipts.push(keep_receipt(&enforcer, receipt)?.display().to_string());
        }
        let document = json!({
            "calls": erased.receipts.len(),
            "values": erased.values,
            "receipts": receipts,
            "waiting": erased.waiting,
        });
        here.output.result(&text(&erased), &document)?;
        Ok(Exit::Ok)
    }
}

/// The call of a receipt.
async fn call(here: &Here<'_>, which: &str) -> Result<ActionHash, Failure> {
    let receipt = parsed(&find(here, which).await?)?;
    receipt.content.entry.action_hash.ok_or_else(|| {
        Failure::new(Exit::Failed, "no_action", "the receipt is about no action")
            .hint("nothing was erased; name the receipt of a call")
    })
}

fn text(erased: &Erased) -> String {
    let (values, calls) = (counted(erased.values, "value"), counted(erased.receipts.len(), "call"));
    let mut lines = vec![format!("erased      {values} of {calls}")];
    let told = |hash: &ActionHash| format!("waiting     {hash}: asked about, so not erased");
    lines.extend(erased.waiting.iter().map(told));
    lines.join("\n")
}

//! `audit tail`: the newest receipts, and those that follow.

use super::query::{ledger, row};
use crate::commands::trust::pinned;
use crate::commands::{Here, asked_to_end};
use crate::failure::{Exit, Outcome};
use countersign_core::export::lines;
use countersign_core::receipt::Receipt;
use countersign_core::trust::TrustStore;
use countersign_store::ledger::LedgerStore as _;
use countersign_store::ledger::read::Receipts as _;
use serde_json::json;
use std::time::Duration;

/// How often a follower looks. Each look is one step into the file.
const PAUSE: Duration = Duration::from_millis(250);

/// Receipts that are read together.
const PAGE: usize = 64;

/// Show the newest receipts, and those that follow.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  countersign audit tail\n  \
    countersign audit tail -n 100 -f --json\n\n\
    With --json each line is one document.")]
pub(crate) struct Tail {
    /// So many of the newest first
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    lines: u64,

    /// Go on with what follows, until a signal
    #[arg(short, long)]
    follow: bool,
}

impl Tail {
    pub(super) async fn run(self, here: &Here<'_>) -> Outcome {
        let (trust, ledger) = (pinned(here).await?, ledger(here)?);
        let newest = ledger.newest().await?.map_or(0, |(seq, _)| seq);
        let mut next = newest.saturating_sub(self.lines) + 1;
        let mut ended = std::pin::pin!(asked_to_end());
        loop {
            let page = ledger.receipts_from(next, PAGE).await?;
            for receipt in &page {
                next = receipt.content.seq + 1;
                show(here, receipt, &trust)?;
            }
            match (page.is_empty(), self.follow) {
                (false, _) => {}
                (true, false) => return Ok(Exit::Ok),
                (true, true) => tokio::select! {
                    () = &mut ended => return Ok(Exit::Ok),
                    () = tokio::time::sleep(PAUSE) => {}
                },
            }
        }
    }
}

fn show(
    here: &Here<'_>,
    receipt: &Receipt,
    trust: &TrustStore,
) -> Result<(), crate::failure::Failure> {
    for line in lines(receipt, trust) {
        here.output.result(&row(&line), &json!(line))?;
    }
    Ok(())
}

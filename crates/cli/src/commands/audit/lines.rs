//! The ledger in the shapes that other systems read, written bit by bit.

use crate::failure::{Exit, Failure};
use countersign_core::export::{self, header, hitl, row};
use countersign_core::json::JsonError;
use countersign_core::receipt::Receipt;
use countersign_core::time::Timestamp;
use countersign_core::trust::TrustStore;
use countersign_enforcer::walk::Walk;
use countersign_store::ledger::LedgerStore;
use std::io::{self, Write};

/// The shape of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Format {
    /// One JSON object for what was asked, and one for each answer and outcome
    Jsonl,
    /// The same as a table, safe to open in a spreadsheet
    Csv,
    /// The decisions as audit entries of human-in-the-loop gates
    Hitl,
}

/// What was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub(crate) struct Wrote {
    pub(crate) receipts: u64,
    pub(crate) lines: u64,
}

/// Which receipts: those of this time or later, and before that one.
pub(crate) struct Span {
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

impl Span {
    fn holds(&self, receipt: &Receipt) -> bool {
        let at = receipt.content.recorded_at.instant();
        self.since.as_ref().is_none_or(|since| at >= since.instant())
            && self.until.as_ref().is_none_or(|until| at < until.instant())
    }
}

/// Writes the receipts of a span. It holds one at a time. A reader that goes away ends it in peace.
pub(crate) async fn write(
    ledger: &dyn LedgerStore,
    trust: &TrustStore,
    (format, span): (Format, &Span),
    to: &mut (dyn Write + Send),
) -> Result<Wrote, Failure> {
    let mut wrote = Wrote::default();
    if format == Format::Csv && gone(to.write_all(header().as_bytes()))? {
        return Ok(wrote);
    }
    let mut walk = Walk::from(ledger, 1);
    while let Some(receipt) = walk.next().await? {
        if !span.holds(&receipt) {
            continue;
        }
        for line in texts(&receipt, trust, format).map_err(unwritten)? {
            if gone(to.write_all(line.as_bytes()))? {
                return Ok(wrote);
            }
            wrote.lines += 1;
        }
        wrote.receipts += 1;
    }
    gone(to.flush())?;
    Ok(wrote)
}

/// The lines of a receipt with their line breaks.
fn texts(receipt: &Receipt, trust: &TrustStore, format: Format) -> Result<Vec<String>, JsonError> {
    let escaped = |text: &str| countersign_core::display::escaped(text) + "\n";
    match format {
        Format::Jsonl => {
            let lines = export::lines(receipt, trust);
            lines.iter().map(|line| Ok(line.text()? + "\n")).collect()
        }
        Format::Csv => Ok(export::lines(receipt, trust).iter().map(row).collect()),
        Format::Hitl => {
            Ok(hitl(receipt, trust).iter().map(|entry| escaped(&entry.to_string())).collect())
        }
    }
}

/// Whether whoever reads has gone away.
fn gone(written: io::Result<()>) -> Result<bool, Failure> {
    match written {
        Ok(()) => Ok(false),
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(true),
        Err(e) => Err(Failure::new(Exit::Failed, "output", e.to_string())
            .hint("free the disk, or choose another file with -o")),
    }
}

fn unwritten(error: JsonError) -> Failure {
    Failure::new(Exit::Verification, "store_corrupt", format!("a receipt has no line: {error}"))
}

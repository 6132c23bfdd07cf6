//! `audit export`: the ledger as lines, as a table or as entries of a gate.

use super::daily;
use super::lines::{Format, Span, write};
use super::when::when;
use crate::commands::Here;
use crate::failure::{Exit, Failure, Outcome};
use crate::outfile::OutFile;
use crate::parties;
use countersign_core::display::counted;
use countersign_core::time::Timestamp;
use countersign_enforcer::daily::Effort;
use serde_json::json;
use std::io::BufWriter;
use std::path::PathBuf;

/// Write the ledger as lines, as a table or as entries of a gate.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign audit export --since 90d -o q3.jsonl\n  \
    countersign audit export --format csv > decisions.csv\n  \
    countersign audit export --daily\n\n\
    Lines are derived from receipts and are no proof themselves; each names its receipt.")]
pub(crate) struct Export {
    /// The shape of a line
    #[arg(long, value_enum, default_value = "jsonl", value_name = "FORMAT")]
    format: Format,

    /// Only what was recorded at this time or later: 90d, 8h, a day, or RFC 3339
    #[arg(long, value_name = "WHEN", value_parser = when)]
    since: Option<Timestamp>,

    /// Only what was recorded before this time
    #[arg(long, value_name = "WHEN", value_parser = when)]
    until: Option<Timestamp>,

    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Bring the daily files of the home up to date instead
    #[arg(long, conflicts_with_all = ["format", "since", "until", "output"])]
    daily: bool,

    /// Write the daily files of the home anew, all of them
    #[arg(long, conflicts_with_all = ["format", "since", "until", "output", "daily"])]
    rebuild: bool,
}

impl Export {
    pub(super) async fn run(self, here: &Here<'_>) -> Outcome {
        match (self.daily, self.rebuild) {
            (true, _) => daily::run(here, Effort::All).await,
            (_, true) => daily::run(here, Effort::Rebuild).await,
            _ => self.written(here).await,
        }
    }

    async fn written(self, here: &Here<'_>) -> Outcome {
        let enforcer = parties::existing_enforcer(&here.root).await?;
        let trust = enforcer.trust()?;
        let what = (self.format, &Span { since: self.since, until: self.until });
        let Some(path) = self.output else {
            let mut out = BufWriter::new(std::io::stdout());
            write(enforcer.ledger(), &trust, what, &mut out).await?;
            return Ok(Exit::Ok);
        };
        let named = |e: String| {
            let message = format!("cannot write `{}`: {e}", path.display());
            Failure::new(Exit::Failed, "file", message).hint("choose another file with -o")
        };
        let file = OutFile::beside(&path, &here.root).map_err(named)?;
        let mut file = file.fill().map_err(named)?;
        let wrote = write(enforcer.ledger(), &trust, what, &mut file).await?;
        file.put().map_err(named)?;
        let text = format!("wrote {} to {}", counted(wrote.lines, "line"), path.display());
        let document = json!({"file": path.display().to_string(), "receipts": wrote.receipts,
            "lines": wrote.lines});
        here.output.result(&text, &document)?;
        Ok(Exit::Ok)
    }
}

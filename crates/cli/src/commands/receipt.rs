//! `receipt show` and `receipt verify`.
//!
//! # Rooms
//! * `show`, `verify`: the commands. `words`: verdicts and quorums for people. `why`: the place in a
//!   receipt that does not hold.

mod show;
mod verify;
mod why;
mod words;

use super::Here;
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_core::json;
use countersign_core::receipt::Receipt as Document;
use countersign_core::trust::TrustStore;
use countersign_enforcer::Enforcer;
use std::path::Path;

pub(crate) use words::explain;

/// Show and verify receipts.
#[derive(clap::Subcommand)]
pub(crate) enum Receipt {
    /// Print a receipt: a file, a number of this home's ledger, or `last`
    Show(show::Show),
    /// Check a receipt offline against pinned keys
    Verify(verify::Verify),
}

impl Receipt {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        match self {
            Self::Show(show) => show.run(here).await,
            Self::Verify(verify) => verify.run(here).await,
        }
    }
}

/// What to name where a receipt cannot be read.
const RECEIPT: &str = "name a file, a number of this home's ledger, or `last`";

/// The same for the keys to trust.
const TRUST: &str = "--trust takes a file of `countersign trust export`";

pub(crate) fn trust_in(path: &Path) -> Result<TrustStore, Failure> {
    let bytes = read(path, TRUST)?;
    TrustStore::parse(&bytes).map_err(|e| {
        let message = format!("`{}` is no trust store: {e}", path.display());
        Failure::new(Exit::Failed, "trust", message).hint("`countersign trust export` writes one")
    })
}

/// The text of a receipt: a file, else one of this home's ledger.
pub(super) async fn find(here: &Here<'_>, which: &str) -> Result<Vec<u8>, Failure> {
    let seq = match which {
        "last" => None,
        // A number that is too large for any receipt is that of none.
        number if number.bytes().all(|b| b.is_ascii_digit()) && !number.is_empty() => {
            Some(number.parse::<u64>().unwrap_or(u64::MAX))
        }
        path => return read(Path::new(path), RECEIPT),
    };
    let enforcer = parties::existing_enforcer(&here.root).await?;
    let Some(receipt) = enforcer.ledger().receipt(seq).await? else {
        return Err(gone(&enforcer, which, seq).await?);
    };
    receipt.canonical_bytes().map_err(|e| malformed(&e))
}

/// A receipt that reads as one; whether it proves anything is for `receipt verify` to say.
pub(super) fn parsed(bytes: &[u8]) -> Result<Document, Failure> {
    Document::parse(bytes).map_err(|e| malformed(&e))
}

/// Why a receipt is not there: it was dropped, with others, or there is none of that number.
async fn gone(enforcer: &Enforcer, which: &str, seq: Option<u64>) -> Result<Failure, Failure> {
    let segments = enforcer.ledger().segments().await?;
    let holds =
        |seq: u64| segments.iter().find(|one| one.dropped && (one.first..=one.last).contains(&seq));
    Ok(match seq.and_then(holds) {
        None => {
            let dropped = segments.iter().filter(|one| one.dropped).map(|one| one.last).max();
            let newest = enforcer.ledger().receipt(None).await?.map(|newest| newest.content.seq);
            none(which, newest.map(|newest| (dropped.unwrap_or(0).saturating_add(1), newest)))
        }
        Some(one) => {
            let message =
                format!("receipt {which} was dropped, with receipts {} to {}", one.first, one.last);
            Failure::new(Exit::Failed, "no_receipt", message).hint(
                "`countersign audit query --event observed` finds the receipt that says so; a bundle \
                 or a segment that was kept elsewhere still proves it",
            )
        }
    })
}

/// `kept`: the numbers of the first and the last one, where there is any.
fn none(which: &str, kept: Option<(u64, u64)>) -> Failure {
    let hint = match kept {
        Some((first, newest)) => {
            format!("receipts {first} to {newest} are there; `last` names the newest")
        }
        None => "the ledger is empty before the first request".to_owned(),
    };
    Failure::new(Exit::Failed, "no_receipt", format!("no receipt `{which}` in this home's ledger"))
        .hint(hint)
}

fn malformed(error: &json::JsonError) -> Failure {
    Failure::new(Exit::Verification, "Malformed", format!("not a receipt: {error}"))
        .hint("it proves nothing")
}

fn read(path: &Path, hint: &str) -> Result<Vec<u8>, Failure> {
    use std::io::Read as _;
    let failed = |e: std::io::Error| {
        Failure::new(Exit::Failed, "file", format!("cannot read `{}`: {e}", path.display()))
            .hint(hint)
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(json::limit::RECEIPT as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

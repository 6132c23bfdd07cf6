//! `audit verify`: the whole ledger of this home, a copy of one, or a bundle.
//!
//! # Rooms
//! * `walk`: a ledger followed, and those asked who remember it. `bundle`: a part of one.
//! * `words`: what was found, for people and programs.

mod bundle;
mod walk;
mod words;

use super::kept::{Kept, kept};
use crate::commands::Here;
use crate::commands::receipt::trust_in;
use crate::commands::trust::pinned;
use crate::failure::{Exit, Failure, Outcome};
use countersign_core::checkpoint::Checkpoint;
use countersign_core::receipt::check::Verdict;
use countersign_core::trust::TrustStore;
use countersign_enforcer::Home;
use countersign_enforcer::audit::seen::Seen;
use countersign_enforcer::audit::{Audit, Broken, Report};
use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use walk::{HEAD, compared, gateways, head_in, without};
use words::{document, words};

pub(crate) use walk::walked;
pub(crate) use words::{found, place};

/// How every SQLite file begins; a bundle is text.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// Check this home's whole ledger, a copy of one, or a bundle, against pinned keys.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  countersign audit verify\n  \
    countersign audit verify ledger.db --trust auditor.json\n  \
    countersign audit verify q3.csb --trust auditor.json --json\n  \
    countersign audit verify --witnessed 2026-10-01T12:00:00Z=kept/head.json\n\n\
    The chain is followed from the first receipt to the newest. Every hash, signature and level is \
    worked out again, and the heads that others remember are compared. A copy or a bundle needs no \
    home and no network.\nExit code 13 where anything does not hold; the first place is named.")]
pub(crate) struct Verify {
    /// A copy of a `ledger.db`, or a bundle [default: this home's ledger]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// The keys to trust, a file of `countersign trust export` that reached you another way
    /// [default: the keys pinned in this home, for its own ledger]
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,

    /// A copy of a `head.json` that you kept, and when you saw it. What it covers is judged by the
    /// keys of that time; may be repeated
    #[arg(long, value_name = "TIME=FILE", value_parser = kept)]
    witnessed: Vec<Kept>,
}

impl Verify {
    pub(super) async fn run(self, here: &Here<'_>) -> Outcome {
        let trust = self.trust.as_deref().map(trust_in).transpose()?;
        let seen = self.witnessed.iter().map(Kept::seen).collect::<Result<Vec<_>, _>>()?;
        let Some(file) = &self.file else { return home(here, trust, seen).await };
        let trust = trust.ok_or_else(|| {
            Failure::new(Exit::Usage, "trust", "a file is checked against keys that you pinned")
                .hint("name them with --trust FILE; `countersign trust export` writes them")
        })?;
        if !is_database(file)? {
            if !seen.is_empty() {
                return Err(no_bundle());
            }
            return bundle::run(here, file, &trust);
        }
        let head = head_in(&file.with_file_name("head.json"))?;
        let known = head.as_ref().ok().and_then(Option::as_ref);
        let mut audit = walked(&|count| passed(here, count), file, trust, known, seen).await?;
        audit.iter_mut().for_each(|audit| without(audit, &head));
        told(here, audit)
    }
}

/// This home's own ledger, with everybody who remembers it.
async fn home(here: &Here<'_>, trust: Option<TrustStore>, seen: Vec<Seen>) -> Outcome {
    let trust = match trust {
        Some(trust) => trust,
        None => pinned(here).await?,
    };
    let home = Home::open(&here.root)?;
    let (path, head) = (home.ledger_path(), head_in(&home.head_path())?);
    if !path.exists() {
        return match head {
            Ok(None) => {
                Err(Failure::new(Exit::Failed, "no_receipt", "this home has no ledger yet")
                    .hint("the first gated action begins one"))
            }
            Ok(Some(head)) => gone(here, Some(&head)),
            Err(_) => gone(here, None),
        };
    }
    let known = head.as_ref().ok().and_then(Option::as_ref);
    // Before the ledger is read: what is written meanwhile is no head that it lacks.
    let remembered = gateways(here, &home).await;
    let mut audit = walked(&|count| passed(here, count), &path, trust, known, seen).await?;
    if let Ok(audit) = &mut audit {
        if audit.holds() {
            compared(audit, remembered?).await?;
        }
        without(audit, &head);
    }
    told(here, audit)
}

fn no_bundle() -> Failure {
    Failure::new(Exit::Usage, "usage", "--witnessed is for a ledger, and not for a bundle")
        .hint("a bundle carries the heads that its home remembers")
}

/// The file is gone, and something that remembers a head of it is there.
fn gone(here: &Here<'_>, head: Option<&Checkpoint>) -> Outcome {
    let names =
        head.map_or("is there".to_owned(), |head| format!("names receipt {}", head.head.seq));
    let because = format!("{HEAD} {names}, and `ledger.db` is gone");
    let broken = Broken { at: None, verdict: Verdict::Truncated, because };
    let ledger = head.map(|head| head.head.ledger.clone()).unwrap_or_default();
    say(here, &Report { ledger, broken: Some(broken), ..Report::default() })
}

/// Says on a terminal how far it is.
fn passed(here: &Here<'_>, count: u64) {
    let shown = !here.output.is_json() && std::io::stderr().is_terminal();
    if shown && count.is_multiple_of(51_200) {
        here.output.progress(&format!("{count} receipts …"));
    }
}

fn told(here: &Here<'_>, audit: Result<Audit, Broken>) -> Outcome {
    match audit {
        Ok(audit) => say(here, &audit.report()),
        Err(broken) => say(here, &Report { broken: Some(broken), ..Report::default() }),
    }
}

fn say(here: &Here<'_>, report: &Report) -> Outcome {
    here.output.result(&words(report), &document(report))?;
    Ok(if report.broken.is_none() { Exit::Ok } else { Exit::Verification })
}

fn is_database(path: &Path) -> Result<bool, Failure> {
    let failed = |e: std::io::Error| {
        Failure::new(Exit::Failed, "file", format!("cannot read `{}`: {e}", path.display()))
            .hint("name a copy of a `ledger.db`, or a file of `countersign audit bundle`")
    };
    let mut start = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(SQLITE.len() as u64).read_to_end(&mut start).map_err(failed)?;
    // A database that was cut to nothing is still none of ours as a bundle.
    Ok(SQLITE.starts_with(&start))
}

//! `audit verify`: the whole ledger of this home, a copy of one, or a bundle.

use super::kept::{Kept, kept};
use super::verify_bundle;
use crate::commands::Here;
use crate::commands::receipt::{explain, trust_in};
use crate::commands::trust::pinned;
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_core::checkpoint::Checkpoint;
use countersign_core::display::visible;
use countersign_core::json as strict;
use countersign_core::receipt::check::Verdict;
use countersign_core::trust::TrustStore;
use countersign_enforcer::audit::seen::{Seen, answers};
use countersign_enforcer::audit::{Audit, Broken, Report};
use countersign_enforcer::witness::{recall, remembered};
use countersign_enforcer::{Edge, Home};
use countersign_store::error::StoreError;
use countersign_store_sqlite::LedgerFile;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How every SQLite file begins; a bundle is text.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// How long a gateway may take to say what it remembers.
const PATIENCE: Duration = Duration::from_secs(5);

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
            return verify_bundle::run(here, file, &trust);
        }
        let head = beside(file);
        let audit = walked(here, file, trust, &head, seen).await?;
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
    let head = remembered(&home)?;
    let path = home.ledger_path();
    if !path.exists() {
        return match head {
            None => Err(Failure::new(Exit::Failed, "no_receipt", "this home has no ledger yet")
                .hint("the first gated action begins one")),
            Some(head) => gone(here, &head),
        };
    }
    let mut audit = walked(here, &path, trust, &Ok(head), seen).await?;
    if let Ok(audit) = &mut audit
        && audit.holds()
    {
        gateways(here, &home, audit).await?;
    }
    told(here, audit)
}

fn no_bundle() -> Failure {
    Failure::new(Exit::Usage, "usage", "--witnessed is for a ledger, and not for a bundle")
        .hint("a bundle carries the heads that its home remembers")
}

/// The file is gone, and a head of it is remembered.
fn gone(here: &Here<'_>, head: &Checkpoint) -> Outcome {
    let seq = head.head.seq;
    let because = format!("`head.json` names receipt {seq}, and `ledger.db` is gone");
    let broken = Broken { at: None, verdict: Verdict::Truncated, because };
    let ledger = head.head.ledger.clone();
    say(here, &Report { ledger, broken: Some(broken), ..Report::default() })
}

/// Walks through a ledger, and compares it with the head that a file remembers. A file that is no
/// readable ledger is a finding.
async fn walked(
    here: &Here<'_>,
    path: &Path,
    trust: TrustStore,
    head: &Result<Option<Checkpoint>, String>,
    mut seen: Vec<Seen>,
) -> Result<Result<Audit, String>, Failure> {
    let file = match LedgerFile::open(path).await {
        Err(StoreError::Corrupt(why)) => return Ok(Err(why)),
        other => other?,
    };
    let ledger = file.ledger_id().to_owned();
    let shown = !here.output.is_json() && std::io::stderr().is_terminal();
    let now = Edge::system().now();
    seen.extend(answers(&file, &trust, now).await?);
    let mut audit = Audit::new(Arc::new(file), &ledger, trust, now).seen_by(seen);
    let passed = |count: u64| {
        if shown && count.is_multiple_of(51_200) {
            here.output.progress(&format!("{count} receipts …"));
        }
    };
    audit.walk(&passed).await?;
    match head {
        Ok(Some(head)) if audit.holds() => audit.witness("`head.json`", head).await?,
        Ok(Some(_)) => {}
        Ok(None) => audit.not_checked("no `head.json` stands beside the ledger".to_owned()),
        Err(why) => audit.not_checked(why.clone()),
    }
    Ok(Ok(audit))
}

/// The head that stands beside a copy.
fn beside(file: &Path) -> Result<Option<Checkpoint>, String> {
    let path = file.with_file_name("head.json");
    match std::fs::read(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(format!("`{}` cannot be read: {e}", path.display())),
        Ok(bytes) => strict::read(&bytes, strict::limit::MESSAGE)
            .map(Some)
            .map_err(|e| format!("`{}` is no head: {e}", path.display())),
    }
}

/// Asks every gateway of the home what it remembers.
async fn gateways(here: &Here<'_>, home: &Home, audit: &mut Audit) -> Result<(), Failure> {
    let Some(identity) = parties::existing_identity(&here.root)? else { return Ok(()) };
    let relays: BTreeMap<String, _> = parties::relays(&identity, &home.pairings()?)?
        .into_values()
        .map(|relay| (relay.client.origin().to_string(), relay.client))
        .collect();
    if relays.is_empty() {
        return Ok(());
    }
    let ledger = parties::ledger(home, &identity, &Edge::system())?;
    for (url, client) in relays {
        let asked = recall(&client, &*ledger, &identity.keys);
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(Some(head))) => audit.witness(&format!("the gateway `{url}`"), &head).await?,
            Ok(Ok(None)) => audit.not_checked(format!("the gateway `{url}` knows no heads")),
            Ok(Err(_)) | Err(_) => {
                audit.not_checked(format!("the gateway `{url}` could not be asked"));
            }
        }
    }
    Ok(())
}

fn told(here: &Here<'_>, audit: Result<Audit, String>) -> Outcome {
    match audit {
        Ok(audit) => say(here, &audit.report()),
        Err(because) => {
            let broken = Broken { at: None, verdict: Verdict::Malformed, because };
            say(here, &Report { broken: Some(broken), ..Report::default() })
        }
    }
}

fn say(here: &Here<'_>, report: &Report) -> Outcome {
    here.output.result(&words(report), &document(report))?;
    Ok(if report.broken.is_none() { Exit::Ok } else { Exit::Verification })
}

fn words(report: &Report) -> String {
    let mut lines = vec![match &report.broken {
        None => format!("VALID: {} receipts of ledger {}", report.receipts, plain(&report.ledger)),
        Some(broken) => {
            let place = broken.at.map_or_else(String::new, |at| format!("receipt {at}: "));
            format!("NOT VALID: {place}{}", told_of(broken))
        }
    }];
    let mut add = |label: &str, text: &str| lines.push(format!("  {label:<12} {}", plain(text)));
    if let Some(broken) = &report.broken {
        add("because", &broken.because);
        add("before it", &format!("{} receipts hold", report.receipts));
        add("do", advice(&broken.verdict));
    }
    let levels: Vec<String> = report.levels.iter().map(|(l, n)| format!("{n} {l:?}")).collect();
    if !levels.is_empty() {
        add("levels", &levels.join(", "));
    }
    if report.segments > 0 {
        add("segments", &format!("{} hold, each the file that was sealed", report.segments));
    }
    if let Some(last) = report.dropped {
        add("dropped", &format!("receipts 1 to {last}, as a signed receipt says"));
    }
    for one in &report.witnesses {
        let holds = if one.holds { "agrees" } else { "DISAGREES" };
        add("witness", &format!("{} {holds} at receipt {}", one.who, one.seq));
    }
    report.not_checked.iter().for_each(|what| add("not checked", what));
    lines.join("\n")
}

fn plain(text: &str) -> String {
    visible(text, false)
}

fn told_of(broken: &Broken) -> String {
    match broken.verdict {
        Verdict::Malformed => "what is stored cannot be read [Malformed]".to_owned(),
        ref verdict => explain(verdict),
    }
}

/// What to do, by what was found.
fn advice(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Truncated | Verdict::Forked => {
            "keep the file for an auditor; compare it with the backups, the gateway and what the \
             approvers keep, then move `ledger.db` and `head.json` away to start another"
        }
        Verdict::Untrusted { .. } => {
            "if the key is one of yours, check with the trust store that pins it; else somebody \
             wrote this receipt who is not your operator: keep the file for an auditor"
        }
        Verdict::Revoked => {
            "if you kept a `head.json` from before the key was taken back, name it and when you saw it \
             with --witnessed TIME=FILE; else nothing tells the age of this receipt"
        }
        Verdict::Unsupported => "check with the version of this program that wrote it",
        _ => {
            "keep the file for an auditor; what stands before this place holds, and a backup that \
             passes this check holds what came after it"
        }
    }
}

/// The one document. `verdict` and its members are those of `receipt verify`.
fn document(report: &Report) -> Value {
    let valid = || json!({"verdict": "Valid"});
    let verdict = report.broken.as_ref().map(|broken| json!(broken.verdict));
    let mut document = verdict.unwrap_or_else(valid);
    let Some(members) = document.as_object_mut() else { return document };
    let levels: BTreeMap<String, u64> =
        report.levels.iter().map(|(level, count)| (format!("{level:?}"), *count)).collect();
    let mut add = |name: &str, value: Value| {
        members.insert(name.to_owned(), value);
    };
    add("ledger", json!(report.ledger));
    add("receipts", json!(report.receipts));
    add("levels", json!(levels));
    add("segments", json!(report.segments));
    if let Some(last) = report.dropped {
        add("dropped", json!({"first": 1, "last": last}));
    }
    add("witnesses", json!(report.witnesses));
    add("notChecked", json!(report.not_checked));
    if let Some((seq, hash)) = report.newest {
        add("newest", json!({"seq": seq, "contentHash": hash}));
    }
    if let Some(broken) = &report.broken {
        add("because", json!(broken.because));
        add("hint", json!(advice(&broken.verdict)));
        if let Some(at) = broken.at {
            add("receipt", json!(at));
        }
    }
    document
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

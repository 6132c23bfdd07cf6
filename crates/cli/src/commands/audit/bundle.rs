//! `audit bundle`: a part of the ledger in one signed file.

use super::page::Page;
use super::when::when;
use crate::commands::Here;
use crate::commands::doctor::check::quoted;
use crate::failure::{Exit, Failure, Outcome};
use crate::outfile::{Filling, OutFile};
use crate::parties;
use countersign_client::Client;
use countersign_core::bundle::Remembered;
use countersign_core::display::visible;
use countersign_core::encoding::Hash;
use countersign_core::time::Timestamp;
use countersign_enforcer::Enforcer;
use countersign_enforcer::bundle::{Part, WriteError, Written};
use countersign_enforcer::witness::{Contradicted, recall};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long one gateway may take to say what it remembers.
const PATIENCE: Duration = Duration::from_secs(10);

/// Write a part of the ledger into one signed file for an auditor.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  \
    countersign audit bundle --since 90d -o q3.csb --page q3.html\n  \
    countersign audit verify q3.csb --trust auditor.json\n\n\
    The file holds whole actions and reasons; secrets stay commitments. It is signed, not encrypted.")]
pub(crate) struct Bundle {
    /// From the first receipt of this time or later: 90d, 8h, a day, or RFC 3339 [default: all]
    #[arg(long, value_name = "WHEN", value_parser = when)]
    since: Option<Timestamp>,

    /// To the last receipt before this time [default: to the end]
    #[arg(long, value_name = "WHEN", value_parser = when)]
    until: Option<Timestamp>,

    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Also write a page for people, HTML or Markdown by its name; it proves nothing by itself
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,

    /// Ask no gateway what it remembers of the ledger
    #[arg(long)]
    offline: bool,
}

impl Bundle {
    pub(super) async fn run(self, here: &Here<'_>) -> Outcome {
        let enforcer = parties::existing_enforcer(&here.root).await?;
        let file = opened(&self.output, here)?;
        let page = self.page.as_deref().map(|path| paged(path, here)).transpose()?;
        let heads = remembered(&enforcer, self.offline).await?;
        let part = Part { since: self.since.clone(), until: self.until.clone() };
        let mut out = Hashed { file, sha256: Sha256::new() };
        let written = match page {
            None => enforcer.bundle(part, heads, &mut out, &mut |_| Ok(())).await?,
            Some((kind, mut to)) => {
                let trust = enforcer.trust()?;
                let ledger = enforcer.ledger().ledger_id();
                let begun = kind.begin(&mut to, ledger, (&part.since, &part.until));
                begun.map_err(WriteError::from)?;
                let mut row = |receipt: &_| kind.row(&mut to, receipt, &trust);
                let written = enforcer.bundle(part, heads, &mut out, &mut row).await?;
                let ended = kind.end(&mut to, &written, out.digest());
                ended.map_err(WriteError::from)?;
                placed(to, self.page.as_deref().unwrap_or(&self.output))?;
                written
            }
        };
        let sha256 = out.digest();
        placed(out.file, &self.output)?;
        here.output.result(&self.words(&written), &self.document(&written, sha256))?;
        Ok(Exit::Ok)
    }

    fn words(&self, written: &Written) -> String {
        let what = match written.range {
            Some(range) => format!("receipts {} to {}", range.first, range.last),
            None => "no receipts of that time".to_owned(),
        };
        let lost = match written.lost {
            0 => String::new(),
            lost => format!("\ntexts of accepted policies nowhere to be found any more: {lost}"),
        };
        let file = visible(&self.output.display().to_string(), false);
        let check = format!("countersign audit verify {} --trust FILE", quoted(&self.output));
        format!(
            "wrote {what} to {file}\ncheck it, with keys that were kept elsewhere:\n  {check}{lost}"
        )
    }

    fn document(&self, written: &Written, sha256: Hash) -> serde_json::Value {
        let mut document = json!({"file": self.output.display().to_string(), "sha256": sha256,
            "policies": written.policies, "policiesLost": written.lost});
        if let Some(members) = document.as_object_mut() {
            members.extend(written.range.map(|range| ("range".to_owned(), json!(range))));
            let page = self.page.as_ref().map(|page| page.display().to_string());
            members.extend(page.map(|page| ("page".to_owned(), page.into())));
        }
        document
    }
}

fn opened(path: &Path, here: &Here<'_>) -> Result<Filling, Failure> {
    let failed = |e: String| unwritten(path, &e);
    OutFile::beside(path, &here.root).and_then(OutFile::fill).map_err(failed)
}

fn paged(path: &Path, here: &Here<'_>) -> Result<(Page, Filling), Failure> {
    Ok((Page::of(path)?, opened(path, here)?))
}

fn placed(file: Filling, path: &Path) -> Result<(), Failure> {
    file.put().map_err(|e| unwritten(path, &e))
}

fn unwritten(path: &Path, why: &str) -> Failure {
    let message = format!("cannot write `{}`: {why}", path.display());
    Failure::new(Exit::Failed, "file", message).hint("choose another file with -o")
}

/// What every gateway of the home remembers of the ledger, or why it cannot be learned.
async fn remembered(enforcer: &Enforcer, offline: bool) -> Result<Vec<Remembered>, Failure> {
    let pairings = enforcer.home().pairings()?;
    let relays: BTreeMap<String, _> = parties::relays(enforcer.identity(), &pairings)?
        .into_values()
        .map(|relay| (relay.client.origin().to_string(), relay.client))
        .collect();
    let mut heads = Vec::new();
    for (by, client) in relays {
        let (checkpoint, missing) = if offline {
            (None, Some("it was not asked".to_owned()))
        } else {
            match asked(enforcer, &client).await {
                Ok(Some(head)) => (Some(head), None),
                Ok(None) => (None, Some("it says that it knows no heads".to_owned())),
                Err(why) => (None, Some(why)),
            }
        };
        heads.push(Remembered { by, checkpoint, missing });
    }
    Ok(heads)
}

async fn asked(
    enforcer: &Enforcer,
    client: &Client,
) -> Result<Option<countersign_core::checkpoint::Checkpoint>, String> {
    let asked = recall(client, enforcer.ledger(), &enforcer.identity().keys);
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(head)) => Ok(head),
        Ok(Err(Contradicted::NoWitness(_))) | Err(_) => Err("it could not be reached".to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
    }
}

/// Takes the digest of everything on its way to a file.
struct Hashed {
    file: Filling,
    sha256: Sha256,
}

impl Hashed {
    fn digest(&self) -> Hash {
        Hash(self.sha256.clone().finalize().into())
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sha256.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        let message = error.to_string();
        match error {
            WriteError::Store(error) => error.into(),
            WriteError::Home(error) => error.into(),
            WriteError::Gate(error) => error.into(),
            WriteError::Io(_) => Self::new(Exit::Failed, "file", message)
                .hint("free the disk, or choose another file with -o"),
            WriteError::Gap(_) => Self::new(Exit::Verification, "ledger_contradicted", message)
                .hint("keep the ledger for an auditor"),
            WriteError::Bundle(_) => Self::new(Exit::Failed, "bundle", message)
                .hint("the ledger holds something that no bundle can; please report it"),
        }
    }
}

//! `trust show` and `trust export`: the pinned keys.

pub(crate) mod amend;

use super::Here;
use crate::failure::{Exit, Failure, Outcome};
use crate::outfile::OutFile;
use crate::parties;
use countersign_core::display::visible;
use countersign_core::passkey::Passkey;
use countersign_core::trust::{Approver, Status, TrustStore};
use countersign_enforcer::Home;
use countersign_enforcer::remembered::{Remembered, Revived};
use countersign_store_sqlite::LedgerFile;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Show, export, import and change the keys that are pinned here.
#[derive(clap::Subcommand)]
pub(crate) enum Trust {
    /// List the operators and approvers that are pinned in this home
    Show,
    /// Write them to a file, for whoever verifies receipts
    Export(Export),
    /// Pin the keys of a file that `trust export` wrote, once those who admit approvers allow it
    Import(amend::Import),
    /// Change an approver's person, roles, assurance or passkey, once those who admit approvers allow it
    Set(amend::Set),
}

/// Write the pinned keys to a file.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  countersign trust export -o trust.json")]
pub(crate) struct Export {
    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Trust {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let command = match self {
            Self::Import(import) => return import.run(here).await,
            Self::Set(set) => return set.run(here).await,
            other => other,
        };
        let store = match &command {
            Self::Export(_) => proven(here).await?,
            _ => pinned(here).await?,
        };
        match command {
            Self::Import(_) | Self::Set(_) => {}
            Self::Show => here.output.result(&table(&store), &store)?,
            Self::Export(Export { output }) => {
                let failed = |e: String| {
                    Failure::new(Exit::Failed, "file", e).hint("choose another file with -o")
                };
                let text =
                    serde_json::to_string_pretty(&store).map_err(|e| failed(e.to_string()))?;
                match output {
                    None => here.output.result(&text, &store)?,
                    Some(path) => {
                        let named = |e| failed(format!("cannot write `{}`: {e}", path.display()));
                        let file = OutFile::beside(&path, &here.root).map_err(named)?;
                        file.put(&(text + "\n")).map_err(named)?;
                        let document = serde_json::json!({"file": path.display().to_string()});
                        here.output.result(&format!("wrote {}", path.display()), &document)?;
                    }
                }
            }
        }
        Ok(Exit::Ok)
    }
}

/// The keys that are pinned in this home, none of them worth more than its ledger says. A ledger that
/// cannot be read says nothing: whoever reads it finds out.
pub(crate) async fn pinned(here: &Here<'_>) -> Result<TrustStore, Failure> {
    Ok(held(here).await?.0)
}

/// The same for whoever carries them elsewhere: not on the word of a file alone.
async fn proven(here: &Here<'_>) -> Result<TrustStore, Failure> {
    let (store, is_proven) = held(here).await?;
    if store.approvers.is_empty() || is_proven {
        return Ok(store);
    }
    let message = "the ledger cannot be read, or does not prove what became of these keys";
    Err(Failure::new(Exit::Verification, "ledger_contradicted", message)
        .hint("`countersign audit verify` says where; `trust show` shows what the file alone says"))
}

/// The pinned keys, and whether the ledger proves what became of them.
async fn held(here: &Here<'_>) -> Result<(TrustStore, bool), Failure> {
    let identity = parties::existing_identity(&here.root)?.ok_or_else(|| {
        Failure::new(Exit::Failed, "no_key", "this home has pinned no keys")
            .hint("`countersign pair` pins the first approver")
    })?;
    let home = Home::open(&here.root)?;
    let trust = home.trust(&identity)?;
    Ok(match remembered(&home, &trust).await {
        Some(remembered) => {
            told(here, &remembered.revived(&trust));
            (remembered.over(trust), true)
        }
        // What a file says that keys were before is nobody's word.
        None => (Remembered::default().over(trust), false),
    })
}

async fn remembered(home: &Home, trust: &TrustStore) -> Option<Remembered> {
    let path = home.ledger_path();
    if !path.exists() {
        return None;
    }
    let file = LedgerFile::open(&path).await.ok()?;
    Remembered::read(&file, trust).await.ok()
}

fn told(here: &Here<'_>, revived: &[Revived]) {
    for Revived { label, seq } in revived {
        here.output.progress(&format!(
            "`trust.json` is older than the ledger: receipt {seq} says less of the key of `{}`, and \
             that counts",
            visible(label, false)
        ));
    }
}

fn table(store: &TrustStore) -> String {
    let mut lines = Vec::new();
    for operator in &store.operators {
        lines.push(format!(
            "operator  {:<30}  {:<9}  {}",
            visible(&operator.label, false),
            word(&operator.status),
            operator.keys.fingerprint()
        ));
    }
    for (person, devices) in by_person(store) {
        lines.push(format!("person    {}", visible(person, false)));
        lines.extend(devices.into_iter().map(device));
    }
    lines.join("\n")
}

/// Approvers by whose they are: one person counts once, whatever device answers.
fn by_person(store: &TrustStore) -> BTreeMap<&str, Vec<&Approver>> {
    let mut people: BTreeMap<&str, Vec<&Approver>> = BTreeMap::new();
    for approver in &store.approvers {
        people.entry(&approver.person).or_default().push(approver);
    }
    people
}

fn device(approver: &Approver) -> String {
    let roles = approver.roles.join(",");
    let until = until(&approver.status).map(|until| format!("  until {until}")).unwrap_or_default();
    let passkey = approver.passkey.as_ref().map(passkey).unwrap_or_default();
    format!(
        "  key     {:<30}  {:<9}  {}  assurance {}{}{passkey}{until}",
        visible(&approver.label, false),
        word(&approver.status),
        approver.keys.fingerprint(),
        approver.assurance.name(),
        if roles.is_empty() { roles } else { format!("  roles {}", visible(&roles, false)) }
    )
}

/// The page whose passkey lifts a key's answers.
pub(crate) fn passkey(pinned: &Passkey) -> String {
    format!("  passkey of {}", visible(&pinned.origin, false))
}

/// When a key that was replaced ends.
pub(crate) fn until(status: &Status) -> Option<String> {
    match status {
        Status::Rotated { until } => Some(until.to_string()),
        Status::Active {} | Status::Revoked { .. } => None,
    }
}

/// The status in one word.
pub(crate) fn word(status: &Status) -> &'static str {
    match status {
        Status::Active {} => "active",
        Status::Rotated { .. } => "rotated",
        Status::Revoked { .. } => "revoked",
    }
}

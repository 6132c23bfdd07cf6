//! A ledger followed from its first receipt, and those asked who remember it.

use crate::commands::Here;
use crate::failure::Failure;
use crate::parties;
use countersign_core::checkpoint::Checkpoint;
use countersign_core::json as strict;
use countersign_core::trust::TrustStore;
use countersign_enforcer::audit::Audit;
use countersign_enforcer::audit::seen::{Seen, answers};
use countersign_enforcer::witness::recall;
use countersign_enforcer::{Edge, Home};
use countersign_store::error::StoreError;
use countersign_store_sqlite::LedgerFile;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long a gateway may take to say what it remembers.
const PATIENCE: Duration = Duration::from_secs(5);

/// Walks through a ledger, and compares it with the head that a file remembers. A file that is no
/// readable ledger is a finding. `passed` hears how many receipts hold.
pub(crate) async fn walked(
    passed: &(dyn Fn(u64) + Sync),
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
    let now = Edge::system().now();
    seen.extend(answers(&file, &trust, now).await?);
    let mut audit = Audit::new(Arc::new(file), &ledger, trust, now).seen_by(seen);
    audit.walk(passed).await?;
    match head {
        Ok(Some(head)) if audit.holds() => audit.witness("`head.json`", head).await?,
        Ok(Some(_)) => {}
        Ok(None) => audit.not_checked("no `head.json` stands beside the ledger".to_owned()),
        Err(why) => audit.not_checked(why.clone()),
    }
    Ok(Ok(audit))
}

/// The head that stands beside a copy.
pub(super) fn beside(file: &Path) -> Result<Option<Checkpoint>, String> {
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
pub(super) async fn gateways(
    here: &Here<'_>,
    home: &Home,
    audit: &mut Audit,
) -> Result<(), Failure> {
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

//! A ledger followed from its first receipt, and those asked who remember it.

use crate::commands::Here;
use crate::failure::Failure;
use crate::parties;
use countersign_core::checkpoint::Checkpoint;
use countersign_core::receipt::check::Verdict;
use countersign_core::trust::TrustStore;
use countersign_enforcer::audit::seen::{Seen, answers};
use countersign_enforcer::audit::{Audit, Broken};
use countersign_enforcer::witness::recall;
use countersign_enforcer::{Edge, Home};
use countersign_store::error::StoreError;
use countersign_store::files::{self, FileError};
use countersign_store_sqlite::LedgerFile;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What remembers the head beside a ledger.
pub(super) const HEAD: &str = "`head.json`";

/// How long a gateway may take to say what it remembers.
const PATIENCE: Duration = Duration::from_secs(5);

/// Walks through a ledger, and compares it with the head that a file remembers. A file that is no
/// readable ledger is a finding. `passed` hears how many receipts hold.
pub(crate) async fn walked(
    passed: &(dyn Fn(u64) + Sync),
    path: &Path,
    trust: TrustStore,
    head: Option<&Checkpoint>,
    mut seen: Vec<Seen>,
) -> Result<Result<Audit, Broken>, Failure> {
    let unreadable = |verdict, because| Ok(Err(Broken { at: None, verdict, because }));
    let file = match LedgerFile::open(path).await {
        Err(StoreError::Corrupt(why)) => return unreadable(Verdict::Malformed, why),
        Err(StoreError::Later(why)) => return unreadable(Verdict::Unsupported, why),
        other => other?,
    };
    let ledger = file.ledger_id().to_owned();
    let now = Edge::system().now();
    seen.extend(answers(&file, &trust, now).await?);
    let mut audit = Audit::new(Arc::new(file), &ledger, trust, now).seen_by(seen);
    audit.walk(passed).await?;
    if let Some(head) = head
        && audit.holds()
    {
        audit.witness("`head.json`", head).await?;
    }
    Ok(Ok(audit))
}

/// The head in a file that remembers one; `None` where there is no such file. What is there and is
/// no head is a finding, in words.
pub(super) fn head_in(path: &Path) -> Result<Result<Option<Checkpoint>, String>, Failure> {
    match files::read(path) {
        Ok(head) => Ok(Ok(head)),
        Err(FileError::Corrupt { why, .. }) => Ok(Err(format!("{HEAD} is no head: {why}"))),
        Err(other) => Err(other.into()),
    }
}

/// Says what of the remembered head could not be compared.
pub(super) fn without(audit: &mut Audit, head: &Result<Option<Checkpoint>, String>) {
    match head {
        Ok(Some(_)) => {}
        Ok(None) => audit.not_checked("no `head.json` stands beside the ledger".to_owned()),
        Err(why) => audit.forgot(why.clone()),
    }
}

/// The head that a gateway remembers, if it knows any; `None` where it could not be asked.
pub(super) type Memory = Option<Option<Checkpoint>>;

/// Asks every gateway of the home what it remembers: its address, and the answer.
pub(super) async fn gateways(
    here: &Here<'_>,
    home: &Home,
) -> Result<Vec<(String, Memory)>, Failure> {
    let Some(identity) = parties::existing_identity(&here.root)? else { return Ok(Vec::new()) };
    let relays: BTreeMap<String, _> = parties::relays(&identity, &home.pairings()?)?
        .into_values()
        .map(|relay| (relay.client.origin().to_string(), relay.client))
        .collect();
    if relays.is_empty() {
        return Ok(Vec::new());
    }
    let ledger = parties::ledger(home, &identity, &Edge::system())?;
    let mut memories = Vec::new();
    for (url, client) in relays {
        let asked = recall(&client, &*ledger, &identity.keys);
        let memory = tokio::time::timeout(PATIENCE, asked).await.ok().and_then(Result::ok);
        memories.push((url, memory));
    }
    Ok(memories)
}

/// Compares what gateways remember with what was read.
pub(super) async fn compared(
    audit: &mut Audit,
    memories: Vec<(String, Memory)>,
) -> Result<(), Failure> {
    for (url, memory) in memories {
        match memory {
            Some(Some(head)) => audit.witness(&format!("the gateway `{url}`"), &head).await?,
            Some(None) => audit.not_checked(format!("the gateway `{url}` knows no heads")),
            None => audit.not_checked(format!("the gateway `{url}` could not be asked")),
        }
    }
    Ok(())
}

//! What the enforcer's side of a home holds, read and never made.
//!
//! A home is only opened where all of it is there already, since opening makes what is missing;
//! the same goes for the ledger.

use super::files::{ROOMS, look, others_may};
use crate::commands::receipt::explain;
use crate::parties;
use countersign_core::receipt::Event;
use countersign_core::receipt::check::Verdict;
use countersign_core::time::Instant;
use countersign_core::trust::TrustStore;
use countersign_enforcer::home::{Identity, Pairing, pairings_in};
use countersign_enforcer::policy::{Acceptance, accepted};
use countersign_enforcer::remembered::{Remembered, Revived, past};
use countersign_enforcer::{Edge, Home, cut_off, owner, witness};
use countersign_store::ledger::{Change, LedgerStore, Proven};
use std::path::Path;
use std::sync::Arc;

/// The newest receipts are looked at, since an uncertain end is recorded when it is found.
const LOOK_BACK: u64 = 100;

/// The enforcer's side of a home.
pub(super) struct Book {
    /// The operator's key, its pins and its ledger.
    pub(super) identity: Arc<Identity>,
    pub(super) trust: Result<TrustStore, String>,
    pub(super) pairings: Result<Vec<Pairing>, String>,
    pub(super) ledger: Result<Ledger, String>,
}

/// What a ledger says.
pub(super) struct Ledger {
    /// The ledger itself, opened.
    pub(super) store: Option<Arc<dyn LedgerStore>>,
    pub(super) receipts: u64,
    /// When the newest receipt was written.
    pub(super) newest: Option<Instant>,
    /// Whether the head that the home remembers is one of this ledger.
    pub(super) heads: Result<(), String>,
    /// Whether what may still be used is kept otherwise than the newest head says.
    pub(super) miscounted: bool,
    /// What is wrong with the newest receipt.
    pub(super) last: Option<String>,
    /// Requests whose claims have no outcome yet.
    pub(super) open: Vec<String>,
    /// A change of who may answer among them, whose process is gone, by the name of its action.
    pub(super) cut_off: Option<String>,
    /// Requests that nobody knows the outcome of, among the newest receipts.
    pub(super) uncertain: Vec<String>,
    /// Who was pinned stands in it.
    pub(super) pinned: bool,
    /// Keys that the trust store counts for more than the ledger does.
    pub(super) revived: Vec<Revived>,
    /// What became of keys.
    pub(super) remembered: Remembered,
    pub(super) accepted: Vec<Acceptance>,
    /// Who stopped everything.
    pub(super) frozen: Option<String>,
}

/// Opens the book of a home; `None` where it is no enforcer's.
///
/// # Errors
/// Where the home is not whole or the operator's key cannot be used.
pub(super) fn open(root: &Path) -> Result<Option<Book>, String> {
    let key = root.join("keys").join("operator.json");
    if !key.try_exists().map_err(|e| format!("cannot look for `{}`: {e}", key.display()))? {
        return lost(root);
    }
    if let Some(room) = ROOMS.iter().find(|room| !root.join(room).is_dir()) {
        return Err(format!("the home is not whole: `{}` is missing", root.join(room).display()));
    }
    let home = Home::open(root).map_err(|e| e.to_string())?;
    let Some(identity) = home.identity().map_err(|e| e.to_string())? else { return Ok(None) };
    let trust = home.trust(&identity).map_err(|e| e.to_string());
    let pairings = pairings_in(&root.join("pairings")).map_err(|e| e.to_string());
    let ledger = ledger(&home, &identity, trust.as_ref().ok());
    // What the file says of keys is one thing, what the ledger lets them be another.
    let trust = match &ledger {
        Ok(ledger) => trust.map(|trust| ledger.remembered.over(trust)),
        Err(_) => trust,
    };
    Ok(Some(Book { identity: Arc::new(identity), trust, pairings, ledger }))
}

/// A home without the operator's key is nobody's, unless something of an operator's is there.
fn lost(root: &Path) -> Result<Option<Book>, String> {
    let left = ["trust.json", "ledger.db"].into_iter().find(|name| root.join(name).exists());
    match left {
        Some(name) => Err(format!("`keys/operator.json` is missing, and `{name}` is there")),
        None => Ok(None),
    }
}

fn ledger(home: &Home, identity: &Identity, trust: Option<&TrustStore>) -> Result<Ledger, String> {
    let path = home.ledger_path();
    if !path.is_file() {
        return Err(format!("`{}` is missing", path.display()));
    }
    if !path.with_extension("db.lock").exists() {
        return Err(format!("`{}.lock` is missing: the ledger was moved here", path.display()));
    }
    // Opening takes from its files what others may do with them, and looking changes nothing.
    let open = ["", "-wal", "-shm", ".lock"].iter().any(|end| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        look(Path::new(&name)).is_ok_and(|one| others_may(&one))
    });
    if open {
        return Err(format!(
            "`{}` is open to others, and is not opened before that is mended",
            path.display()
        ));
    }
    let store = parties::ledger(home, identity, &Edge::system()).map_err(|e| e.message)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|e| e.to_string())?;
    runtime.block_on(read(store, home, identity, trust))
}

async fn read(
    opened: Arc<dyn LedgerStore>,
    home: &Home,
    identity: &Identity,
    trust: Option<&TrustStore>,
) -> Result<Ledger, String> {
    let bad = |e: countersign_store::error::StoreError| e.to_string();
    let store = &*Arc::clone(&opened);
    let last = store.receipt(None).await.map_err(bad)?;
    let now = Edge::system().now();
    let receipts = last.as_ref().map_or(0, |last| last.content.seq);
    let past = match trust {
        Some(trust) => past(store, trust).await.map_err(bad)?,
        None => Proven::default(),
    };
    let remembered = Remembered::of(&past);
    let held = trust.map(|trust| remembered.over(trust.clone()));
    let verdict = last.as_ref().zip(held).map(|(last, held)| last.check(&held, now));
    Ok(Ledger {
        receipts,
        newest: last.as_ref().map(|last| last.content.recorded_at.instant()),
        heads: witness::check_home(home, store, &identity.keys).await.map_err(|e| e.to_string()),
        miscounted: store.beside().await.map_err(bad)?.is_some_and(|beside| beside.miscounted),
        last: verdict.filter(|v| !matches!(v, Verdict::Valid { .. })).map(|v| explain(&v)),
        open: store.open_claims().await.map_err(bad)?.into_iter().map(|c| c.request_id).collect(),
        cut_off: cut_off(store, home).await?,
        uncertain: uncertain(store, receipts).await?,
        frozen: store.frozen().await.map_err(bad)?.map(|frozen| frozen.to_string()),
        pinned: past.of(&[Change::Key]).next().is_some(),
        revived: trust.map(|trust| remembered.revived(trust)).unwrap_or_default(),
        remembered,
        accepted: trust
            .map(|trust| accepted(past.of(&[Change::Policy]), store.ledger_id(), trust, now))
            .unwrap_or_default(),
        store: Some(opened),
    })
}

/// The first change of who may answer that nobody is left to make.
async fn cut_off(store: &dyn LedgerStore, home: &Home) -> Result<Option<String>, String> {
    for claim in store.open_claims().await.map_err(|e| e.to_string())? {
        let request = store.request(&claim.request_id).await.map_err(|e| e.to_string())?;
        let named = request.as_ref().and_then(cut_off::named);
        if named.is_some() && owner::is_gone(home, &claim.owner) {
            return Ok(named);
        }
    }
    Ok(None)
}

async fn uncertain(store: &dyn LedgerStore, newest: u64) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for seq in newest.saturating_sub(LOOK_BACK) + 1..=newest {
        let receipt = store.receipt(Some(seq)).await.map_err(|e| e.to_string())?;
        let entry = receipt.map(|r| r.content.entry).filter(|e| e.event == Event::Uncertain);
        found.extend(entry.and_then(|e| e.request_id));
    }
    Ok(found)
}

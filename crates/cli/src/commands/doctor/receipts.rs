//! Whether the receipts hold, and what the gate goes by beside them: the check of `audit verify`, where
//! it takes no time that anybody waits for.

use super::book::{Book, Ledger};
use super::bounded::{FILES, bounded};
use super::check::{Check, quoted};
use crate::commands::audit::verify::{found, place, walked};
use countersign_core::display::counted;
use countersign_core::trust::TrustStore;
use countersign_enforcer::audit::Broken;
use std::path::Path;

const NAME: &str = "receipts";

/// A longer ledger is checked by `audit verify` alone.
const MOST: u64 = 20_000;

/// Nothing where there is no ledger, or none that can be read: another check says so.
pub(super) async fn check(root: &Path, book: &Result<Option<Book>, String>) -> Option<Check> {
    let Ok(Some(Book { ledger: Ok(ledger), trust: Ok(trust), .. })) = book else { return None };
    let verify = format!("countersign --home {} audit verify", quoted(root));
    let Ledger { receipts, .. } = ledger;
    if *receipts > MOST {
        let all = counted(*receipts, "receipt");
        return Some(Check::skipped(
            NAME,
            format!("{all}: too many to check here, see `{verify}`"),
        ));
    }
    let (path, trust) = (root.join("ledger.db"), trust.clone());
    let broken = bounded(FILES, move || followed(&path, trust)).await.and_then(|done| done);
    Some(match broken {
        Ok(None) => Check::ok(NAME, format!("{}, and what stands beside them", hold(*receipts))),
        Ok(Some(broken)) => {
            let (place, found) = (place(&broken), found(&broken));
            Check::fail(NAME, format!("{place}{found}: {}", broken.because), verify)
        }
        Err(why) => Check::warn(NAME, why, verify),
    })
}

fn hold(receipts: u64) -> String {
    match receipts {
        1 => counted(receipts, "receipt") + " holds",
        _ => counted(receipts, "receipt") + " hold",
    }
}

/// The first thing that does not hold.
fn followed(path: &Path, trust: TrustStore) -> Result<Option<Broken>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| e.to_string())?;
    let audit = runtime.block_on(walked(&|_| {}, path, trust, None, Vec::new()));
    let audit = audit.map_err(|failure| failure.message)?;
    Ok(audit.map_or_else(Some, |audit| audit.report().broken))
}

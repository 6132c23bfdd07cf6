//! What may still be used, as the newest head counts it.

use super::Checked;
use crate::ledger::{LedgerStore, Usable};

/// Nobody needs to know which store it is: what the head counts follows from the receipts.
pub(super) async fn the_newest_head_counts_what_may_still_be_used(
    ledger: &dyn LedgerStore,
) -> Checked {
    let Some(head) = ledger.checkpoint().await? else { return Ok(()) };
    let mut usable = Usable::default();
    for receipt in ledger.receipts_from(1, usize::MAX).await? {
        let content = &receipt.content;
        if Usable::concerns(&content.entry) {
            usable.follow(&content.entry);
            usable.forget(content.recorded_at.instant());
        }
    }
    assert_eq!(head.head.usable, Some(usable.digest()?), "{usable:?}");
    Ok(())
}

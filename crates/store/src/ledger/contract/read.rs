//! Promises of those who read the receipts from one end to the other.

use super::{Checked, Fixture, LedgerStore, NOW};
use crate::error::StoreError;
use countersign_core::receipt::{Event, Receipt};
use std::sync::Arc;

pub(super) async fn all<F>(make: &impl Fn() -> F) -> Checked
where
    F: Future<Output = Result<Arc<dyn LedgerStore>, StoreError>>,
{
    receipts_come_in_pages(&*make().await?).await?;
    rows_are_what_is_stored(&*make().await?).await
}

async fn three(ledger: &dyn LedgerStore) -> Result<Vec<Receipt>, StoreError> {
    let fixture = Fixture::new().map_err(|e| StoreError::Corrupt(e.to_string()))?;
    let mut receipts = Vec::new();
    for event in [Event::Allowed, Event::Blocked, Event::Policy] {
        receipts.push(ledger.record(fixture.entry(event), NOW).await?);
    }
    Ok(receipts)
}

async fn receipts_come_in_pages(ledger: &dyn LedgerStore) -> Checked {
    assert_eq!(ledger.receipts_from(0, 10).await?, []);
    let receipts = three(ledger).await?;
    assert_eq!(ledger.receipts_from(0, 10).await?, receipts);
    assert_eq!(ledger.receipts_from(1, 2).await?, receipts.get(..2).unwrap_or_default());
    assert_eq!(ledger.receipts_from(3, 2).await?, receipts.get(2..).unwrap_or_default());
    assert_eq!(ledger.receipts_from(4, 2).await?, []);
    assert_eq!(ledger.receipts_from(u64::MAX, 2).await?, []);
    assert_eq!(ledger.receipts_from(1, 0).await?, []);
    Ok(())
}

async fn rows_are_what_is_stored(ledger: &dyn LedgerStore) -> Checked {
    assert_eq!(ledger.rows_after(None, 10).await?, []);
    let receipts = three(ledger).await?;
    let rows = ledger.rows_after(None, 10).await?;
    assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [1, 2, 3]);
    for (row, receipt) in rows.iter().zip(&receipts) {
        assert_eq!(Receipt::parse(&row.text)?, *receipt);
        assert_eq!(row.content_hash, receipt.content_hash.0);
        assert_eq!(row.recorded_at, NOW.0);
        assert_eq!(row.request_id, receipt.content.entry.request_id);
    }
    assert_eq!(ledger.rows_after(Some(1), 1).await?, rows.get(1..2).unwrap_or_default());
    assert_eq!(ledger.rows_after(Some(3), 9).await?, []);
    Ok(())
}

//! The receipts in memory, in their order.

use super::MemoryLedger;
use crate::error::StoreError;
use crate::ledger::read::{Beside, Filed, Mark, Open, Query, Receipts, Row, mark};
use crate::ledger::{Change, Past};
use async_trait::async_trait;
use countersign_core::receipt::Receipt;
use countersign_core::receipt::course::sum;
use countersign_core::request::State;

#[async_trait]
impl Receipts for MemoryLedger {
    async fn receipts_from(&self, seq: u64, limit: usize) -> Result<Vec<Receipt>, StoreError> {
        let inner = self.read();
        let from = inner.receipts.iter().filter(|r| r.content.seq >= seq);
        Ok(from.take(limit).cloned().collect())
    }

    async fn rows_after(&self, seq: Option<i64>, limit: usize) -> Result<Vec<Row>, StoreError> {
        let inner = self.read();
        let rows = inner.receipts.iter().map(row);
        let after = rows.filter(|row| match (row, seq) {
            (Ok(row), Some(seq)) => row.seq > seq,
            _ => true,
        });
        after.take(limit).collect()
    }

    async fn head_text(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let head = self.read().checkpoint.as_ref().map(serde_json::to_vec);
        head.transpose().map_err(|e| StoreError::Corrupt(e.to_string()))
    }

    async fn beside(&self) -> Result<Option<Beside>, StoreError> {
        let inner = self.read();
        let open = inner.requests.values().filter(|request| !request.state.is_final());
        let denied = inner.requests.values().filter(|request| request.state == State::Denied);
        let claimed: Vec<_> = inner.claims.values().filter(|claim| claim.open).collect();
        let lost = claimed.iter().find(|one| !inner.requests.contains_key(&one.request_id));
        Ok(Some(Beside {
            newest: inner.receipts.last().map_or(0, |receipt| receipt.content.seq),
            frozen: inner.frozen.clone(),
            holds: inner.holds.iter().map(|hold| hold.name.clone()).collect(),
            grants: inner.grants.values().cloned().collect(),
            open: open.map(Open::of).collect(),
            denied: sum(denied.map(|request| request.id.as_str())),
            lost: lost.map(|claim| claim.request_id.clone()),
            claimed: claimed.iter().map(|claim| claim.request_id.clone()).collect(),
            miscounted: false,
        }))
    }

    async fn past(&self) -> Result<Past, StoreError> {
        let inner = self.read();
        let changes = inner.receipts.iter().filter(|r| Change::of(&r.content.entry).is_some());
        Ok(Past {
            head: inner.checkpoint.clone(),
            newest: inner.receipts.last().map(|r| (r.content.seq, r.content_hash)),
            changes: changes.cloned().collect(),
            frozen: inner.frozen.clone(),
            holds: inner.holds.iter().map(|hold| hold.name.clone()).collect(),
        })
    }

    async fn find(
        &self,
        query: &Query,
        before: Option<Mark>,
        limit: usize,
    ) -> Result<Vec<Receipt>, StoreError> {
        let inner = self.read();
        let found = inner.receipts.iter().filter(|receipt| query.finds(receipt));
        let mut found: Vec<&Receipt> =
            found.filter(|receipt| before.is_none_or(|before| mark(receipt) < before)).collect();
        found.sort_by_key(|receipt| std::cmp::Reverse(mark(receipt)));
        Ok(found.into_iter().take(limit).cloned().collect())
    }
}

fn row(receipt: &Receipt) -> Result<Row, StoreError> {
    let content = &receipt.content;
    let text = receipt.canonical_bytes().map_err(|e| StoreError::Corrupt(e.to_string()))?;
    Ok(Row {
        seq: i64::try_from(content.seq).unwrap_or(i64::MAX),
        content_hash: receipt.content_hash.0.to_vec(),
        recorded_at: content.recorded_at.instant().0,
        request_id: content.entry.request_id.clone(),
        filed: Some(Filed::of(&content.entry)),
        change: Change::of(&content.entry).map(|change| change.name().to_owned()),
        text,
    })
}

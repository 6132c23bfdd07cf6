//! What a search looks at: receipts that stand in no segment.

use crate::commands::Here;
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::ledger::read::Receipts;
use serde_json::{Value, json};

/// Which receipts are searched.
pub(super) struct Live {
    /// The first. Rows before it are copies of what stands in segments, or stood there until it was
    /// dropped, and the gate alone looks at them.
    pub(super) from: u64,
    /// The last in a segment, where the time that is asked for reaches there.
    unsearched: Option<u64>,
}

impl Live {
    pub(super) async fn of(
        ledger: &dyn Receipts,
        since: Option<Instant>,
    ) -> Result<Self, StoreError> {
        let segments = ledger.segments().await?;
        let last = segments.iter().map(|one| one.last).max();
        let reached = |newest: Instant| since.is_none_or(|since| newest >= since);
        let unsearched = segments.iter().filter(|one| reached(one.newest_at)).map(|one| one.last);
        Ok(Self {
            from: last.map_or(1, |last| last.saturating_add(1)),
            unsearched: unsearched.max(),
        })
    }

    /// Says in a document what was not searched.
    pub(super) fn tell(&self, document: &mut Value) {
        if let (Some(members), Some(last)) = (document.as_object_mut(), self.unsearched) {
            members.insert("notSearched".to_owned(), json!({"last": last}));
        }
    }

    /// Says so to people.
    pub(super) fn progress(&self, here: &Here<'_>) {
        if let Some(last) = self.unsearched {
            here.output.progress(&format!(
                "receipts up to {last} stand in segments, or stood there until they were dropped, and \
                 were not searched; `countersign audit export` reads those that are left"
            ));
        }
    }
}

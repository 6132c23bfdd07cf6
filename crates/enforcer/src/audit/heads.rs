//! The heads of a ledger, wherever they are remembered: beside its receipts, in artifacts, outside.

use super::{Audit, Broken, Witnessed};
use countersign_core::checkpoint::{Checkpoint, Standing};
use countersign_core::encoding::Hash;
use countersign_core::json;
use countersign_core::receipt::check::Verdict;
use countersign_core::receipt::validity::end;
use countersign_core::time::Instant;
use countersign_core::trust::Status;
use countersign_store::error::StoreError;

impl Audit {
    /// Compares the heads inside artifacts that name receipts from long ago.
    pub(super) async fn older_heads(&mut self) -> Result<(), StoreError> {
        for (at, head) in self.chain.older() {
            if !self.is_dropped(head.seq)
                && self.hash_at(head.seq).await? != Some(head.content_hash)
            {
                let because = format!(
                    "an approver was shown another receipt {} than the ledger holds",
                    head.seq
                );
                self.found(Broken::new(Some(at), Verdict::Forked, because));
                break;
            }
        }
        Ok(())
    }

    /// Judges the head beside the receipts; whether it is ahead of what was read.
    pub(super) async fn has_grown(&mut self) -> Result<bool, StoreError> {
        let who = "the head in the database";
        let newest = self.chain.newest();
        let Some(text) = self.source.head_text().await? else {
            if newest.is_some() {
                let because = "no signed head is left beside the receipts";
                self.found(Broken::new(None, Verdict::Truncated, because));
            }
            return Ok(false);
        };
        let Ok(head) = json::read::<Checkpoint>(&text, json::limit::MESSAGE) else {
            let because = format!("{who} cannot be read");
            self.found(Broken::new(None, Verdict::Malformed, because));
            return Ok(false);
        };
        self.parts.kept.count(&head.head);
        let seq = newest.map_or(0, |(seq, _)| seq);
        if head.head.seq > seq {
            let there = i64::try_from(seq).ok();
            if !self.source.rows_after(there, 1).await?.is_empty() {
                return Ok(true);
            }
        }
        self.witness(who, &head).await?;
        if self.holds() && head.head.seq < seq {
            let at = head.head.seq + 1;
            let because = format!("receipt {at} and those after it are under no signed head");
            let verdict = Verdict::ChainBroken { seq: at };
            self.found(Broken::new(i64::try_from(at).ok(), verdict, because));
        }
        Ok(false)
    }

    /// Compares the ledger with a head that `who` remembers.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn witness(&mut self, who: &str, head: &Checkpoint) -> Result<(), StoreError> {
        let found = self.compared(who, head, None).await?;
        self.compared_with(who, head, found);
        Ok(())
    }

    pub(super) fn compared_with(&mut self, who: &str, head: &Checkpoint, found: Option<Broken>) {
        let (who, seq) = (who.to_owned(), head.head.seq);
        self.report.witnesses.push(Witnessed { who, seq, holds: found.is_none() });
        found.into_iter().for_each(|broken| self.found(broken));
    }

    pub(super) async fn compared(
        &self,
        who: &str,
        checkpoint: &Checkpoint,
        seen: Option<Instant>,
    ) -> Result<Option<Broken>, StoreError> {
        let (head, key_id) = (&checkpoint.head, &checkpoint.key_id);
        let broken = |verdict, because| Ok(Some(Broken::new(None, verdict, because)));
        let Some(operator) = self.trust.operator(key_id) else {
            let verdict = Verdict::Untrusted { key_id: key_id.clone() };
            return broken(verdict, format!("{who} is signed by a key that nobody pinned"));
        };
        let before = end(&operator.status).zip(seen).is_some_and(|(end, seen)| seen < end);
        if matches!(operator.status, Status::Revoked { .. }) && !before {
            return broken(Verdict::Revoked, format!("{who} is signed by a key taken back"));
        }
        if checkpoint.verify(&operator.keys.signing()).is_err() {
            return broken(
                Verdict::BadSignature,
                format!("the signature of {who} does not verify"),
            );
        }
        let (newest, seq) = (self.chain.newest().map_or(0, |(seq, _)| seq), head.seq);
        if head.ledger == self.report.ledger && self.is_dropped(seq) {
            // Nothing is left to compare it with; what follows holds.
            return Ok(None);
        }
        let at = self.hash_at(seq).await?;
        match head.standing(newest, at) {
            _ if head.ledger != self.report.ledger => {
                broken(Verdict::Forked, format!("{who} is of another ledger"))
            }
            Standing::Consistent => Ok(None),
            Standing::Truncated => broken(
                Verdict::Truncated,
                format!("{who} names receipt {seq}, and the ledger ends at {newest}"),
            ),
            Standing::Forked => broken(
                Verdict::Forked,
                format!("{who} names another receipt {seq} than the ledger holds"),
            ),
        }
    }

    /// The content hash of a receipt that was followed already.
    pub(super) async fn hash_at(&self, seq: u64) -> Result<Option<Hash>, StoreError> {
        if let Some(hash) = self.chain.recent(seq).or_else(|| self.parts.dropped_at(seq)) {
            return Ok(Some(hash));
        }
        let Some(before) = seq.checked_sub(1).and_then(|seq| i64::try_from(seq).ok()) else {
            return Ok(None);
        };
        let row = self.source.rows_after(Some(before), 1).await?.pop();
        let row = row.filter(|row| u64::try_from(row.seq) == Ok(seq));
        // The row was compared with its text as it was passed.
        Ok(row.and_then(|row| row.content_hash.try_into().ok()).map(Hash))
    }
}

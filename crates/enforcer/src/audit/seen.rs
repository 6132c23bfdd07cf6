//! Who saw how much of a ledger, and when: what tells the age of an old receipt (PROTOCOL §9).
//!
//! There are two sorts of witnesses. Somebody kept a head and says when. And every approver was shown
//! the newest head, and signed it together with a date: an approver whose key still counts is a
//! witness against the operator, and for those whose keys were taken back since.

use countersign_core::artifact::Artifact;
use countersign_core::checkpoint::Checkpoint;
use countersign_core::decision::{Decision, hint};
use countersign_core::receipt::Receipt;
use countersign_core::receipt::validity::{Chain, Witnessed, end};
use countersign_core::time::{Instant, Timestamp};
use countersign_core::trust::TrustStore;
use countersign_store::error::StoreError;
use countersign_store::ledger::read::Receipts;
use serde_json::Value;

/// Rows that are read together.
const PAGE: usize = 256;

/// A head that somebody saw.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// Who, in words.
    pub who: String,
    /// What.
    pub head: Checkpoint,
    /// When; the word of the witness.
    pub at: Instant,
}

impl Seen {
    /// What it covers, for whoever follows the whole chain and compares the head.
    #[must_use]
    pub fn presumed(&self, trust: &TrustStore) -> Option<Witnessed> {
        Witnessed::presumed(&self.head, self.at, trust)
    }
}

/// The heads that approvers signed, of which only those are kept that prove most: for each key that
/// counts no more, the newest that was signed before it ended.
pub struct Answers<'a> {
    trust: &'a TrustStore,
    now: Instant,
    best: Vec<(Instant, Option<Seen>)>,
}

impl<'a> Answers<'a> {
    /// Begins to look for witnesses of what keys did that count no more at `now`.
    #[must_use]
    pub fn new(trust: &'a TrustStore, now: Instant) -> Self {
        let operators = trust.operators.iter().map(|o| &o.status);
        let statuses = operators.chain(trust.approvers.iter().map(|a| &a.status));
        let mut ends: Vec<Instant> = statuses.filter(|s| !s.counts(now)).filter_map(end).collect();
        ends.sort_unstable();
        ends.dedup();
        Self { trust, now, best: ends.into_iter().map(|end| (end, None)).collect() }
    }

    /// Whether every key counts: then nobody's age matters.
    #[must_use]
    pub fn needless(&self) -> bool {
        self.best.is_empty()
    }

    /// Looks at the answers in a receipt.
    pub fn look_at(&mut self, receipt: &Receipt) {
        if receipt.content.entry.decisions.is_empty() {
            return;
        }
        let artifacts = receipt.content.whole_artifacts();
        for decision in &receipt.content.entry.decisions {
            if let Some(seen) = self.seen_by(decision, &artifacts) {
                self.keep(seen);
            }
        }
    }

    fn seen_by(&self, decision: &Decision, artifacts: &[Artifact]) -> Option<Seen> {
        let signer = self.trust.approver(&decision.signer_key_id)?;
        let said = decision.hint(hint::DECIDED_AT).and_then(Value::as_str)?;
        let at = Timestamp::parse(said)?.instant();
        let hash = decision.artifact_hash;
        let answered = artifacts.iter().find(|a| a.head.artifact_hash == hash)?;
        let good = signer.status.counts(self.now)
            && at <= self.now
            && answered.hash().ok() == Some(hash)
            && decision.verify_signature(&signer.keys.signing()).is_ok();
        let head = answered.checkpoint().ok().flatten().filter(|_| good)?;
        Some(Seen { who: format!("an approver's answer of {said}"), head, at })
    }

    fn keep(&mut self, seen: Seen) {
        for (end, best) in &mut self.best {
            let newer = best.as_ref().is_none_or(|b| b.head.head.seq < seen.head.head.seq);
            if seen.at < *end && newer {
                *best = Some(seen.clone());
            }
        }
    }

    /// The best witnesses.
    #[must_use]
    pub fn found(self) -> Vec<Seen> {
        let mut found: Vec<Seen> = self.best.into_iter().filter_map(|(_, best)| best).collect();
        found.dedup();
        found
    }
}

/// The best witnesses among the approvers who answered, in a whole ledger. Where every key counts,
/// nothing is read.
///
/// # Errors
/// Where the ledger cannot be read. A damaged receipt is no witness.
pub async fn answers(
    ledger: &dyn Receipts,
    trust: &TrustStore,
    now: Instant,
) -> Result<Vec<Seen>, StoreError> {
    let mut answers = Answers::new(trust, now);
    if answers.needless() {
        return Ok(Vec::new());
    }
    let mut last = None;
    loop {
        let page = ledger.rows_after(last, PAGE).await?;
        let Some(row) = page.last() else { break };
        last = Some(row.seq);
        let whole = page.iter().filter_map(|row| Receipt::parse(&row.text).ok());
        whole.for_each(|receipt| answers.look_at(&receipt));
    }
    Ok(answers.found())
}

/// What is known of the age of one receipt: the heads that cover it, among those that somebody kept
/// and those that approvers signed. `ledger` is where its followers stand.
///
/// # Errors
/// Where the ledger cannot be read, or a receipt after it is damaged.
pub async fn of_one(
    receipt: &Receipt,
    ledger: Option<&dyn Receipts>,
    kept: &[Seen],
    (trust, now): (&TrustStore, Instant),
) -> Result<Vec<(Seen, Witnessed)>, StoreError> {
    let (mut chain, mut answers) = (Chain::default(), Answers::new(trust, now));
    chain.push(receipt);
    if let Some(ledger) = ledger {
        let mut next = receipt.content.seq.saturating_add(1);
        loop {
            let page = ledger.receipts_from(next, PAGE).await?;
            let Some(last) = page.last() else { break };
            next = last.content.seq.saturating_add(1);
            for one in &page {
                chain.push(one);
                answers.look_at(one);
            }
        }
    }
    let witnesses = kept.iter().cloned().chain(answers.found());
    let covering = |seen: Seen| {
        let witnessed = chain.under(&seen.head, seen.at, trust)?;
        Some((seen, witnessed))
    };
    Ok(witnesses.filter_map(covering).collect())
}

//! Receipts made into a file, and proven before anybody relies on it.

use super::{Enforcer, RotateError, Rule, is_over};
use countersign_core::bundle::{
    Binder, BundleType, Checker, Cover, Line, Problem, Range, Remembered,
};
use countersign_core::checkpoint::{Checkpoint, Head};
use countersign_core::encoding::Hash;
use countersign_core::receipt::Receipt;
use countersign_core::receipt::check::Verdict;
use countersign_core::time::Instant;
use countersign_store::ledger::read::Row;
use countersign_store::ledger::segments::{LONGEST, Place, Segment};

/// What stands before a receipt's text in its line, and after it.
const BEFORE: &[u8] = b"{\"receipt\":";
const AFTER: &[u8] = b"}";

/// Rows that are read together.
const PAGE: usize = 256;

/// A file that is not written yet.
pub(super) struct Draft {
    pub(super) segment: Segment,
    pub(super) places: Vec<Place>,
    pub(super) bytes: Vec<u8>,
}

/// Receipts that go into one file.
#[derive(Default)]
struct Batch {
    receipts: Vec<Receipt>,
    bytes: u64,
}

impl Batch {
    fn is_full(&self, rule: &Rule) -> bool {
        self.receipts.len() >= rule.size.max(1) || self.bytes >= LONGEST / 2
    }
}

impl Enforcer {
    /// The next segment by a rule, before the receipt `newest`; `None` where nothing is old enough.
    pub(super) async fn next_segment(
        &self,
        rule: &Rule,
        newest: u64,
    ) -> Result<Option<Draft>, RotateError> {
        let last = self.ledger().segments().await?.last().map_or(0, |segment| segment.last);
        let batch = self.batch((rule, newest), last + 1).await?;
        let (Some(first), Some(last)) = (batch.receipts.first(), batch.receipts.last()) else {
            return Ok(None);
        };
        let draft = self.bind(first, last, &batch.receipts)?;
        self.prove(&draft)?;
        Ok(Some(draft))
    }

    async fn batch(&self, (rule, newest): (&Rule, u64), first: u64) -> Result<Batch, RotateError> {
        let (mut batch, mut next, now) = (Batch::default(), first, self.now());
        loop {
            let after = i64::try_from(next.saturating_sub(1)).unwrap_or(i64::MAX);
            let page = self.ledger().rows_after(Some(after), PAGE).await?;
            if page.is_empty() {
                return Ok(batch);
            }
            for row in page {
                let receipt = parsed(&row, next)?;
                let at = receipt.content.recorded_at.instant();
                let due =
                    is_over(at, rule.older_millis, now) || next.saturating_add(rule.live) <= newest;
                if next >= newest || !due || batch.is_full(rule) {
                    return Ok(batch);
                }
                batch.bytes += row.text.len() as u64;
                batch.receipts.push(receipt);
                next += 1;
            }
        }
    }

    fn bind(
        &self,
        first: &Receipt,
        last: &Receipt,
        receipts: &[Receipt],
    ) -> Result<Draft, RotateError> {
        let (now, ledger) = (self.now(), self.ledger().ledger_id().to_owned());
        let range = Range { first: first.content.seq, last: last.content.seq };
        let newest_at = newest(receipts);
        let since = (range.first > 1).then(|| first.content.recorded_at.clone());
        let until = Some(newest_at.plus_millis(1).timestamp());
        let (kind, head) = (BundleType::V1, last.content_hash);
        let cover = Cover { kind, ledger: ledger.clone(), range: Some(range), since, until };
        let (mut binder, mut bytes) = Binder::begin(cover)?;
        let remembered = self.remembered(Head {
            ledger,
            seq: range.last,
            content_hash: head,
            time: now.timestamp(),
            changes: None,
            usable: None,
        })?;
        bytes.extend(binder.add(&Line::Head(remembered))?);
        let mut places = Vec::with_capacity(receipts.len());
        for receipt in receipts {
            let line = binder.add(&Line::Receipt(Box::new(receipt.clone())))?;
            places.push(Place {
                seq: receipt.content.seq,
                content_hash: receipt.content_hash,
                at: (bytes.len() + BEFORE.len()) as u64,
                length: text_of(line.strip_suffix(b"\n").unwrap_or(&line))
                    .map_or(0, |text| text.len() as u64),
            });
            bytes.extend(line);
        }
        bytes.extend(binder.close(&self.identity().keys)?);
        let segment = Segment {
            first: range.first,
            last: range.last,
            head,
            sha256: Hash::of(&bytes),
            sealed_at: now,
            newest_at,
            dropped: false,
        };
        Ok(Draft { segment, places, bytes })
    }

    /// The head over the last of them, signed now.
    fn remembered(&self, head: Head) -> Result<Remembered, RotateError> {
        let checkpoint = Checkpoint::sign(head, &self.identity().keys)
            .map_err(countersign_core::bundle::BundleError::from)?;
        Ok(Remembered { by: "ledger".to_owned(), checkpoint: Some(checkpoint), missing: None })
    }

    /// Checks the file as an auditor would. That a key counts no more is no reason to keep rows.
    fn prove(&self, draft: &Draft) -> Result<(), RotateError> {
        let trust = self.trust()?;
        let mut checker = Checker::new(&trust, self.now());
        let text = draft.bytes.strip_suffix(b"\n").unwrap_or(&draft.bytes);
        for line in text.split(|byte| *byte == b'\n') {
            checker.line(line);
        }
        let report = checker.end();
        match report.problems.iter().find(|problem| !is_of_keys(problem)) {
            None => Ok(()),
            Some(problem) => Err(RotateError::Unsound {
                seq: problem.receipt.unwrap_or(draft.segment.first),
                because: format!("{:?} {}", problem.verdict, problem.because),
            }),
        }
    }
}

/// The text of the receipt in a line without its end; `None` where it holds none.
pub(super) fn text_of(line: &[u8]) -> Option<&[u8]> {
    line.strip_prefix(BEFORE)?.strip_suffix(AFTER)
}

fn is_of_keys(problem: &Problem) -> bool {
    matches!(problem.verdict, Verdict::Revoked | Verdict::Untrusted { .. })
}

fn newest(receipts: &[Receipt]) -> Instant {
    let times = receipts.iter().map(|receipt| receipt.content.recorded_at.instant());
    times.max().unwrap_or(Instant(0))
}

fn parsed(row: &Row, seq: u64) -> Result<Receipt, RotateError> {
    let unsound = |because: String| RotateError::Unsound { seq, because };
    let receipt = Receipt::parse(&row.text).map_err(|e| unsound(e.to_string()))?;
    let in_place = i64::try_from(seq) == Ok(row.seq)
        && receipt.content.seq == seq
        && row.content_hash == receipt.content_hash.0;
    if in_place { Ok(receipt) } else { Err(unsound("another stands in its row".to_owned())) }
}

use super::pages::PAGE;
use super::*;
use async_trait::async_trait;
use countersign_core::checkpoint::{Checkpoint, Head};
use countersign_core::encoding::Hash;
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::{Boundary, Entry, Event, Level, Receipt};
use countersign_core::trust::{Operator, Status};
use countersign_store::ledger::read::{Beside, Mark, Query, Row};
use countersign_store::ledger::segments::Segment;
use countersign_store::ledger::{LedgerStore as _, MemoryLedger, Past, contract};
use std::collections::BTreeMap;

const NOW: Instant = Instant(1_775_989_800_000);

/// What a store answers that is asked what stands beside its receipts.
pub(super) type Says = fn() -> Result<Option<Beside>, StoreError>;

/// What is stored, in an attacker's hands.
#[derive(Clone)]
pub(super) struct Stored {
    rows: Vec<Row>,
    head: Option<Vec<u8>>,
    segments: Vec<Segment>,
    beside: Beside,
    /// How many persons are filed too much.
    strangers: u64,
    /// After which row nothing can be read.
    torn: Option<i64>,
    /// What it says of what is beside the receipts, where that is not `beside`.
    says: Option<Says>,
    /// What it says of itself.
    pub(super) unsound: fn() -> Result<Option<String>, StoreError>,
}

impl Stored {
    pub(super) fn saying(self, says: Says) -> Self {
        Self { says: Some(says), ..self }
    }
}

#[async_trait]
impl Receipts for Stored {
    async fn receipts_from(&self, _: u64, _: usize) -> Result<Vec<Receipt>, StoreError> {
        unreachable!("a check reads rows")
    }
    async fn rows_after(&self, seq: Option<i64>, limit: usize) -> Result<Vec<Row>, StoreError> {
        if seq.zip(self.torn).is_some_and(|(seq, torn)| seq >= torn) {
            return Err(StoreError::Corrupt("torn".to_owned()));
        }
        let after = self.rows.iter().filter(|row| seq.is_none_or(|seq| row.seq > seq));
        Ok(after.take(limit).cloned().collect())
    }
    async fn head_text(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.head.clone())
    }
    async fn segments(&self) -> Result<Vec<Segment>, StoreError> {
        Ok(self.segments.clone())
    }
    async fn persons_up_to(&self, _: u64) -> Result<Option<u64>, StoreError> {
        Ok(Some(self.strangers))
    }
    async fn unsound(&self) -> Result<Option<String>, StoreError> {
        (self.unsound)()
    }
    async fn beside(&self) -> Result<Option<Beside>, StoreError> {
        if let Some(says) = self.says {
            return says();
        }
        let newest = self.rows.last().map_or(0, |row| row.seq.unsigned_abs());
        Ok(Some(Beside { newest, ..self.beside.clone() }))
    }
    async fn past(&self) -> Result<Past, StoreError> {
        Err(StoreError::Unavailable("nothing of it is proven".to_owned()))
    }
    async fn find(&self, _: &Query, _: Option<Mark>, _: usize) -> Result<Vec<Receipt>, StoreError> {
        unreachable!("a check reads rows")
    }
}

/// The key behind the notary of the contract.
fn operator() -> SecretKeys {
    SecretKeys::from_bytes(&[1; 64]).unwrap()
}

pub(super) fn trust() -> TrustStore {
    let keys = operator();
    let operator = Operator {
        key_id: keys.key_id(),
        keys: *keys.public(),
        label: "operator".into(),
        created_at: NOW.timestamp(),
        status: Status::Active {},
    };
    TrustStore { operators: vec![operator], ..TrustStore::default() }
}

pub(super) async fn stored(receipts: usize) -> Stored {
    let ledger = MemoryLedger::new("l1", [7; 32], contract::notary().unwrap());
    for n in 0..receipts {
        let entry = Entry::bare(Event::Observed, Boundary::Unprotected);
        ledger.record(entry, NOW.plus_millis(i64::try_from(n).unwrap())).await.unwrap();
    }
    let rows = ledger.rows_after(None, usize::MAX).await.unwrap();
    let head = ledger.head_text().await.unwrap();
    let beside = Beside::default();
    let unsound = || Ok(None);
    Stored { rows, head, segments: vec![], beside, strangers: 0, torn: None, says: None, unsound }
}

async fn check(stored: Stored) -> Report {
    let mut audit = Audit::new(Arc::new(stored), "l1", trust(), NOW);
    audit.walk(&|_| {}).await.unwrap();
    audit.report()
}

/// What is found first, and where.
async fn finding(stored: Stored) -> (Option<i64>, Verdict) {
    let broken = check(stored).await.broken.expect("nothing was found");
    assert!(!broken.because.is_empty());
    (broken.at, broken.verdict)
}

fn checkpoint(stored: &Stored) -> Checkpoint {
    serde_json::from_slice(stored.head.as_ref().unwrap()).unwrap()
}

/// Puts a receipt into the row in which it belongs, with everything beside it as it should be.
fn put(stored: &mut Stored, receipt: &Receipt) {
    let at = usize::try_from(receipt.content.seq - 1).unwrap();
    stored.rows[at].content_hash = receipt.content_hash.0.to_vec();
    stored.rows[at].text = serde_json::to_vec(receipt).unwrap();
}

fn receipt(stored: &Stored, seq: usize) -> Receipt {
    Receipt::parse(&stored.rows[seq - 1].text).unwrap()
}

#[tokio::test]
async fn a_whole_ledger_is_valid_over_several_pages() {
    let count = 2 * PAGE + 3;
    let report = check(stored(count).await).await;
    assert_eq!(report.broken, None);
    assert_eq!(report.receipts, count as u64);
    assert_eq!(report.levels, BTreeMap::from([(Level::L0, count as u64)]));
    assert!(report.witnesses.iter().all(|w| w.holds) && report.witnesses.len() == 1);
    assert_eq!(check(stored(0).await).await.broken, None);
}

#[tokio::test]
async fn attack_28_what_cannot_be_read_further_on_hides_nothing_before_it() {
    let page = i64::try_from(PAGE).unwrap();
    for pages in [1, 2] {
        let mut torn = stored(3 * PAGE).await;
        torn.torn = Some(pages * page);
        let next = Some(pages * page + 1);
        assert_eq!(finding(torn.clone()).await, (next, Verdict::Malformed));
        torn.rows[5].request_id = Some("another".into());
        assert_eq!(finding(torn).await, (Some(6), Verdict::HashMismatch));
    }
}

#[tokio::test]
async fn attack_28_an_edited_row_is_named() {
    let mut edited = stored(5).await;
    let text = String::from_utf8(edited.rows[2].text.clone()).unwrap();
    edited.rows[2].text = text.replace("observed", "withdrawn").into_bytes();
    assert_eq!(finding(edited).await, (Some(3), Verdict::HashMismatch));
    let mut edited = stored(5).await;
    edited.rows[2].text = b"{}".to_vec();
    assert_eq!(finding(edited).await, (Some(3), Verdict::Malformed));
    let mut edited = stored(5).await;
    edited.rows[2].text = vec![0xFF];
    assert_eq!(finding(edited).await, (Some(3), Verdict::Malformed));
}

#[tokio::test]
async fn attack_28_what_stands_beside_a_receipt_hides_nothing() {
    let changes: [fn(&mut Row); 6] = [
        |row| row.change = Some("policy".into()),
        |row| row.content_hash = vec![0; 32],
        |row| row.recorded_at += 1,
        |row| row.request_id = Some("r".into()),
        |row| row.filed.as_mut().unwrap().event = "allowed".into(),
        |row| row.filed.as_mut().unwrap().risk = "low".into(),
    ];
    for change in changes {
        let mut edited = stored(5).await;
        change(&mut edited.rows[3]);
        assert_eq!(finding(edited).await, (Some(4), Verdict::HashMismatch));
    }
}

#[tokio::test]
async fn attack_28_a_receipt_that_is_filed_under_somebody_else_is_noticed() {
    let stored = Stored { strangers: 1, ..stored(5).await };
    assert_eq!(finding(stored).await, (None, Verdict::HashMismatch));
}

/// The list of segments is no proof: whoever can write it cannot write the receipt.
#[tokio::test]
async fn attack_28_a_beginning_that_nobody_dropped_by_rule_is_missed() {
    let segment = |first: u64, last: u64, head| Segment {
        first,
        last,
        head,
        sha256: Hash([0; 32]),
        sealed_at: NOW,
        newest_at: NOW,
        dropped: true,
    };
    let mut cut = stored(5).await;
    let hash = receipt(&cut, 3).content_hash;
    cut.rows.drain(..3);
    cut.segments = vec![segment(1, 2, Hash([2; 32])), segment(3, 3, hash)];
    let report = check(cut.clone()).await;
    let broken = report.broken.unwrap();
    assert_eq!((broken.at, broken.verdict), (Some(1), Verdict::ChainBroken { seq: 1 }));
    assert!(broken.because.contains("no receipt says so"), "{}", broken.because);
    // Another hash does not even fit.
    cut.segments = vec![segment(1, 3, Hash([3; 32]))];
    assert_eq!(finding(cut.clone()).await, (Some(4), Verdict::ChainBroken { seq: 4 }));
    // A list with a hole, and a segment that is gone.
    cut.segments = vec![segment(2, 3, hash)];
    assert_eq!(finding(cut.clone()).await, (Some(1), Verdict::ChainBroken { seq: 1 }));
    cut.segments = vec![Segment { dropped: false, ..segment(1, 3, hash) }];
    assert_eq!(finding(cut).await, (Some(1), Verdict::ChainBroken { seq: 1 }));
}

#[tokio::test]
async fn attack_28_swapped_deleted_and_renumbered_rows_are_named() {
    let mut swapped = stored(5).await;
    swapped.rows.swap(1, 3);
    (swapped.rows[1].seq, swapped.rows[3].seq) = (2, 4);
    assert_eq!(finding(swapped).await, (Some(2), Verdict::ChainBroken { seq: 2 }));
    for (gone, seq) in [(0, 1), (2, 3)] {
        let mut deleted = stored(5).await;
        deleted.rows.remove(gone);
        let verdict = Verdict::ChainBroken { seq };
        assert_eq!(finding(deleted).await, (i64::try_from(seq).ok(), verdict));
    }
    let mut doubled = stored(5).await;
    let mut extra = doubled.rows[0].clone();
    extra.seq = -1;
    doubled.rows.insert(0, extra);
    assert_eq!(finding(doubled).await, (Some(-1), Verdict::ChainBroken { seq: 1 }));
}

#[tokio::test]
async fn attack_28_a_cut_tail_and_a_lost_head_are_truncated() {
    let mut cut = stored(5).await;
    cut.rows.truncate(3);
    assert_eq!(finding(cut).await, (None, Verdict::Truncated));
    let mut empty = stored(5).await;
    empty.rows.clear();
    assert_eq!(finding(empty).await, (None, Verdict::Truncated));
    let mut headless = stored(5).await;
    headless.head = None;
    assert_eq!(finding(headless).await, (None, Verdict::Truncated));
    let mut unreadable = stored(5).await;
    unreadable.head = Some(b"{}".to_vec());
    assert_eq!(finding(unreadable).await, (None, Verdict::Malformed));
}

#[tokio::test]
async fn attack_28_receipts_after_the_signed_head_are_named() {
    let older = stored(3).await;
    let mut longer = stored(5).await;
    longer.head = older.head;
    assert_eq!(finding(longer).await, (Some(4), Verdict::ChainBroken { seq: 4 }));
}

#[tokio::test]
async fn attack_39_a_restored_backup_is_truncated_and_a_copy_that_went_on_is_forked() {
    let today = checkpoint(&stored(5).await);
    let whole = |stored| Audit::new(Arc::new(stored), "l1", trust(), NOW);
    let mut yesterday = whole(stored(3).await);
    yesterday.walk(&|_| {}).await.unwrap();
    assert!(yesterday.holds(), "by itself it is whole");
    yesterday.witness("`head.json`", &today).await.unwrap();
    let broken = yesterday.report().broken.unwrap();
    assert_eq!((broken.at, broken.verdict), (None, Verdict::Truncated));

    let other = Head { content_hash: Hash([9; 32]), ..today.head };
    let other = Checkpoint::sign(other, &operator()).unwrap();
    let mut copy = whole(stored(6).await);
    copy.walk(&|_| {}).await.unwrap();
    copy.witness("the gateway", &other).await.unwrap();
    let report = copy.report();
    assert_eq!(report.broken.unwrap().verdict, Verdict::Forked);
    assert!(!report.witnesses[1].holds);
}

#[tokio::test]
async fn attack_07_a_receipt_or_head_of_a_fresh_key_is_untrusted() {
    let fresh = SecretKeys::from_bytes(&[9; 64]).unwrap();
    let mut forged = stored(5).await;
    let content = receipt(&forged, 4).content;
    put(&mut forged, &Receipt::sign(content, &fresh).unwrap());
    let untrusted = Verdict::Untrusted { key_id: fresh.key_id() };
    assert_eq!(finding(forged).await, (Some(4), untrusted.clone()));
    let mut forged = stored(5).await;
    let head = checkpoint(&forged).head;
    let head = Checkpoint::sign(head, &fresh).unwrap();
    forged.head = Some(serde_json::to_vec(&head).unwrap());
    assert_eq!(finding(forged).await, (None, untrusted));
}

#[tokio::test]
async fn attack_28_a_signature_of_another_receipt_is_none() {
    let mut forged = stored(5).await;
    let mut receipt = receipt(&forged, 2);
    receipt.signatures = self::receipt(&forged, 3).signatures;
    put(&mut forged, &receipt);
    assert_eq!(finding(forged).await, (Some(2), Verdict::BadSignature));
}

#[tokio::test]
async fn attack_28_a_receipt_rewritten_by_its_operator_breaks_the_chain_after_it() {
    let mut rewritten = stored(5).await;
    let mut content = receipt(&rewritten, 2).content;
    content.entry.event = Event::Blocked;
    put(&mut rewritten, &Receipt::sign(content, &operator()).unwrap());
    rewritten.rows[1].filed.as_mut().unwrap().event = "blocked".into();
    assert_eq!(finding(rewritten).await, (Some(3), Verdict::ChainBroken { seq: 3 }));
}

/// Of a ledger that proves nothing of what keys were, a receipt that claims too much is told last, and
/// told all the same.
#[tokio::test]
async fn attack_36_a_level_that_is_not_reached_is_named_also_where_nothing_is_proven() {
    let mut claims = stored(3).await;
    let mut content = receipt(&claims, 3).content;
    content.entry.trust_level = Level::L1;
    let claiming = Receipt::sign(content, &operator()).unwrap();
    put(&mut claims, &claiming);
    let head = Head { content_hash: claiming.content_hash, ..checkpoint(&claims).head };
    let head = Checkpoint::sign(head, &operator()).unwrap();
    claims.head = Some(serde_json::to_vec(&head).unwrap());
    assert_eq!(finding(claims.clone()).await, (Some(3), Verdict::LevelMismatch));
    claims.rows.remove(0);
    assert_eq!(finding(claims).await, (Some(1), Verdict::ChainBroken { seq: 1 }));
}

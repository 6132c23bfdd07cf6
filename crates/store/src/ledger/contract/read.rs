//! Promises of those who read the receipts from one end to the other.

use super::{Checked, DAY, Fixture, LedgerStore, NOW};
use crate::error::StoreError;
use crate::ledger::Ending;
use crate::ledger::Frozen;
use crate::ledger::read::{Beside, Filed, Open, Query, mark};
use crate::ledger::segments::Hold;
use countersign_core::artifact::Risk;
use countersign_core::checkpoint::Checkpoint;
use countersign_core::encoding::Hash;
use countersign_core::keys::KeyId;
use countersign_core::receipt::course::sum;
use countersign_core::receipt::{
    ApproverDecision, Entry, Event, MultiApproval, PolicyNote, Receipt,
};
use std::sync::Arc;

pub(super) async fn all<F>(make: &impl Fn() -> F) -> Checked
where
    F: Future<Output = Result<Arc<dyn LedgerStore>, StoreError>>,
{
    receipts_come_in_pages(&*make().await?).await?;
    rows_are_what_is_stored(&*make().await?).await?;
    receipts_are_found_by_what_they_say(&*make().await?).await?;
    what_is_found_comes_in_pages(&*make().await?).await?;
    what_stands_beside_is_one_moment(&*make().await?).await
}

async fn what_stands_beside_is_one_moment(ledger: &dyn LedgerStore) -> Checked {
    assert_eq!(ledger.beside().await?, Some(Beside::default()));
    let fixture = Fixture::new()?;
    let (by, since) = ("ann".to_owned(), NOW.timestamp());
    let frozen = Frozen { by, why: None, since };
    fixture.suspend(ledger, "r1", NOW).await?;
    let waits = ledger.request("r1").await?.ok_or("no request")?;
    ledger.freeze(frozen.clone(), fixture.entry(Event::Frozen), NOW).await?;
    let hold = Hold { name: "case".into(), why: None, since: NOW };
    ledger.hold(hold, fixture.entry(Event::Observed)).await?;
    let (holds, open) = (["case".to_owned()].into(), vec![Open::of(&waits)]);
    let before = Beside { newest: 3, frozen: Some(frozen), holds, open, ..Beside::default() };
    assert_eq!(ledger.beside().await?, Some(before.clone()));
    ledger.close("r1", Ending::Withdrawn, fixture.entry(Event::Withdrawn), NOW).await?;
    let denied = sum(["r1"]);
    let after = Beside { newest: 4, open: vec![], denied, ..before };
    assert_eq!(ledger.beside().await?, Some(after));
    Ok(())
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
    assert_eq!(ledger.head_text().await?, None);
    let receipts = three(ledger).await?;
    let rows = ledger.rows_after(None, 10).await?;
    assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [1, 2, 3]);
    for (row, receipt) in rows.iter().zip(&receipts) {
        assert_eq!(Receipt::parse(&row.text)?, *receipt);
        assert_eq!(row.content_hash, receipt.content_hash.0);
        assert_eq!(row.recorded_at, NOW.0);
        assert_eq!(row.filed, Some(Filed::of(&receipt.content.entry)));
        assert_eq!(row.request_id, receipt.content.entry.request_id);
    }
    assert_eq!(ledger.rows_after(Some(1), 1).await?, rows.get(1..2).unwrap_or_default());
    assert_eq!(ledger.rows_after(Some(3), 9).await?, []);
    let head = ledger.head_text().await?.ok_or("no head")?;
    let head: Checkpoint = countersign_core::json::read(&head, 10_000)?;
    assert_eq!(Some(head), ledger.checkpoint().await?);
    Ok(())
}

fn about(event: Event, risk: Option<Risk>, people: &[&str]) -> Result<Entry, StoreError> {
    let fixture = Fixture::new().map_err(|e| StoreError::Corrupt(e.to_string()))?;
    let mut entry = fixture.entry(event);
    entry.policy = risk.map(|risk| PolicyNote {
        rule_id: "r".into(),
        display: String::new(),
        policy_hash: Hash([0; 32]),
        risk,
        verb: "shell_exec".into(),
        matched: vec![],
    });
    match people {
        [] => {}
        [one] => {
            entry.approver_decision = Some(ApproverDecision {
                verdict: "approved".into(),
                person: (*one).into(),
                key_id: KeyId("k".into()),
                reason: None,
            });
        }
        many => {
            entry.multi_approval = Some(MultiApproval {
                threshold: 2,
                roster: vec![],
                approvers: many.iter().map(|&name| name.into()).collect(),
            });
        }
    }
    Ok(entry)
}

/// A week of receipts, one each day; the clock goes back once.
async fn week(ledger: &dyn LedgerStore) -> Result<(), StoreError> {
    let days = [
        (0, about(Event::Allowed, Some(Risk::Low), &[])),
        (1, about(Event::Approved, Some(Risk::High), &["ann"])),
        (2, about(Event::Denied, Some(Risk::Critical), &["bob"])),
        (1, about(Event::Approved, Some(Risk::Critical), &["ann", "bob"])),
        (4, about(Event::Policy, None, &[])),
        (5, about(Event::Allowed, Some(Risk::Low), &[])),
    ];
    for (day, entry) in days {
        ledger.record(entry?, NOW.plus_millis(day * DAY)).await?;
    }
    Ok(())
}

async fn receipts_are_found_by_what_they_say(ledger: &dyn LedgerStore) -> Checked {
    assert_eq!(ledger.find(&Query::default(), None, 9).await?, []);
    week(ledger).await?;
    let any = Query::default;
    let cases = [
        (any(), vec![6, 5, 3, 4, 2, 1]),
        (Query { events: vec![Event::Approved], ..any() }, vec![4, 2]),
        (Query { events: vec![Event::Denied, Event::Policy], ..any() }, vec![5, 3]),
        (Query { risks: vec![Risk::Critical], ..any() }, vec![3, 4]),
        (Query { risks: vec![Risk::High, Risk::Low], ..any() }, vec![6, 2, 1]),
        (Query { person: Some("bob".into()), ..any() }, vec![3, 4]),
        (Query { person: Some("ann".into()), risks: vec![Risk::High], ..any() }, vec![2]),
        (Query { person: Some("cyd".into()), ..any() }, vec![]),
        (Query { since: Some(NOW.plus_millis(2 * DAY)), ..any() }, vec![6, 5, 3]),
        (Query { until: Some(NOW.plus_millis(2 * DAY)), ..any() }, vec![4, 2, 1]),
        (
            Query {
                events: vec![Event::Allowed],
                risks: vec![Risk::Low],
                since: Some(NOW.plus_millis(1)),
                ..any()
            },
            vec![6],
        ),
        (Query { events: vec![Event::Frozen], ..any() }, vec![]),
        (Query { from: 3, ..any() }, vec![6, 5, 3, 4]),
        (Query { from: 4, person: Some("bob".into()), ..any() }, vec![4]),
    ];
    for (query, seqs) in cases {
        let found = ledger.find(&query, None, 9).await?;
        let found: Vec<u64> = found.iter().map(|r| r.content.seq).collect();
        assert_eq!(found, seqs, "{query:?}");
    }
    Ok(())
}

async fn what_is_found_comes_in_pages(ledger: &dyn LedgerStore) -> Checked {
    week(ledger).await?;
    let (mut seqs, mut before) = (Vec::new(), None);
    loop {
        let page = ledger.find(&Query::default(), before, 2).await?;
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 2);
        before = Some(mark(last));
        seqs.extend(page.iter().map(|r| r.content.seq));
    }
    assert_eq!(seqs, [6, 5, 3, 4, 2, 1]);
    Ok(())
}

//! What receipts tell against a request ends it, whatever its row says.

use super::fixture::{Fixture, NOW};
use super::rounds::{STEP, Team};
use super::{Checked, grants, items};
use crate::error::StoreError;
use crate::ledger::{Frozen, Given, GrantRecord, LedgerError, LedgerStore, Thaw};
use countersign_core::decision::Word;
use countersign_core::receipt::{Entry, Event};
use countersign_core::request::State;
use std::sync::Arc;

pub(super) async fn all<F>(make: &impl Fn() -> F) -> Checked
where
    F: Future<Output = Result<Arc<dyn LedgerStore>, StoreError>>,
{
    for told in [Event::Denied, Event::Expired, Event::Withdrawn, Event::Released] {
        attack_19_what_a_receipt_ended_is_not_used(&*make().await?, told).await?;
        attack_19_items_of_what_a_receipt_ended_are_not_used(&*make().await?, told).await?;
    }
    attack_18_what_a_receipt_tells_of_is_not_answered_again(&*make().await?).await
}

fn is_contradicted<T: std::fmt::Debug>(done: Result<T, LedgerError>, what: &str) {
    assert!(matches!(done, Err(LedgerError::Contradicted(_))), "{what}: {done:?}");
}

fn told(fixture: &Fixture, event: Event) -> Entry {
    Entry { request_id: Some("r1".into()), ..fixture.entry(event) }
}

async fn attack_19_what_a_receipt_ended_is_not_used(
    ledger: &dyn LedgerStore,
    event: Event,
) -> Checked {
    let fixture = Fixture::new()?;
    fixture.suspend(ledger, "r1", NOW).await?;
    ledger.accept(fixture.acceptance(ledger, "r1", Word::Allow).await?).await?;
    ledger.stands("r1").await?;
    ledger.record(told(&fixture, event), NOW).await?;
    let what = event.name();
    is_contradicted(ledger.stands("r1").await, &what);
    is_contradicted(ledger.claim(fixture.claim("c1", "r1", NOW)).await, &what);
    let grant = grants::record("g1", None)?;
    is_contradicted(ledger.grant(grants::new(&grant, Given::AskedFor)?).await, &what);
    if event != Event::Released {
        is_contradicted(ledger.grant(grants::new(&grant, Given::BesideAYes)?).await, &what);
    }
    let frozen = Frozen { by: "ann".into(), why: None, since: NOW.timestamp() };
    ledger.freeze(frozen.clone(), fixture.entry(Event::Frozen), NOW).await?;
    let thaw = Thaw {
        frozen: frozen.clone(),
        request_id: "r1".into(),
        now: NOW,
        recheck: Box::new(|_| Ok(())),
        released: told(&fixture, Event::Released),
        entry: fixture.entry(Event::Frozen),
    };
    is_contradicted(ledger.thaw(thaw).await, &what);
    assert_eq!(ledger.frozen().await?, Some(frozen));
    assert_eq!(ledger.grants().await?, [] as [GrantRecord; 0]);
    assert!(ledger.open_claims().await?.is_empty());
    assert_eq!(ledger.request("r1").await?.map(|r| r.state), Some(State::Approved));
    Ok(())
}

async fn attack_19_items_of_what_a_receipt_ended_are_not_used(
    ledger: &dyn LedgerStore,
    event: Event,
) -> Checked {
    let fixture = items::batch()?;
    fixture.suspend(ledger, "r1", NOW).await?;
    ledger.accept(fixture.acceptance(ledger, "r1", Word::Allow).await?).await?;
    ledger.record(told(&fixture, event), NOW).await?;
    let used = ledger.claim_items(items::claims(&fixture, "a", &[0])).await;
    is_contradicted(used, &event.name());
    assert!(ledger.open_claims().await?.is_empty());
    Ok(())
}

async fn attack_18_what_a_receipt_tells_of_is_not_answered_again(
    ledger: &dyn LedgerStore,
) -> Checked {
    let team = Team::new()?;
    team.suspend(ledger, &team.route(1, 1)).await?;
    let approved = told(&Fixture::new()?, Event::Approved);
    ledger.record(approved, NOW).await?;
    is_contradicted(team.says(ledger, 0, Word::Allow).await?, "an answer");
    is_contradicted(ledger.advance(team.next(None, NOW.plus_millis(STEP))?).await, "a round");
    let request = ledger.request("r1").await?.ok_or("no request")?;
    assert_eq!((request.state, request.round()), (State::AwaitingDecision, 1));
    Ok(())
}

//! The approval of a batch is used item by item, each item once.

use super::Checked;
use super::fixture::{Fixture, NOW};
use crate::ledger::items::permitted;
use crate::ledger::{LedgerError, LedgerStore, NewItemClaim, NewItemClaims};
use countersign_core::decision::Word;
use countersign_core::receipt::{Entry, Event};
use countersign_core::request::State;
use std::sync::Arc;

pub(super) async fn all(ledger: [Arc<dyn LedgerStore>; 4]) -> Checked {
    let [one, two, three, four] = ledger;
    attack_18_each_item_is_used_once(&*one).await?;
    attack_19_what_nobody_allowed_is_not_used(&*two).await?;
    claims_are_made_together_or_not_at_all(&*three).await?;
    attack_18_one_of_many_wins_an_item(four).await
}

pub(super) fn batch() -> Result<Fixture, Box<dyn std::error::Error + Send + Sync>> {
    Ok(Fixture { batch: true, ..Fixture::new()? })
}

pub(super) fn claims(fixture: &Fixture, name: &str, items: &[usize]) -> NewItemClaims {
    let claim = |item: &usize| NewItemClaim {
        id: format!("{name}-{item}"),
        item: *item,
        entry: Entry {
            request_id: Some("r1".into()),
            items: Some(vec![*item]),
            ..fixture.entry(Event::Released)
        },
    };
    NewItemClaims {
        request_id: "r1".into(),
        owner: "process-1".into(),
        now: NOW,
        recheck: Box::new(|_| Ok(())),
        claims: items.iter().map(claim).collect(),
    }
}

async fn attack_18_each_item_is_used_once(ledger: &dyn LedgerStore) -> Checked {
    let fixture = batch()?;
    fixture.suspend(ledger, "r1", NOW).await?;
    let request = ledger.accept(fixture.acceptance(ledger, "r1", Word::Allow).await?).await?;
    assert_eq!(permitted(&request), Some(vec![0, 1, 2]));
    let (made, request) = ledger.claim_items(claims(&fixture, "a", &[1])).await?;
    assert_eq!((made.len(), request.state), (1, State::Approved));
    assert_eq!(ledger.item_of("a-1").await?, Some(1));
    let again = ledger.claim_items(claims(&fixture, "b", &[1])).await;
    assert_eq!(again.err(), Some(LedgerError::State(State::Executed)));
    // Together with one that is free it is refused as well.
    assert!(ledger.claim_items(claims(&fixture, "c", &[0, 1])).await.is_err());
    let (made, request) = ledger.claim_items(claims(&fixture, "d", &[0, 2])).await?;
    assert_eq!((made.len(), request.state), (2, State::Executed));
    let over = ledger.claim_items(claims(&fixture, "e", &[0])).await;
    assert_eq!(over.err(), Some(LedgerError::State(State::Executed)));
    let receipts = ledger.receipts_of("r1").await?;
    let released = receipts.iter().filter(|r| r.content.entry.event == Event::Released);
    assert_eq!((released.count(), ledger.open_claims().await?.len()), (3, 3));
    assert_eq!(ledger.item_of("nobody").await?, None);
    Ok(())
}

async fn attack_19_what_nobody_allowed_is_not_used(ledger: &dyn LedgerStore) -> Checked {
    let fixture = batch()?;
    fixture.suspend(ledger, "r1", NOW).await?;
    let early = ledger.claim_items(claims(&fixture, "a", &[0])).await;
    assert_eq!(early.err(), Some(LedgerError::State(State::Created)));
    let request = ledger.accept(fixture.part(ledger, "r1", &[0, 2]).await?).await?;
    assert_eq!((request.state, permitted(&request)), (State::Approved, Some(vec![0, 2])));
    for items in [&[1][..], &[0, 1], &[3], &[]] {
        let refused = ledger.claim_items(claims(&fixture, "b", items)).await;
        assert!(matches!(refused, Err(LedgerError::Void { .. })), "{items:?}");
    }
    let whole = ledger.claim(fixture.claim("c", "r1", NOW)).await;
    assert!(matches!(whole, Err(LedgerError::Void { .. })), "{whole:?}");
    let late = NewItemClaims { now: request.expires_at, ..claims(&fixture, "d", &[0]) };
    assert_eq!(ledger.claim_items(late).await.err(), Some(LedgerError::State(State::Expired)));
    let (_, request) = ledger.claim_items(claims(&fixture, "e", &[0, 2])).await?;
    assert_eq!(request.state, State::Executed);
    let frozen = crate::ledger::Frozen { by: "ann".into(), why: None, since: NOW.timestamp() };
    ledger.freeze(frozen, fixture.entry(Event::Frozen), NOW).await?;
    let stopped = ledger.claim_items(claims(&fixture, "f", &[0])).await;
    assert!(matches!(stopped, Err(LedgerError::Frozen(_))), "{stopped:?}");
    Ok(())
}

async fn claims_are_made_together_or_not_at_all(ledger: &dyn LedgerStore) -> Checked {
    let fixture = batch()?;
    fixture.suspend(ledger, "r1", NOW).await?;
    ledger.accept(fixture.acceptance(ledger, "r1", Word::Allow).await?).await?;
    let before = ledger.newest().await?;
    let void = || LedgerError::Void { code: "x".into(), message: "no more".into() };
    let rechecked =
        NewItemClaims { recheck: Box::new(move |_| Err(void())), ..claims(&fixture, "a", &[0, 1]) };
    assert_eq!(ledger.claim_items(rechecked).await.err(), Some(void()));
    assert!(ledger.claim_items(claims(&fixture, "b", &[0, 0])).await.is_err());
    assert_eq!((ledger.newest().await?, ledger.open_claims().await?.len()), (before, 0));
    let (made, _) = ledger.claim_items(claims(&fixture, "c", &[0, 1, 2])).await?;
    assert_eq!(made.len(), 3);
    Ok(())
}

async fn attack_18_one_of_many_wins_an_item(ledger: Arc<dyn LedgerStore>) -> Checked {
    let fixture = batch()?;
    fixture.suspend(&*ledger, "r1", NOW).await?;
    ledger.accept(fixture.acceptance(&*ledger, "r1", Word::Allow).await?).await?;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..12 {
        let (ledger, new) = (Arc::clone(&ledger), claims(&fixture, &format!("c{n}"), &[n % 3]));
        tasks.spawn(async move { ledger.claim_items(new).await.is_ok() });
    }
    let won = tasks.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 3);
    Ok(())
}

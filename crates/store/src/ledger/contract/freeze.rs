//! The stop holds for everything that is let go, and ends only with an approval.

use super::Checked;
use super::fixture::{DAY, Fixture, NOW};
use crate::ledger::{Frozen, LedgerError, LedgerStore, NewPermit, RequestRecord, Sent, Thaw};
use countersign_core::decision::Word;
use countersign_core::keys::KeyId;
use countersign_core::receipt::{Entry, Event};
use countersign_core::request::State;

fn frozen(by: &str) -> Frozen {
    Frozen { by: by.into(), why: Some("look at this".into()), since: NOW.timestamp() }
}

fn permit(fixture: &Fixture, id: &str) -> Result<NewPermit, crate::error::StoreError> {
    let request = fixture.request(id, NOW);
    let request = request.map_err(|e| crate::error::StoreError::Corrupt(e.to_string()))?;
    let request = RequestRecord { asked: vec![], ..request };
    let entry = Entry { request_id: Some(id.into()), ..fixture.entry(Event::Allowed) };
    Ok(NewPermit { id: format!("c-{id}"), request, owner: "me".into(), now: NOW, entry })
}

pub(super) async fn attack_19_nothing_goes_while_everything_is_frozen(
    ledger: &dyn LedgerStore,
) -> Checked {
    let fixture = Fixture::new()?;
    fixture.suspend(ledger, "r1", NOW).await?;
    ledger.accept(fixture.acceptance(ledger, "r1", Word::Allow).await?).await?;
    assert_eq!(ledger.frozen().await?, None);
    let receipt = ledger.freeze(frozen("ann"), fixture.entry(Event::Frozen), NOW).await?;
    assert_eq!(receipt.content.entry.event, Event::Frozen);
    // The newest holds; both are recorded.
    ledger.freeze(frozen("bob"), fixture.entry(Event::Frozen), NOW).await?;
    assert_eq!(ledger.frozen().await?, Some(frozen("bob")));
    let stopped = Some(LedgerError::Frozen(Box::new(frozen("bob"))));
    assert_eq!(ledger.claim(fixture.claim("c1", "r1", NOW)).await.err(), stopped);
    assert_eq!(ledger.permit(permit(&fixture, "p1")?).await.err(), stopped);
    assert_eq!(ledger.let_go(fixture.entry(Event::Allowed), NOW).await.err(), stopped);
    assert_eq!(ledger.request("r1").await?.map(|r| r.state), Some(State::Approved));
    assert!(ledger.open_claims().await?.is_empty() && ledger.request("p1").await?.is_none());
    // It still records.
    ledger.record(fixture.entry(Event::Blocked), NOW).await?;
    Ok(())
}

pub(super) async fn attack_19_only_an_approval_of_this_stop_thaws(
    ledger: &dyn LedgerStore,
) -> Checked {
    let fixture = Fixture::new()?;
    ledger.freeze(frozen("ann"), fixture.entry(Event::Frozen), NOW).await?;
    fixture.suspend(ledger, "r1", NOW).await?;
    let thaw = |recheck: Result<(), LedgerError>| Thaw {
        frozen: frozen("ann"),
        request_id: "r1".into(),
        now: NOW,
        recheck: Box::new(move |_| recheck),
        released: fixture.entry(Event::Released),
        entry: fixture.entry(Event::Frozen),
    };
    let early = ledger.thaw(thaw(Ok(()))).await;
    assert_eq!(early.err(), Some(LedgerError::State(State::Created)));
    ledger.accept(fixture.acceptance(ledger, "r1", Word::Allow).await?).await?;
    let void = LedgerError::Void { code: "X".into(), message: "not enough".into() };
    assert_eq!(ledger.thaw(thaw(Err(void.clone()))).await.err(), Some(void));
    assert!(ledger.frozen().await?.is_some());
    // A stop that came meanwhile is not the one that was allowed to end.
    ledger.freeze(frozen("bob"), fixture.entry(Event::Frozen), NOW).await?;
    let other = ledger.thaw(thaw(Ok(()))).await.err();
    assert!(matches!(other, Some(LedgerError::Void { .. })), "{other:?}");
    assert_eq!(ledger.frozen().await?, Some(frozen("bob")));
    ledger.freeze(frozen("ann"), fixture.entry(Event::Frozen), NOW).await?;
    let late = Thaw { now: NOW.plus_millis(DAY), ..thaw(Ok(())) };
    assert_eq!(ledger.thaw(late).await.err(), Some(LedgerError::State(State::Expired)));
    assert_eq!(ledger.frozen().await?, Some(frozen("ann")));
    ledger.thaw(thaw(Ok(()))).await?;
    assert_eq!(ledger.frozen().await?, None);
    let last = ledger.newest().await?.map_or(0, |(seq, _)| seq);
    let used = ledger.receipt(Some(last - 1)).await?.map(|receipt| receipt.content.entry.event);
    assert_eq!(used, Some(Event::Released), "the approval is used up, and its receipt says so");
    ledger.let_go(fixture.entry(Event::Allowed), NOW).await?;
    ledger.freeze(frozen("ann"), fixture.entry(Event::Frozen), NOW).await?;
    let again = ledger.thaw(thaw(Ok(()))).await;
    assert_eq!(again.err(), Some(LedgerError::State(State::Executed)));
    Ok(())
}

/// Whoever keeps a stop back and shows it again after a thaw stops nothing.
pub(super) async fn attack_18_a_stop_that_was_sent_stops_once(ledger: &dyn LedgerStore) -> Checked {
    let fixture = Fixture::new()?;
    let sent = |nonce: &str| Sent { nonce: nonce.into(), signer: KeyId("k".into()) };
    let entry = || fixture.entry(Event::Frozen);
    ledger.freeze_once(sent("n1"), frozen("ann"), entry(), NOW).await?;
    assert_eq!(ledger.frozen().await?, Some(frozen("ann")));
    let again = ledger.freeze_once(sent("n1"), frozen("ann"), entry(), NOW).await;
    assert_eq!(again.err(), Some(LedgerError::Replay));
    fixture.suspend(ledger, "r1", NOW).await?;
    ledger.accept(fixture.acceptance(ledger, "r1", Word::Allow).await?).await?;
    let (released, entry_of_thaw) = (fixture.entry(Event::Released), entry());
    let recheck = Box::new(|_: &RequestRecord| Ok(()));
    let (frozen_by, entry_of) = (frozen("ann"), entry_of_thaw);
    let thaw = Thaw {
        frozen: frozen_by,
        request_id: "r1".into(),
        now: NOW,
        recheck,
        released,
        entry: entry_of,
    };
    ledger.thaw(thaw).await?;
    let replayed = ledger.freeze_once(sent("n1"), frozen("ann"), entry(), NOW).await;
    assert_eq!(replayed.err(), Some(LedgerError::Replay));
    assert_eq!(ledger.frozen().await?, None);
    ledger.freeze_once(sent("n2"), frozen("ann"), entry(), NOW).await?;
    assert!(ledger.frozen().await?.is_some());
    Ok(())
}

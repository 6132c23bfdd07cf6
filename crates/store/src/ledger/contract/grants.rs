//! A grant permits what was signed, to whom it was given, so often and so long.

use super::Checked;
use super::fixture::{DAY, Fixture, NOW};
use crate::ledger::{
    ClaimRecord, Frozen, Given, GrantRecord, GrantUse, LedgerError, LedgerStore, NewGrant,
    NewPermit, RequestRecord,
};
use countersign_core::decision::Word;
use countersign_core::receipt::{Entry, Event};
use countersign_core::request::State;
use countersign_core::time::Instant;
use std::error::Error;
use std::sync::Arc;

type Made<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The calls that are granted differ from the request by which they are.
fn call() -> Made<Fixture> {
    Ok(Fixture { path: "/granted".into(), ..Fixture::new()? })
}

async fn given(ledger: &dyn LedgerStore, count: Option<u32>) -> Made<GrantRecord> {
    let fixture = Fixture::new()?;
    fixture.suspend(ledger, "r1", NOW).await?;
    ledger.accept(fixture.acceptance(ledger, "r1", Word::Allow).await?).await?;
    let grant = record("g1", count)?;
    ledger.grant(new(&grant, Given::AskedFor)?).await?;
    Ok(grant)
}

pub(super) fn record(id: &str, count: Option<u32>) -> Made<GrantRecord> {
    let key = call()?.request("x", NOW)?.key;
    Ok(GrantRecord {
        id: id.into(),
        request_id: "r1".into(),
        principal: key.principal,
        session: Some(key.session),
        workspace: key.workspace,
        action_hash: key.action_hash,
        granted_at: NOW,
        expires_at: NOW.plus_millis(3_600_000),
        count,
        used: 0,
        revoked_at: None,
    })
}

pub(super) fn new(grant: &GrantRecord, given: Given) -> Made<NewGrant> {
    let recheck = Box::new(|_: &RequestRecord| Ok(()));
    let entry = Fixture::new()?.entry(Event::Granted);
    let entry = Entry { request_id: Some(grant.request_id.clone()), ..entry };
    Ok(NewGrant { grant: grant.clone(), given, now: NOW, recheck, entry })
}

fn using(id: &str, now: Instant, change: impl Fn(&mut RequestRecord)) -> Made<GrantUse> {
    let call = call()?;
    let mut request = RequestRecord { asked: vec![], ..call.request(id, now)? };
    change(&mut request);
    let entry = Entry { request_id: Some(id.into()), ..call.entry(Event::Released) };
    let permit = NewPermit { id: format!("c-{id}"), request, owner: "me".into(), now, entry };
    Ok(GrantUse { grant_id: "g1".into(), permit, recheck: Box::new(|_, _| Ok(())) })
}

async fn uses(ledger: &dyn LedgerStore, id: &str, now: Instant) -> Made<ClaimRecord> {
    Ok(ledger.use_grant(using(id, now, |_| {})?).await?)
}

pub(super) async fn a_grant_is_used_as_often_as_it_says(ledger: &dyn LedgerStore) -> Checked {
    let grant = given(ledger, Some(2)).await?;
    assert_eq!(ledger.request("r1").await?.map(|r| r.state), Some(State::Executed));
    assert_eq!(ledger.grants().await?, [grant]);
    let claim = uses(ledger, "u1", NOW).await?;
    assert_eq!(ledger.open_claims().await?, [claim]);
    assert_eq!(ledger.request("u1").await?.map(|r| r.state), Some(State::Executed));
    uses(ledger, "u2", NOW).await?;
    let over = ledger.use_grant(using("u3", NOW, |_| {})?).await;
    assert!(matches!(over, Err(LedgerError::Void { .. })), "{over:?}");
    assert!(ledger.request("u3").await?.is_none());
    assert_eq!(ledger.grants().await?.first().map(|g| g.used), Some(2));
    Ok(())
}

pub(super) async fn attack_44_a_grant_is_no_one_elses(ledger: &dyn LedgerStore) -> Checked {
    given(ledger, None).await?;
    let changes: [fn(&mut RequestRecord); 4] = [
        |r| r.key.principal.push('x'),
        |r| r.key.session.push('x'),
        |r| r.key.workspace.push('x'),
        |r| r.key.action_hash.0.0[0] ^= 1,
    ];
    for (n, change) in changes.into_iter().enumerate() {
        let other = using(&format!("x{n}"), NOW, change)?;
        assert_eq!(ledger.grants_for(&other.permit.request.key).await?, []);
        let refused = ledger.use_grant(other).await;
        assert!(matches!(refused, Err(LedgerError::Void { .. })), "{n}: {refused:?}");
    }
    let own = using("u1", NOW, |_| {})?;
    assert_eq!(ledger.grants_for(&own.permit.request.key).await?.len(), 1);
    ledger.use_grant(own).await?;
    Ok(())
}

/// What was over once is over, whatever the clock says later; and it did not begin before it was
/// given.
pub(super) async fn attack_45_a_clock_that_is_set_back_prolongs_nothing(
    ledger: &dyn LedgerStore,
) -> Checked {
    given(ledger, None).await?;
    let before = ledger.use_grant(using("u0", NOW.plus_millis(-DAY), |_| {})?).await;
    assert!(matches!(before, Err(LedgerError::Void { .. })), "{before:?}");
    uses(ledger, "u1", NOW.plus_millis(1_000)).await?;
    let late = NOW.plus_millis(DAY);
    let over = ledger.use_grant(using("u2", late, |_| {})?).await;
    assert!(matches!(over, Err(LedgerError::Void { .. })), "{over:?}");
    // Anything at all was recorded a day later; then the clock is set back.
    ledger.record(Fixture::new()?.entry(Event::Blocked), late).await?;
    ledger.record(Fixture::new()?.entry(Event::Blocked), NOW).await?;
    assert_eq!(ledger.latest().await?, Some(late));
    let back = ledger.use_grant(using("u3", NOW.plus_millis(2_000), |_| {})?).await;
    assert!(matches!(back, Err(LedgerError::Void { .. })), "{back:?}");
    Ok(())
}

pub(super) async fn attack_19_a_grant_that_was_taken_back_is_none(
    ledger: &dyn LedgerStore,
) -> Checked {
    given(ledger, None).await?;
    let fixture = Fixture::new()?;
    let mut refused = using("u0", NOW, |_| {})?;
    let void = LedgerError::Void { code: "X".into(), message: "its key was revoked".into() };
    let answer = void.clone();
    refused.recheck = Box::new(move |_, _| Err(answer));
    assert_eq!(ledger.use_grant(refused).await.err(), Some(void));
    assert_eq!(ledger.grants().await?.first().map(|g| g.used), Some(0));
    let frozen = Frozen { by: "ann".into(), why: None, since: NOW.timestamp() };
    ledger.revoke_grant("g1", fixture.entry(Event::Revoked), NOW).await?;
    let again = ledger.revoke_grant("g1", fixture.entry(Event::Revoked), NOW).await;
    assert_eq!(again.err(), Some(LedgerError::Ended("g1".into())));
    let unknown = ledger.revoke_grant("g9", fixture.entry(Event::Revoked), NOW).await;
    assert_eq!(unknown.err(), Some(LedgerError::Unknown("g9".into())));
    let over = ledger.use_grant(using("u1", NOW, |_| {})?).await;
    assert!(matches!(over, Err(LedgerError::Void { .. })), "{over:?}");
    ledger.freeze(frozen, fixture.entry(Event::Frozen), NOW).await?;
    let stopped = ledger.use_grant(using("u2", NOW, |_| {})?).await;
    assert!(matches!(stopped, Err(LedgerError::Frozen(_))), "{stopped:?}");
    let other = Fixture { path: "/b".into(), nonce: 2, ..fixture };
    other.suspend(ledger, "r2", NOW).await?;
    ledger.accept(other.acceptance(ledger, "r2", Word::Allow).await?).await?;
    let more = GrantRecord { request_id: "r2".into(), ..record("g2", None)? };
    let stopped = ledger.grant(new(&more, Given::AskedFor)?).await;
    assert!(matches!(stopped, Err(LedgerError::Frozen(_))), "{stopped:?}");
    Ok(())
}

pub(super) async fn attack_18_the_last_use_goes_to_one_of_many(
    ledger: Arc<dyn LedgerStore>,
) -> Checked {
    given(&*ledger, Some(1)).await?;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..16 {
        let (ledger, using) = (Arc::clone(&ledger), using(&format!("u{n}"), NOW, |_| {})?);
        tasks.spawn(async move { ledger.use_grant(using).await.is_ok() });
    }
    let won = tasks.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!((won, ledger.open_claims().await?.len()), (1, 1));
    assert_eq!(ledger.grants().await?.first().map(|g| g.used), Some(1));
    Ok(())
}

pub(super) async fn a_grant_beside_a_yes_leaves_its_use_and_is_given_once(
    ledger: &dyn LedgerStore,
) -> Checked {
    let fixture = Fixture::new()?;
    fixture.suspend(ledger, "r1", NOW).await?;
    let early = ledger.grant(new(&record("g1", None)?, Given::BesideAYes)?).await;
    assert!(matches!(early, Err(LedgerError::State(_))), "{early:?}");
    ledger.accept(fixture.acceptance(ledger, "r1", Word::Allow).await?).await?;
    let void = LedgerError::Void { code: "X".into(), message: "not what was signed".into() };
    let (mut refused, answer) = (new(&record("g1", None)?, Given::BesideAYes)?, void.clone());
    refused.recheck = Box::new(move |_| Err(answer));
    assert_eq!(ledger.grant(refused).await.err(), Some(void));
    for given in [Given::BesideAYes, Given::AskedFor] {
        let late = NewGrant { now: NOW.plus_millis(DAY), ..new(&record("g1", None)?, given)? };
        let late = ledger.grant(late).await.err();
        assert_eq!(late, Some(LedgerError::State(State::Expired)), "{given:?}");
    }
    ledger.grant(new(&record("g1", None)?, Given::BesideAYes)?).await?;
    assert_eq!(ledger.request("r1").await?.map(|r| r.state), Some(State::Approved));
    // Also one that was taken back is not given again.
    ledger.revoke_grant("g1", fixture.entry(Event::Revoked), NOW).await?;
    let again = ledger.grant(new(&record("g2", None)?, Given::BesideAYes)?).await;
    assert_eq!(again.err(), Some(LedgerError::Ended("r1".into())));
    assert_eq!(ledger.grants().await?.len(), 1);
    Ok(())
}

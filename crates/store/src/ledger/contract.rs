//! What every ledger promises. Each back end calls [`all`] with a way to make an empty ledger.

mod against;
mod fixture;
mod freeze;
mod grants;
mod items;
mod limits;
mod lookup;
mod read;
mod rounds;
mod segments;
mod usable;

use super::{
    Change, Ending, LedgerError, LedgerStore, NewPermit, Past, RequestKey, RequestRecord, Suspended,
};
use crate::error::StoreError;
use countersign_core::decision::Word;
use countersign_core::receipt::{Entry, Event};
use countersign_core::request::State;
use fixture::{DAY, Fixture, NOW};
pub use fixture::{is_own, notary};
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

type Checked = Result<(), Box<dyn Error + Send + Sync>>;

/// Runs every promise on ledgers that `make` opens empty, with the notary of [`notary`].
///
/// # Errors
/// Where the store fails; a broken promise panics with its name.
pub async fn all<F>(make: impl Fn() -> F) -> Checked
where
    F: Future<Output = Result<Arc<dyn LedgerStore>, StoreError>>,
{
    let made = Mutex::new(Vec::new());
    let (made_by, kept) = (&make, &made);
    each(&move || async move {
        let ledger = made_by().await?;
        kept.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&ledger));
        Ok(ledger)
    })
    .await?;
    // Whatever was done in them.
    for ledger in made.into_inner().unwrap_or_else(PoisonError::into_inner) {
        usable::the_newest_head_counts_what_may_still_be_used(&*ledger).await?;
    }
    Ok(())
}

/// Each promise, on a ledger of its own.
async fn each<F>(make: &impl Fn() -> F) -> Checked
where
    F: Future<Output = Result<Arc<dyn LedgerStore>, StoreError>>,
{
    names_are_remembered(&*make().await?).await?;
    receipts_chain_and_heads_are_signed(&*make().await?).await?;
    the_same_call_joins_while_it_waits(&*make().await?).await?;
    attack_44_another_key_asks_anew(&*make().await?).await?;
    an_approved_call_is_ready_and_runs_once(&*make().await?).await?;
    attack_18_a_decision_is_accepted_once(&*make().await?).await?;
    attack_18_one_of_many_claims_wins(make().await?).await?;
    attack_19_nothing_is_claimed_after_its_end(&*make().await?).await?;
    a_denied_request_stays_denied(&*make().await?).await?;
    attack_46_what_was_refused_is_found_again(&*make().await?).await?;
    a_claim_is_handed_over_once(&*make().await?).await?;
    a_failing_recheck_leaves_the_approval(&*make().await?).await?;
    attack_27_what_expires_is_recorded(&*make().await?).await?;
    changes_are_found_by_their_kind(&*make().await?).await?;
    attack_18_what_is_permitted_goes_once(&*make().await?).await?;
    freeze::attack_19_nothing_goes_while_everything_is_frozen(&*make().await?).await?;
    freeze::attack_18_a_stop_that_was_sent_stops_once(&*make().await?).await?;
    freeze::attack_19_only_an_approval_of_this_stop_thaws(&*make().await?).await?;
    grants::a_grant_is_used_as_often_as_it_says(&*make().await?).await?;
    grants::a_grant_beside_a_yes_leaves_its_use_and_is_given_once(&*make().await?).await?;
    grants::attack_44_a_grant_is_no_one_elses(&*make().await?).await?;
    grants::attack_45_a_clock_that_is_set_back_prolongs_nothing(&*make().await?).await?;
    grants::attack_19_a_grant_that_was_taken_back_is_none(&*make().await?).await?;
    grants::attack_18_the_last_use_goes_to_one_of_many(make().await?).await?;
    limits::attack_26_one_asker_starves_nobody(&*make().await?).await?;
    limits::attack_26_all_together_have_so_much_room(&*make().await?).await?;
    limits::the_queue_moves_in_order(&*make().await?).await?;
    limits::attack_46_denials_of_one_asker_are_found(&*make().await?).await?;
    read::all(make).await?;
    segments::a_hold_is_there_until_it_is_released(&*make().await?).await?;
    lookup::requests_are_found_by_the_beginning_of_their_ids(&*make().await?).await?;
    lookup::a_call_that_waits_is_found_by_all_of_its_key(&*make().await?).await?;
    items::all([make().await?, make().await?, make().await?, make().await?]).await?;
    a_claim_ends_once(&*make().await?).await?;
    against::all(make).await?;
    rounds::all(make).await
}

async fn names_are_remembered(ledger: &dyn LedgerStore) -> Checked {
    assert_eq!(ledger.session("uid:1", "a", "s1").await?, "s1");
    assert_eq!(ledger.session("uid:1", "a", "s2").await?, "s1");
    assert_eq!(ledger.session("uid:2", "a", "s3").await?, "s3");
    assert_eq!(ledger.repo_ref("/w", "r1").await?, "r1");
    assert_eq!(ledger.repo_ref("/w", "r2").await?, "r1");
    assert!(!ledger.ledger_id().is_empty());
    Ok(())
}

async fn receipts_chain_and_heads_are_signed(ledger: &dyn LedgerStore) -> Checked {
    assert_eq!(ledger.newest().await?, None);
    assert_eq!(ledger.checkpoint().await?, None);
    let fixture = Fixture::new()?;
    let first = ledger.record(fixture.entry(Event::Allowed), NOW).await?;
    let second = ledger.record(fixture.entry(Event::Blocked), NOW).await?;
    assert!(second.follows(&first));
    assert_eq!(ledger.newest().await?, Some((2, second.content_hash)));
    assert_eq!(ledger.content_hash(1).await?, Some(first.content_hash));
    assert_eq!(ledger.content_hash(3).await?, None);
    assert_eq!(ledger.receipt(Some(1)).await?, Some(first));
    assert_eq!(ledger.receipt(None).await?, Some(second.clone()));
    let head = ledger.checkpoint().await?.ok_or("no head")?;
    assert_eq!((head.head.seq, head.head.content_hash), (2, second.content_hash));
    head.verify(&fixture::operator()?.public().signing())?;
    Ok(())
}

async fn changes_are_found_by_their_kind(ledger: &dyn LedgerStore) -> Checked {
    let fixture = Fixture::new()?;
    assert_eq!(ledger.past().await?, Past::default());
    let first = ledger.record(fixture.entry(Event::Key), NOW).await?;
    // The same words inside an action are no change of keys.
    let with = |entry: Entry, action: serde_json::Value| Entry {
        action: action.as_object().cloned(),
        ..entry
    };
    let other = with(fixture.entry(Event::Allowed), serde_json::json!({"event": "key"}));
    ledger.record(other, NOW).await?;
    let back = ledger.record(fixture.entry(Event::Revoked), NOW).await?;
    let policy = ledger.record(fixture.entry(Event::Policy), NOW).await?;
    let stop = ledger.record(fixture.entry(Event::Frozen), NOW).await?;
    let hold = serde_json::json!({"kind": "ledger", "change": "held", "hold": "case-17"});
    let hold = ledger.record(with(fixture.entry(Event::Observed), hold), NOW).await?;
    ledger.record(fixture.entry(Event::Observed), NOW).await?;
    let second = ledger.record(fixture.entry(Event::Key), NOW).await?;
    let past = ledger.past().await?;
    assert!(past.clone().proven(|_| false).is_err(), "its head is somebody else's");
    for gone in 0..past.changes.len() {
        let mut past = past.clone();
        past.changes.remove(gone);
        assert!(past.proven(is_own).is_err(), "change {gone} is not there");
    }
    let past = past.proven(is_own)?;
    let of = |kinds: &[Change]| past.of(kinds).cloned().collect::<Vec<_>>();
    assert_eq!(of(&[Change::Key]), [first.clone(), second.clone()]);
    assert_eq!(of(&[Change::Policy]), [policy]);
    assert_eq!(of(&[Change::Key, Change::Revoked]), [first, back, second]);
    assert_eq!(of(&[Change::Stop, Change::Hold]), [stop, hold]);
    assert_eq!(past.held().into_iter().collect::<Vec<_>>(), ["case-17"]);
    Ok(())
}

/// What a policy allows is used up when it is written, and open until it ends.
async fn attack_18_what_is_permitted_goes_once(ledger: &dyn LedgerStore) -> Checked {
    let fixture = Fixture::new()?;
    let request = RequestRecord { asked: vec![], ..fixture.request("r1", NOW)? };
    let entry = Entry { request_id: Some("r1".into()), ..fixture.entry(Event::Allowed) };
    let owner = "me".to_owned();
    let permit = NewPermit { id: "c1".into(), request, owner, now: NOW, entry };
    let claim = ledger.permit(permit).await?;
    assert!(claim.open && claim.request_id == "r1");
    assert_eq!(ledger.open_claims().await?, [claim]);
    let kept = ledger.request("r1").await?.ok_or("no request")?;
    assert_eq!(kept.state, State::Executed);
    // The same call again is another question: nothing of the first is left to use.
    let again = fixture.suspend(ledger, "r2", NOW).await?;
    assert!(matches!(again, Suspended::Opened(_)));
    ledger.finish("c1", fixture.entry(Event::Executed), NOW).await?;
    let twice = ledger.finish("c1", fixture.entry(Event::Executed), NOW).await;
    assert_eq!(twice.err(), Some(LedgerError::Ended("c1".into())));
    assert_eq!(ledger.receipts_of("r1").await?.len(), 1);
    Ok(())
}

async fn the_same_call_joins_while_it_waits(ledger: &dyn LedgerStore) -> Checked {
    let fixture = Fixture::new()?;
    let opened = fixture.suspend(ledger, "r1", NOW).await?;
    assert!(matches!(opened, Suspended::Opened(_)));
    let Suspended::Joined(joined) = fixture.suspend(ledger, "r2", NOW).await? else {
        return Err("the same call opened a second request".into());
    };
    assert_eq!(joined.id, "r1");
    assert_eq!(ledger.submitted("r1", NOW).await?.state, State::AwaitingDecision);
    assert_eq!(ledger.submitted("r1", NOW).await?.state, State::AwaitingDecision);
    assert!(matches!(fixture.suspend(ledger, "r3", NOW).await?, Suspended::Joined(_)));
    assert_eq!(ledger.open_requests().await?.len(), 1);
    assert_eq!(ledger.receipts_of("r1").await?.len(), 1);
    assert!(ledger.request("r2").await?.is_none());
    Ok(())
}

async fn attack_44_another_key_asks_anew(ledger: &dyn LedgerStore) -> Checked {
    let fixture = Fixture::new()?;
    fixture.suspend(ledger, "r1", NOW).await?;
    for (n, change) in ["principal", "session", "workspace"].into_iter().enumerate() {
        let mut request = fixture.request(&format!("x{n}"), NOW)?;
        match change {
            "principal" => request.key.principal.push('x'),
            "session" => request.key.session.push('x'),
            _ => request.key.workspace.push('x'),
        }
        let suspended = ledger.suspend(request, fixture.entry(Event::Suspended), NOW).await?;
        assert!(matches!(suspended, Suspended::Opened(_)), "{change}");
    }
    Ok(())
}

async fn an_approved_call_is_ready_and_runs_once(ledger: &dyn LedgerStore) -> Checked {
    let fixture = Fixture::new()?;
    fixture.suspend(ledger, "r1", NOW).await?;
    ledger.submitted("r1", NOW).await?;
    let request = ledger.accept(fixture.acceptance(ledger, "r1", Word::Allow).await?).await?;
    assert_eq!((request.state, request.accepted.len()), (State::Approved, 1));
    assert!(matches!(fixture.suspend(ledger, "r2", NOW).await?, Suspended::Ready(_)));
    ledger.stands("r1").await?;
    let (claim, used) = ledger.claim(fixture.claim("c1", "r1", NOW)).await?;
    assert_eq!((used.state, claim.open), (State::Executed, true));
    let events: Vec<Event> =
        ledger.receipts_of("r1").await?.iter().map(|r| r.content.entry.event).collect();
    assert_eq!(events.last(), Some(&Event::Released), "attack_39: a claim is in the chain");
    let again = ledger.claim(fixture.claim("c2", "r1", NOW)).await;
    assert_eq!(again.err(), Some(LedgerError::State(State::Executed)));
    assert_eq!(ledger.stands("r1").await.err(), Some(LedgerError::State(State::Executed)));
    assert!(matches!(fixture.suspend(ledger, "r3", NOW).await?, Suspended::Opened(_)));
    Ok(())
}

async fn attack_18_a_decision_is_accepted_once(ledger: &dyn LedgerStore) -> Checked {
    let fixture = Fixture::new()?;
    fixture.suspend(ledger, "r1", NOW).await?;
    ledger.accept(fixture.acceptance(ledger, "r1", Word::Allow).await?).await?;
    let receipts = ledger.newest().await?;
    ledger.accept(fixture.acceptance(ledger, "r1", Word::Allow).await?).await?;
    assert_eq!(ledger.newest().await?, receipts, "the identical answer records nothing");
    let other = ledger.accept(fixture.acceptance(ledger, "r1", Word::Deny).await?).await;
    assert_eq!(other.err(), Some(LedgerError::Replay));
    let elsewhere = Fixture { path: "/other".into(), ..Fixture::new()? };
    elsewhere.suspend(ledger, "r9", NOW).await?;
    let same_nonce = ledger.accept(elsewhere.acceptance(ledger, "r9", Word::Allow).await?).await;
    assert_eq!(same_nonce.err(), Some(LedgerError::Replay));
    assert_eq!(ledger.newest().await?.map(|(seq, _)| seq), Some(3));
    Ok(())
}

async fn attack_18_one_of_many_claims_wins(ledger: Arc<dyn LedgerStore>) -> Checked {
    let fixture = Fixture::new()?;
    fixture.suspend(&*ledger, "r1", NOW).await?;
    ledger.accept(fixture.acceptance(&*ledger, "r1", Word::Allow).await?).await?;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..16 {
        let (ledger, claim) = (Arc::clone(&ledger), fixture.claim(&format!("c{n}"), "r1", NOW));
        tasks.spawn(async move { ledger.claim(claim).await.is_ok() });
    }
    let won = tasks.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!((won, ledger.open_claims().await?.len()), (1, 1));
    Ok(())
}

async fn attack_19_nothing_is_claimed_after_its_end(ledger: &dyn LedgerStore) -> Checked {
    let fixture = Fixture::new()?;
    fixture.suspend(ledger, "r1", NOW).await?;
    let late = NOW.plus_millis(DAY);
    ledger.accept(fixture.acceptance(ledger, "r1", Word::Allow).await?).await?;
    let claim = ledger.claim(fixture.claim("c1", "r1", late)).await;
    assert_eq!(claim.err(), Some(LedgerError::State(State::Expired)));
    assert_eq!(ledger.open_claims().await?.len(), 0);
    let other = Fixture { path: "/b".into(), nonce: 2, ..Fixture::new()? };
    other.suspend(ledger, "r2", NOW).await?;
    let mut acceptance = other.acceptance(ledger, "r2", Word::Allow).await?;
    acceptance.now = late;
    assert_eq!(ledger.accept(acceptance).await.err(), Some(LedgerError::State(State::Expired)));
    let third = Fixture { path: "/c".into(), nonce: 3, ..Fixture::new()? };
    third.suspend(ledger, "r3", NOW).await?;
    ledger.accept(third.acceptance(ledger, "r3", Word::Allow).await?).await?;
    ledger.close("r3", Ending::Withdrawn, third.entry(Event::Withdrawn), NOW).await?;
    let claim = ledger.claim(third.claim("c3", "r3", NOW)).await;
    assert_eq!(claim.err(), Some(LedgerError::State(State::Denied)));
    Ok(())
}

async fn a_denied_request_stays_denied(ledger: &dyn LedgerStore) -> Checked {
    let fixture = Fixture::new()?;
    fixture.suspend(ledger, "r1", NOW).await?;
    let denied = ledger.accept(fixture.acceptance(ledger, "r1", Word::Deny).await?).await?;
    assert_eq!(denied.state, State::Denied);
    let claim = ledger.claim(fixture.claim("c1", "r1", NOW)).await;
    assert_eq!(claim.err(), Some(LedgerError::State(State::Denied)));
    let ended = ledger.close("r1", Ending::Withdrawn, fixture.entry(Event::Withdrawn), NOW).await?;
    assert_eq!(ended.state, State::Denied);
    assert_eq!(ledger.receipts_of("r1").await?.len(), 2);
    Ok(())
}

async fn attack_46_what_was_refused_is_found_again(ledger: &dyn LedgerStore) -> Checked {
    let fixture = Fixture::new()?;
    let key = fixture.request("r1", NOW)?.key;
    fixture.suspend(ledger, "r1", NOW).await?;
    assert_eq!(ledger.refused(&key, NOW).await?, []);
    let denied = ledger.accept(fixture.acceptance(ledger, "r1", Word::Deny).await?).await?;
    let elsewhere = RequestKey { session: "s2".into(), ..key.clone() };
    assert_eq!(ledger.refused(&elsewhere, NOW).await?, [denied]);
    assert_eq!(ledger.refused(&key, NOW.plus_millis(1)).await?, []);
    let other = RequestKey { principal: "uid:2".into(), ..key.clone() };
    assert_eq!(ledger.refused(&other, NOW).await?, []);
    assert_eq!(ledger.refused(&RequestKey { workspace: "/x".into(), ..key }, NOW).await?, []);
    Ok(())
}

/// What a host runs ends with the claim's own receipt, and is never called uncertain.
async fn a_claim_is_handed_over_once(ledger: &dyn LedgerStore) -> Checked {
    let fixture = Fixture::new()?;
    fixture.suspend(ledger, "r1", NOW).await?;
    ledger.accept(fixture.acceptance(ledger, "r1", Word::Allow).await?).await?;
    ledger.claim(fixture.claim("c1", "r1", NOW)).await?;
    let before = ledger.receipts_of("r1").await?.len();
    ledger.hand_over("c1").await?;
    assert!(ledger.open_claims().await?.is_empty());
    assert_eq!(ledger.receipts_of("r1").await?.len(), before, "it leaves no receipt of its own");
    assert_eq!(ledger.hand_over("c1").await, Err(LedgerError::Ended("c1".into())));
    let late = ledger.finish("c1", fixture.entry(Event::Uncertain), NOW).await;
    assert_eq!(late.err(), Some(LedgerError::Ended("c1".into())));
    assert_eq!(ledger.hand_over("c9").await, Err(LedgerError::Unknown("c9".into())));
    Ok(())
}

async fn a_failing_recheck_leaves_the_approval(ledger: &dyn LedgerStore) -> Checked {
    let fixture = Fixture::new()?;
    fixture.suspend(ledger, "r1", NOW).await?;
    ledger.accept(fixture.acceptance(ledger, "r1", Word::Allow).await?).await?;
    let void = LedgerError::Void { code: "X".into(), message: "revoked".into() };
    let mut claim = fixture.claim("c1", "r1", NOW);
    let refusal = void.clone();
    claim.recheck = Box::new(move |_| Err(refusal));
    assert_eq!(ledger.claim(claim).await.err(), Some(void));
    assert_eq!(ledger.request("r1").await?.map(|r| r.state), Some(State::Approved));
    assert_eq!(ledger.receipts_of("r1").await?.len(), 2, "a claim that failed is not recorded");
    assert!(ledger.open_claims().await?.is_empty());
    Ok(())
}

async fn attack_27_what_expires_is_recorded(ledger: &dyn LedgerStore) -> Checked {
    let fixture = Fixture::new()?;
    fixture.suspend(ledger, "r1", NOW).await?;
    let early = ledger.close("r1", Ending::Expired, fixture.entry(Event::Expired), NOW).await;
    assert!(matches!(early, Err(LedgerError::State(_))));
    let late = NOW.plus_millis(DAY);
    assert!(matches!(fixture.suspend(ledger, "r2", late).await?, Suspended::Opened(_)));
    assert_eq!(ledger.request("r1").await?.map(|r| r.state), Some(State::Expired));
    let events: Vec<Event> =
        ledger.receipts_of("r1").await?.iter().map(|r| r.content.entry.event).collect();
    assert_eq!(events, [Event::Suspended, Event::Expired]);
    let later = late.plus_millis(DAY);
    ledger.close("r2", Ending::Expired, fixture.entry(Event::Expired), later).await?;
    assert!(ledger.open_requests().await?.is_empty());
    Ok(())
}

async fn a_claim_ends_once(ledger: &dyn LedgerStore) -> Checked {
    let fixture = Fixture::new()?;
    fixture.suspend(ledger, "r1", NOW).await?;
    ledger.accept(fixture.acceptance(ledger, "r1", Word::Allow).await?).await?;
    ledger.claim(fixture.claim("c1", "r1", NOW)).await?;
    assert_eq!(ledger.open_claims().await?.len(), 1);
    let receipt = ledger.finish("c1", fixture.entry(Event::Executed), NOW).await?;
    assert_eq!(receipt.content.entry.event, Event::Executed);
    let again = ledger.finish("c1", fixture.entry(Event::Uncertain), NOW).await;
    assert_eq!(again.err(), Some(LedgerError::Ended("c1".into())));
    let unknown = ledger.finish("c9", fixture.entry(Event::Uncertain), NOW).await;
    assert_eq!(unknown.err(), Some(LedgerError::Unknown("c9".into())));
    assert!(ledger.open_claims().await?.is_empty());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::MemoryLedger;

    #[tokio::test]
    async fn the_memory_ledger_keeps_every_promise() {
        all(|| async {
            let ledger = MemoryLedger::new("ledger-1", [7; 32], notary()?);
            Ok(Arc::new(ledger) as Arc<dyn LedgerStore>)
        })
        .await
        .unwrap();
    }
}

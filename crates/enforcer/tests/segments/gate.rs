//! Nothing that the gate looks back for goes with a segment.

use crate::scene::{DAY, Scene, hourly, rule};
use countersign_core::decision::Word;
use countersign_core::receipt::Event;
use countersign_core::request::State;
use countersign_enforcer::gate::COOL_MILLIS;
use countersign_enforcer::{GateError, Relays};
use countersign_store::ledger::read::Query;
use countersign_store::ledger::{Change, Suspended};

#[tokio::test]
async fn attack_18_a_decision_that_was_used_is_known_after_its_receipt_was_sealed() {
    let scene = Scene::set().await;
    let request = scene.suspended("a").await;
    let answer = scene.answer(&request, Word::Allow);
    let approved =
        scene.enforcer.accept(&request, &request.asked[0], answer.clone()).await.unwrap();
    let run = scene.enforcer.claim(&approved, &Relays::new()).await.unwrap();
    scene.enforcer.hand_over(run).await.unwrap();
    scene.blocks(5).await;
    scene.later(DAY / 8);
    assert_eq!(scene.enforcer.rotate(&hourly()).await.unwrap().sealed.len(), 1);
    // The same call is a new question, and the old answer is none to it.
    let again = scene.suspended("a").await;
    assert_ne!(again.id, request.id);
    let replayed = scene.enforcer.accept(&again, &again.asked[0], answer.clone()).await;
    assert!(matches!(replayed, Err(GateError::Refused(_))), "{replayed:?}");
    let mut alive = request.clone();
    alive.state = State::AwaitingDecision;
    let used = scene.enforcer.accept(&alive, &request.asked[0], answer).await;
    assert!(!matches!(&used, Ok(one) if one.state == State::Approved), "{used:?}");
    assert_eq!(scene.verify().await.broken, None);
}

#[tokio::test]
async fn a_request_that_waits_is_answered_after_its_receipt_was_sealed() {
    let scene = Scene::set().await;
    let waiting = scene.suspended("waits").await;
    let approved = scene.suspended("approved").await;
    let answer = scene.answer(&approved, Word::Allow);
    scene.enforcer.accept(&approved, &approved.asked[0], answer).await.unwrap();
    scene.blocks(5).await;
    scene.later(DAY / 8);
    assert_eq!(scene.enforcer.rotate(&hourly()).await.unwrap().sealed.len(), 1);
    assert_eq!(scene.enforcer.ledger().receipts_of(&waiting.id).await.unwrap().len(), 1);
    let ready = scene.enforcer.suspend(&scene.question("approved")).await.unwrap();
    let Suspended::Ready(ready) = ready else { panic!("{ready:?}") };
    let run = scene.enforcer.claim(&ready, &Relays::new()).await.unwrap();
    scene.enforcer.hand_over(run).await.unwrap();
    let answer = scene.answer(&waiting, Word::Allow);
    let waiting = scene.enforcer.accept(&waiting, &waiting.asked[0], answer).await.unwrap();
    assert_eq!(waiting.state, State::Approved);
    assert_eq!(scene.verify().await.broken, None);
}

#[tokio::test]
async fn attack_46_what_was_denied_a_moment_ago_stays_denied() {
    let scene = Scene::set().await;
    let request = scene.suspended("a").await;
    let answer = scene.answer(&request, Word::Deny);
    scene.enforcer.accept(&request, &request.asked[0], answer).await.unwrap();
    scene.blocks(5).await;
    let by_size = countersign_enforcer::segments::Rule { live: 1, ..rule(100) };
    scene.enforcer.rotate(&by_size).await.unwrap();
    let again = scene.enforcer.suspend(&scene.question("a")).await;
    assert!(matches!(again, Err(GateError::DeniedBefore(_))), "{again:?}");
    assert_eq!(scene.verify().await.broken, None);
    // A copy goes when the gate looks back for it no more.
    let query = Query { events: vec![Event::Denied], ..Query::default() };
    let copies = async || scene.enforcer.ledger().find(&query, None, 9).await.unwrap().len();
    assert_eq!(copies().await, 1);
    scene.later(3 * COOL_MILLIS);
    scene.enforcer.rotate(&by_size).await.unwrap();
    assert_eq!(copies().await, 0);
    assert_eq!(scene.verify().await.broken, None);
}

#[tokio::test]
async fn attack_45_keys_and_the_latest_time_stay_known() {
    let scene = Scene::set().await;
    let keys = scene.enforcer.past().await.unwrap();
    assert!(keys.of(&[Change::Key]).next().is_some());
    // The clock runs ahead for one receipt, and is set back.
    scene.later(400 * DAY);
    scene.blocks(1).await;
    let latest = scene.enforcer.ledger().latest().await.unwrap();
    scene.later(-400 * DAY);
    scene.blocks(5).await;
    let by_size = countersign_enforcer::segments::Rule { live: 1, ..rule(100) };
    assert_eq!(scene.enforcer.rotate(&by_size).await.unwrap().sealed.len(), 1);
    let kept = scene.enforcer.past().await.unwrap();
    assert!(kept.of(&Change::ALL).eq(keys.of(&Change::ALL)));
    assert_eq!(scene.enforcer.ledger().latest().await.unwrap(), latest);
    assert!(scene.enforcer.ledger().content_hash(1).await.unwrap().is_some());
    assert_eq!(scene.verify().await.broken, None);
    // A key that was taken back stays taken back.
    scene.enforcer.revoke("ann", None).await.unwrap();
    scene.blocks(2).await;
    scene.enforcer.rotate(&by_size).await.unwrap();
    assert!(scene.enforcer.ways().unwrap().is_empty());
    assert_eq!(scene.verify().await.broken, None);
}

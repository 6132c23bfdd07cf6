//! Others asked next: where time is over, and where a person hands a question on.

use super::*;
use countersign_enforcer::Quorum;

#[tokio::test]
async fn attack_20_silence_asks_the_next_and_then_ends_in_a_refusal() {
    let world = world(THEN_CAT).await;
    let request = world.suspended().await;
    assert_eq!(request.asked.len(), 3);
    assert_eq!(request.step_ends, Some(Instant(START + 5 * MINUTE)));
    assert_eq!(world.next_round(&request).await, None, "their time is not over");
    world.later(5 * MINUTE);
    let next = world.next_round(&request).await.unwrap();
    assert_eq!((next.round(), next.asked_now().count()), (2, 1));
    let context = next.asked_now().next().unwrap().artifact.context().unwrap().unwrap();
    assert!(context.notes[0].contains("ann, bob did not answer"), "{:?}", context.notes);
    assert_eq!(world.proof(&request).await.0, Event::Escalated);
    let twice = world.enforcer.next_round(&request, &world.question().await).await.unwrap();
    assert_eq!(twice.map(|r| r.asked.len()), Some(4), "it begins once");
    world.later(10 * MINUTE);
    let late = world.says(&next, 2, Word::Allow).await.unwrap_err();
    assert_eq!(late.code(), "HARP_ERR_EXPIRED");
}

#[tokio::test]
async fn attack_20_a_caller_in_a_hurry_chooses_nobody_who_decides() {
    let world = world(THEN_CAT).await;
    let hurried = Question { ttl_millis: MINUTE, ..world.question().await };
    let request = world.put(&hurried).await;
    assert_eq!((request.step_ends, request.expires_at), (None, Instant(START + MINUTE)));
    world.later(MINUTE);
    let next = world.enforcer.next_round(&request, &hurried).await.unwrap();
    assert_eq!(next.map(|request| request.round()), None);
}

#[tokio::test]
async fn attack_43_an_answer_of_the_round_before_comes_too_late() {
    let world = world(THEN_CAT).await;
    let request = world.suspended().await;
    let (at, early) = world.signed(&request, 0, Word::Allow, None);
    world.later(5 * MINUTE);
    let next = world.next_round(&request).await.unwrap();
    let late = world.enforcer.accept(&request, &request.asked[at], early).await.unwrap_err();
    assert_eq!(late.code(), "HARP_ERR_EXPIRED", "within the tolerated skew, and another round");
    let approved = world.says(&next, 2, Word::Allow).await.unwrap();
    assert_eq!(approved.state, State::Approved);
    let (event, verdict) = world.proof(&request).await;
    assert_eq!(event, Event::Approved);
    assert!(is_l1(&verdict, &["cat"]), "{verdict:?}");
}

#[tokio::test]
async fn a_signed_escalation_hands_on_at_once_and_only_to_whom_the_route_names() {
    let world = world(THEN_CAT).await;
    let request = world.suspended().await;
    let next = world.hands_to(&request, 1, "cat").await;
    assert_eq!((next.round(), next.state), (2, State::Created));
    let context = next.asked_now().next().unwrap().artifact.context().unwrap().unwrap();
    assert!(context.notes[0].contains("bob handed this on"), "{:?}", context.notes);
    let (event, verdict) = world.proof(&request).await;
    assert_eq!(event, Event::Escalated);
    assert!(matches!(verdict, Verdict::Valid { level: Level::L0, .. }), "{verdict:?}");
}

#[tokio::test]
async fn an_escalation_to_anybody_else_and_a_plain_no_end_it() {
    for to in ["zoe", "ann"] {
        let world = world(THEN_CAT).await;
        let request = world.suspended().await;
        assert_eq!(world.hands_to(&request, 0, to).await.state, State::Denied, "{to}");
    }
    let world = world(THEN_CAT).await;
    let request = world.suspended().await;
    assert_eq!(world.says(&request, 0, Word::Deny).await.unwrap().state, State::Denied);
    world.later(5 * MINUTE);
    let over = world.enforcer.next_round(&request, &world.question().await).await;
    assert!(over.is_err(), "a no stops the chain");
}

#[tokio::test]
async fn with_deny_on_timeout_nobody_is_asked_next() {
    let world = world(&format!("{THEN_CAT}on_timeout = \"deny\"\n")).await;
    let request = world.suspended().await;
    assert_eq!(request.step_ends, None);
    assert_eq!(request.expires_at, Instant(START + 10 * MINUTE));
    assert_eq!(world.hands_to(&request, 0, "cat").await.round(), 2, "a person may still");
}

/// Whoever does not know whom a caller asks next makes no denial of what was handed on: nothing is
/// written down, and whoever knows them goes on.
#[tokio::test]
async fn attack_21_what_was_handed_on_is_left_to_whoever_knows_whom_to_ask() {
    let world = world(THEN_CAT).await;
    let request = world.suspended().await;
    let whole = world.question().await;
    let grounds = whole.grounds.clone().with_quorum(Quorum::default());
    let follower = Question { grounds, ..whole };
    let hints = json!({"escalate": {"to": "cat"}});
    let (at, answer) = world.signed(&request, 0, Word::Deny, Some(hints));
    let asked = &request.asked[at];
    let left = world.enforcer.take_answer(&request, asked, answer.clone(), &follower).await;
    assert!(matches!(&left, Err(GateError::HandedOn(by)) if by == "ann"), "{left:?}");
    assert_eq!(world.ledger.request(&request.id).await.unwrap().unwrap(), request);
    let next = world.enforcer.take_answer(&request, asked, answer, &world.question().await).await;
    assert_eq!(next.unwrap().round(), 2);
}

/// A name that the route does not offer hands nothing on, whoever hears it.
#[tokio::test]
async fn attack_45_a_hand_over_to_nobody_on_offer_is_the_no_that_it_says() {
    let world = world(THEN_CAT).await;
    let request = world.suspended().await;
    let whole = world.question().await;
    let grounds = whole.grounds.clone().with_quorum(Quorum::default());
    let follower = Question { grounds, ..whole };
    let hints = json!({"escalate": {"to": "zoe"}});
    let (at, answer) = world.signed(&request, 0, Word::Deny, Some(hints));
    let taken = world.enforcer.take_answer(&request, &request.asked[at], answer, &follower).await;
    assert_eq!(taken.unwrap().accepted.len(), 1);
}

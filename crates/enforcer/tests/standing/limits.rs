//! How much may wait, and denials one after another.

use super::*;
use countersign_enforcer::gate::COOL_MILLIS;
use countersign_store::ledger::Turn;

#[tokio::test]
async fn attack_26_more_than_may_wait_is_queued_and_then_refused() {
    let bounds = "\n[limits]\nmax_pending_per_agent = 2\nmax_pending = 5\n";
    let world = world(&format!("{POLICY}{bounds}")).await;
    let mut put = Vec::new();
    for n in 0..4 {
        let question = world.question(other("spin", n)).await;
        let request = world.put(&question).await.unwrap();
        put.push(world.enforcer.turn(&question, &request).await.unwrap());
    }
    assert_eq!(put, [Turn::Now, Turn::Now, Turn::After(0), Turn::After(1)]);
    let over = world.put(&world.question(other("spin", 9)).await).await.err().unwrap();
    assert_eq!(over.code(), "too_many_waiting");
    let noted = world.newest().await.content.entry;
    assert_eq!((noted.event, noted.policy.unwrap().rule_id), (Event::Blocked, "limits".into()));
    let mut elsewhere = world.question(other("spin", 9)).await;
    elsewhere.principal = "uid:2".into();
    let request = world.put(&elsewhere).await.unwrap();
    assert_eq!(world.enforcer.turn(&elsewhere, &request).await.unwrap(), Turn::Now);
}

#[tokio::test]
async fn attack_46_after_three_denials_in_a_row_nobody_is_asked_for_a_while() {
    let world = world(POLICY).await;
    let mut last = String::new();
    for n in 0..3 {
        let request = world.put(&world.question(other("spin", n)).await).await.unwrap();
        let context = request.asked[0].artifact.context().unwrap().unwrap();
        // It names the denial before it, and what was said.
        assert_eq!(context.previous.unwrap_or_default(), last, "{n}");
        assert_eq!(context.notes.iter().any(|note| note.contains("use the other one")), n > 0);
        world.answered(&request, Word::Deny).await;
        last = request.id;
    }
    let refused = world.put(&world.question(other("spin", 4)).await).await.err().unwrap();
    assert!(matches!(&refused, GateError::DeniedInARow(row) if row.person == "ann"), "{refused}");
    let noted = world.newest().await.content.entry.policy.unwrap();
    assert_eq!(noted.rule_id, "denied_in_a_row");
    // Another session, and time, are ways out.
    let mut other_session = world.question(other("spin", 4)).await;
    other_session.session = "other".into();
    world.put(&other_session).await.unwrap();
    world.later(COOL_MILLIS + 1);
    world.put(&world.question(other("spin", 4)).await).await.unwrap();
}

/// The person who is asked is not told that another call is the one that was denied.
#[tokio::test]
async fn only_the_same_call_is_told_to_be_a_retry() {
    let world = world(POLICY).await;
    let denied = world.put(&world.question(other("spin", 0)).await).await.unwrap();
    world.answered(&denied, Word::Deny).await;
    let told = async |question: &Question| {
        let request = world.put(question).await.unwrap();
        let context = request.asked[0].artifact.context().unwrap().unwrap();
        context.notes.last().unwrap().clone()
    };
    let another = told(&world.question(other("spin", 1)).await).await;
    let id = &denied.id;
    assert_eq!(
        another,
        format!(
            "after a denial: ann denied another call of this kind 0 s ago, request {id}: `use the other one`"
        )
    );
    let mut again = world.question(other("spin", 0)).await;
    again.context.description = Some("it is needed after all".into());
    assert_eq!(
        told(&again).await,
        format!("a retry: ann denied exactly this 0 s ago, as request {id}: `use the other one`")
    );
}

#[tokio::test]
async fn a_yes_in_between_begins_a_new_row() {
    let world = world(POLICY).await;
    for (n, word) in [Word::Deny, Word::Deny, Word::Allow, Word::Deny].into_iter().enumerate() {
        let question = world.question(other("spin", u32::try_from(n).unwrap())).await;
        let request = world.put(&question).await.unwrap();
        world.answered(&request, word).await;
        world.later(1_000);
    }
    world.put(&world.question(other("spin", 9)).await).await.unwrap();
    assert!(matches!(
        world.enforcer.claim(&request_of(&world).await, &Relays::new()).await,
        Err(GateError::Ledger(LedgerError::State(_)))
    ));
}

async fn request_of(world: &World) -> RequestRecord {
    let open = world.ledger.open_requests().await.unwrap();
    open.into_iter().find(|r| r.accepted.is_empty()).unwrap()
}

fn pay() -> Request {
    Request { action: "pay".into(), parameters: json!({"n": 1}), verb: Some("payment".into()) }
}

#[tokio::test]
async fn attack_46_a_row_is_of_one_kind_and_only_a_yes_to_that_ends_it() {
    let world = world(POLICY).await;
    let says = async |action: Action, word| {
        world.later(1_000);
        let request = world.put(&world.question(action).await).await.unwrap();
        world.answered(&request, word).await;
    };
    says(other("spin", 1), Word::Deny).await;
    says(other("spin", 2), Word::Deny).await;
    says(action("pay"), Word::Allow).await;
    says(other("spin", 3), Word::Deny).await;
    let refused = world.put(&world.question(other("spin", 4)).await).await.err().unwrap();
    assert!(matches!(refused, GateError::DeniedInARow(_)), "{refused}");
    // What is of another kind is asked.
    world
        .put(
            &world
                .question(Action::Request(Request { parameters: json!({"n": 2}), ..pay() }))
                .await,
        )
        .await
        .unwrap();
}

#[tokio::test]
async fn attack_46_an_explanation_that_says_nothing_asks_nobody_again() {
    let world = world(POLICY).await;
    let mut question = world.question(action("spin")).await;
    let request = world.put(&question).await.unwrap();
    world.answered(&request, Word::Deny).await;
    for empty in ["", " \n"] {
        question.context.description = Some(empty.into());
        let refused = world.put(&question).await.err().unwrap();
        assert!(matches!(refused, GateError::DeniedBefore(_)), "{refused}");
    }
}

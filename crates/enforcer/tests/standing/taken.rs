//! Grants that an approver takes beside a yes to the call itself.

use super::*;
use countersign_core::grant::Taken;
use countersign_core::receipt::Basis;
use countersign_store::ledger::GrantStore as _;

async fn asked(world: &World, name: &str) -> RequestRecord {
    let mut question = world.question(action(name)).await;
    question.context.principal = Some(WHOSE.0.into());
    question.context.workspace = Some(WORKSPACE.into());
    world.put(&question).await.unwrap()
}

/// Answers with a yes that takes a standing permission.
async fn answer(
    world: &World,
    request: &RequestRecord,
    taken: &Taken,
) -> Result<RequestRecord, GateError> {
    let mut hints = serde_json::Map::new();
    taken.write(&mut hints).unwrap();
    let artifact = &request.asked[0].artifact;
    let choice = Choice {
        word: Word::Allow,
        scope: Scope::Once,
        expires_at: artifact.head.expires_at.clone(),
        nonce: Fixed(world.edge.random().unwrap()),
        hints: Some(hints),
    };
    let decision = Decision::sign(artifact, choice, &world.person).unwrap();
    world.enforcer.accept(request, &request.asked[0], Answer { decision, reason: None }).await
}

fn hours(world: &World, hours: i64) -> Taken {
    let expires_at = world.edge.now().plus_millis(hours * HOUR).timestamp();
    Taken { expires_at, session: None, count: Some(2) }
}

async fn goes(world: &World, name: &str, session: &str) -> bool {
    let action = action(name);
    let (grounds, whose) = (world.grounds(&action).await, (WHOSE.0, session, WORKSPACE));
    let used = world.enforcer.by_grant(&action, &grounds, whose, Asker::default()).await.unwrap();
    match used {
        Some(permit) => world.enforcer.hand_over(permit).await.map(|_| true).unwrap(),
        None => false,
    }
}

#[tokio::test]
async fn always_allows_this_run_and_the_same_call_afterwards() {
    let world = world(POLICY).await;
    let request = asked(&world, "spin").await;
    let request = answer(&world, &request, &hours(&world, 1)).await.unwrap();
    let receipt = world.newest().await;
    assert_eq!(receipt.content.entry.event, Event::Granted);
    assert!(matches!(world.verdict(&receipt), Verdict::Valid { .. }));
    let grant = &world.ledger.grants().await.unwrap()[0];
    assert_eq!((grant.count, grant.session.as_deref()), (Some(2), None));
    // The answer is worth its own run, which uses nothing of the grant.
    let permit = world.enforcer.claim(&request, &Relays::new()).await.unwrap();
    world.enforcer.hand_over(permit).await.unwrap();
    assert_eq!(world.ledger.grants().await.unwrap().len(), 1, "it is given once");
    assert!(goes(&world, "spin", "default").await);
    let receipt = world.newest().await;
    let entry = &receipt.content.entry;
    assert_eq!((entry.event, entry.basis), (Event::Released, Basis::Grant));
    assert_eq!(entry.grant.as_ref().unwrap().id, grant.id);
    let verdict = world.verdict(&receipt);
    assert!(matches!(verdict, Verdict::Valid { level: Level::L0, .. }), "{verdict:?}");
    assert!(goes(&world, "spin", "other").await);
    assert!(!goes(&world, "spin", "default").await, "it is used up");
}

#[tokio::test]
async fn attack_45_an_answer_that_takes_more_is_refused_and_recorded() {
    let world = world(POLICY).await;
    let request = asked(&world, "spin").await;
    let wide = answer(&world, &request, &hours(&world, 9)).await.unwrap_err();
    assert_eq!(wide.code(), "HARP_ERR_SCOPE");
    assert_eq!(world.newest().await.content.entry.event, Event::Observed);
    assert!(world.ledger.grants().await.unwrap().is_empty());
    assert!(world.enforcer.claim(&request, &Relays::new()).await.is_err());
    // The question is open still.
    answer(&world, &request, &hours(&world, 8)).await.unwrap();
    assert_eq!(world.ledger.grants().await.unwrap().len(), 1);
}

#[tokio::test]
async fn attack_12_always_reaches_no_further_than_one_session_in_a_dangerous_lane() {
    let world = world(POLICY).await;
    let request = asked(&world, "pay").await;
    let route = request.asked[0].artifact.route().unwrap().unwrap();
    if route.grant.is_some_and(|offer| offer.session) {
        assert!(answer(&world, &request, &hours(&world, 1)).await.is_err(), "every session");
        let session = request.asked[0].artifact.head.session_id.clone();
        answer(&world, &request, &Taken { session, ..hours(&world, 1) }).await.unwrap();
        assert!(!goes(&world, "pay", "other").await);
        assert!(goes(&world, "pay", "default").await);
    } else {
        assert_eq!(route.grant, None);
        assert!(answer(&world, &request, &hours(&world, 1)).await.is_err());
    }
    let critical = world.grounds(&action("spin")).await.critical();
    let mut question = world.question(action("spin")).await;
    (question.grounds, question.context.principal) = (critical, Some(WHOSE.0.into()));
    assert!(question.check().is_err() || offers_nothing(&world, &question).await);
}

async fn offers_nothing(world: &World, question: &Question) -> bool {
    let request = world.put(question).await.unwrap();
    request.asked[0].artifact.route().unwrap().unwrap().grant.is_none()
}

#[tokio::test]
async fn attack_19_nothing_is_granted_while_everything_is_frozen() {
    let world = world(POLICY).await;
    let request = asked(&world, "spin").await;
    world.enforcer.freeze("ann", None).await.unwrap();
    let request = answer(&world, &request, &hours(&world, 1)).await.unwrap();
    assert!(world.ledger.grants().await.unwrap().is_empty());
    let noted = world.newest().await.content.entry;
    assert_eq!(noted.event, Event::Observed);
    // Once it is thawed the answer may be used, and gives what was signed.
    let frozen = world.enforcer.frozen().await.unwrap().unwrap();
    let question = world.enforcer.thaw_question(&frozen, 60_000).await.unwrap();
    let thaw = world.put(&question).await.unwrap();
    let thaw = world.answered(&thaw, Word::Allow).await;
    world.enforcer.thaw(&frozen, Answered::Approved(thaw)).await.unwrap();
    world.enforcer.claim(&request, &Relays::new()).await.map(drop).unwrap();
    assert_eq!(world.ledger.grants().await.unwrap().len(), 1);
}

#[tokio::test]
async fn attack_11_an_answer_under_another_policy_gives_no_grant() {
    let world = world(POLICY).await;
    let request = asked(&world, "spin").await;
    let path = world.home.root().join("policy.toml");
    std::fs::write(&path, format!("{POLICY}# changed\n")).unwrap();
    answer(&world, &request, &hours(&world, 1)).await.unwrap();
    assert!(world.ledger.grants().await.unwrap().is_empty());
    assert_eq!(world.newest().await.content.entry.event, Event::Observed, "it is written down");
}

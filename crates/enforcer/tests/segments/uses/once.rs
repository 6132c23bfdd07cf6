//! What was used, refused or ended, and is made to look as if it were not.

use crate::beside::{approved, assert_contradicted, edit, found, newest, used};
use crate::scene::{DAY, Scene};
use countersign_core::action::{Action, Batch, Request};
use countersign_core::decision::Word;
use countersign_enforcer::pairing::PairingError;
use countersign_enforcer::{Answered, Question, Relays};
use countersign_store::ledger::{Ending, RequestRecord};
use serde_json::json;

async fn batch(scene: &Scene) -> RequestRecord {
    let one = |path: &str| {
        let parameters = json!({"path": path});
        Action::Request(Request { action: "delete".into(), parameters, verb: None })
    };
    let action = Action::Batch(Batch::new(vec![one("a"), one("b")], None).unwrap());
    let request = scene.put(&Question { action, ..scene.question("a") }).await;
    scene.says(&request, &scene.person, Word::Allow, None).await.unwrap()
}

#[tokio::test]
async fn attack_18_an_item_that_a_receipt_says_was_used_is_not_used_again() {
    let scene = Scene::set().await;
    let request = batch(&scene).await;
    for run in scene.enforcer.claim_all(&request, &Relays::new()).await.unwrap() {
        scene.enforcer.hand_over(run).await.unwrap();
    }
    assert_eq!(scene.verify().await.broken, None);
    edit(&scene, "DELETE FROM item_claim; UPDATE request SET state = 'APPROVED';");
    let again = scene.enforcer.claim_all(&request, &Relays::new()).await;
    assert_contradicted(&scene, again.map(|_| ()), "tells of the use").await;
    // Nor where the receipts of it are hidden.
    edit(&scene, "UPDATE receipt SET event = 'observed' WHERE event = 'released';");
    let again = scene.enforcer.claim_all(&request, &Relays::new()).await;
    assert_contradicted(&scene, again.map(|_| ()), "leaves nothing to use").await;
}

#[tokio::test]
async fn attack_18_the_end_of_a_stop_is_allowed_once() {
    let scene = Scene::set().await;
    scene.enforcer.freeze("ann", Some("look")).await.unwrap();
    let frozen = scene.enforcer.frozen().await.unwrap().unwrap();
    let question = scene.enforcer.thaw_question(&frozen, DAY).await.unwrap();
    let request = scene.put(&question).await;
    let request = scene.says(&request, &scene.person, Word::Allow, None).await.unwrap();
    let approved = || Answered::Approved(request.clone());
    scene.enforcer.thaw(&frozen, approved()).await.unwrap();
    assert_eq!(scene.verify().await.broken, None);
    // The stop is put back as it was, and the approval of its end with it.
    let stop = serde_json::to_string(&frozen).unwrap();
    let rows = format!(
        "INSERT INTO frozen (only, body) VALUES (1, '{stop}');
        UPDATE request SET state = 'APPROVED';"
    );
    edit(&scene, &rows);
    // The end of a stop names the receipt that says what holds, and none does.
    match scene.enforcer.thaw(&frozen, approved()).await {
        Err(PairingError::NotAllowed(why)) => assert!(why.contains("no receipt says"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert!(scene.enforcer.frozen().await.unwrap().is_some());
}

/// What became of a request is signed once: an edited row makes the home sign no second end.
#[tokio::test]
async fn attack_18_what_was_used_does_not_end_once_more() {
    let scene = Scene::set().await;
    let request = approved(&scene, "a").await;
    used(&scene, &request).await.unwrap();
    scene.later(2 * DAY);
    let kept = newest(&scene).await;
    for state in ["APPROVED", "AWAITING_DECISION"] {
        edit(&scene, &format!("UPDATE request SET state = '{state}';"));
        let closed = scene.enforcer.close(&request, Ending::Expired).await;
        assert_eq!(closed.unwrap_err().code(), "ledger_contradicted");
        let asked = scene.enforcer.suspend(&scene.question("a")).await;
        assert_eq!(asked.unwrap_err().code(), "ledger_contradicted");
    }
    assert_eq!(newest(&scene).await, kept, "nothing was signed");
    assert!(!found(&scene).await.1.is_empty(), "and the row is named");
}

#[tokio::test]
async fn attack_18_an_answer_that_was_never_accepted_is_not_used() {
    let scene = Scene::set().await;
    let request = scene.suspended("a").await;
    let answer = scene.answer(&request, Word::Allow);
    let body = serde_json::to_string(&json!({"decision": answer.decision})).unwrap();
    let rows = format!(
        "INSERT INTO accepted (request, place, body) VALUES ('{}', 0, '{body}');
        UPDATE request SET state = 'APPROVED';",
        request.id
    );
    edit(&scene, &rows);
    assert!(found(&scene).await.1.contains("counts as approved, and no receipt says so"));
    let refused = used(&scene, &request).await;
    assert_contradicted(&scene, refused, "no receipt tells of an approval").await;
    // With a receipt of an approval that was of something else.
    let other = approved(&scene, "b").await;
    edit(
        &scene,
        &format!(
            "UPDATE receipt SET request_id = '{}' WHERE request_id = '{}' AND event = 'approved';",
            request.id, other.id
        ),
    );
    let refused = used(&scene, &request).await;
    assert_contradicted(&scene, refused, "no receipt tells of an approval").await;
}

#[tokio::test]
async fn attack_18_an_answer_that_was_not_used_up_when_it_came_is_not_used() {
    let scene = Scene::set().await;
    let request = approved(&scene, "a").await;
    edit(&scene, "DELETE FROM spent WHERE kind = 'nonce';");
    assert_contradicted(&scene, used(&scene, &request).await, "nobody accepted").await;
}

#[tokio::test]
async fn attack_46_a_denial_that_is_kept_as_something_else_is_named() {
    let scene = Scene::set().await;
    let request = scene.suspended("a").await;
    scene.says(&request, &scene.person, Word::Deny, None).await.unwrap();
    let expired = scene.suspended("b").await;
    scene.later(2 * DAY);
    scene.enforcer.close(&expired, Ending::Expired).await.unwrap();
    assert_eq!(scene.verify().await.broken, None);
    for (from, to) in [("DENIED", "EXPIRED"), ("EXPIRED", "DENIED")] {
        edit(&scene, &format!("UPDATE request SET state = '{to}' WHERE state = '{from}';"));
        assert!(found(&scene).await.1.contains("kept as denied or withdrawn"));
        let back =
            format!("UPDATE request SET state = iif(id = '{}', 'DENIED', 'EXPIRED');", request.id);
        edit(&scene, &back);
    }
    assert_eq!(scene.verify().await.broken, None);
}

#[tokio::test]
async fn attack_21_a_request_that_was_taken_away_is_named() {
    let scene = Scene::set().await;
    let asked = scene.newest().await + 1;
    scene.suspended("a").await;
    for gone in ["UPDATE request SET state = 'DENIED'", "DELETE FROM request"] {
        edit(&scene, gone);
        let (at, because) = found(&scene).await;
        assert!(at.is_none() && because.contains(&format!("of receipt {asked} is gone")));
    }
}

#[tokio::test]
async fn attack_18_what_ended_does_not_end_again() {
    let scene = Scene::set().await;
    let request = approved(&scene, "a").await;
    let run = scene.enforcer.claim(&request, &Relays::new()).await.unwrap();
    scene.enforcer.hand_over(run).await.unwrap();
    // What a host carried out may be called uncertain once more: nothing says how it ended.
    edit(&scene, "UPDATE claim SET is_open = 1, owner = 'nobody';");
    assert_eq!(scene.verify().await.broken, None);
    let scene = scene.reopened(|notary| std::sync::Arc::new(notary)).await;
    assert_eq!(scene.verify().await.broken, None);
    edit(&scene, "UPDATE claim SET is_open = 1;");
    assert!(found(&scene).await.1.contains("counts as running"));
    let before = newest(&scene).await;
    let scene = scene.reopened(|notary| std::sync::Arc::new(notary)).await;
    assert_eq!(newest(&scene).await, before, "no second end is signed");
    assert!(found(&scene).await.1.contains("counts as running"));
}

#[tokio::test]
async fn attack_18_a_claim_that_somebody_wrote_ends_nothing_and_locks_nothing() {
    let scene = Scene::set().await;
    let request = scene.suspended("a").await;
    scene.says(&request, &scene.person, Word::Deny, None).await.unwrap();
    let before = newest(&scene).await;
    for of in [request.id.as_str(), "a-request-of-nobody"] {
        edit(
            &scene,
            &format!(
                "PRAGMA foreign_keys = OFF;
            INSERT INTO claim (id, request_id, claimed_at, owner, is_open)
                VALUES ('c-{of}', '{of}', 0, 'nobody', 1);"
            ),
        );
    }
    let scene = scene.reopened(|notary| std::sync::Arc::new(notary)).await;
    assert_eq!(newest(&scene).await, before);
}

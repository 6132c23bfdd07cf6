//! What goes stands under a head in the home before it does, so that a ledger that is put back is
//! noticed; and what cannot be remembered does not go.

use super::grants::given;
use super::*;
use countersign_core::action::Batch;
use countersign_enforcer::witness;
use countersign_store::ledger::GrantStore as _;

fn looks() -> String {
    format!("{POLICY}[[rule]]\nid = \"a\"\ntools = [\"look\"]\ndecision = \"allow\"\n")
}

fn batch() -> Action {
    Action::Batch(Batch::new(vec![other("spin", 2), other("spin", 3)], None).unwrap())
}

async fn approved(world: &World, question: &Question) -> RequestRecord {
    let request = world.put(question).await.unwrap();
    world.answered(&request, Word::Allow).await
}

/// Demands that the home remembers the newest receipt.
async fn is_remembered(world: &World, what: &str) {
    let head = witness::remembered(&world.home).unwrap().unwrap().head;
    let newest = world.ledger.newest().await.unwrap().unwrap();
    assert_eq!((head.seq, head.content_hash), newest, "{what}");
}

#[tokio::test]
async fn attack_39_what_was_let_go_is_remembered_before_it_goes() {
    let world = world(POLICY).await;
    let spin = action("spin");
    let one = approved(&world, &world.question(spin.clone()).await).await;
    let run = world.enforcer.claim(&one, &Relays::new()).await.unwrap();
    is_remembered(&world, "a claim").await;
    world.enforcer.hand_over(run).await.unwrap();
    let items = approved(&world, &world.question(batch()).await).await;
    let runs = world.enforcer.claim_all(&items, &Relays::new()).await.unwrap();
    is_remembered(&world, "the items of a batch").await;
    assert_eq!(runs.len(), 2);
    let grant = given(&world, "spin", (None, None, false)).await;
    is_remembered(&world, "a grant").await;
    let grounds = world.grounds(&spin).await;
    let run = world.enforcer.by_grant(&spin, &grounds, WHOSE, Asker::default()).await.unwrap();
    is_remembered(&world, "a use of it").await;
    world.enforcer.hand_over(run.unwrap()).await.unwrap();
    world.enforcer.revoke_grant(&grant.id).await.unwrap();
    is_remembered(&world, "its end").await;
    world.enforcer.freeze("ann", None).await.unwrap();
    is_remembered(&world, "a stop").await;
}

#[tokio::test]
async fn attack_39_nothing_is_used_where_its_head_cannot_be_remembered() {
    let world = world(&looks()).await;
    let spin = action("spin");
    given(&world, "spin", (None, None, false)).await;
    let one = approved(&world, &world.question(other("spin", 9)).await).await;
    let items = approved(&world, &world.question(batch()).await).await;
    let head = world.home.root().join("head.json");
    std::fs::remove_file(&head).unwrap();
    std::fs::create_dir(&head).unwrap();
    assert!(world.enforcer.claim(&one, &Relays::new()).await.is_err());
    assert!(world.enforcer.claim_all(&items, &Relays::new()).await.is_err());
    for request in [&one, &items] {
        let kept = world.ledger.request(&request.id).await.unwrap().unwrap();
        assert_eq!(kept.state, request.state, "the approval is kept");
    }
    let grounds = world.grounds(&spin).await;
    let used = world.enforcer.by_grant(&spin, &grounds, WHOSE, Asker::default()).await;
    assert!(used.is_err());
    assert_eq!(world.ledger.grants().await.unwrap()[0].used, 0);
    let look = action("look");
    let judged = world.enforcer.judge(&look, Asker::default(), WORKSPACE).await.unwrap();
    let Ruling::Runs(allowed) = judged.ruling(false) else { panic!("it asks") };
    assert!(world.enforcer.permit(&look, allowed, WHOSE).await.is_err());
    assert!(world.ledger.open_claims().await.unwrap().is_empty());
}

#[tokio::test]
async fn attack_11_another_policy_voids_what_was_approved() {
    let world = world(POLICY).await;
    let one = approved(&world, &world.question(action("spin")).await).await;
    let items = approved(&world, &world.question(batch()).await).await;
    let path = world.home.root().join("policy.toml");
    std::fs::write(&path, format!("{POLICY}# changed\n")).unwrap();
    for request in [&one, &items] {
        let refused = world.enforcer.claim_all(request, &Relays::new()).await;
        assert!(matches!(refused, Err(GateError::Ledger(LedgerError::Void { .. }))), "{refused:?}");
    }
    std::fs::write(&path, POLICY).unwrap();
    assert_eq!(world.enforcer.claim_all(&one, &Relays::new()).await.unwrap().len(), 1);
    assert_eq!(world.enforcer.claim_all(&items, &Relays::new()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn attack_19_a_key_that_is_revoked_voids_its_approval_of_a_batch() {
    let world = world(POLICY).await;
    // Under a rule of the enforcer's own, no policy says whose answer counts.
    let grounds = Grounds::fixed("test", "a person is asked");
    let question = Question { grounds, ..world.question(batch()).await };
    let request = approved(&world, &question).await;
    revoke_ann(&world);
    let refused = world.enforcer.claim_all(&request, &Relays::new()).await;
    assert!(matches!(refused, Err(GateError::Ledger(LedgerError::Void { .. }))), "{refused:?}");
    assert!(world.ledger.open_claims().await.unwrap().is_empty());
}

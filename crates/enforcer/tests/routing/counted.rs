//! What counts, and that every receipt proves it: answers that ended, parts of a batch, and another
//! operator key.

use super::*;
use countersign_core::action::Batch;
use countersign_store::ledger::LedgerError;

const ANY: &str = "approvers = [\"anyone\"]\n";

impl World {
    /// What every receipt of a request proves, oldest first.
    async fn proofs(&self, request: &RequestRecord) -> Vec<(Event, Verdict)> {
        let trust = self.enforcer.trust().unwrap();
        let now = Instant(self.clock.load(Ordering::SeqCst));
        let receipts = self.ledger.receipts_of(&request.id).await.unwrap();
        let proof = |r: &Receipt| (r.content.entry.event, r.check(&trust, now));
        receipts.iter().map(proof).collect()
    }

    async fn are_valid(&self, request: &RequestRecord) {
        for (event, verdict) in self.proofs(request).await {
            assert!(matches!(verdict, Verdict::Valid { .. }), "{event:?}: {verdict:?}");
        }
    }

    async fn batch(&self) -> RequestRecord {
        let items = (0..3).map(|n| spin(json!({"n": n}))).collect();
        let batch = Action::Batch(Batch::new(items, None).unwrap());
        self.put(&self.about(batch).await).await
    }

    /// Yes to these items of a batch, and no to the others.
    async fn allows(
        &self,
        request: &RequestRecord,
        who: usize,
        items: &[usize],
    ) -> Result<RequestRecord, GateError> {
        let (at, answer) = self.signed(request, who, Word::Deny, Some(json!({"items": items})));
        self.enforcer.accept(request, &request.asked[at], answer).await
    }
}

#[tokio::test]
async fn attack_43_a_yes_that_ended_before_the_last_one_came_is_not_counted() {
    let world = world(TWO).await;
    let request = world.suspended().await;
    let (at, mut early) = world.signed(&request, 0, Word::Allow, None);
    let artifact = &request.asked[at].artifact;
    let choice = Choice {
        word: Word::Allow,
        scope: Scope::Once,
        expires_at: Instant(START + 1_000).timestamp(),
        nonce: Fixed(world.edge.random().unwrap()),
        hints: None,
    };
    early.decision = Decision::sign(artifact, choice, &world.people[0].0).unwrap();
    world.enforcer.accept(&request, &request.asked[at], early).await.unwrap();
    world.later(2 * MINUTE - 1_000);
    let second = world.says(&request, 1, Word::Allow).await.unwrap();
    assert_eq!((second.state, second.accepted.len()), (State::Created, 2));
    let last = world.ledger.receipts_of(&request.id).await.unwrap().pop().unwrap();
    let told = last.content.entry.multi_approval.as_ref().unwrap();
    assert_eq!(
        (told.approvers.as_slice(), last.content.entry.decisions.len()),
        (&["bob".to_owned()][..], 1)
    );
    let third = world.says(&request, 2, Word::Allow).await.unwrap();
    assert_eq!(third.state, State::Approved);
    let (_, verdict) = world.proof(&request).await;
    assert!(is_l1(&verdict, &["bob", "cat"]), "{verdict:?}");
    world.claim(&third).await.unwrap();
    world.are_valid(&request).await;
}

#[tokio::test]
async fn a_part_of_a_batch_is_approved_where_one_decides() {
    let world = world(ANY).await;
    let request = world.batch().await;
    let approved = world.allows(&request, 1, &[0, 2]).await.unwrap();
    assert_eq!(approved.state, State::Approved);
    let last = world.ledger.receipts_of(&request.id).await.unwrap().pop().unwrap();
    assert_eq!(last.content.entry.items.as_deref(), Some(&[0, 2][..]));
    let claimed = world.enforcer.claim_all(&approved, &Relays::new()).await.unwrap();
    assert_eq!(claimed.len(), 2);
    for (event, verdict) in world.proofs(&request).await {
        let suspended = event == Event::Suspended;
        assert!(suspended || is_l1(&verdict, &["bob"]), "{event:?}: {verdict:?}");
    }
}

#[tokio::test]
async fn attack_43_a_part_of_a_batch_is_a_no_where_several_must_agree() {
    let world = world(TWO).await;
    let request = world.batch().await;
    let first = world.allows(&request, 0, &[0]).await.unwrap();
    assert_eq!(first.state, State::Created);
    assert_ne!(world.says(&request, 1, Word::Allow).await.unwrap().state, State::Approved);
    let approved = world.says(&request, 2, Word::Allow).await.unwrap();
    assert_eq!(approved.state, State::Approved);
    let claimed = world.enforcer.claim_all(&approved, &Relays::new()).await.unwrap();
    assert_eq!(claimed.len(), 3, "bob and cat allowed all of it");
    world.are_valid(&request).await;
    let released = world.proof(&request).await.1;
    assert!(is_l1(&released, &["bob", "cat"]), "{released:?}");
}

#[tokio::test]
async fn attack_43_two_parts_of_a_batch_end_it_in_a_no() {
    let world = world(TWO).await;
    let request = world.batch().await;
    world.allows(&request, 0, &[0]).await.unwrap();
    let denied = world.allows(&request, 1, &[0]).await.unwrap();
    assert_eq!(denied.state, State::Denied);
    world.are_valid(&request).await;
}

#[tokio::test]
async fn what_another_operator_key_asked_is_asked_again_and_never_claimed() {
    let world = world(TWO).await;
    world.notary.is_stale.store(true, Ordering::SeqCst);
    let request = world.suspended().await;
    world.notary.is_stale.store(false, Ordering::SeqCst);
    // The gate looks back under a head of its own only.
    assert!(world.enforcer.past().await.is_err());
    let first = world.ledger.receipt(Some(1)).await.unwrap().unwrap();
    world.ledger.record(first.content.entry, world.edge.now()).await.unwrap();
    world.says(&request, 0, Word::Allow).await.unwrap();
    let approved = world.says(&request, 1, Word::Allow).await.unwrap();
    assert_eq!(approved.state, State::Approved);
    let claimed = world.claim(&approved).await.unwrap_err();
    assert!(
        matches!(&claimed, GateError::Ledger(LedgerError::Void { message, .. })
        if message.contains("operator")),
        "{claimed}"
    );
    let Suspended::Opened(again) = world.enforcer.suspend(&world.question().await).await.unwrap()
    else {
        panic!("it is asked again")
    };
    assert!(again.id != request.id && again.accepted.is_empty());
    let old = world.ledger.request(&request.id).await.unwrap().unwrap();
    assert_eq!(old.state, State::Denied);
}

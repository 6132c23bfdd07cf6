//! Receipts that an attacker hides from every search, and rows that say what they would say then:
//! what is left to use stands under the signed head, and nothing is used twice.

use crate::beside::{approved, assert_contradicted, edit, found, used};
use crate::scene::Scene;
use countersign_client::{Client, Clock, Role};
use countersign_core::checkpoint::{Checkpoint, Head};
use countersign_core::decision::Word;
use countersign_core::receipt::check::Verdict;
use countersign_core::receipt::{Event, Receipt};
use countersign_core::time::Instant;
use countersign_enforcer::witness::{self, Contradicted};
use countersign_store::ledger::{Ending, RequestRecord};
use std::sync::Arc;

/// As if the receipts of some events had never been: they are found by nothing but their number.
fn hide(scene: &Scene, events: &str) {
    let rows = format!(
        "UPDATE receipt SET request_id = NULL, event = 'observed' WHERE event IN ({events});"
    );
    edit(scene, &rows);
}

/// As a request looks that was approved and not used.
fn revive(scene: &Scene, request: &RequestRecord) {
    let id = &request.id;
    let rows = format!(
        "DELETE FROM claim WHERE request_id = '{id}'; DELETE FROM item_claim WHERE request = '{id}';
        UPDATE request SET state = 'APPROVED' WHERE id = '{id}';"
    );
    edit(scene, &rows);
}

#[tokio::test]
async fn attack_18_an_approval_whose_use_is_hidden_is_not_used_again() {
    let scene = Scene::set().await;
    let request = approved(&scene, "a").await;
    used(&scene, &request).await.unwrap();
    hide(&scene, "'released', 'executed'");
    revive(&scene, &request);
    let refused = used(&scene, &request).await;
    assert_contradicted(&scene, refused, "leaves nothing to use").await;
    // Nor where no index of them is left.
    edit(
        &scene,
        "DROP INDEX receipt_request; CREATE INDEX receipt_request ON receipt (request_id, seq) WHERE event = 'suspended';",
    );
    assert!(used(&scene, &request).await.is_err());
    assert_eq!(scene.receipts().await.iter().filter(|one| is_use(one)).count(), 1);
}

fn is_use(receipt: &Receipt) -> bool {
    receipt.content.entry.event == Event::Released
}

#[tokio::test]
async fn attack_19_an_approval_whose_end_is_hidden_is_not_used() {
    for word in [None, Some(Word::Deny)] {
        let scene = Scene::set().await;
        let request = match word {
            None => {
                let request = approved(&scene, "a").await;
                scene.enforcer.close(&request, Ending::Withdrawn).await.unwrap()
            }
            Some(word) => {
                let request = scene.suspended("a").await;
                scene.says(&request, &scene.person, word, None).await.unwrap()
            }
        };
        hide(&scene, "'withdrawn', 'denied'");
        revive(&scene, &request);
        assert!(used(&scene, &request).await.is_err(), "{word:?}");
    }
}

#[tokio::test]
async fn attack_18_what_is_left_to_use_cannot_be_written_by_others() {
    let scene = Scene::set().await;
    let request = approved(&scene, "a").await;
    let before = scene.newest().await;
    // A copy of what was kept while nothing was used.
    edit(&scene, "CREATE TABLE kept AS SELECT body FROM usable;");
    used(&scene, &request).await.unwrap();
    edit(&scene, "UPDATE usable SET body = (SELECT body FROM kept); DROP TABLE kept;");
    assert!(found(&scene).await.1.contains("what may still be used"));
    hide(&scene, "'released', 'executed'");
    revive(&scene, &request);
    let refused = used(&scene, &request).await;
    assert_contradicted(&scene, refused, "what may still be used").await;
    // Others are refused as well, and what is kept is not counted on from.
    let other = scene.suspended("b").await;
    let answer = scene.says(&other, &scene.person, Word::Allow, None).await;
    assert_contradicted(&scene, answer, "what may still be used").await;
    assert!(scene.newest().await > before);
}

/// What was kept is put back once it has been changed, and what ended meanwhile with it.
#[tokio::test]
async fn attack_19_what_was_kept_before_an_end_is_not_put_back_after_it() {
    let scene = Scene::set().await;
    let request = approved(&scene, "a").await;
    edit(
        &scene,
        "CREATE TABLE kept AS SELECT body FROM usable; UPDATE usable SET body = '{\"grants\":{},\"requests\":{}}';",
    );
    scene.enforcer.close(&request, Ending::Withdrawn).await.unwrap();
    edit(&scene, "UPDATE usable SET body = (SELECT body FROM kept); DROP TABLE kept;");
    hide(&scene, "'withdrawn'");
    revive(&scene, &request);
    let refused = used(&scene, &request).await;
    assert_contradicted(&scene, refused, "what may still be used").await;
}

/// What the home remembers agrees with a ledger that lost its own signed head, and opens no gate to it.
#[tokio::test]
async fn attack_28_a_ledger_whose_signed_head_was_taken_is_not_the_one_that_is_remembered() {
    let scene = Scene::set().await;
    approved(&scene, "a").await;
    let (home, keys) = (scene.enforcer.home(), &scene.enforcer.identity().keys);
    witness::check_home(home, scene.enforcer.ledger(), keys).await.unwrap();
    edit(&scene, "DELETE FROM checkpoint;");
    assert!(witness::check_home(home, scene.enforcer.ledger(), keys).await.is_err());
}

/// Without the hash of its first receipt nobody can be asked what they remember without being told
/// something new, so nobody is.
#[tokio::test]
async fn attack_39_a_ledger_without_its_first_receipt_is_shown_to_no_gateway() {
    let scene = Scene::set().await;
    approved(&scene, "a").await;
    let (ledger, keys) = (scene.enforcer.ledger(), &scene.enforcer.identity().keys);
    let clock: Clock = Arc::new(|| Instant(0));
    // Nobody listens there.
    let client = Client::new("http://127.0.0.1:9", Role::Enforcer, "e", Arc::clone(keys), clock);
    let client = client.unwrap();
    let away = witness::hand_in(&client, ledger, keys).await;
    assert!(matches!(away, Err(Contradicted::NoWitness(_))), "{away:?}");
    edit(&scene, "DELETE FROM receipt WHERE seq = 1;");
    for found in [
        witness::hand_in(&client, ledger, keys).await.map(drop),
        witness::recall(&client, ledger, keys).await.map(drop),
    ] {
        assert!(matches!(found, Err(Contradicted::Forked { seq: 1, .. })), "{found:?}");
    }
}

/// A head of before, signed by the operator, in the place of the newest.
#[tokio::test]
async fn attack_39_a_head_of_before_in_the_place_of_the_newest_is_not_counted_on_from() {
    let scene = Scene::set().await;
    let request = approved(&scene, "a").await;
    edit(
        &scene,
        "CREATE TABLE kept AS SELECT usable.body AS left, checkpoint.body AS head FROM usable, checkpoint;",
    );
    used(&scene, &request).await.unwrap();
    edit(
        &scene,
        "UPDATE usable SET body = (SELECT left FROM kept);
        UPDATE checkpoint SET body = (SELECT head FROM kept); DROP TABLE kept;",
    );
    assert_eq!(
        scene.verify().await.broken.unwrap().verdict,
        Verdict::ChainBroken { seq: scene.newest().await }
    );
    hide(&scene, "'released', 'executed'");
    revive(&scene, &request);
    assert!(used(&scene, &request).await.is_err());
    assert!(scene.enforcer.hold("case-17", None).await.is_err(), "it was signed over");
}

/// A file of a version that kept nothing of it is counted as it is found, once.
#[tokio::test]
async fn what_may_be_used_of_an_earlier_versions_ledger_is_counted_from_its_rows() {
    let scene = Scene::set().await;
    let (one, other) = (approved(&scene, "a").await, approved(&scene, "b").await);
    used(&scene, &other).await.unwrap();
    let waits = scene.suspended("c").await;
    let head = scene.enforcer.ledger().checkpoint().await.unwrap().unwrap().head;
    let earlier = Head { usable: None, ..head };
    let earlier = Checkpoint::sign(earlier, &scene.enforcer.identity().keys).unwrap();
    let body = serde_json::to_string(&earlier).unwrap();
    edit(
        &scene,
        &format!(
            "UPDATE checkpoint SET body = '{body}'; DROP TABLE usable; PRAGMA user_version = 11;"
        ),
    );
    let scene = scene.reopened(|notary| Arc::new(notary)).await;
    let waits = scene.says(&waits, &scene.person, Word::Allow, None).await.unwrap();
    used(&scene, &waits).await.unwrap();
    used(&scene, &one).await.unwrap();
    assert_eq!(scene.verify().await.broken, None);
    for request in [&one, &other, &waits] {
        hide(&scene, "'released', 'executed'");
        revive(&scene, request);
        let refused = used(&scene, request).await;
        assert_contradicted(&scene, refused, "leaves nothing to use").await;
    }
}

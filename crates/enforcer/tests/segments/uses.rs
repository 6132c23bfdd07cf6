//! One human signature, and an attacker who writes the ledger's file: it is used once, for what it
//! was made for, and what was tried is named.

use crate::beside::{approved, assert_contradicted, edit, found, newest, used};
use crate::scene::{DAY, Scene};
use countersign_core::action::{Action, Batch, Request};
use countersign_core::decision::Word;
use countersign_core::grant::Taken;
use countersign_core::keys::SecretKeys;
use countersign_core::request::State;
use countersign_enforcer::pairing::PairingError;
use countersign_enforcer::{Answered, Grounds, Question, Quorum, Relays, Ruling, Step};
use countersign_policy::Asker;
use countersign_store::ledger::{Ending, RequestRecord};
use serde_json::{Value, json};

fn key(n: u8) -> SecretKeys {
    SecretKeys::from_bytes(&[n; 64]).unwrap()
}

/// A home in which ann has a second device, and bob one.
async fn team() -> (Scene, SecretKeys, SecretKeys) {
    team_under(None).await
}

async fn team_under(policy: Option<&str>) -> (Scene, SecretKeys, SecretKeys) {
    let (scene, tablet, bobs) = (Scene::under(policy).await, key(10), key(11));
    scene.pin("tablet", "ann", &tablet);
    scene.pin("bob", "bob", &bobs);
    (scene, tablet, bobs)
}

/// What an attacker writes: the artifact and the answer of a device in one request, among the rows
/// of another, as if it had answered there.
fn moved(scene: &Scene, from: &RequestRecord, to: &RequestRecord, device: &SecretKeys) {
    let place = |request: &RequestRecord| {
        request.asked.iter().position(|asked| asked.key_id == device.key_id()).unwrap()
    };
    let (a, b, from, to) = (&from.id, &to.id, place(from), place(to));
    assert!(to > 0, "the first artifact stays the request's own");
    let rows = format!(
        "UPDATE asked SET body =
            (SELECT body FROM asked WHERE request = '{a}' AND place = {from})
            WHERE request = '{b}' AND place = {to};
        INSERT INTO accepted (request, place, body)
            SELECT '{b}', 1000 + place, body FROM accepted WHERE request = '{a}';
        UPDATE request SET state = 'APPROVED' WHERE id = '{b}';"
    );
    edit(scene, &rows);
}

#[tokio::test]
async fn attack_18_an_answer_to_one_request_is_not_used_for_another() {
    let (scene, tablet, _) = team().await;
    let first = scene.suspended("a").await;
    let first = scene.says(&first, &tablet, Word::Allow, None).await.unwrap();
    used(&scene, &first).await.unwrap();
    let second = scene.suspended("a").await;
    assert_ne!(first.id, second.id);
    assert_eq!(scene.verify().await.broken, None);
    moved(&scene, &first, &second, &tablet);
    assert!(found(&scene).await.1.contains("is kept with other artifacts"));
    let refused = used(&scene, &second).await;
    assert_contradicted(&scene, refused, "an artifact of another request").await;
    // The answer alone, beside the artifacts that the request has.
    let third = scene.suspended("b").await;
    edit(
        &scene,
        &format!(
            "UPDATE accepted SET request = '{0}';
            UPDATE request SET state = 'APPROVED' WHERE id = '{0}';",
            third.id
        ),
    );
    let refused = used(&scene, &third).await;
    assert_contradicted(&scene, refused, "an answer to another request").await;
}

#[tokio::test]
async fn attack_43_a_yes_to_a_request_that_was_withdrawn_fills_no_quorum_of_another() {
    let (scene, tablet, bobs) = team().await;
    let quorum = Quorum { threshold: 2, ..Quorum::default() };
    let grounds = Grounds::fixed("test", "two are asked").with_quorum(quorum);
    let question = Question { grounds, ..scene.question("a") };
    let first = scene.put(&question).await;
    let first = scene.says(&first, &tablet, Word::Allow, None).await.unwrap();
    scene.enforcer.close(&first, Ending::Withdrawn).await.unwrap();
    let second = scene.put(&question).await;
    assert_eq!(scene.verify().await.broken, None);
    // Ann's yes is put in before bob gives his, and after.
    moved(&scene, &first, &second, &tablet);
    edit(&scene, "UPDATE request SET state = 'AWAITING_DECISION' WHERE state = 'APPROVED';");
    let refused = scene.says(&second, &bobs, Word::Allow, None).await;
    assert_contradicted(&scene, refused, "an artifact of another request").await;
    edit(&scene, "UPDATE request SET state = 'APPROVED' WHERE state = 'AWAITING_DECISION';");
    let refused = used(&scene, &second).await;
    assert_contradicted(&scene, refused, "an artifact of another request").await;
    assert!(found(&scene).await.1.contains("is kept with other artifacts"));
}

const OFFERS: &str = "version = 1\n[[rule]]\nid = \"spins\"\ntools = [\"spin\"]\n\
    decision = \"require_approval\"\napprovers = [\"anyone\"]\n\
    always_allow = { max = \"8h\", session = false }\n";

/// A question about a call that may be allowed again, and the hints of a yes that takes one use.
async fn offered(scene: &Scene) -> (Question, serde_json::Map<String, Value>) {
    let mut question = scene.question("a");
    let (action, parameters) = ("spin".to_owned(), json!({"n": 1}));
    question.action = Action::Request(Request { action, parameters, verb: None });
    question.context.principal = Some(question.principal.clone());
    question.context.workspace = Some(question.workspace.clone());
    let judged = scene.enforcer.judge(&question.action, Asker::default(), "/w").await.unwrap();
    let Ruling::Asks(grounds) = judged.ruling(false) else { panic!("it asks") };
    question.grounds = grounds;
    let expires_at = scene.edge.now().plus_millis(DAY / 24).timestamp();
    let taken = Taken { expires_at, session: None, count: Some(1) };
    let mut hints = serde_json::Map::new();
    taken.write(&mut hints).unwrap();
    (question, hints)
}

#[tokio::test]
async fn attack_19_a_grant_that_was_taken_back_does_not_stand_again() {
    let (scene, tablet, _) = team_under(Some(OFFERS)).await;
    let (question, hints) = offered(&scene).await;
    let asked = scene.put(&question).await;
    let asked = scene.says(&asked, &tablet, Word::Allow, Some(hints)).await.unwrap();
    used(&scene, &asked).await.unwrap();
    let grant = scene.enforcer.ledger().grants().await.unwrap().remove(0);
    scene.enforcer.revoke_grant(&grant.id).await.unwrap();
    // Under another name it is the same grant.
    for row in ["revoked_at = NULL", "revoked_at = NULL, id = 'new'"] {
        edit(&scene, &format!("UPDATE standing SET {row};"));
        let (action, whose) = (&question.action, ("uid:1", "default", "/w"));
        let again = scene.enforcer.by_grant(action, &question.grounds, whose, Asker::default());
        let error = again.await.unwrap_err();
        assert_eq!(error.code(), "ledger_contradicted");
        assert!(error.to_string().contains("took back the grant"), "{error}");
    }
}

#[tokio::test]
async fn attack_45_a_grant_that_was_taken_in_one_request_is_not_given_in_another() {
    let (scene, tablet, _) = team_under(Some(OFFERS)).await;
    let (question, hints) = offered(&scene).await;
    let first = scene.put(&question).await;
    let first = scene.says(&first, &tablet, Word::Allow, Some(hints)).await.unwrap();
    used(&scene, &first).await.unwrap();
    assert_eq!(scene.enforcer.ledger().grants().await.unwrap().len(), 1);
    let second = scene.put(&question).await;
    assert_eq!(scene.verify().await.broken, None);
    moved(&scene, &first, &second, &tablet);
    let second = scene.enforcer.ledger().request(&second.id).await.unwrap().unwrap();
    assert_eq!((second.state, second.accepted.len()), (State::Approved, 1));
    let refused = used(&scene, &second).await;
    assert_contradicted(&scene, refused, "an artifact of another request").await;
    assert_eq!(scene.enforcer.ledger().grants().await.unwrap().len(), 1);
    // Nor does a row alone make a request one that gave a grant.
    edit(&scene, &format!("UPDATE standing SET request = '{}';", second.id));
    let (action, whose) = (&question.action, ("uid:1", "default", "/w"));
    let used = scene.enforcer.by_grant(action, &question.grounds, whose, Asker::default()).await;
    assert_eq!(used.unwrap_err().code(), "ledger_contradicted");
}

#[tokio::test]
async fn attack_01_an_approval_of_one_call_is_not_found_for_another() {
    let scene = Scene::set().await;
    let (asked, other) = (approved(&scene, "a").await, scene.suspended("b").await);
    let rows = format!(
        "UPDATE request SET state = 'DENIED' WHERE id = '{0}';
        UPDATE request SET action_hash = (SELECT action_hash FROM request WHERE id = '{0}')
            WHERE id = '{1}';",
        other.id, asked.id
    );
    edit(&scene, &rows);
    // The other call finds the approval, and may not use it.
    let ready = scene.suspended("b").await;
    assert_eq!((&ready.id, ready.state), (&asked.id, State::Approved));
    let refused = used(&scene, &ready).await;
    assert_contradicted(&scene, refused, "an artifact of another call").await;
    assert!(found(&scene).await.1.contains("an artifact of another call"));
}

#[tokio::test]
async fn attack_44_an_approval_is_not_used_elsewhere_or_by_somebody_else() {
    for (column, told) in [("principal", "another principal"), ("workspace", "another workspace")] {
        let scene = Scene::set().await;
        let mut question = scene.question("a");
        question.context.principal = Some(question.principal.clone());
        question.context.workspace = Some(question.workspace.clone());
        let request = scene.put(&question).await;
        let request = scene.says(&request, &scene.person, Word::Allow, None).await.unwrap();
        edit(&scene, &format!("UPDATE request SET {column} = 'x';"));
        assert!(found(&scene).await.1.contains(told));
        assert_contradicted(&scene, used(&scene, &request).await, told).await;
    }
}

#[tokio::test]
async fn attack_42_a_round_ends_when_people_were_told_that_it_does() {
    let (scene, _, bobs) = team().await;
    let mut ways = scene.enforcer.ways().unwrap();
    let bob: Vec<_> = ways.extract_if(.., |way| way.approver.person == "bob").collect();
    let then = Step { label: "bob".into(), to: bob, millis: DAY / 4, threshold: 1, groups: vec![] };
    let quorum = Quorum { chain: vec![then], timed: true, ..Quorum::default() };
    let grounds = Grounds::fixed("test", "ann, then bob").with_quorum(quorum);
    let question = Question { grounds, to: ways, ttl_millis: DAY / 4, ..scene.question("a") };
    let request = scene.put(&question).await;
    assert!(request.step_ends.is_some());
    for end in ["step_ends - 1000", "NULL"] {
        edit(&scene, &format!("UPDATE request SET step_ends = {end};"));
        assert!(found(&scene).await.1.contains("another end of its round"), "{end}");
        let kept = scene.enforcer.ledger().request(&request.id).await.unwrap().unwrap();
        let answer = scene.says(&kept, &scene.person, Word::Allow, None).await;
        assert_contradicted(&scene, answer, "another end of its round").await;
    }
    edit(&scene, &format!("UPDATE request SET step_ends = {};", scene.edge.now().0 - 1));
    let kept = scene.enforcer.ledger().request(&request.id).await.unwrap().unwrap();
    let next = scene.enforcer.next_round(&kept, &question).await;
    assert_contradicted(&scene, next, "another end of its round").await;
    // When it does end, bob is asked; his artifact is named by the receipts from then on.
    let ends = request.step_ends.unwrap();
    edit(&scene, &format!("UPDATE request SET step_ends = {};", ends.0));
    scene.later(DAY / 4 + 1);
    let next = scene.enforcer.next_round(&request, &question).await.unwrap().unwrap();
    assert_eq!(scene.verify().await.broken, None);
    let allowed = scene.says(&next, &bobs, Word::Allow, None).await.unwrap();
    used(&scene, &allowed).await.unwrap();
    assert_eq!(scene.verify().await.broken, None);
}

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
    edit(&scene, "UPDATE receipt SET event = 'observed' WHERE event = 'released';");
    scene.enforcer.claim_all(&request, &Relays::new()).await.unwrap();
    edit(
        &scene,
        "UPDATE receipt SET event = 'released' WHERE body LIKE '%\"event\":\"released\"%';",
    );
    let (at, because) = found(&scene).await;
    assert_eq!(at, newest(&scene).await.map(|newest| newest - 1));
    assert!(because.contains("used before"), "{because}");
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
    let scene = scene.reopened(|notary| std::sync::Arc::new(notary)).await;
    let (at, because) = found(&scene).await;
    assert_eq!((at, because.contains("ended before")), (newest(&scene).await, true), "{because}");
}

//! One human signature, and an attacker who writes the ledger's file: it is used once, for what it
//! was made for, and what was tried is named.

mod grants;
mod half;
mod once;
mod warm;

use crate::beside::{approved, assert_contradicted, edit, found, used};
use crate::scene::{DAY, Scene};
use countersign_core::decision::Word;
use countersign_core::keys::SecretKeys;
use countersign_core::request::State;
use countersign_enforcer::{Grounds, Question, Quorum, Step};
use countersign_store::ledger::{Ending, RequestRecord};

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
    for (column, told) in [
        ("principal", "another principal"),
        ("session", "another session"),
        ("workspace", "another workspace"),
    ] {
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

#[tokio::test]
async fn attack_28_what_the_policy_said_of_a_call_is_not_said_otherwise_later() {
    let (told, grounds) = ("another rule, risk or policy", "tells of other grounds");
    for (member, value, refused) in [
        ("risk", "low", told),
        ("ruleId", "reads", told),
        ("policyHash", &"a".repeat(64), told),
        ("display", "finance agreed", grounds),
        ("verb", "file_read", grounds),
    ] {
        let scene = Scene::set().await;
        let request = scene.suspended("a").await;
        let row = format!("UPDATE request SET policy = json_set(policy, '$.{member}', '{value}');");
        edit(&scene, &row);
        assert!(found(&scene).await.1.contains("other artifacts or grounds"), "{member}");
        let answer = scene.says(&request, &scene.person, Word::Allow, None).await;
        assert_contradicted(&scene, answer, refused).await;
    }
}

#[tokio::test]
async fn attack_28_an_approval_is_not_used_on_other_grounds() {
    let scene = Scene::set().await;
    let request = approved(&scene, "a").await;
    edit(&scene, "UPDATE request SET policy = json_set(policy, '$.display', 'it is nothing');");
    assert!(found(&scene).await.1.contains("other artifacts or grounds"));
    assert_contradicted(&scene, used(&scene, &request).await, "tells of other grounds").await;
    edit(&scene, "UPDATE request SET policy = NULL;");
    assert_contradicted(&scene, used(&scene, &request).await, "tells of other grounds").await;
}

//! Grants, of which somebody edits what the ledger keeps.

use super::{moved, team_under};
use crate::beside::{assert_contradicted, edit, found, used};
use crate::scene::{DAY, Scene, hourly};
use countersign_core::action::{Action, Request};
use countersign_core::decision::Word;
use countersign_core::grant::Taken;
use countersign_core::keys::SecretKeys;
use countersign_core::request::State;
use countersign_enforcer::segments::Rule;
use countersign_enforcer::{GateError, Question, Ruling, RunOnce};
use countersign_policy::Asker;
use serde_json::{Value, json};

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

async fn by_grant(scene: &Scene, question: &Question) -> Result<Option<RunOnce>, GateError> {
    let (action, whose) = (&question.action, ("uid:1", "default", "/w"));
    scene.enforcer.by_grant(action, &question.grounds, whose, Asker::default()).await
}

#[tokio::test]
async fn attack_45_a_grant_whose_count_was_set_back_is_not_used_once_more() {
    let (scene, tablet, _) = team_under(Some(OFFERS)).await;
    let (question, hints) = offered(&scene).await;
    let asked = scene.put(&question).await;
    scene.says(&asked, &tablet, Word::Allow, Some(hints)).await.unwrap();
    let run = by_grant(&scene, &question).await.unwrap().unwrap();
    scene.enforcer.hand_over(run).await.unwrap();
    assert!(by_grant(&scene, &question).await.unwrap().is_none(), "it is used up");
    assert_eq!(scene.verify().await.broken, None);
    let hide = "UPDATE receipt SET request_id = NULL, event = 'observed' WHERE event = 'released';";
    // The same grant under another name is counted on.
    for rows in ["UPDATE standing SET used = 0;", hide, "UPDATE standing SET id = 'new';"] {
        edit(&scene, rows);
        let refused = by_grant(&scene, &question).await;
        assert!(refused.as_ref().is_err_and(|e| e.to_string().contains("counts 0 uses")));
        assert_eq!(refused.unwrap_err().code(), "ledger_contradicted");
    }
}

#[tokio::test]
async fn attack_45_a_grant_whose_row_says_more_than_was_signed_is_named_and_not_used() {
    let (scene, tablet, _) = team_under(Some(OFFERS)).await;
    let (question, hints) = offered(&scene).await;
    let asked = scene.put(&question).await;
    scene.says(&asked, &tablet, Word::Allow, Some(hints)).await.unwrap();
    let run = by_grant(&scene, &question).await.unwrap().unwrap();
    scene.enforcer.hand_over(run).await.unwrap();
    edit(&scene, "CREATE TABLE kept AS SELECT * FROM standing;");
    let edits = [
        ("count = 100", "another number of uses than people signed"),
        ("count = NULL", "another number of uses than people signed"),
        ("count = 2, expires_at = expires_at + 1000", "another end than people signed"),
        ("session = 'other'", "another session than people signed"),
        ("principal = 'uid:2'", "another principal than people signed"),
        ("workspace = '/'", "another workspace than people signed"),
        ("action_hash = zeroblob(32)", "another call than people signed"),
        ("granted_at = granted_at - 1000", "another time than that of receipt"),
    ];
    for (row, named) in edits {
        edit(&scene, &format!("UPDATE standing SET {row};"));
        assert!(by_grant(&scene, &question).await.unwrap().is_none(), "a person is asked: {row}");
        let because = found(&scene).await.1;
        assert!(because.contains(named), "{row}: {because}");
        edit(&scene, "DELETE FROM standing; INSERT INTO standing SELECT * FROM kept;");
    }
    edit(&scene, "DROP TABLE kept;");
    assert_eq!(scene.verify().await.broken, None);
}

#[tokio::test]
async fn attack_45_a_grant_that_no_receipt_gives_is_named_and_not_used() {
    let (scene, tablet, _) = team_under(Some(OFFERS)).await;
    let (question, hints) = offered(&scene).await;
    let asked = scene.put(&question).await;
    let asked = scene.says(&asked, &tablet, Word::Allow, Some(hints)).await.unwrap();
    used(&scene, &asked).await.unwrap();
    let plain = scene.put(&question).await;
    let plain = scene.says(&plain, &tablet, Word::Allow, None).await.unwrap();
    let row = "id, principal, session, workspace, action_hash, granted_at, expires_at, count, used";
    let rows = format!(
        "CREATE TABLE kept AS SELECT * FROM standing; DELETE FROM standing;
        INSERT INTO standing (request, {row}) SELECT '{}', {row} FROM kept; DROP TABLE kept;",
        plain.id
    );
    edit(&scene, &rows);
    assert!(found(&scene).await.1.contains("stands, and no receipt gives it"));
    let refused = by_grant(&scene, &question).await;
    assert_eq!(refused.unwrap_err().code(), "ledger_contradicted");
}

/// A grant that was taken beside a yes, for one session or all of them; and that session.
async fn taken(scene: &Scene, tablet: &SecretKeys, bound: bool) -> (Question, String) {
    let (question, _) = offered(scene).await;
    let asked = scene.put(&question).await;
    let session = asked.key.session.clone();
    let expires_at = scene.edge.now().plus_millis(DAY / 24).timestamp();
    let taken = Taken { expires_at, session: bound.then(|| session.clone()), count: Some(1) };
    let mut hints = serde_json::Map::new();
    taken.write(&mut hints).unwrap();
    scene.says(&asked, tablet, Word::Allow, Some(hints)).await.unwrap();
    (question, session)
}

#[tokio::test]
async fn attack_45_a_grant_whose_row_says_more_than_was_signed_is_not_used() {
    let (scene, tablet, _) = team_under(Some(OFFERS)).await;
    let (question, _) = taken(&scene, &tablet, false).await;
    let mut other = question.clone();
    let (action, parameters) = ("spin".to_owned(), json!({"n": 2}));
    other.action = Action::Request(Request { action, parameters, verb: None });
    let goes = async |question: &Question, (who, place): (&str, &str)| {
        let (action, whose) = (&question.action, (who, "default", place));
        let used = scene.enforcer.by_grant(action, &question.grounds, whose, Asker::default());
        used.await.unwrap().is_some()
    };
    let row = &scene.enforcer.ledger().grants().await.unwrap()[0];
    let hash = |of: &countersign_core::action::ActionHash| {
        let hex: String = of.0.0.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("X'{hex}'")
    };
    let own = ("uid:1", "/w");
    for (member, lie, truth, question, whose) in [
        ("count", "9".to_owned(), "1".to_owned(), &question, own),
        ("count", "NULL".to_owned(), "1".to_owned(), &question, own),
        ("expires_at", "expires_at + 1".to_owned(), "expires_at - 1".to_owned(), &question, own),
        ("principal", "'uid:2'".to_owned(), "'uid:1'".to_owned(), &question, ("uid:2", "/w")),
        ("workspace", "'/x'".to_owned(), "'/w'".to_owned(), &question, ("uid:1", "/x")),
        ("action_hash", hash(&other.action.hash().unwrap()), hash(&row.action_hash), &other, own),
    ] {
        edit(&scene, &format!("UPDATE standing SET {member} = {lie};"));
        assert!(!goes(question, whose).await, "{member} = {lie}");
        edit(&scene, &format!("UPDATE standing SET {member} = {truth};"));
    }
    assert!(goes(&question, own).await, "as it was signed");
}

#[tokio::test]
async fn attack_44_a_grant_of_one_session_whose_row_names_none_serves_no_other() {
    let (scene, tablet, _) = team_under(Some(OFFERS)).await;
    let (question, session) = taken(&scene, &tablet, true).await;
    let goes = async |session: &str| {
        let (action, whose) = (&question.action, ("uid:1", session, "/w"));
        let used = scene.enforcer.by_grant(action, &question.grounds, whose, Asker::default());
        used.await.unwrap().is_some()
    };
    edit(&scene, "UPDATE standing SET session = NULL;");
    assert!(!goes("other").await);
    edit(&scene, &format!("UPDATE standing SET session = '{session}';"));
    assert!(goes("default").await, "as it was signed");
}

/// The receipt that gave it went with its segment, by rule: those that tell of its uses did not.
#[tokio::test]
async fn attack_18_uses_of_a_grant_whose_receipt_was_dropped_are_counted() {
    let (scene, tablet, _) = team_under(Some(OFFERS)).await;
    let (question, mut hints) = offered(&scene).await;
    let expires_at = scene.edge.now().plus_millis(DAY / 4).timestamp();
    Taken { expires_at, session: None, count: Some(3) }.write(&mut hints).unwrap();
    let asked = scene.put(&question).await;
    let asked = scene.says(&asked, &tablet, Word::Allow, Some(hints)).await.unwrap();
    used(&scene, &asked).await.unwrap();
    scene.later(DAY / 8);
    let run = by_grant(&scene, &question).await.unwrap().unwrap();
    scene.enforcer.hand_over(run).await.unwrap();
    let keep = Rule { keep_millis: Some(DAY / 24), ..hourly() };
    assert!(!scene.enforcer.rotate(&keep).await.unwrap().dropped.is_empty());
    assert_eq!(scene.verify().await.broken, None);
    for (edited, back, named) in [
        ("used = 0", "used = 1", "counts 0 uses, and receipts tell of 1"),
        ("workspace = '/'", "workspace = '/w'", "another workspace than people signed"),
    ] {
        edit(&scene, &format!("UPDATE standing SET {edited};"));
        let because = found(&scene).await.1;
        assert!(because.contains(named), "{because}");
        edit(&scene, &format!("UPDATE standing SET {back};"));
    }
    assert_eq!(scene.verify().await.broken, None);
    // What was used before, nobody can say any more.
    edit(&scene, "UPDATE standing SET used = 2;");
    assert_eq!(scene.verify().await.broken, None);
}

//! What is kept beside the receipts and was edited there: it is named before it is used, and what
//! it led to is named afterwards, whatever the rows say by then.

use crate::scene::{DAY, Scene, rule};
use countersign_core::decision::Word;
use countersign_core::receipt::check::Verdict;
use countersign_core::receipt::{Entry, Event};
use countersign_core::request::State;
use countersign_enforcer::segments::Rule;
use countersign_enforcer::{Answered, GateError, Relays};
use countersign_store::ledger::{Ending, LedgerError, RequestRecord, Suspended};
use countersign_testkit::database;

/// What somebody does to the file who can write it.
pub(crate) fn edit(scene: &Scene, sql: &str) {
    database::edit(&scene.enforcer.home().ledger_path(), sql).unwrap();
}

/// Where and with which words a check of the whole ends.
pub(crate) async fn found(scene: &Scene) -> (Option<i64>, String) {
    let broken = scene.verify().await.broken.unwrap();
    assert_eq!(broken.verdict, Verdict::Contradicted);
    (broken.at, broken.because)
}

pub(crate) async fn newest(scene: &Scene) -> Option<i64> {
    i64::try_from(scene.newest().await).ok()
}

pub(crate) async fn approved(scene: &Scene, what: &str) -> RequestRecord {
    let request = scene.suspended(what).await;
    let answer = scene.answer(&request, Word::Allow);
    scene.enforcer.accept(&request, &request.asked[0], answer).await.unwrap()
}

pub(crate) async fn used(scene: &Scene, request: &RequestRecord) -> Result<(), GateError> {
    let run = scene.enforcer.claim(request, &Relays::new()).await?;
    scene.enforcer.hand_over(run).await.map(|_| ())
}

/// What was refused because of rows that were edited is written down, and nothing of them with it.
pub(crate) async fn assert_contradicted<T: std::fmt::Debug>(
    scene: &Scene,
    done: Result<T, GateError>,
    why: &str,
) {
    let error = done.unwrap_err();
    let said = error.to_string();
    assert!(error.code() == "ledger_contradicted" && said.contains(why), "{said}");
    let entry = scene.receipts().await.pop().unwrap().content.entry;
    assert_eq!((entry.event, entry.request_id), (Event::Observed, None));
    let action = entry.action.unwrap();
    assert_eq!(action["change"], "contradicted");
    assert!(said.ends_with(action["why"].as_str().unwrap()), "{action:?}");
    assert!(entry.artifacts.is_empty() && entry.decisions.is_empty());
}

#[tokio::test]
async fn attack_18_an_approval_that_was_made_to_live_again_is_named() {
    let scene = Scene::set().await;
    let request = approved(&scene, "a").await;
    used(&scene, &request).await.unwrap();
    assert_eq!(scene.verify().await.broken, None);
    edit(&scene, "DELETE FROM claim; UPDATE request SET state = 'APPROVED';");
    let (at, because) = found(&scene).await;
    assert_eq!(at, None);
    assert!(because.contains("receipts say that it was used"), "{because}");
    assert_contradicted(&scene, used(&scene, &request).await, "tells of the use").await;
    // Nor where the index of the receipts is edited as well.
    edit(&scene, "UPDATE receipt SET event = 'observed' WHERE event = 'released';");
    assert_eq!(scene.verify().await.broken.unwrap().verdict, Verdict::HashMismatch);
    assert_contradicted(&scene, used(&scene, &request).await, "leaves nothing to use").await;
}

#[tokio::test]
async fn attack_28_what_runs_and_is_no_longer_kept_is_named() {
    let scene = Scene::set().await;
    let request = approved(&scene, "a").await;
    let run = scene.enforcer.claim(&request, &Relays::new()).await.unwrap();
    assert_eq!(scene.verify().await.broken, None);
    edit(&scene, "DELETE FROM request");
    let said = format!("the request `{}` counts as running, and is gone", request.id);
    assert_eq!(found(&scene).await, (None, said));
    drop(run);
}

#[tokio::test]
async fn attack_19_an_approval_that_was_withdrawn_and_lives_again_is_named() {
    let scene = Scene::set().await;
    let request = approved(&scene, "a").await;
    let ended = scene.enforcer.close(&request, Ending::Withdrawn).await.unwrap();
    assert_eq!(ended.state, State::Denied);
    assert_eq!(scene.verify().await.broken, None);
    edit(&scene, "UPDATE request SET state = 'APPROVED';");
    assert!(found(&scene).await.1.contains("receipts say that it ended"));
    let refused = used(&scene, &request).await;
    assert_contradicted(&scene, refused, "tells of the withdrawal").await;
    // Nor where that receipt is hidden from the search for it.
    edit(&scene, "UPDATE receipt SET event = 'observed' WHERE event = 'withdrawn';");
    assert_contradicted(&scene, used(&scene, &request).await, "leaves nothing to use").await;
}

#[tokio::test]
async fn attack_28_a_stop_that_was_taken_away_is_named_and_what_went_meanwhile() {
    let scene = Scene::set().await;
    let request = approved(&scene, "a").await;
    scene.blocks(1).await;
    let frozen = scene.enforcer.freeze("ann", Some("look")).await.unwrap().content.seq;
    assert_eq!(scene.verify().await.broken, None);
    let stopped = used(&scene, &request).await;
    assert!(matches!(stopped, Err(GateError::Ledger(LedgerError::Frozen(_)))), "{stopped:?}");
    edit(&scene, "UPDATE frozen SET body = replace(body, 'look', 'rest');");
    assert!(found(&scene).await.1.contains("not the one of receipt"));
    edit(&scene, "UPDATE frozen SET body = '{}';");
    let unreadable = scene.verify().await.broken.unwrap();
    assert_eq!((unreadable.at, unreadable.verdict), (None, Verdict::Malformed));
    edit(&scene, "DELETE FROM frozen;");
    assert!(found(&scene).await.1.contains("the stop is gone"));
    // The gate goes by the receipts as well; whoever goes by the row alone is named.
    assert!(used(&scene, &request).await.is_err());
    let mut blocked = scene.receipts().await.into_iter().map(|receipt| receipt.content.entry);
    let blocked = blocked.rfind(|entry| entry.event == Event::Blocked).unwrap();
    let entry = Entry { event: Event::Allowed, ..blocked };
    scene.enforcer.ledger().let_go(entry, scene.now()).await.unwrap();
    let (at, because) = found(&scene).await;
    assert_eq!(at, newest(&scene).await);
    assert!(because.contains(&format!("what receipt {frozen} had stopped")), "{because}");
}

#[tokio::test]
async fn attack_28_a_hold_that_was_taken_away_is_named_and_holds() {
    let scene = Scene::set().await;
    scene.blocks(20).await;
    scene.later(40 * DAY);
    scene.enforcer.rotate(&rule(8)).await.unwrap();
    scene.enforcer.hold("case-17", None).await.unwrap();
    assert_eq!(scene.verify().await.broken, None);
    edit(&scene, "DELETE FROM hold;");
    assert!(found(&scene).await.1.contains("`case-17` is gone"));
    scene.later(40 * DAY);
    let keep = Rule { keep_millis: Some(50 * DAY), ..rule(8) };
    // The gate goes by the receipt as well.
    let rotated = scene.enforcer.rotate(&keep).await.unwrap();
    assert_eq!((rotated.dropped.len(), rotated.held.as_deref()), (0, Some("case-17")));
}

/// What ends one stop is put to people with the stop's own receipt: an answer to it ends no later one,
/// whatever somebody makes the rows say.
#[tokio::test]
async fn attack_19_the_end_of_one_stop_ends_no_later_one() {
    let scene = Scene::set().await;
    scene.enforcer.freeze("ann", Some("look")).await.unwrap();
    let first = scene.enforcer.frozen().await.unwrap().unwrap();
    let question = scene.enforcer.thaw_question(&first, DAY).await.unwrap();
    let asked = scene.enforcer.suspend(&question).await.unwrap();
    let Suspended::Opened(asked) = asked else { panic!("{asked:?}") };
    let answer = scene.answer(&asked, Word::Allow);
    let allowed = scene.enforcer.accept(&asked, &asked.asked[0], answer).await.unwrap();
    scene.later(60_000);
    scene.enforcer.freeze("ann", Some("look")).await.unwrap();
    let second = scene.enforcer.frozen().await.unwrap().unwrap();
    assert_eq!(scene.verify().await.broken, None);
    let since = format!(
        "UPDATE frozen SET body = replace(body, '{}', '{}');",
        second.since.as_str(),
        first.since.as_str()
    );
    edit(&scene, &since);
    assert!(found(&scene).await.1.contains("not the one of receipt"));
    let ended = scene.enforcer.thaw(&first, Answered::Approved(allowed.clone())).await;
    assert!(ended.is_err(), "an old approval ended a later stop");
    edit(
        &scene,
        &format!(
            "UPDATE frozen SET body = replace(body, '{}', '{}');",
            first.since.as_str(),
            second.since.as_str()
        ),
    );
    let ended = scene.enforcer.thaw(&second, Answered::Approved(allowed)).await;
    assert!(ended.is_err(), "it was asked for the first one");
    assert_eq!(scene.verify().await.broken, None);
}

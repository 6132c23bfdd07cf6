//! What the gate looks back for is missed when it was deleted or edited, by the gate and by a check,
//! whether its receipt was sealed, dropped or neither.

use crate::scene::{DAY, Scene, rule};
use countersign_core::action::ActionHash;
use countersign_core::decision::Word;
use countersign_core::encoding::Hash;
use countersign_core::json;
use countersign_core::receipt::Entry;
use countersign_core::receipt::check::Verdict;
use countersign_enforcer::segments::Rule;
use countersign_testkit::database;
use std::fs;

fn edit(scene: &Scene, sql: &str) {
    database::edit(&scene.enforcer.home().ledger_path(), sql).unwrap();
}

/// A home with a change of each kind, and what a person was asked before.
async fn changed() -> Scene {
    let scene = Scene::set().await;
    scene.enforcer.hold("case-17", None).await.unwrap();
    scene.enforcer.freeze("bob", None).await.unwrap();
    let frozen = scene.enforcer.frozen().await.unwrap().unwrap();
    scene.ended(&frozen).await;
    scene.enforcer.release("case-17").await.unwrap();
    scene.blocks(12).await;
    scene
}

/// The numbers of the rows of changes, up to the last sealed one where `sealed`.
async fn rows(scene: &Scene) -> Vec<u64> {
    let mut found = Vec::new();
    for receipt in scene.receipts().await {
        let entry = &receipt.content.entry;
        if countersign_store::ledger::Change::of(entry).is_some() {
            found.push(receipt.content.seq);
        }
    }
    found
}

/// Does to the row of each change what somebody may who writes the file, and takes it back.
async fn each_is_missed(scene: &Scene, rows: &[u64]) {
    assert!(scene.enforcer.acceptances().await.is_ok());
    assert_eq!(scene.verify().await.broken, None);
    // Elsewhere: a table that is not the ledger's is found by itself.
    let spare =
        format!("ATTACH '{}' AS spare;", scene.enforcer.home().root().join("spare").display());
    edit(scene, &format!("{spare} CREATE TABLE spare.receipt AS SELECT * FROM main.receipt;"));
    for seq in rows {
        for done in [
            "DELETE FROM receipt",
            "UPDATE receipt SET change = NULL",
            "UPDATE receipt SET body = replace(body, 'ledger-1', 'ledger-2')",
        ] {
            edit(scene, &format!("{done} WHERE seq = {seq};"));
            assert!(scene.verify().await.broken.is_some(), "{done} {seq}: a check finds nothing");
            assert!(scene.enforcer.acceptances().await.is_err(), "{done} {seq}: the gate goes on");
            let back = "INSERT OR REPLACE INTO main.receipt SELECT * FROM spare.receipt";
            edit(scene, &format!("{spare} {back} WHERE seq = {seq};"));
        }
    }
    assert!(scene.enforcer.acceptances().await.is_ok());
    assert_eq!(scene.verify().await.broken, None);
}

#[tokio::test]
async fn attack_28_a_change_that_was_deleted_is_missed() {
    let scene = changed().await;
    let rows = rows(&scene).await;
    assert_eq!(rows.len(), 5, "pinned, held, frozen, thawed, released");
    each_is_missed(&scene, &rows).await;
}

#[tokio::test]
async fn attack_28_a_change_that_was_deleted_after_a_rotation_is_missed() {
    let scene = changed().await;
    let rows = rows(&scene).await;
    scene.later(40 * DAY);
    scene.enforcer.rotate(&rule(8)).await.unwrap();
    each_is_missed(&scene, &rows).await;
}

#[tokio::test]
async fn attack_28_a_change_that_was_deleted_after_its_segment_was_dropped_is_missed() {
    let scene = changed().await;
    let rows = rows(&scene).await;
    scene.later(40 * DAY);
    let keep = Rule { keep_millis: Some(DAY), ..rule(8) };
    assert!(!scene.enforcer.rotate(&keep).await.unwrap().dropped.is_empty());
    each_is_missed(&scene, &rows).await;
}

#[tokio::test]
async fn attack_10_a_key_whose_revocation_was_deleted_after_a_rotation_counts_for_nothing() {
    let scene = Scene::set().await;
    let request = scene.suspended("a").await;
    let trust = scene.dir.path().join("trust.json");
    let yesterday = fs::read(&trust).unwrap();
    scene.enforcer.revoke("ann", None).await.unwrap();
    scene.blocks(3).await;
    let all = Rule { live: 1, ..rule(100) };
    scene.enforcer.rotate(&all).await.unwrap();
    fs::write(&trust, yesterday).unwrap();
    edit(&scene, "DELETE FROM receipt WHERE event = 'revoked';");
    let answer = scene.answer(&request, Word::Allow);
    let accepted = scene.enforcer.accept(&request, &request.asked[0], answer).await;
    assert!(accepted.is_err(), "a revoked key counted again");
    assert_eq!(scene.verify().await.broken.unwrap().verdict, Verdict::HashMismatch);
}

/// The latest time, against which grants run out, stays where a clock that ran ahead wrote it.
#[tokio::test]
async fn attack_18_the_latest_time_that_was_deleted_after_a_rotation_is_missed() {
    let scene = Scene::set().await;
    scene.later(400 * DAY);
    scene.blocks(1).await;
    let ahead = scene.newest().await;
    scene.later(-400 * DAY);
    scene.blocks(5).await;
    scene.enforcer.rotate(&Rule { live: 1, ..rule(100) }).await.unwrap();
    assert_eq!(scene.verify().await.broken, None);
    edit(&scene, &format!("DELETE FROM receipt WHERE seq = {ahead};"));
    let broken = scene.verify().await.broken.unwrap();
    assert_eq!(
        (broken.verdict, broken.at.map(i64::unsigned_abs)),
        (Verdict::HashMismatch, Some(ahead))
    );
}

#[tokio::test]
async fn attack_28_a_hold_that_was_deleted_holds_and_its_receipt_is_not_dropped() {
    let scene = Scene::set().await;
    scene.enforcer.hold("case-17", None).await.unwrap();
    scene.blocks(20).await;
    scene.later(40 * DAY);
    let sealed = scene.enforcer.rotate(&rule(8)).await.unwrap().sealed;
    edit(&scene, "DELETE FROM hold;");
    scene.later(40 * DAY);
    let keep = Rule { keep_millis: Some(50 * DAY), ..rule(8) };
    let rotated = scene.enforcer.rotate(&keep).await.unwrap();
    assert_eq!((rotated.dropped.len(), rotated.held.as_deref()), (0, Some("case-17")));
    // One that is dropped by other means is missed, though its own receipt went with it.
    let entry = dropping(&scene, sealed[0].first).await;
    let now = scene.now();
    scene.enforcer.ledger().drop_oldest(&sealed[0], now, entry, now).await.unwrap();
    let broken = scene.verify().await.broken.unwrap();
    assert_eq!(broken.verdict, Verdict::Contradicted);
    assert!(broken.because.contains("that `case-17` held"), "{}", broken.because);
}

/// What a receipt of a drop says of the segment that begins with `first`.
async fn dropping(scene: &Scene, first: u64) -> Entry {
    let first = first.to_string();
    let sealed = scene.receipts().await.into_iter().map(|receipt| receipt.content.entry);
    let mut found = sealed.filter(|entry| {
        let action = entry.action.as_ref();
        action.is_some_and(|a| a.get("first").is_some_and(|one| *one == first))
    });
    let mut entry = found.next().unwrap();
    let action = entry.action.as_mut().unwrap();
    action.insert("change".into(), "dropped".into());
    entry.action_hash = Some(ActionHash(Hash(json::sha256(action).unwrap())));
    entry
}

#[tokio::test]
async fn attack_28_nothing_is_dropped_early_on_the_word_of_a_list() {
    let scene = Scene::set().await;
    scene.blocks(20).await;
    scene.later(40 * DAY);
    let sealed = scene.enforcer.rotate(&rule(8)).await.unwrap().sealed;
    let bytes = fs::read(scene.file(&sealed[0])).unwrap();
    edit(&scene, "UPDATE segment SET newest_at = 0;");
    let keep = Rule { keep_millis: Some(50 * DAY), ..rule(8) };
    assert_eq!(scene.enforcer.rotate(&keep).await.unwrap().dropped, []);
    let broken = scene.verify().await.broken.unwrap();
    assert_eq!((broken.verdict, broken.at), (Verdict::HashMismatch, Some(1)));
    // Nor is one that was edited, or that is gone.
    scene.later(40 * DAY);
    let mut edited = bytes.clone();
    edited[bytes.len() / 2] ^= 1;
    fs::write(scene.file(&sealed[0]), edited).unwrap();
    assert!(scene.enforcer.rotate(&keep).await.is_err());
    fs::remove_file(scene.file(&sealed[0])).unwrap();
    assert!(scene.enforcer.rotate(&keep).await.is_err());
    fs::write(scene.file(&sealed[0]), bytes).unwrap();
    let list = scene.enforcer.ledger().segments().await.unwrap();
    assert!(list.iter().all(|segment| !segment.dropped));
    assert!(!scene.enforcer.rotate(&keep).await.unwrap().dropped.is_empty());
}

//! What stays of dropped receipts holds though the evidence of its age was dropped too, by rule.

use crate::beside::used;
use crate::scene::{DAY, Scene, rule};
use countersign_core::decision::Word;
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::check::Verdict;
use countersign_core::time::Instant;
use countersign_core::trust::{Status, TrustStore};
use countersign_enforcer::audit::{Audit, Report, seen};
use countersign_enforcer::segments::Rule;
use countersign_store_sqlite::LedgerFile;
use countersign_testkit::database;
use std::sync::Arc;

const MINUTE: i64 = DAY / 1440;

/// What a check finds that takes approvers for witnesses.
async fn check(scene: &Scene, trust: TrustStore) -> Report {
    let file = LedgerFile::open(&scene.enforcer.home().ledger_path()).await.unwrap();
    let seen = seen::answers(&file, &trust, scene.now()).await.unwrap();
    let id = scene.enforcer.ledger().ledger_id();
    let mut audit = Audit::new(Arc::new(file), id, trust, scene.now()).seen_by(seen);
    audit.walk(&|_| {}).await.unwrap();
    audit.report()
}

async fn check_now(scene: &Scene) -> Report {
    check(scene, scene.enforcer.trust().unwrap()).await
}

/// A home in which bob denied, ann was shown a head of it and allowed, and bob's key was taken back;
/// then, when he denied.
async fn revoked() -> (Scene, Instant) {
    let (scene, bobs) = (Scene::set().await, SecretKeys::from_bytes(&[11; 64]).unwrap());
    scene.pin("bob", "bob", &bobs);
    let first = scene.suspended("a").await;
    let denied = scene.now();
    scene.says(&first, &bobs, Word::Deny, None).await.unwrap();
    scene.later(MINUTE);
    let second = scene.suspended("b").await;
    let decided = [("decidedAt".to_owned(), scene.now().timestamp().to_string().into())];
    let hints = Some(decided.into_iter().collect());
    let second = scene.says(&second, &scene.person, Word::Allow, hints).await.unwrap();
    used(&scene, &second).await.unwrap();
    scene.later(MINUTE);
    scene.enforcer.revoke("bob", None).await.unwrap();
    scene.later(MINUTE);
    (scene, denied)
}

/// The same, of which nothing is left but copies and the last receipts.
async fn dropped() -> (Scene, Instant) {
    let (scene, denied) = revoked().await;
    assert_eq!(check_now(&scene).await.broken, None);
    let all = Rule { older_millis: 0, live: 1, ..rule(100) };
    scene.enforcer.rotate(&all).await.unwrap();
    let report = check_now(&scene).await;
    assert_eq!((report.broken, report.not_checked), (None, vec![]));
    let keep = Rule { keep_millis: Some(0), ..all };
    assert!(!scene.enforcer.rotate(&keep).await.unwrap().dropped.is_empty());
    (scene, denied)
}

#[tokio::test]
async fn what_stays_of_dropped_receipts_is_judged_by_its_own_time() {
    let (scene, _) = dropped().await;
    let report = check_now(&scene).await;
    assert_eq!(report.broken, None);
    let told = "the age of the copies of 1 dropped receipt: they rest on keys taken back since";
    assert_eq!(report.not_checked, [told]);
}

#[tokio::test]
async fn attack_10_a_copy_that_was_written_after_the_key_ended_is_found() {
    let (scene, denied) = dropped().await;
    let trust = scene.enforcer.trust().unwrap();
    let ended = |at: Instant, since: Option<Instant>| {
        let mut trust = trust.clone();
        let compromised_since = since.map(Instant::timestamp);
        let status = Status::Revoked { at: at.timestamp(), compromised_since };
        trust.approvers.iter_mut().filter(|a| a.person == "bob").for_each(|bob| {
            bob.status = status.clone();
        });
        trust
    };
    for trust in [ended(denied, None), ended(scene.now(), Some(denied))] {
        let broken = check(&scene, trust).await.broken.unwrap();
        assert_eq!(broken.verdict, Verdict::Revoked, "{}", broken.because);
    }
    let later = denied.plus_millis(1);
    assert_eq!(check(&scene, ended(later, None)).await.broken, None);
    // The operator's key is no better than before.
    let mut taken = trust.clone();
    let status = Status::Revoked { at: scene.now().timestamp(), compromised_since: None };
    taken.operators.iter_mut().for_each(|one| one.status = status.clone());
    assert_eq!(check(&scene, taken).await.broken.unwrap().verdict, Verdict::Revoked);
    // Nor is one that was edited, as far as its own column of the date.
    for done in ["body = replace(body, 'ledger-1', 'ledger-2')", "recorded_at = recorded_at - 1"] {
        let sql = format!("UPDATE receipt SET {done} WHERE event = 'denied';");
        database::edit(&scene.enforcer.home().ledger_path(), &sql).unwrap();
        let broken = check_now(&scene).await.broken.unwrap();
        assert_eq!(broken.verdict, Verdict::HashMismatch, "{}", broken.because);
        if done.starts_with("body") {
            let sql = "UPDATE receipt SET body = replace(body, 'ledger-2', 'ledger-1');";
            database::edit(&scene.enforcer.home().ledger_path(), sql).unwrap();
        }
    }
}

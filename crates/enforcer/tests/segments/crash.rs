//! A process that ends between two steps loses nothing.

use crate::scene::{DAY, Scene, rule};
use countersign_core::checkpoint::{Checkpoint, Head};
use countersign_core::receipt::check::Verdict;
use countersign_core::receipt::{Hashed, Written};
use countersign_enforcer::notary::HomeNotary;
use countersign_enforcer::segments::Rule;
use countersign_store::error::StoreError;
use countersign_store::ledger::Notary;
use std::fs;
use std::sync::Arc;

/// Ends everything that is about segments: nothing of that commit is written, as if the process
/// had ended in it.
struct Ends(HomeNotary);

impl Notary for Ends {
    fn receipt(&self, content: Hashed) -> Result<Written, StoreError> {
        let kind = content.content().entry.action.as_ref().and_then(|action| action.get("kind"));
        if kind.is_some_and(|kind| kind == "ledger") {
            return Err(StoreError::Unavailable("the end".to_owned()));
        }
        self.0.receipt(content)
    }
    fn checkpoint(&self, head: Head) -> Result<Checkpoint, StoreError> {
        self.0.checkpoint(head)
    }
    fn is_own(&self, head: &Checkpoint) -> bool {
        self.0.is_own(head)
    }
    fn hand_on(&self, head: &Checkpoint) {
        self.0.hand_on(head);
    }
}

#[tokio::test]
async fn attack_21_a_half_of_a_file_is_swept_away() {
    let scene = Scene::set().await;
    scene.blocks(10).await;
    let dir = scene.dir.path().join("segments");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join(".0000000001-0000000011.csb.1.0.tmp"), "half").unwrap();
    // And one under the name that the next one will have.
    let name = format!("0000000001-{:010}.csb", scene.newest().await - 1);
    fs::write(dir.join(&name), "half").unwrap();
    scene.later(40 * DAY);
    let sealed = scene.enforcer.rotate(&rule(100)).await.unwrap().sealed;
    assert_eq!(sealed[0].file_name(), name);
    assert!(scene.check_file(&sealed[0]).is_valid());
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
    assert_eq!(scene.verify().await.broken, None);
}

#[tokio::test]
async fn attack_21_a_file_without_its_commit_takes_no_row_away() {
    let scene = Scene::set().await;
    scene.blocks(20).await;
    scene.later(40 * DAY);
    let before = scene.receipts().await;
    let scene = scene.reopened(|notary| Arc::new(Ends(notary))).await;
    assert!(scene.enforcer.rotate(&rule(8)).await.is_err());
    assert_eq!(fs::read_dir(scene.dir.path().join("segments")).unwrap().count(), 1);
    assert_eq!(scene.receipts().await, before);
    let report = scene.verify().await;
    assert_eq!((report.broken, report.segments), (None, 0));
    // Whoever comes next goes on.
    let scene = scene.reopened(|notary| Arc::new(notary)).await;
    let sealed = scene.enforcer.rotate(&rule(8)).await.unwrap().sealed;
    assert_eq!(sealed.len(), 3);
    assert_eq!(scene.receipts().await[..before.len()], before);
    assert_eq!(scene.verify().await.broken, None);
}

#[tokio::test]
async fn attack_21_a_drop_without_its_commit_leaves_the_file() {
    let scene = Scene::set().await;
    scene.blocks(20).await;
    scene.later(40 * DAY);
    let sealed = scene.enforcer.rotate(&rule(8)).await.unwrap().sealed;
    let before = scene.receipts().await;
    let scene = scene.reopened(|notary| Arc::new(Ends(notary))).await;
    let keep = Rule { keep_millis: Some(DAY), older_millis: 1_000 * DAY, ..rule(8) };
    assert!(scene.enforcer.rotate(&keep).await.is_err());
    assert_eq!(scene.receipts().await, before);
    // The commit without the removal: the file is still there, and goes the next time.
    let scene = scene.reopened(|notary| Arc::new(notary)).await;
    let bytes = fs::read(scene.file(&sealed[0])).unwrap();
    let dropped = scene.enforcer.rotate(&keep).await.unwrap().dropped;
    assert_eq!(dropped.len(), 3);
    fs::write(scene.file(&sealed[0]), bytes).unwrap();
    assert_eq!(scene.verify().await.broken, None);
    scene.enforcer.rotate(&keep).await.unwrap();
    assert!(!scene.file(&sealed[0]).exists());
    assert_eq!(scene.verify().await.broken, None);
}

/// What does not hold is not moved: the row stays for an auditor.
#[tokio::test]
async fn attack_28_what_does_not_hold_is_never_sealed() {
    let scene = Scene::set().await;
    scene.blocks(10).await;
    scene.later(40 * DAY);
    let scene = scene.reopened(|notary| Arc::new(notary)).await;
    let path = scene.enforcer.home().ledger_path();
    let bytes = fs::read(&path).unwrap();
    let from = b"\"path\":\"call-3\"";
    let at = bytes.windows(from.len()).position(|part| part == from).unwrap();
    let mut edited = bytes.clone();
    edited[at + from.len() - 2] = b'9';
    fs::write(&path, edited).unwrap();
    let scene = scene.reopened(|notary| Arc::new(notary)).await;
    let refused = scene.enforcer.rotate(&rule(100)).await.unwrap_err().to_string();
    assert!(refused.contains("is not sealed"), "{refused}");
    assert_eq!(scene.verify().await.broken.unwrap().verdict, Verdict::HashMismatch);
}

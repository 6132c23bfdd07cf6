//! Old receipts in sealed files: the whole still holds, and what is done to it is named.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod beside;
#[path = "../common/mod.rs"]
mod common;
mod crash;
mod damage;
mod gate;
mod hidden;
mod keep;
mod kept;
mod left;
mod races;
mod scene;
mod sound;
mod uses;

use scene::{DAY, Scene, rule};

#[tokio::test]
async fn receipts_go_into_files_that_are_proven_alone_and_as_a_whole() {
    let scene = Scene::set().await;
    scene.blocks(25).await;
    let before = scene.receipts().await;
    scene.later(40 * DAY);
    let rotated = scene.enforcer.rotate(&rule(10)).await.unwrap();
    let ranges: Vec<_> = rotated.sealed.iter().map(|one| (one.first, one.last)).collect();
    let newest = before.len() as u64;
    assert_eq!(ranges, [(1, 10), (11, 20), (21, newest - 1)]);
    for segment in &rotated.sealed {
        let report = scene.check_file(segment);
        assert!(report.is_valid(), "{:?}", report.problems);
        assert_eq!(report.receipts, segment.last - segment.first + 1);
    }
    let report = scene.verify().await;
    assert_eq!(report.broken, None);
    assert_eq!((report.segments, report.receipts), (3, newest + 3));
    // Whoever reads sees the ledger that it was, and what sealing wrote.
    let after = scene.receipts().await;
    assert_eq!(after[..before.len()], before);
    assert_eq!(after.len(), before.len() + 3);
    for seq in [1, 10, 11, newest] {
        let one = scene.enforcer.ledger().receipt(Some(seq)).await.unwrap();
        assert_eq!(one.as_ref(), after.get(seq as usize - 1));
    }
    // Nothing is old enough any more but for what was the newest then.
    scene.later(DAY);
    let again = scene.enforcer.rotate(&rule(10)).await.unwrap();
    assert_eq!(again.sealed.len(), 1);
    assert_eq!((again.sealed[0].first, again.sealed[0].last), (newest, newest));
}

#[tokio::test]
async fn by_size_all_but_the_newest_are_sealed_whatever_their_age() {
    let scene = Scene::set().await;
    scene.blocks(20).await;
    let newest = scene.newest().await;
    let rule = countersign_enforcer::segments::Rule { live: 7, ..rule(100) };
    let rotated = scene.enforcer.rotate(&rule).await.unwrap();
    assert_eq!(rotated.sealed.len(), 1);
    assert_eq!(rotated.sealed[0].last, newest - 7);
    assert_eq!(scene.verify().await.broken, None);
}

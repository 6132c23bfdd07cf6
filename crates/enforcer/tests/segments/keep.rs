//! What is dropped leaves a signed stub, and a hold forbids it.

use crate::scene::{DAY, Scene, rule};
use countersign_enforcer::segments::Rule;

#[tokio::test]
async fn what_is_too_old_goes_in_whole_segments_and_the_chain_says_so() {
    let scene = Scene::set().await;
    scene.blocks(20).await;
    scene.later(40 * DAY);
    let sealed = scene.enforcer.rotate(&rule(8)).await.unwrap().sealed;
    scene.later(40 * DAY);
    scene.blocks(20).await;
    scene.later(40 * DAY);
    // Only the first round is older than a hundred days.
    let keep = Rule { keep_millis: Some(100 * DAY), ..rule(8) };
    let rotated = scene.enforcer.rotate(&keep).await.unwrap();
    assert_eq!(rotated.dropped.len(), sealed.len());
    let last = sealed.last().unwrap().last;
    assert!(sealed.iter().all(|segment| !scene.file(segment).exists()));
    let report = scene.verify().await;
    assert_eq!((report.broken, report.dropped), (None, Some(last)));
    let left = scene.receipts().await;
    assert_eq!(left[0].content.seq, last + 1);
    assert_eq!(report.receipts, left.len() as u64);
    // Heads of the dropped part still compare.
    assert!(scene.enforcer.ledger().content_hash(1).await.unwrap().is_some());
}

#[tokio::test]
async fn a_hold_keeps_everything_until_it_is_released_and_each_is_a_receipt() {
    let scene = Scene::set().await;
    scene.blocks(20).await;
    scene.later(40 * DAY);
    scene.enforcer.hold("case-17", Some("counsel asked")).await.unwrap();
    assert!(scene.enforcer.hold("case-17", None).await.is_err());
    let keep = Rule { keep_millis: Some(DAY), ..rule(8) };
    let rotated = scene.enforcer.rotate(&keep).await.unwrap();
    assert_eq!((rotated.dropped.len(), rotated.held.as_deref()), (0, Some("case-17")));
    assert!(rotated.sealed.iter().all(|segment| scene.file(segment).exists()));
    scene.enforcer.release("case-17").await.unwrap();
    let rotated = scene.enforcer.rotate(&keep).await.unwrap();
    assert_eq!((rotated.dropped.len(), rotated.held), (3, None));
    let told: Vec<String> = scene
        .receipts()
        .await
        .into_iter()
        .filter_map(|receipt| receipt.content.entry.action)
        .filter(|action| action.get("kind").is_some_and(|kind| kind == "ledger"))
        .map(|action| action["change"].as_str().unwrap().to_owned())
        .collect();
    let sealed = ["sealed"; 3];
    let expected = [&["held"][..], &sealed, &["released"], &["dropped"; 3]].concat();
    assert_eq!(told, expected);
    assert_eq!(scene.verify().await.broken, None);
}

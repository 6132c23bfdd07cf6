//! What is done to a segment is named, with the first receipt that does not hold.

use crate::scene::{DAY, Scene, rule};
use countersign_core::receipt::check::Verdict;
use countersign_store::ledger::segments::Segment;
use std::fs;

async fn sealed(receipts: usize) -> (Scene, Vec<Segment>) {
    let scene = Scene::set().await;
    scene.blocks(receipts).await;
    scene.later(40 * DAY);
    let sealed = scene.enforcer.rotate(&rule(8)).await.unwrap().sealed;
    assert!(sealed.len() >= 2);
    (scene, sealed)
}

#[tokio::test]
async fn attack_28_a_segment_that_is_removed_is_named() {
    let (scene, sealed) = sealed(20).await;
    for segment in &sealed {
        let bytes = fs::read(scene.file(segment)).unwrap();
        fs::remove_file(scene.file(segment)).unwrap();
        let broken = scene.verify().await.broken.unwrap();
        assert_eq!(broken.verdict, Verdict::ChainBroken { seq: segment.first });
        assert!(broken.because.contains(&segment.file_name()), "{}", broken.because);
        fs::write(scene.file(segment), bytes).unwrap();
    }
    assert_eq!(scene.verify().await.broken, None);
}

/// Not read through a link, and not waited for: it is as if it were removed.
#[tokio::test]
async fn attack_20_what_is_no_file_stands_for_no_segment() {
    let (scene, sealed) = sealed(20).await;
    let (path, beside) = (scene.file(&sealed[0]), scene.dir.path().join("beside"));
    fs::rename(&path, &beside).unwrap();
    let gone = Verdict::ChainBroken { seq: sealed[0].first };
    std::os::unix::fs::symlink(&beside, &path).unwrap();
    assert_eq!(scene.verify().await.broken.unwrap().verdict, gone);
    fs::remove_file(&path).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    assert_eq!(scene.verify().await.broken.unwrap().verdict, gone);
}

#[tokio::test]
async fn attack_28_segments_that_change_places_are_named() {
    let (scene, sealed) = sealed(20).await;
    let (one, two) = (scene.file(&sealed[0]), scene.file(&sealed[1]));
    let beside = scene.dir.path().join("beside");
    fs::rename(&one, &beside).unwrap();
    fs::rename(&two, &one).unwrap();
    fs::rename(&beside, &two).unwrap();
    let broken = scene.verify().await.broken.unwrap();
    assert_eq!(broken.at, Some(1), "{broken:?}");
}

/// Every part of the file: its cover, its head, its receipts, its manifest.
#[tokio::test]
async fn attack_28_a_segment_that_is_edited_or_cut_anywhere_is_noticed() {
    let (scene, sealed) = sealed(9).await;
    let path = scene.file(&sealed[1]);
    let bytes = fs::read(&path).unwrap();
    for at in (0..bytes.len()).step_by(599).chain([bytes.len() - 1]) {
        let mut edited = bytes.clone();
        edited[at] ^= 1;
        fs::write(&path, &edited).unwrap();
        let broken = scene.verify().await.broken;
        assert!(broken.is_some_and(|b| b.at.is_some()), "the byte at {at} was changed");
    }
    for length in (0..bytes.len()).step_by(1_199) {
        fs::write(&path, &bytes[..length]).unwrap();
        assert!(scene.verify().await.broken.is_some(), "cut at {length}");
    }
    fs::write(&path, [&bytes[..], b"\n"].concat()).unwrap();
    let broken = scene.verify().await.broken.unwrap();
    assert_eq!((broken.verdict, broken.at), (Verdict::HashMismatch, Some(sealed[1].first as i64)));
    fs::write(&path, &bytes).unwrap();
    assert_eq!(scene.verify().await.broken, None);
}

#[tokio::test]
async fn attack_39_a_ledger_from_before_it_was_sealed_is_truncated() {
    let scene = Scene::set().await;
    scene.blocks(10).await;
    let path = scene.enforcer.home().ledger_path();
    let scene = scene.reopened(|notary| std::sync::Arc::new(notary)).await;
    let yesterday = fs::read(&path).unwrap();
    scene.later(40 * DAY);
    scene.enforcer.rotate(&rule(100)).await.unwrap();
    let scene = scene.reopened(|notary| std::sync::Arc::new(notary)).await;
    for beside in ["ledger.db-wal", "ledger.db-shm"] {
        let _ = fs::remove_file(path.with_file_name(beside));
    }
    fs::write(&path, yesterday).unwrap();
    let broken = scene.verify().await.broken.unwrap();
    assert_eq!(broken.verdict, Verdict::Truncated, "{broken:?}");
}

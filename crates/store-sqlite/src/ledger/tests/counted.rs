//! What the signed head counts, and on what it is counted on from.

use super::*;
use countersign_core::checkpoint::Changes;
use countersign_store::ledger::read::Receipts as _;

fn key(n: usize) -> Entry {
    Entry { event: Event::Key, ..entry(n) }
}

async fn counts(ledger: &SqliteLedger) -> Option<Changes> {
    ledger.checkpoint().await.unwrap().unwrap().head.changes
}

/// Puts a head in the place of the newest.
async fn put(ledger: &SqliteLedger, head: Checkpoint) {
    let body = serde_json::to_string(&head).unwrap();
    let edit = move |db: &Db| db.run("UPDATE checkpoint SET body = ?1", [body]);
    ledger.writer.write(edit).await.unwrap();
}

#[tokio::test]
async fn attack_28_a_head_that_was_edited_is_not_counted_on_from() {
    let (_dir, path) = place();
    let ledger = open(&path);
    ledger.record(key(1), NOW).await.unwrap();
    let good = ledger.checkpoint().await.unwrap().unwrap();
    for changes in [Some(Changes::NONE), None] {
        let mut edited = good.clone();
        edited.head.changes = changes;
        put(&ledger, edited).await;
        let refused = ledger.record(entry(2), NOW).await;
        assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
        assert!(ledger.past().await.unwrap().proven(is_own).is_err());
    }
    put(&ledger, good).await;
    ledger.record(entry(2), NOW).await.unwrap();
    assert!(ledger.past().await.unwrap().proven(is_own).is_ok());
}

#[tokio::test]
async fn a_head_that_an_earlier_version_signed_is_followed_by_one_that_counts() {
    let (_dir, path) = place();
    let ledger = open(&path);
    for n in 0..3 {
        ledger.record(key(n), NOW).await.unwrap();
    }
    let good = counts(&ledger).await;
    let head = ledger.checkpoint().await.unwrap().unwrap().head;
    let earlier =
        notary().unwrap().checkpoint(Head { changes: None, usable: None, ..head }).unwrap();
    put(&ledger, earlier).await;
    assert!(ledger.past().await.unwrap().proven(is_own).is_ok());
    ledger.record(entry(9), NOW).await.unwrap();
    assert_eq!(counts(&ledger).await, good);
    let next = ledger.record(key(4), NOW).await.unwrap();
    assert_eq!(counts(&ledger).await, good.map(|so_far| so_far.and(next.content_hash)));
}

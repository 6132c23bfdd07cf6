//! Looking into a ledger: old files, long files, and what is found in them.

use super::*;
use crate::ledger::find::find;
use crate::ledger::read::past;
use countersign_core::artifact::Risk;
use countersign_core::keys::KeyId;
use countersign_core::receipt::{ApproverDecision, PolicyNote};
use countersign_store::ledger::read::{Filed, Person, Query, Receipts as _};

fn risky(n: usize, risk: Risk) -> Entry {
    let policy = PolicyNote {
        rule_id: "r".to_owned(),
        display: String::new(),
        policy_hash: Hash([0; 32]),
        risk,
        verb: "shell_exec".to_owned(),
        matched: vec![],
    };
    Entry { policy: Some(policy), ..entry(n) }
}

/// The tables of the version in which receipts were not filed, filled from a ledger of today.
fn older(today: &Path) -> PathBuf {
    let path = today.with_file_name("older.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    SCHEMA.steps.iter().take(3).for_each(|step| db.execute_batch(step).unwrap());
    db.pragma_update(None, "application_id", SCHEMA.application_id).unwrap();
    db.execute("ATTACH ?1 AS today", [today.to_str().unwrap()]).unwrap();
    db.execute_batch(
        "INSERT INTO identity SELECT * FROM today.identity;
         INSERT INTO checkpoint SELECT * FROM today.checkpoint;
         INSERT INTO receipt SELECT seq, content_hash, recorded_at, request_id, body, change
             FROM today.receipt;
         PRAGMA user_version = 3;",
    )
    .unwrap();
    path
}

#[tokio::test]
async fn an_older_ledger_is_read_as_it_is_and_filed_when_it_is_opened() {
    let (_dir, path) = place();
    let ledger = open(&path);
    for (n, risk) in [Risk::Low, Risk::Critical, Risk::Low].into_iter().enumerate() {
        ledger.record(risky(n, risk), NOW).await.unwrap();
    }
    drop(ledger);
    let path = older(&path);
    let db = rusqlite::Connection::open(&path).unwrap();
    // A damaged row does not keep the ledger from opening: it is for the check to name.
    db.execute("UPDATE receipt SET body = '{' WHERE seq = 3", []).unwrap();
    drop(db);
    let file = LedgerFile::open(&path).await.unwrap();
    let rows = file.rows_after(None, 9).await.unwrap();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row.filed.is_none()));
    assert_eq!(rows[2].text, b"{");
    assert_eq!((file.ledger_id(), file.newest().await.unwrap()), ("ledger-1", Some(3)));
    let ledger = open(&path);
    let critical = Query { risks: vec![Risk::Critical], ..Query::default() };
    let found = ledger.find(&critical, None, 9).await.unwrap();
    assert_eq!(found.iter().map(|r| r.content.seq).collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn what_is_no_ledger_is_not_opened_to_look() {
    let (_dir, path) = place();
    assert!(LedgerFile::open(&path).await.is_err(), "there is none");
    std::fs::write(&path, "").unwrap();
    assert!(matches!(LedgerFile::open(&path).await, Err(StoreError::Corrupt(_))));
    std::fs::write(&path, "not a database ".repeat(1_000)).unwrap();
    assert!(matches!(LedgerFile::open(&path).await, Err(StoreError::Corrupt(_))));
}

#[tokio::test]
async fn attack_29_what_is_found_costs_the_same_in_a_long_ledger() {
    let (_dir, path) = place();
    let ledger = open(&path);
    ledger.record(risky(1, Risk::Critical), NOW).await.unwrap();
    ledger.record(risky(2, Risk::Low), NOW).await.unwrap();
    ledger.record(Entry { event: Event::Key, ..entry(3) }, NOW).await.unwrap();
    let few = price(&ledger).await;
    let many = "WITH RECURSIVE n(n) AS (SELECT 4 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
        INSERT INTO receipt (seq, content_hash, recorded_at, body, event, risk)
        SELECT n, randomblob(32), n, '{}', 'allowed', 'low' FROM n";
    ledger.writer.write(move |db| db.run(many, [])).await.unwrap();
    let lots = price(&ledger).await;
    assert_eq!(lots.1, 0, "a table was read from end to end");
    assert!(lots.0 <= few.0 + few.0 / 10, "{} steps became {}", few.0, lots.0);
}

/// The price of the one critical receipt, and of what the gate looks back for.
async fn price(ledger: &SqliteLedger) -> (i32, i32, i32) {
    let query = Query { risks: vec![Risk::Critical], ..Query::default() };
    let look = move |db: &Db| {
        db.effort.take();
        assert_eq!(find(db, &query, None, 10)?.len(), 1);
        assert_eq!(past(db)?.changes.len(), 1);
        Ok::<_, StoreError>(db.effort.take())
    };
    ledger.writer.read(look).await.unwrap()
}

/// Who decided is looked up from the receipt, and counted.
#[tokio::test]
async fn attack_28_persons_who_are_not_filed_or_filed_too_much_are_found() {
    let (_dir, path) = place();
    let ledger = open(&path);
    let person = |name: &str| ApproverDecision {
        verdict: "approved".to_owned(),
        person: name.to_owned(),
        key_id: KeyId("k".to_owned()),
        reason: None,
    };
    let entry = Entry { approver_decision: Some(person("ann")), ..entry(1) };
    let receipt = ledger.record(entry, NOW).await.unwrap();
    let filed = Filed::of(&receipt.content.entry);
    let ann = Person { person: "ann".to_owned(), filed, at: NOW, seq: 1 };
    let bob = Person { person: "bob".to_owned(), ..ann.clone() };
    assert_eq!(ledger.unfiled(vec![ann.clone()]).await.unwrap(), None);
    assert_eq!(ledger.unfiled(vec![ann.clone(), bob.clone()]).await.unwrap(), Some(bob));
    assert_eq!(ledger.persons_up_to(1).await.unwrap(), Some(1));
    assert_eq!(ledger.persons_up_to(0).await.unwrap(), Some(0));
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute("UPDATE receipt_person SET risk = 'low'", []).unwrap();
    assert_eq!(ledger.unfiled(vec![ann.clone()]).await.unwrap(), Some(ann));
}

/// Whoever reads on after the number of the last receipt would else read it again, for ever.
#[tokio::test]
async fn attack_28_a_receipt_under_another_number_ends_the_reading() {
    let (_dir, path) = place();
    let ledger = open(&path);
    for n in 0..3 {
        ledger.record(entry(n), NOW).await.unwrap();
    }
    drop(ledger);
    let moved = "UPDATE receipt SET seq = 19 WHERE seq = 3;";
    rusqlite::Connection::open(&path).unwrap().execute_batch(moved).unwrap();
    let file = LedgerFile::open(&path).await.unwrap();
    assert_eq!(file.receipts_from(1, 2).await.unwrap().len(), 2);
    let refused = file.receipts_from(3, 2).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
}

/// The same of a search, which goes on after the place of what it found last.
#[tokio::test]
async fn attack_28_a_receipt_that_is_filed_at_another_time_ends_the_search() {
    let (_dir, path) = place();
    let ledger = open(&path);
    for n in 0..3 {
        ledger.record(entry(n), NOW).await.unwrap();
    }
    drop(ledger);
    let moved = "UPDATE receipt SET recorded_at = recorded_at + 1 WHERE seq = 2;";
    rusqlite::Connection::open(&path).unwrap().execute_batch(moved).unwrap();
    let file = LedgerFile::open(&path).await.unwrap();
    let refused = file.find(&Query::default(), None, 1).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
}

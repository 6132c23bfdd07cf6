mod counted;
mod reading;
mod several;

use super::*;
use crate::private_file::{beside, lock_file};
use crate::writer::Around;
use countersign_core::action::ActionHash;
use countersign_core::checkpoint::Head;
use countersign_core::receipt::{Boundary, Event, Hashed, Written};
use countersign_core::request::State;
use countersign_store::ledger::contract::{all, is_own, notary};
use countersign_store::ledger::{RequestKey, Suspended};
use futures_util::future::join_all;
use several::Several;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

const NOW: Instant = Instant(1_790_000_000_000);

fn place() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    (dir, path)
}

fn open(path: &Path) -> SqliteLedger {
    let birth = Birth { ledger_id: "ledger-1".to_owned(), secret: [7; 32] };
    SqliteLedger::open(path, notary().unwrap(), &birth).unwrap()
}

/// What the gate writes for a call that the policy allows.
fn entry(n: usize) -> Entry {
    let action = serde_json::json!({
        "kind": "tool", "server": "https://files.example", "tool": "read_file",
        "arguments": {"path": format!("/srv/project/src/module/file-{n}.rs"), "limit": 2000},
    });
    let action = action.as_object().cloned();
    Entry { action, ..Entry::bare(Event::Allowed, Boundary::Unprotected) }
}

fn open_briefly(path: &Path) -> SqliteLedger {
    let birth = Birth { ledger_id: "ledger-1".to_owned(), secret: [7; 32] };
    SqliteLedger::open_briefly(path, notary().unwrap(), &birth).unwrap()
}

#[tokio::test]
async fn a_brief_process_leaves_a_short_log_and_the_next_one_reads_it() {
    let (_dir, path) = place();
    let log = beside(&path, "-wal");
    drop(open(&path));
    assert!(!log.exists());
    for n in 1..=3 {
        let ledger = open_briefly(&path);
        let receipt = ledger.record(entry(n), NOW).await.unwrap();
        assert_eq!(receipt.content.seq, n as u64);
        drop(ledger);
        assert!(log.metadata().unwrap().len() > 0);
    }
    let ledger = open(&path);
    assert_eq!(ledger.newest().await.unwrap().map(|(seq, _)| seq), Some(3));
    drop(ledger);
    assert!(!log.exists(), "whoever stays longer tidies up");
    assert_eq!(open(&path).newest().await.unwrap().map(|(seq, _)| seq), Some(3));
}

#[tokio::test]
async fn a_log_that_grew_long_is_tidied_up_by_a_brief_process_too() {
    let (_dir, path) = place();
    let ledger = open_briefly(&path);
    let mut big = entry(1);
    big.action.get_or_insert_default().insert("text".into(), "x".repeat(600_000).into());
    ledger.record(big, NOW).await.unwrap();
    drop(ledger);
    assert!(!beside(&path, "-wal").exists());
    assert_eq!(open(&path).newest().await.unwrap().map(|(seq, _)| seq), Some(1));
}

#[tokio::test]
async fn keeps_the_contract() {
    let dirs = Mutex::new(Vec::new());
    all(|| async {
        let (dir, path) = place();
        dirs.lock().unwrap().push(dir);
        Ok(Arc::new(open(&path)) as Arc<dyn LedgerStore>)
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn keeps_the_contract_between_handles_on_one_file() {
    let dirs = Mutex::new(Vec::new());
    all(|| async {
        let (dir, path) = place();
        dirs.lock().unwrap().push(dir);
        let handles = (0..3).map(|_| open(&path)).collect();
        Ok(Arc::new(Several::new(handles)) as Arc<dyn LedgerStore>)
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn attack_21_a_restart_loses_nothing_and_draws_no_new_name() {
    let (_dir, path) = place();
    let ledger = open(&path);
    let receipt = ledger.record(entry(1), NOW).await.unwrap();
    ledger.session("uid:1", "a", "s1").await.unwrap();
    drop(ledger);
    let birth = Birth { ledger_id: "another".to_owned(), secret: [8; 32] };
    let ledger = SqliteLedger::open(&path, notary().unwrap(), &birth).unwrap();
    assert_eq!((ledger.ledger_id(), ledger.secret()), ("ledger-1", &[7; 32]));
    assert_eq!(ledger.receipt(None).await.unwrap(), Some(receipt));
    assert_eq!(ledger.session("uid:1", "a", "s2").await.unwrap(), "s1");
    assert_eq!(ledger.checkpoint().await.unwrap().unwrap().head.seq, 1);
}

/// Everything that SQLite keeps of a database at a path.
fn bytes(path: &Path) -> Vec<u8> {
    let beside = ["", "-wal"].map(|end| format!("{}{end}", path.display()));
    beside.iter().flat_map(|file| std::fs::read(file).unwrap_or_default()).collect()
}

fn holds(path: &Path, text: &str) -> bool {
    bytes(path).windows(text.len()).any(|found| found == text.as_bytes())
}

#[tokio::test]
async fn attack_30_the_name_of_a_session_stands_nowhere() {
    let (_dir, path) = place();
    let ledger = open(&path);
    let one = ledger.session("uid:1", "hunter2-hunter2", "s1").await.unwrap();
    assert!(!holds(&path, "hunter2-hunter2") && holds(&path, &one));
    drop(ledger);
    assert!(!holds(&path, "hunter2-hunter2"));
    let ledger = open(&path);
    assert_eq!(ledger.session("uid:1", "hunter2-hunter2", "s2").await.unwrap(), "s1");
    assert_eq!(ledger.session("uid:1hunter2", "-hunter2", "s3").await.unwrap(), "s3");
}

/// What an older version wrote in clear leads to the same session, and stands in no row any more.
#[tokio::test]
async fn attack_30_names_of_sessions_that_stood_in_clear_are_removed() {
    let (_dir, path) = place();
    let older = Schema { steps: SCHEMA.steps.split_last().unwrap().1, ..SCHEMA };
    let clear = |db: &Db| {
        born(db, &Birth { ledger_id: "ledger-1".to_owned(), secret: [7; 32] })?;
        for n in 0..200 {
            let name = format!("hunter2-hunter2-{n}");
            changes::name(db, ["session", "uid:1", &name], &format!("s{n}"))?;
        }
        changes::name(db, ["repo", "/w", ""], "repo_1")?;
        Ok(((), Box::new(()) as Box<dyn Around>))
    };
    drop(Writer::open(&path, &older, Leaving::Tidied, clear).unwrap());
    assert!(holds(&path, "hunter2-hunter2"));
    let ledger = open(&path);
    for n in [0, 100, 199] {
        let name = format!("hunter2-hunter2-{n}");
        assert_eq!(ledger.session("uid:1", &name, "new").await.unwrap(), format!("s{n}"));
    }
    assert_eq!(ledger.repo_ref("/w", "new").await.unwrap(), "repo_1");
    let count = |db: &Db| db.number("SELECT count(*) FROM name WHERE label <> ''", []);
    assert_eq!(ledger.writer.read(count).await.unwrap(), 0);
}

/// What a child process of the next test does; on its own it does nothing.
#[tokio::test]
async fn record_in_the_ledger_that_the_environment_names() {
    if let Some(path) = std::env::var_os("RECORD_IN") {
        let ledger = open(Path::new(&path));
        for n in 0..20 {
            ledger.record(entry(n), NOW).await.unwrap();
        }
    }
}

#[tokio::test]
async fn attack_28_processes_on_one_ledger_write_one_chain() {
    let (_dir, path) = place();
    let child = || {
        std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "ledger::tests::record_in_the_ledger_that_the_environment_names"])
            .env("RECORD_IN", &path)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    let children: Vec<_> = (0..3).map(|_| child()).collect();
    let ledger = open(&path);
    for n in 0..20 {
        ledger.record(entry(n), NOW).await.unwrap();
    }
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    follows_to(&ledger, 80).await;
}

/// Counts the heads that it signs.
#[derive(Default)]
struct Counting {
    heads: AtomicUsize,
}

impl Notary for Counting {
    fn receipt(&self, content: Hashed) -> Result<Written, StoreError> {
        notary()?.receipt(content)
    }
    fn checkpoint(&self, head: Head) -> Result<Checkpoint, StoreError> {
        self.heads.fetch_add(1, Ordering::Relaxed);
        notary()?.checkpoint(head)
    }
    fn is_own(&self, head: &Checkpoint) -> bool {
        is_own(head)
    }
}

#[tokio::test]
async fn receipts_that_are_written_together_get_one_head() {
    let (_dir, path) = place();
    let notary = Arc::new(Counting::default());
    let birth = Birth { ledger_id: "l".to_owned(), secret: [1; 32] };
    let ledger = SqliteLedger::open(&path, notary.clone(), &birth).unwrap();
    assert!(together(&ledger, &path, 20, &entry(20)).await.iter().all(Result::is_ok));
    assert_eq!(notary.heads.load(Ordering::Relaxed), 1);
    follows_to(&ledger, 21).await;
}

/// Remembers the numbers of the heads that it is handed.
#[derive(Default)]
struct Hearing {
    heads: Mutex<Vec<u64>>,
}

impl Hearing {
    fn heard(&self) -> Vec<u64> {
        self.heads.lock().unwrap().clone()
    }
}

impl Notary for Hearing {
    fn receipt(&self, content: Hashed) -> Result<Written, StoreError> {
        notary()?.receipt(content)
    }
    fn checkpoint(&self, head: Head) -> Result<Checkpoint, StoreError> {
        notary()?.checkpoint(head)
    }
    fn is_own(&self, head: &Checkpoint) -> bool {
        is_own(head)
    }
    fn hand_on(&self, head: &Checkpoint) {
        self.heads.lock().unwrap().push(head.head.seq);
        assert_ne!(head.head.seq, 3, "nobody hears of this");
    }
}

#[tokio::test]
async fn attack_28_each_head_is_handed_on_and_one_over_allowed_calls_at_rest() {
    let (_dir, path) = place();
    let hearing = Arc::new(Hearing::default());
    let birth = Birth { ledger_id: "l".to_owned(), secret: [1; 32] };
    let ledger = SqliteLedger::open(&path, hearing.clone(), &birth).unwrap();
    let of = |event| Entry { event, ..entry(1) };
    ledger.record(of(Event::Denied), NOW).await.unwrap();
    assert_eq!(hearing.heard(), [1]);
    ledger.record(of(Event::Allowed), NOW).await.unwrap();
    assert_eq!(hearing.heard(), [1]);
    // Whoever panics over a head takes nothing back.
    ledger.record(of(Event::Blocked), NOW).await.unwrap();
    ledger.record(of(Event::Allowed), NOW).await.unwrap();
    assert_eq!(hearing.heard(), [1, 3]);
    drop(ledger);
    assert_eq!(hearing.heard(), [1, 3, 4]);
    let ledger = SqliteLedger::open(&path, hearing.clone(), &birth).unwrap();
    for _ in 0..256 {
        ledger.record(of(Event::Allowed), NOW).await.unwrap();
    }
    assert_eq!(hearing.heard(), [1, 3, 4, 260]);
}

#[tokio::test]
async fn attack_28_a_cut_or_changed_tail_is_not_signed_over() {
    for change in [
        "DELETE FROM receipt WHERE seq = 3",
        "DELETE FROM receipt WHERE seq > 1",
        "UPDATE receipt SET content_hash = zeroblob(32) WHERE seq = 3",
    ] {
        let (_dir, path) = place();
        let ledger = open(&path);
        for n in 0..3 {
            ledger.record(entry(n), NOW).await.unwrap();
        }
        drop(ledger);
        rusqlite::Connection::open(&path).unwrap().execute(change, []).unwrap();
        let ledger = open(&path);
        let refused = ledger.record(entry(9), NOW).await;
        assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{change}: {refused:?}");
        assert_eq!(ledger.checkpoint().await.unwrap().unwrap().head.seq, 3);
    }
}

#[tokio::test]
async fn attack_28_a_ledger_whose_head_was_taken_takes_no_receipt() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    let ledger = open(&path);
    for n in 0..3 {
        ledger.record(entry(n), NOW).await.unwrap();
    }
    drop(ledger);
    let taken = "DELETE FROM receipt WHERE seq > 1; DELETE FROM checkpoint;";
    rusqlite::Connection::open(&path).unwrap().execute_batch(taken).unwrap();
    let ledger = open(&path);
    let head = ledger.checkpoint().await;
    assert!(matches!(head, Err(StoreError::Corrupt(_))), "{head:?}");
    let refused = ledger.record(entry(9), NOW).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
}

#[tokio::test]
async fn attack_20_a_notary_that_cannot_sign_leaves_nothing_behind() {
    struct Broken;
    impl Notary for Broken {
        fn receipt(&self, content: Hashed) -> Result<Written, StoreError> {
            notary()?.receipt(content)
        }
        fn checkpoint(
            &self,
            _: countersign_core::checkpoint::Head,
        ) -> Result<Checkpoint, StoreError> {
            Err(StoreError::Unavailable("no key".to_owned()))
        }
        fn is_own(&self, head: &Checkpoint) -> bool {
            is_own(head)
        }
    }
    let (_dir, path) = place();
    let birth = Birth { ledger_id: "l".to_owned(), secret: [1; 32] };
    let ledger = SqliteLedger::open(&path, Arc::new(Broken), &birth).unwrap();
    assert!(ledger.record(entry(1), NOW).await.is_err());
    assert_eq!(ledger.newest().await.unwrap(), None);
    assert_eq!(ledger.session("p", "l", "s").await.unwrap(), "s", "a name needs no signature");
}

/// Panics over one action, or changes another on its way.
struct Odd;

impl Notary for Odd {
    fn receipt(&self, content: Hashed) -> Result<Written, StoreError> {
        let mut content = content.into_content();
        match content.entry.action.as_ref().and_then(|a| a["arguments"]["limit"].as_i64()) {
            Some(1) => panic!("in a notary"),
            Some(2) => content.entry.event = Event::Blocked,
            _ => {}
        }
        let hashed = content.hashed().map_err(|e| StoreError::Corrupt(e.to_string()))?;
        notary()?.receipt(hashed)
    }
    fn checkpoint(&self, head: Head) -> Result<Checkpoint, StoreError> {
        notary()?.checkpoint(head)
    }
    fn is_own(&self, head: &Checkpoint) -> bool {
        is_own(head)
    }
}

#[tokio::test]
async fn attack_20_a_notary_that_panics_or_lies_takes_its_group_with_it_and_nothing_else() {
    let (_dir, path) = place();
    let birth = Birth { ledger_id: "l".to_owned(), secret: [1; 32] };
    let ledger = SqliteLedger::open(&path, Arc::new(Odd), &birth).unwrap();
    let mut odd = entry(0);
    for limit in [1, 2] {
        odd.action.as_mut().unwrap()["arguments"]["limit"] = limit.into();
        for alone in [true, false] {
            let crowd = if alone { 0 } else { 20 };
            assert!(together(&ledger, &path, crowd, &odd).await.iter().all(Result::is_err));
            assert!(together(&ledger, &path, crowd, &entry(0)).await.iter().all(Result::is_ok));
        }
    }
    let (newest, _) = ledger.newest().await.unwrap().unwrap();
    assert_eq!(newest, 44);
    follows_to(&ledger, newest).await;
}

/// Records a crowd of entries with `last` among them, in one group.
async fn together(
    ledger: &SqliteLedger,
    path: &Path,
    crowd: usize,
    last: &Entry,
) -> Vec<Result<Receipt, StoreError>> {
    let lock = lock_file(&beside(path, ".lock")).unwrap();
    lock.lock().unwrap();
    let mut all: Vec<_> = (0..crowd).map(|n| ledger.record(entry(n), NOW)).collect();
    all.push(ledger.record(last.clone(), NOW));
    let unlock = async { lock.unlock().unwrap() };
    tokio::join!(join_all(all), unlock).0
}

/// Walks the chain from its first receipt, and compares its end with the signed head.
async fn follows_to(ledger: &SqliteLedger, newest: u64) {
    let mut before = ledger.receipt(Some(1)).await.unwrap().unwrap();
    for seq in 2..=newest {
        let next = ledger.receipt(Some(seq)).await.unwrap().unwrap();
        assert!(next.follows(&before), "{seq}");
        before = next;
    }
    let head = ledger.checkpoint().await.unwrap().unwrap().head;
    assert_eq!((head.seq, head.content_hash), (newest, before.content_hash));
    assert_eq!(ledger.newest().await.unwrap(), Some((newest, before.content_hash)));
}

#[tokio::test]
async fn a_change_that_fails_takes_its_receipt_with_it() {
    let (_dir, path) = place();
    let ledger = open(&path);
    let request = |hash: u8| RequestRecord {
        id: "r1".to_owned(),
        key: RequestKey {
            principal: "p".to_owned(),
            session: "s".to_owned(),
            workspace: "w".to_owned(),
            action_hash: ActionHash(Hash([hash; 32])),
        },
        state: State::Created,
        created_at: NOW,
        expires_at: NOW.plus_millis(1000),
        step_ends: None,
        policy: None,
        asked: vec![],
        accepted: vec![],
    };
    let lock = lock_file(&beside(&path, ".lock")).unwrap();
    lock.lock().unwrap();
    let (first, same_id, last, ()) = tokio::join!(
        ledger.suspend(request(1), entry(1), NOW),
        ledger.suspend(request(2), entry(2), NOW),
        ledger.record(entry(3), NOW),
        async { lock.unlock().unwrap() },
    );
    assert!(same_id.is_err());
    assert!(matches!(first, Ok(Suspended::Opened(_))));
    assert_eq!(last.unwrap().content.seq, 2);
    follows_to(&ledger, 2).await;
}

#[tokio::test]
async fn attack_29_the_cost_of_a_receipt_does_not_grow_with_the_ledger() {
    let (_dir, path) = place();
    let ledger = open(&path);
    ledger.record(entry(1), NOW).await.unwrap();
    let few = cost(&ledger).await;
    let many = "WITH RECURSIVE n(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
        INSERT INTO receipt (seq, content_hash, recorded_at, request_id, body)
        SELECT n - 30000, randomblob(32), n, iif(n % 3, NULL, 'r' || n), '{}' FROM n";
    ledger.writer.write(move |db| db.run(many, [])).await.unwrap();
    let requests = "WITH RECURSIVE n(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
        INSERT INTO request (id, principal, session, workspace, action_hash, state, created_at,
            expires_at) SELECT 'r' || n, 'p', 's', 'w', randomblob(32), 'EXECUTED', n, n FROM n";
    ledger.writer.write(move |db| db.run(requests, [])).await.unwrap();
    let claims = "INSERT INTO claim (id, request_id, owner, claimed_at, is_open)
        SELECT id, id, 'o', 1, 0 FROM request";
    ledger.writer.write(move |db| db.run(claims, [])).await.unwrap();
    let lots = cost(&ledger).await;
    assert_eq!((few.1, lots.1), (0, 0), "a table was read from end to end");
    assert_eq!((few.2, lots.2), (0, 0), "a statement was prepared anew");
    assert!(lots.0 <= few.0 + few.0 / 10, "{} steps became {}", few.0, lots.0);
}

/// The price of one receipt with its head, and of the questions that a gate asks.
async fn cost(ledger: &SqliteLedger) -> (i32, i32, i32) {
    let register = Register::new(ledger.ledger_id());
    let mut registrar = Registrar::new(register.clone(), notary().unwrap());
    let job = move |db: &Db| {
        db.effort.take();
        register.append(db, entry(1), NOW)?;
        registrar.end(db)?;
        requests::open(db)?;
        claims::open(db)?;
        receipts::of_request(db, "none")?;
        requests::told(db, "none")?;
        receipts::content_hash_at(db, 1)?;
        receipts::checkpoint(db)?;
        changes::named(db, ["repo", "p", ""])?;
        sessions::known(db, Name::of(&[7; 32], "p", "l")?)?;
        Ok::<_, StoreError>(db.effort.take())
    };
    ledger.writer.write(job).await.unwrap()
}

/// What speaks against a use is found by the request's name, and nothing else is looked through.
#[tokio::test]
async fn attack_29_what_receipts_tell_of_a_request_is_found_by_its_name() {
    let (_dir, path) = place();
    let plan = format!("EXPLAIN QUERY PLAN {}", requests::TOLD);
    let steps = open(&path).writer.read(move |db| db.all(&plan, ["r1"], |row| row.get(3))).await;
    let steps: Vec<String> = steps.unwrap();
    let found = "SEARCH receipt USING INDEX receipt_request (request_id=?)";
    assert_eq!(steps, [found.to_owned()], "nor is anything sorted");
}

/// The events that are looked for are those that tell something.
#[test]
fn what_tells_for_or_against_a_use_is_looked_for() {
    for event in countersign_store::ledger::told::TELLING {
        assert!(requests::TOLD.contains(&format!("'{}'", event.name())), "{event:?}");
    }
    assert_eq!(
        requests::TOLD.matches('\'').count(),
        2 * countersign_store::ledger::told::TELLING.len()
    );
}

/// Prints the price of a receipt; `--nocapture` shows it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_share_the_price_of_a_receipt() {
    let (_dir, path) = place();
    let ledger = Arc::new(open(&path));
    for callers in [1, 64] {
        let each = 640 / callers;
        let started = std::time::Instant::now();
        let all = (0..callers).map(|_| {
            let ledger = ledger.clone();
            tokio::spawn(async move {
                for n in 0..each {
                    ledger.record(entry(n), NOW).await.unwrap();
                }
            })
        });
        for caller in all.collect::<Vec<_>>() {
            caller.await.unwrap();
        }
        let rate = (callers * each) as f64 / started.elapsed().as_secs_f64();
        println!("{callers} callers: {rate:.0} durable signed receipts each second");
    }
}

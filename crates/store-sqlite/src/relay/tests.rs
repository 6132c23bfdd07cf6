use super::*;
use countersign_core::encoding::Hash;
use countersign_core::keys::SecretKeys;
use countersign_store::relay::contract::contract;
use countersign_store::relay::device::Role;
use countersign_store::relay::exchange::{Route, State};
use countersign_store::relay::note::NoteStore as _;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

const NOW: Instant = Instant(1_790_000_000_000);
const LIFE: i64 = 600_000;

fn place() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("gateway.db");
    (dir, path)
}

fn device(id: &str, role: Role, seed: u8) -> Device {
    let keys = *SecretKeys::from_bytes(&[seed; 64]).unwrap().public();
    Device { device_id: id.to_owned(), role, keys, registered_at: NOW }
}

fn pairing() -> NewPairing {
    NewPairing {
        nonce: "nonce".to_owned(),
        code: "CODE".to_owned(),
        routing_token: "token".to_owned(),
        enforcer: device("enf", Role::Enforcer, 1),
        enforcer_label: None,
        workspace_name: None,
        commitment: "commitment".to_owned(),
        expires_at: NOW.plus_millis(LIFE),
    }
}

fn completion() -> Completion {
    let approver = device("app", Role::Approver, 2);
    Completion { approver, r2: None, mac: None, proven: false }
}

fn yes(role: Role) -> Confirmation {
    let device_id = if role == Role::Enforcer { "enf" } else { "app" }.to_owned();
    Confirmation { role, device_id, mac: None, accepted: true }
}

fn submission(request: &str) -> Submission {
    Submission {
        request_id: request.to_owned(),
        enforcer_id: "enf".to_owned(),
        route: Route::Token("token".to_owned()),
        artifact_hash: "sha256:aa".to_owned(),
        artifact_key: "aa".to_owned(),
        expires_at: NOW.plus_millis(LIFE).timestamp(),
        msg_id: format!("ask-{request}"),
        content: "sealed".to_owned(),
    }
}

fn decision(request: &str) -> Decision {
    Decision {
        request_id: request.to_owned(),
        approver_id: "app".to_owned(),
        artifact_key: "aa".to_owned(),
        digest: Hash([7; 32]),
        msg_id: format!("say-{request}"),
        content: "answer".to_owned(),
    }
}

async fn paired(path: &Path) -> SqliteRelay {
    let relay = SqliteRelay::open(path).unwrap();
    relay.open_pairing(pairing(), 9, NOW).await.unwrap();
    relay.complete_pairing("nonce", completion(), NOW).await.unwrap();
    relay.confirm_pairing("nonce", yes(Role::Enforcer), NOW).await.unwrap();
    relay
}

#[tokio::test]
async fn keeps_the_contract() {
    let dirs = Mutex::new(Vec::new());
    contract(async || {
        let (dir, path) = place();
        dirs.lock().unwrap().push(dir);
        Arc::new(SqliteRelay::open(&path).unwrap()) as Arc<dyn RelayStore>
    })
    .await;
}

#[tokio::test]
async fn a_second_gateway_on_the_same_home_is_refused() {
    let (_dir, path) = place();
    let first = SqliteRelay::open(&path).unwrap();
    let Err(StoreError::Unavailable(why)) = SqliteRelay::open(&path) else {
        panic!("two gateways");
    };
    assert!(why.contains("another gateway"), "{why}");
    drop(first);
    SqliteRelay::open(&path).unwrap();
}

#[tokio::test]
async fn attack_21_a_restart_loses_nothing() {
    let (_dir, path) = place();
    let relay = paired(&path).await;
    relay.submit_artifact(submission("waits"), 9, NOW).await.unwrap();
    relay.submit_artifact(submission("answered"), 9, NOW).await.unwrap();
    relay.decide(decision("answered"), NOW).await.unwrap();
    drop(relay);
    let relay = SqliteRelay::open(&path).unwrap();
    let inbox = relay.inbox("app", None, 9, NOW).await.unwrap();
    assert_eq!(inbox.len(), 1);
    assert_eq!(inbox[0].content, "sealed");
    let answers = relay.undelivered("enf", None, 9).await.unwrap();
    assert_eq!(answers[0].msg_id, "say-answered");
    assert_eq!(relay.decide(decision("answered"), NOW).await.unwrap(), Decided::Again);
    let again = relay.submit_artifact(submission("waits"), 9, NOW).await.unwrap();
    assert_eq!(again, Submitted::Again);
    let pairing = relay.pairing("nonce").await.unwrap().unwrap();
    assert_eq!(pairing.enforcer_confirmed, Some(true));
}

/// What waits for nobody is kept by nobody.
#[tokio::test]
async fn attack_24_a_note_is_gone_from_the_file_with_the_end_of_its_exchange() {
    let (_dir, path) = place();
    let relay = paired(&path).await;
    let left = || async {
        let count = |db: &Db| db.number("SELECT count(*) FROM note", []);
        relay.writer.read(count).await.unwrap()
    };
    for request in ["decided", "withdrawn", "late"] {
        relay.submit_artifact(submission(request), 9, NOW).await.unwrap();
        relay.keep_note("enf", request, "sealed".to_owned(), NOW).await.unwrap();
    }
    assert_eq!(left().await, 3);
    relay.decide(decision("decided"), NOW).await.unwrap();
    relay.withdraw("enf", "withdrawn", NOW).await.unwrap();
    assert_eq!(left().await, 1);
    relay.expire_due(NOW.plus_millis(LIFE), 9).await.unwrap();
    assert_eq!(left().await, 0);
}

#[tokio::test]
async fn attack_19_a_late_yes_does_not_reopen_a_revoked_route() {
    let (_dir, path) = place();
    let relay = paired(&path).await;
    relay.revoke_route("enf", "app", NOW).await.unwrap();
    relay.confirm_pairing("nonce", yes(Role::Approver), NOW).await.unwrap();
    let outcome = relay.submit_artifact(submission("r"), 9, NOW).await.unwrap();
    assert_eq!(outcome, Submitted::NoRoute);
}

/// Every call of a busy gateway, inside one write.
fn busy(db: &Db, n: usize) -> Result<(), StoreError> {
    let request = format!("busy-{n}");
    let page = Page::new(None, 10);
    assert!(matches!(
        exchanges::submit(db, &submission(&request), 9, NOW)?,
        Submitted::Accepted { .. }
    ));
    assert_eq!(lists::inbox(db, "app", &page, NOW)?.len(), 1);
    assert_eq!(lists::unacked(db, "app", &page, NOW)?.len(), 1);
    exchanges::ack(db, Party::Approver("app"), &request, &format!("ask-{request}"))?;
    exchanges::decide(db, &decision(&request), NOW)?;
    assert_eq!(lists::undelivered(db, "enf", &page)?.len(), 1);
    exchanges::ack(db, Party::Enforcer("enf"), &request, &format!("say-{request}"))?;
    let seen = exchanges::one(db, Party::Enforcer("enf"), &request, NOW)?.unwrap();
    assert_eq!(seen.state, State::Delivered);
    devices::by_id(db, "enf")?;
    devices::by_key(db, &device("enf", Role::Enforcer, 1).key_id())?;
    exchanges::expire(db, NOW, 10)?;
    exchanges::cancel(db, "enf", "other", NOW).map(|_| ())
}

#[tokio::test]
async fn attack_29_the_cost_of_a_call_does_not_grow_with_the_number_of_exchanges() {
    let (_dir, path) = place();
    let relay = paired(&path).await;
    let weigh = |n: usize| {
        relay.writer.write(move |db| {
            db.effort.take();
            busy(db, n)?;
            Ok::<_, StoreError>(db.effort.take())
        })
    };
    let few = weigh(0).await.unwrap();
    let many = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
        INSERT INTO exchange (request_id, enforcer_id, approver_id, artifact_hash, artifact_key,
            state, received_at, expires_text, expires_at, msg_id, answer_id, decided_at)
        SELECT 'old' || n, iif(n % 2, 'enf', 'enf' || n), iif(n % 3, 'app', 'app' || n), '', '',
            iif(n % 6, 'delivered', 'pendingApproval'), 1, '', 1790000000000 + n, 'a' || n,
            'b' || n, 2 FROM n";
    relay.writer.write(move |db| db.run(many, [])).await.unwrap();
    let lots = weigh(1).await.unwrap();
    assert_eq!((few.1, lots.1), (0, 0), "a table was read from end to end");
    assert_eq!((few.2, lots.2), (0, 0), "a statement was prepared anew");
    assert!(lots.0 <= few.0 + few.0 / 10, "{} steps became {}", few.0, lots.0);
}

#[tokio::test]
async fn attack_26_forgetting_much_lets_others_write_in_between() {
    let (_dir, path) = place();
    let relay = paired(&path).await;
    let many = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1200)
        INSERT INTO exchange (request_id, enforcer_id, approver_id, artifact_hash, artifact_key,
            state, received_at, expires_text, expires_at, msg_id)
        SELECT 'old' || n, 'enf', 'app', '', '', 'withdrawn', 1, '', 2, '' FROM n";
    relay.writer.write(move |db| db.run(many, [])).await.unwrap();
    let one = relay.writer.write(|db| exchanges::forget(db, NOW, SWEEP)).await.unwrap();
    assert_eq!(one, SWEEP);
    assert_eq!(relay.forget(NOW).await.unwrap(), 700);
}

#[tokio::test]
async fn attack_28_damaged_bytes_are_an_error_and_never_a_panic() {
    let (_dir, path) = place();
    let relay = paired(&path).await;
    for n in 0..30 {
        relay.submit_artifact(submission(&format!("r{n}")), 99, NOW).await.unwrap();
    }
    drop(relay);
    let whole = std::fs::read(&path).unwrap();
    let mut refused = 0;
    for page in 1..whole.len() / 4096 {
        std::fs::write(&path, &whole).unwrap();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.write_all_at(&[0x5A; 2048], page as u64 * 4096).unwrap();
        drop(file);
        let Ok(relay) = SqliteRelay::open(&path) else {
            refused += 1;
            continue;
        };
        let inbox = relay.inbox("app", None, 99, NOW).await;
        let taken = relay.submit_artifact(submission("new"), 99, NOW).await;
        let corrupt = |e: &StoreError| matches!(e, StoreError::Corrupt(_));
        refused +=
            usize::from(inbox.is_err_and(|e| corrupt(&e)) || taken.is_err_and(|e| corrupt(&e)));
    }
    assert!(refused > 3, "{refused}");
}

#[tokio::test]
async fn a_word_that_nobody_wrote_is_corrupt() {
    let (_dir, path) = place();
    let relay = paired(&path).await;
    relay.submit_artifact(submission("r"), 9, NOW).await.unwrap();
    let change = |sql: &'static str| relay.writer.write(move |db| db.run(sql, []));
    change("UPDATE exchange SET state = 'approved'").await.unwrap();
    let seen = relay.exchange(Party::Enforcer("enf"), "r", NOW).await;
    assert!(matches!(seen, Err(StoreError::Corrupt(_))), "{seen:?}");
    change("UPDATE device SET keys = replace(keys, 'A', 'B')").await.unwrap();
    let seen = relay.device("enf").await;
    assert!(matches!(seen, Err(StoreError::Corrupt(_))), "{seen:?}");
}

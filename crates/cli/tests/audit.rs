//! The ledger as it is read: checked, searched, counted and followed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod common;

use common::{Process, World, error_code, json};
use countersign_core::receipt::check::Verdict;
use countersign_core::time::Instant;
use countersign_core::trust::TrustStore;
use countersign_enforcer::audit::Audit;
use countersign_store::error::StoreError;
use countersign_store_sqlite::LedgerFile;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

/// One command that is approved and runs, and one that is denied.
fn story() -> World {
    let world = World::paired();
    go(&world, "true", "approve");
    go(&world, "false", "deny");
    world
}

fn go(world: &World, program: &str, answer: &str) {
    let run = world.gate(&[], &[program]);
    world.answer(answer);
    run.output();
}

/// The ledger and everything that SQLite keeps beside it.
fn ledger(world: &World) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = common::files(&world.path("enforcer"));
    files.retain(|(path, _)| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with("ledger.db") && !name.ends_with(".lock")
    });
    files
}

/// Puts back what [`ledger`] found.
fn restore(world: &World, copy: &[(PathBuf, Vec<u8>)]) {
    for (path, _) in ledger(world) {
        std::fs::remove_file(path).unwrap();
    }
    for (path, bytes) in copy {
        std::fs::write(path, bytes).unwrap();
    }
}

/// A check of the home's own ledger.
fn verify(world: &World) -> (Value, i32) {
    let output = world.run("enforcer", &["audit", "verify", "--json"]);
    (json(&output.stdout), output.status.code().unwrap())
}

/// A check of a copy, on a machine that knows nothing but two files.
fn verify_copy(file: &Path, trust: &Path) -> Output {
    let empty = tempfile::tempdir().unwrap();
    let mut command = Command::new(common::BINARY);
    command.env_clear().env("HOME", empty.path()).current_dir(empty.path());
    let args = ["audit", "verify", file.to_str().unwrap(), "--trust", trust.to_str().unwrap()];
    command.args(args).arg("--json").output().unwrap()
}

/// The ledger alone, at another place.
fn copy(world: &World, name: &str) -> PathBuf {
    let dir = world.path(name);
    std::fs::create_dir(&dir).unwrap();
    for (path, bytes) in ledger(world) {
        std::fs::write(dir.join(path.file_name().unwrap()), bytes).unwrap();
    }
    dir.join("ledger.db")
}

fn edit(file: &Path, from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let bytes = std::fs::read(file).unwrap();
    let at = bytes.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
    let mut edited = bytes;
    edited[at..at + to.len()].copy_from_slice(to.as_bytes());
    std::fs::write(file, edited).unwrap();
}

#[test]
fn a_home_checks_its_own_ledger_with_everybody_who_remembers_it() {
    let world = story();
    let (report, code) = verify(&world);
    assert_eq!((&report["verdict"], code), (&"Valid".into(), 0), "{report}");
    assert_eq!((&report["receipts"], &report["levels"]["L1"]), (&7.into(), &3.into()));
    let who: Vec<&str> = report["witnesses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| {
            assert_eq!(w["holds"], true);
            w["who"].as_str().unwrap()
        })
        .collect();
    assert!(who.contains(&"the head in the database") && who.contains(&"`head.json`"), "{who:?}");
    assert!(who.iter().any(|who| who.contains(world.url())), "{who:?}");
    let text = world.run("enforcer", &["audit", "verify"]);
    assert!(String::from_utf8(text.stdout).unwrap().starts_with("VALID: 7 receipts"));
}

#[test]
fn a_copy_is_checked_without_a_home_under_the_auditors_keys() {
    let world = story();
    let file = copy(&world, "copy");
    let output = verify_copy(&file, &world.trust());
    let report = json(&output.stdout);
    assert_eq!((&report["verdict"], output.status.code()), (&"Valid".into(), Some(0)), "{report}");
    let missing = report["notChecked"].to_string();
    assert!(missing.contains("head.json"), "{missing}");
    let keyless = world.run("approver", &["audit", "verify", file.to_str().unwrap(), "--json"]);
    assert_eq!((error_code(&keyless), keyless.status.code()), ("trust".to_owned(), Some(2)));
}

#[test]
fn attack_07_a_ledger_of_another_operator_is_untrusted() {
    let world = story();
    let file = copy(&world, "copy");
    let nobody = world.path("nobody.json");
    let text = r#"{"type":"countersign.trust/v1","operators":[],"approvers":[]}"#;
    std::fs::write(&nobody, text).unwrap();
    let output = verify_copy(&file, &nobody);
    let report = json(&output.stdout);
    assert_eq!((&report["verdict"], output.status.code()), (&"Untrusted".into(), Some(13)));
    assert_eq!(report["receipt"], 1);
}

#[test]
fn attack_28_an_edited_row_is_named_by_its_number() {
    let world = story();
    let file = copy(&world, "copy");
    edit(&file, r#""event":"executed""#, r#""event":"observed""#);
    let output = verify_copy(&file, &world.trust());
    let report = json(&output.stdout);
    assert_eq!((&report["verdict"], output.status.code()), (&"HashMismatch".into(), Some(13)));
    assert!(report["receipt"].as_u64().is_some_and(|seq| seq > 1), "{report}");
    assert!(report["hint"].as_str().unwrap().contains("auditor"));
}

#[test]
fn attack_39_a_restored_backup_and_a_ledger_that_is_gone_are_truncated() {
    let world = World::paired();
    go(&world, "true", "approve");
    let yesterday = ledger(&world);
    go(&world, "false", "approve");
    restore(&world, &yesterday);
    let (report, code) = verify(&world);
    assert_eq!((&report["verdict"], code), (&"Truncated".into(), 13), "{report}");
    assert!(report["because"].as_str().unwrap().contains("head.json"), "{report}");
    // The home forgot, too; the gateway did not.
    std::fs::remove_file(world.path("enforcer").join("head.json")).unwrap();
    let (report, code) = verify(&world);
    assert_eq!((&report["verdict"], code), (&"Truncated".into(), 13), "{report}");
    assert!(report["because"].as_str().unwrap().contains(world.url()), "{report}");
}

/// A home that was put back whole, with what it remembers, from before something that nobody may
/// forget: only the gateway is left to notice. A ledger alone is noticed by the home.
#[test]
fn attack_28_a_denial_that_was_put_back_is_missed() {
    is_missed(|world| go(world, "false", "deny"));
}

#[test]
fn attack_27_an_expiry_that_was_put_back_is_missed() {
    is_missed(|world| {
        world.gate(&["--ttl", "1s"], &["false"]).output();
    });
}

#[test]
fn attack_27_a_withdrawal_that_was_put_back_is_missed() {
    is_missed(|world| {
        let mut run = world.gate(&[], &["false"]);
        world.waiting("approver");
        run.signal("TERM");
        run.wait();
    });
}

fn is_missed(what: impl FnOnce(&World)) {
    let world = World::paired();
    go(&world, "true", "approve");
    let (yesterday, home) = (ledger(&world), world.path("enforcer"));
    let head = std::fs::read(home.join("head.json")).unwrap();
    what(&world);
    restore(&world, &yesterday);
    let (report, code) = verify(&world);
    assert_eq!((&report["verdict"], code), (&"Truncated".into(), 13), "{report}");
    assert!(report["because"].as_str().unwrap().contains("head.json"), "{report}");
    std::fs::write(home.join("head.json"), head).unwrap();
    let (report, code) = verify(&world);
    assert_eq!((&report["verdict"], code), (&"Truncated".into(), 13), "{report}");
    assert!(report["because"].as_str().unwrap().contains(world.url()), "{report}");
}

/// What no gateway was asked about is known to the home.
#[test]
fn attack_27_a_block_and_an_allowed_call_that_were_put_back_are_missed() {
    let world = World::paired();
    world.hold_nothing_more();
    std::fs::create_dir(world.work().join(".countersign")).unwrap();
    let policy = "version = 1\n[[rule]]\nid = \"no\"\ntools = [\"mkfifo\"]\n\
                  decision = \"block\"\n";
    std::fs::write(world.work().join(".countersign/policy.toml"), policy).unwrap();
    for (program, code) in [("mkfifo", 126), ("true", 0)] {
        let yesterday = ledger(&world);
        assert_eq!(world.gate(&[], &[program, "--version"]).wait().code(), Some(code));
        let today = ledger(&world);
        restore(&world, &yesterday);
        let (report, code) = verify(&world);
        assert_eq!((&report["verdict"], code), (&"Truncated".into(), 13), "{program}: {report}");
        restore(&world, &today);
    }
}

#[test]
fn attack_28_a_ledger_that_is_gone_is_missed() {
    let world = story();
    restore(&world, &[]);
    let (report, code) = verify(&world);
    assert_eq!((&report["verdict"], code), (&"Truncated".into(), 13), "{report}");
}

#[test]
fn attack_28_a_deleted_log_of_the_database_is_truncated() {
    let world = World::paired();
    go(&world, "true", "approve");
    // While somebody reads, what is written stays in the log.
    let mut follower = world.spawn("enforcer", &["audit", "tail", "-f"]);
    let mut seen = BufReader::new(follower.printed());
    seen.read_line(&mut String::new()).unwrap();
    go(&world, "false", "approve");
    follower.kill();
    let mut log = 0;
    for (path, bytes) in ledger(&world) {
        if path.to_str().unwrap().ends_with("-wal") {
            log = bytes.len();
            std::fs::remove_file(path).unwrap();
        }
    }
    assert!(log > 0, "nothing was in the log");
    let (report, code) = verify(&world);
    assert_eq!((&report["verdict"], code), (&"Truncated".into(), 13), "{report}");
}

/// What a check of a copy of these bytes finds.
async fn finding(dir: &Path, bytes: &[u8], trust: &TrustStore) -> Option<Verdict> {
    let path = dir.join("ledger.db");
    std::fs::write(&path, bytes).unwrap();
    let file = match LedgerFile::open(&path).await {
        Ok(file) => file,
        Err(StoreError::Corrupt(_)) => return Some(Verdict::Malformed),
        Err(error) => panic!("{error}"),
    };
    let id = file.ledger_id().to_owned();
    let now = Instant(4_000_000_000_000);
    let mut audit = Audit::new(Arc::new(file), &id, trust.clone(), now);
    audit.walk(&|_| {}).await.unwrap();
    audit.report().broken.map(|broken| broken.verdict)
}

#[tokio::test]
async fn attack_28_a_ledger_file_that_is_cut_anywhere_is_noticed() {
    let world = story();
    let bytes = std::fs::read(copy(&world, "copy")).unwrap();
    let trust = TrustStore::parse(&std::fs::read(world.trust()).unwrap()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(finding(dir.path(), &bytes, &trust).await, None);
    // Every page, and a prime stride between them, so that every part of a page has its turn.
    let pages = (0..bytes.len()).step_by(4_096);
    let between = (0..bytes.len()).step_by(1_021);
    for length in pages.chain(between).chain([bytes.len() - 1]) {
        let found = finding(dir.path(), &bytes[..length], &trust).await;
        assert!(found.is_some(), "cut at {length} of {}: nothing was found", bytes.len());
    }
}

fn query(world: &World, args: &[&str]) -> Vec<Value> {
    let args: Vec<&str> = ["audit", "query"].into_iter().chain(args.iter().copied()).collect();
    world.json("enforcer", &args)["items"].as_array().unwrap().clone()
}

#[test]
fn receipts_are_found_in_both_spellings() {
    let world = story();
    let denied = query(&world, &["--decision", "denied"]);
    assert_eq!(denied.len(), 1);
    assert_eq!(denied[0]["event"], "denied");
    let person = denied[0]["approver"].as_str().unwrap();
    assert_eq!(query(&world, &["--approver", person, "--event", "denied"]), denied);
    assert_eq!(query(&world, &["--since", "8h", "--decision", "deny"]), denied);
    assert!(query(&world, &["--until", "2026-01-31"]).is_empty());
    let risk = denied[0]["risk"].as_str().unwrap();
    assert_eq!(query(&world, &["--risk", risk, "--decision", "denied"]), denied);
    let id = denied[0]["request_id"].as_str().unwrap();
    assert_eq!(query(&world, &["--filter", &format!("correlation_id={id}")]).len(), 2);
    assert_eq!(query(&world, &["--limit", "3"]).len(), 3);
    // As the entries of a gate.
    let args = ["--event-type=hitl_decision", "--filter=decision=deny", "--format", "hitl"];
    let entries = query(&world, &args);
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (&entries[0]["event_type"], &entries[0]["decision"], &entries[0]["user"]),
        (&"hitl_decision".into(), &"deny".into(), &person.into())
    );
    for member in ["correlation_id", "timestamp", "risk_level", "timeout_seconds"] {
        assert!(!entries[0][member].is_null(), "{member}: {}", entries[0]);
    }
    assert!(entries[0]["operation"]["tool_name"].is_string());
    let lines = world.run("enforcer", &["audit", "query", "--decision", "denied"]);
    let lines = String::from_utf8(lines.stdout).unwrap();
    assert!(lines.lines().count() == 1 && lines.contains("denied"), "{lines}");
}

#[test]
fn a_question_that_nothing_can_answer_is_an_error_and_never_an_empty_answer() {
    let world = World::paired();
    for (args, offered) in [
        (&["--event", "aproved"][..], "approved"),
        (&["--decision", "no"], "deny"),
        (&["--risk", "severe"], "critical"),
        (&["--approver", "nobody-here"], "nobody here is called"),
        (&["--filter", "colour=red"], "risk_level"),
        (&["--filter", "decision"], "decision=deny"),
        (&["--event", "executed", "--decision", "denied"], "exclude"),
        (&["--risk", "low", "--filter", "risk=high"], "two risks"),
        (&["--since", "yesterday"], "90d"),
        (&["--since", "1d", "--until", "2d"], "not before"),
    ] {
        let args: Vec<&str> = ["audit", "query", "--json"].iter().chain(args).copied().collect();
        let output = world.run("enforcer", &args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
        assert!(output.stdout.is_empty());
        let error = json(&output.stderr)["error"].to_string();
        assert!(error.contains(offered), "{args:?}: {error}");
    }
}

#[test]
fn answers_are_counted() {
    let world = story();
    let stats = world.json("enforcer", &["audit", "stats"]);
    assert_eq!((&stats["approved"], &stats["denied"]), (&1.into(), &1.into()), "{stats}");
    assert_eq!(stats["denialRate"], 0.5);
    assert!(stats["timeToDecide"]["medianMillis"].as_i64().is_some_and(|m| m >= 0));
    let persons = stats["persons"].as_object().unwrap();
    assert_eq!(persons.values().next().unwrap()["approved"], 1);
    assert_eq!(stats["rubberStamps"], Value::Array(vec![]));
    let later = world.json("enforcer", &["audit", "stats", "--since", "2999-01-01"]);
    assert_eq!((&later["approved"], &later["denialRate"]), (&0.into(), &Value::Null));
}

#[test]
fn a_follower_sees_what_comes_after() {
    let world = World::paired();
    let mut command = world.command("enforcer", &["audit", "tail", "-f", "--json", "-n", "1"]);
    let mut follower = Process::start({
        command.stdout(Stdio::piped());
        command
    });
    let mut seen = BufReader::new(follower.printed()).lines();
    let mut next = || json(seen.next().unwrap().unwrap().as_bytes());
    let first = next()["seq"].as_u64().unwrap();
    go(&world, "true", "approve");
    for seq in first + 1..=first + 4 {
        assert_eq!(next()["seq"], seq);
    }
    follower.signal("TERM");
    assert!(follower.wait().success());
}

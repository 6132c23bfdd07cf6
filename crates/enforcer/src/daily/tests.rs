use super::place::{Disk, Files, Told};
use super::*;
use countersign_core::receipt::{Boundary, Entry, Event};
use countersign_core::time::Instant;
use countersign_store::ledger::{MemoryLedger, contract};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

const DAY: i64 = 86_400_000;
/// 2026-04-12T10:30:00Z.
const NOW: i64 = 1_775_989_800_000;
/// The clock goes back once.
const TIMES: [i64; 9] = [0, 1, 2, DAY, DAY + 1, 5, 6, DAY + 2, 2 * DAY];

async fn ledger() -> MemoryLedger {
    let ledger = MemoryLedger::new("l1", [7; 32], contract::notary().unwrap());
    for at in TIMES {
        add(&ledger, at).await;
    }
    ledger
}

async fn add(ledger: &MemoryLedger, at: i64) {
    let entry = Entry::bare(Event::Observed, Boundary::Unprotected);
    ledger.record(entry, Instant(NOW + at)).await.unwrap();
}

fn home() -> (tempfile::TempDir, Home) {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::open(dir.path().join("home")).unwrap();
    (dir, home)
}

async fn all(home: &Home, ledger: &MemoryLedger, effort: Effort) -> Result<Done, DailyError> {
    catch_up(home, ledger, &TrustStore::default(), effort).await
}

/// Every daily file with its text.
fn files(home: &Home) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(home.root().join("audit")).unwrap().map(|e| e.unwrap().path());
    let days = entries.filter(|path| path.extension().is_some_and(|e| e == "jsonl"));
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    days.map(|path| (name(&path), std::fs::read_to_string(&path).unwrap())).collect()
}

fn numbers(text: &str) -> Vec<u64> {
    let number = |line| serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"].as_u64();
    text.lines().map(|line| number(line).unwrap()).collect()
}

/// What an undisturbed run writes.
async fn undisturbed(ledger: &MemoryLedger) -> BTreeMap<String, String> {
    let (_dir, home) = home();
    all(&home, ledger, Effort::All).await.unwrap();
    files(&home)
}

#[tokio::test]
async fn every_receipt_is_in_the_file_of_its_day_once() {
    let (_dir, home) = home();
    let ledger = ledger().await;
    let done = all(&home, &ledger, Effort::All).await.unwrap();
    assert_eq!(done, Done { receipts: 9, seq: 9 });
    let found = files(&home);
    let found: Vec<_> = found.iter().map(|(day, text)| (day.as_str(), numbers(text))).collect();
    assert_eq!(
        found,
        [
            ("2026-04-12.jsonl", vec![1, 2, 3, 6, 7]),
            ("2026-04-13.jsonl", vec![4, 5, 8]),
            ("2026-04-14.jsonl", vec![9]),
        ]
    );
    assert_eq!(all(&home, &ledger, Effort::All).await.unwrap(), Done { receipts: 0, seq: 9 });
}

#[tokio::test]
async fn attack_31_the_files_are_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_dir, home) = home();
    all(&home, &ledger().await, Effort::All).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let audit = home.root().join("audit");
    assert_eq!(mode(&audit), 0o700);
    for entry in std::fs::read_dir(&audit).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

/// How far apart the points are at which a run dies. What is whole or not at all costs as much, so
/// that none of it is stepped over.
const STEP: u64 = 23;

/// A disk that dies after so many bytes.
struct Dying<'a> {
    files: &'a mut Files,
    left: u64,
}

impl Dying<'_> {
    fn spend(&mut self, cost: u64) -> Result<(), FileError> {
        let dead = || FileError::Io {
            doing: "write",
            path: "disk".into(),
            source: io::Error::from(io::ErrorKind::StorageFull),
        };
        let paid = self.left >= cost;
        self.left = self.left.saturating_sub(cost);
        if paid { Ok(()) } else { Err(dead()) }
    }
}

impl Disk for Dying<'_> {
    fn cursor(&self) -> Result<Option<Cursor>, FileError> {
        self.files.cursor()
    }
    fn save(&mut self, cursor: &Cursor) -> Result<(), FileError> {
        self.spend(STEP)?;
        self.files.save(cursor)
    }
    fn days(&self) -> Result<Vec<String>, FileError> {
        self.files.days()
    }
    fn remove(&mut self, day: &str) -> Result<(), FileError> {
        self.spend(STEP)?;
        self.files.remove(day)
    }
    fn length_up_to(&self, day: &str, seq: u64) -> Result<u64, FileError> {
        self.files.length_up_to(day, seq)
    }
    fn last_after(&self, day: &str, from: u64) -> Result<Option<Told>, FileError> {
        self.files.last_after(day, from)
    }
    fn put(&mut self, day: &str, from: u64, bytes: &[u8], durably: bool) -> Result<(), FileError> {
        let fits = usize::try_from(self.left).unwrap().min(bytes.len());
        self.files.put(day, from, &bytes[..fits], durably)?;
        self.spend(bytes.len() as u64)
    }
}

/// Lets a run die after `left`, in a process that is gone then. Says whether it did.
async fn dies(home: &Home, ledger: &MemoryLedger, effort: Effort, left: u64) -> bool {
    let (_lock, mut files) = Files::open(home, effort).unwrap().unwrap();
    let mut disk = Dying { files: &mut files, left };
    write(&mut disk, ledger, &TrustStore::default(), effort).await.is_err()
}

/// Every point at which a run can die, a few bytes apart; each point is tried in a new home.
async fn wherever_it_dies(effort: Effort, before: Option<&str>) {
    let ledger = ledger().await;
    let right = undisturbed(&ledger).await;
    for left in (0..).step_by(usize::try_from(STEP).unwrap()) {
        let (_dir, home) = home();
        if let Some(stale) = before {
            all(&home, &ledger, Effort::Some(4)).await.unwrap();
            std::fs::write(home.root().join("audit").join(stale), "{}\n").unwrap();
        }
        let died = dies(&home, &ledger, effort, left).await;
        // It dies once more on the way, then the disk is well again.
        dies(&home, &ledger, Effort::All, 300).await;
        all(&home, &ledger, Effort::All).await.unwrap();
        if died && before.is_some() && left == 0 {
            // Nothing of the rebuilding was durable: it was not begun.
            continue;
        }
        assert_eq!(files(&home), right, "died after {left}");
        if !died {
            return;
        }
    }
}

#[tokio::test]
async fn attack_28_no_line_is_lost_or_doubled_wherever_the_writing_dies() {
    wherever_it_dies(Effort::All, None).await;
}

#[tokio::test]
async fn a_rebuilding_that_dies_anywhere_is_finished_by_the_next() {
    wherever_it_dies(Effort::Rebuild, Some("2031-01-01.jsonl")).await;
}

#[tokio::test]
async fn a_torn_last_line_is_cut_off() {
    let (_dir, home) = home();
    let ledger = ledger().await;
    all(&home, &ledger, Effort::All).await.unwrap();
    let right = files(&home);
    let path = home.root().join("audit/2026-04-14.jsonl");
    let torn = std::fs::read_to_string(&path).unwrap() + "{\"id\":\"to";
    std::fs::write(&path, torn).unwrap();
    add(&ledger, 2 * DAY + 1).await;
    all(&home, &ledger, Effort::All).await.unwrap();
    let found = files(&home);
    assert!(found["2026-04-14.jsonl"].starts_with(&right["2026-04-14.jsonl"]));
    assert_eq!(numbers(&found["2026-04-14.jsonl"]), [9, 10]);
}

#[tokio::test]
async fn attack_28_a_cut_file_and_a_deleted_cursor_are_noticed_and_rebuilt() {
    let (_dir, home) = home();
    let ledger = ledger().await;
    all(&home, &ledger, Effort::All).await.unwrap();
    let right = files(&home);
    std::fs::write(home.root().join("audit/2026-04-14.jsonl"), "").unwrap();
    add(&ledger, 2 * DAY + 1).await;
    let error = all(&home, &ledger, Effort::All).await.unwrap_err().to_string();
    assert!(error.contains("shorter"), "{error}");
    std::fs::remove_file(home.root().join("audit/cursor.json")).unwrap();
    let error = all(&home, &ledger, Effort::All).await.unwrap_err();
    assert!(matches!(error, DailyError::NoCursor));
    let done = all(&home, &ledger, Effort::Rebuild).await.unwrap();
    assert_eq!(done.receipts, 10);
    assert_eq!(files(&home)["2026-04-13.jsonl"], right["2026-04-13.jsonl"]);
}

#[tokio::test]
async fn attack_28_a_ledger_that_lost_what_was_written_out_is_told_apart() {
    let (_dir, home) = home();
    all(&home, &ledger().await, Effort::All).await.unwrap();
    let right = files(&home);
    let cut = MemoryLedger::new("l1", [7; 32], contract::notary().unwrap());
    add(&cut, 0).await;
    for effort in [Effort::All, Effort::Rebuild] {
        let error = all(&home, &cut, effort).await.unwrap_err();
        let DailyError::Contradicted(Contradicted::Truncated { seq, .. }) = error else {
            panic!("{error}");
        };
        assert_eq!(seq, 9);
    }
    let other = MemoryLedger::new("l1", [7; 32], contract::notary().unwrap());
    for at in 0..9 {
        add(&other, at + 100).await;
    }
    let error = all(&home, &other, Effort::All).await.unwrap_err();
    assert!(matches!(error, DailyError::Contradicted(Contradicted::Forked { .. })), "{error}");
    let strange = MemoryLedger::new("l2", [7; 32], contract::notary().unwrap());
    let error = all(&home, &strange, Effort::Rebuild).await.unwrap_err();
    assert!(matches!(error, DailyError::OtherLedger(_)), "{error}");
    assert_eq!(files(&home), right, "nothing of it was written");
}

#[tokio::test]
async fn a_little_at_a_time_comes_to_the_same() {
    let (_dir, home) = home();
    let ledger = ledger().await;
    for _ in 0..5 {
        all(&home, &ledger, Effort::Some(2)).await.unwrap();
    }
    assert_eq!(files(&home), undisturbed(&ledger).await);
}

/// A child is forked with every descriptor, and closes them when its own program starts.
#[test]
fn the_lock_is_let_go_also_while_a_child_has_it_open() {
    let (_dir, home) = home();
    let (lock, _) = Files::open(&home, Effort::All).unwrap().unwrap();
    let inherited = lock.0.try_clone().unwrap();
    drop(lock);
    assert!(Files::open(&home, Effort::Some(1)).unwrap().is_some());
    drop(inherited);
}

/// A ledger whose receipts are all of one day.
async fn short() -> MemoryLedger {
    let ledger = MemoryLedger::new("l1", [7; 32], contract::notary().unwrap());
    for at in 0..3 {
        add(&ledger, at).await;
    }
    ledger
}

#[tokio::test]
async fn attack_28_lines_that_power_loss_took_are_written_again_and_others_left_alone() {
    let ledger = short().await;
    let right = undisturbed(&ledger).await;
    let text = right["2026-04-12.jsonl"].as_bytes();
    let half = text.len() / 2;
    let mut zeros = text.to_vec();
    zeros[half..].fill(0);
    for left in [&text[..0], &text[..half], &zeros, &[text, b"more"].concat()] {
        let (_dir, home) = home();
        all(&home, &ledger, Effort::Some(9)).await.unwrap();
        assert_eq!(files(&home), right);
        std::fs::write(home.root().join("audit/2026-04-12.jsonl"), left).unwrap();
        for effort in [Effort::Some(9), Effort::Some(9), Effort::All] {
            all(&home, &ledger, effort).await.unwrap();
            assert_eq!(files(&home), right);
        }
    }
}

#[tokio::test]
async fn attack_28_lines_beyond_the_cursor_outlive_a_ledger_that_was_cut() {
    for day in [0, DAY] {
        let (_dir, home) = home();
        let ledger = short().await;
        all(&home, &ledger, Effort::All).await.unwrap();
        add(&ledger, day).await;
        all(&home, &ledger, Effort::Some(9)).await.unwrap();
        let (right, cut) = (files(&home), short().await);
        for effort in [Effort::Some(9), Effort::All, Effort::Rebuild] {
            let error = all(&home, &cut, effort).await.unwrap_err();
            let DailyError::Contradicted(Contradicted::Truncated { seq, .. }) = error else {
                panic!("{error}");
            };
            assert_eq!(seq, 4);
        }
        assert_eq!(files(&home), right, "nothing of it was written");
    }
}

#[tokio::test]
async fn a_few_lines_wait_to_be_made_durable_and_many_do_not() {
    let (_dir, home) = home();
    let ledger = short().await;
    let saved = || Files::open(&home, Effort::All).unwrap().unwrap().1.cursor().unwrap().unwrap();
    all(&home, &ledger, Effort::Some(9)).await.unwrap();
    assert_eq!(saved().seq, 0);
    add(&ledger, DAY).await;
    all(&home, &ledger, Effort::Some(9)).await.unwrap();
    assert_eq!(saved().seq, 3, "the day is over");
    all(&home, &ledger, Effort::Some(1)).await.unwrap();
    assert_eq!(saved().seq, 4, "it was told to stop");
    for at in 0..200 {
        add(&ledger, DAY + at).await;
    }
    all(&home, &ledger, Effort::Some(999)).await.unwrap();
    assert_eq!(saved().seq, 204);
}

#[tokio::test]
async fn of_two_processes_one_writes_and_the_hurried_one_goes_on() {
    let (_dir, home) = home();
    let ledger = ledger().await;
    let held = Files::open(&home, Effort::All).unwrap().unwrap();
    assert_eq!(all(&home, &ledger, Effort::Some(9)).await.unwrap(), Done::default());
    drop(held);
    assert_eq!(all(&home, &ledger, Effort::Some(9)).await.unwrap().receipts, 9);
}

#[tokio::test]
async fn a_file_of_somebody_else_is_never_removed() {
    let (_dir, home) = home();
    let ledger = ledger().await;
    all(&home, &ledger, Effort::All).await.unwrap();
    for name in ["notes.jsonl", "2026-4-12.jsonl", "2026-04-12.jsonl.gz"] {
        std::fs::write(home.root().join("audit").join(name), "mine").unwrap();
    }
    all(&home, &ledger, Effort::Rebuild).await.unwrap();
    assert_eq!(files(&home)["notes.jsonl"], "mine");
    assert_eq!(files(&home)["2026-4-12.jsonl"], "mine");
}

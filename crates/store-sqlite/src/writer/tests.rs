use super::*;
use rusqlite::params;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc as plain;
use tempfile::TempDir;

const SCHEMA: Schema = Schema {
    application_id: 7,
    log_pages: 1_000,
    steps: &["CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
              CREATE TABLE child (id INTEGER REFERENCES note DEFERRABLE INITIALLY DEFERRED) STRICT;
              CREATE TABLE count (n INTEGER NOT NULL) STRICT; INSERT INTO count VALUES (0);"],
};

/// A directory and the database in it.
fn place() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("home").join("test.db");
    (dir, path)
}

fn open(path: &Path) -> Writer {
    Writer::open(path, &SCHEMA, Leaving::Tidied, |_| Ok(((), Box::new(())))).unwrap().0
}

fn insert(text: impl Into<String>) -> impl FnOnce(&Db) -> Result<(), StoreError> + Send + 'static {
    let text = text.into();
    move |db| db.run("INSERT INTO note (text) VALUES (?1)", [text]).map(|_| ())
}

fn notes(db: &Db) -> Result<Vec<String>, StoreError> {
    db.all("SELECT text FROM note ORDER BY id", [], |row| row.get(0))
}

/// Jobs that are handed in while this is held end up in one group.
fn held(path: &Path) -> File {
    let lock = private_file::lock_file(&beside(path, ".lock")).unwrap();
    lock.lock().unwrap();
    lock
}

#[tokio::test]
async fn what_was_written_is_read_also_after_opening_again() {
    let (_dir, path) = place();
    let writer = open(&path);
    writer.write(insert("one")).await.unwrap();
    assert_eq!(writer.read(notes).await.unwrap(), ["one"]);
    drop(writer);
    assert_eq!(open(&path).read(notes).await.unwrap(), ["one"]);
}

#[tokio::test]
async fn a_job_that_fails_or_panics_takes_back_only_its_own_rows() {
    let (_dir, path) = place();
    let writer = open(&path);
    let lock = held(&path);
    let refused = |db: &Db| {
        insert("refused")(db)?;
        Err::<(), _>(StoreError::Unavailable("no".into()))
    };
    let panicked = |db: &Db| {
        insert("panicked")(db)?;
        panic!("in a job");
    };
    let (a, b, c, d, ()) = tokio::join!(
        writer.write(insert("first")),
        writer.write(refused),
        writer.write::<(), StoreError>(panicked),
        writer.write(insert("last")),
        async { lock.unlock().unwrap() },
    );
    a.and(d).unwrap();
    assert_eq!(b, Err(StoreError::Unavailable("no".into())));
    assert!(c.unwrap_err().to_string().contains("panicked"));
    assert_eq!(writer.read(notes).await.unwrap(), ["first", "last"]);
}

/// Writes a last row into each group, or fails to.
struct End {
    ends: Arc<AtomicUsize>,
    fails: bool,
}

impl Around for End {
    fn settle(&mut self, _kept: bool) -> Result<(), StoreError> {
        Ok(())
    }

    fn end(&mut self, db: &Db) -> Result<(), StoreError> {
        self.ends.fetch_add(1, Ordering::Relaxed);
        insert("end")(db)?;
        if self.fails { Err(StoreError::Unavailable("no key".into())) } else { Ok(()) }
    }

    fn over(&mut self, _written: bool) {}
}

#[tokio::test]
async fn those_who_wait_share_one_group_and_its_end() {
    let (_dir, path) = place();
    let ends = Arc::new(AtomicUsize::new(0));
    let end = End { ends: ends.clone(), fails: false };
    let writer =
        Writer::open(&path, &SCHEMA, Leaving::Tidied, |_| Ok(((), Box::new(end)))).unwrap().0;
    // This one may or may not be a group of its own; a job that writes nothing has no end.
    writer.write(|_| Err::<(), _>(StoreError::Unavailable("no".into()))).await.unwrap_err();
    assert_eq!(ends.load(Ordering::Relaxed), 0);
    let lock = held(&path);
    let (a, b, ()) = tokio::join!(writer.write(insert("a")), writer.write(insert("b")), async {
        lock.unlock().unwrap()
    },);
    a.and(b).unwrap();
    assert_eq!(writer.read(notes).await.unwrap(), ["a", "b", "end"]);
}

#[tokio::test]
async fn a_group_end_that_fails_takes_the_group_back() {
    let (_dir, path) = place();
    let end = End { ends: Arc::default(), fails: true };
    let writer =
        Writer::open(&path, &SCHEMA, Leaving::Tidied, |_| Ok(((), Box::new(end)))).unwrap().0;
    let error = writer.write(insert("a")).await.unwrap_err();
    assert_eq!(error, StoreError::Unavailable("no key".into()));
    assert!(writer.read(notes).await.unwrap().is_empty());
}

#[tokio::test]
async fn attack_20_a_commit_that_fails_answers_everyone_in_the_group() {
    let (_dir, path) = place();
    let writer = open(&path);
    let lock = held(&path);
    let orphan = |db: &Db| db.run("INSERT INTO child VALUES (99)", []);
    let (a, b, ()) = tokio::join!(writer.write(insert("innocent")), writer.write(orphan), async {
        lock.unlock().unwrap()
    },);
    assert!(matches!(a, Err(StoreError::Unavailable(_))));
    assert!(matches!(b, Err(StoreError::Unavailable(_))));
    assert!(writer.read(notes).await.unwrap().is_empty());
    writer.write(insert("again")).await.unwrap();
}

#[tokio::test]
async fn attack_20_a_full_disk_ends_the_group_and_leaves_nothing_half_written() {
    let (_dir, path) = place();
    let writer = open(&path);
    let limit = |pages: u32| {
        move |db: &Db| {
            let sql = format!("PRAGMA max_page_count = {pages}");
            db.one(&sql, [], |row| row.get::<_, i64>(0)).map(|_| ())
        }
    };
    writer.write(limit(20)).await.unwrap();
    let lock = held(&path);
    // It hides the error from the writer, which must not believe it.
    let greedy = |db: &Db| {
        insert("small")(db)?;
        let _ = insert("x".repeat(200_000))(db);
        Ok::<(), StoreError>(())
    };
    let (a, b, ()) = tokio::join!(writer.write(insert("innocent")), writer.write(greedy), async {
        lock.unlock().unwrap()
    },);
    for error in [a.unwrap_err(), b.unwrap_err()] {
        assert!(matches!(&error, StoreError::Unavailable(why) if why.contains("full")), "{error}");
    }
    assert!(writer.read(notes).await.unwrap().is_empty());
    writer.write(limit(10_000)).await.unwrap();
    writer.write(insert("room again")).await.unwrap();
}

#[tokio::test]
async fn attack_28_damaged_bytes_poison_the_writer_and_panic_nowhere() {
    let (_dir, path) = place();
    let writer = open(&path);
    for n in 0..200 {
        writer.write(insert(format!("{n}{}", "x".repeat(500)))).await.unwrap();
    }
    drop(writer);
    let file = File::options().write(true).open(&path).unwrap();
    let size = file.metadata().unwrap().len();
    assert!(size > 8192);
    file.write_all_at(&vec![0xA5; usize::try_from(size - 4096).unwrap()], 4096).unwrap();
    drop(file);
    let writer = open(&path);
    let seen = writer.read(notes).await;
    assert!(matches!(seen, Err(StoreError::Corrupt(why)) if why.contains("test.db")));
    let first = writer.write(insert("a")).await.unwrap_err();
    assert!(matches!(first, StoreError::Corrupt(_)), "{first}");
    let innocent = writer.write(|_| Ok::<_, StoreError>(())).await;
    assert_eq!(innocent, Err(first));
}

#[tokio::test]
async fn readers_see_only_what_is_committed() {
    let (_dir, path) = place();
    let writer = open(&path);
    let (inside, is_inside) = plain::channel();
    let (go, may_go) = plain::channel();
    let slow = {
        let writer = writer.clone();
        tokio::spawn(async move {
            let job = move |db: &Db| {
                insert("not yet")(db)?;
                inside.send(()).unwrap();
                may_go.recv().unwrap();
                Ok::<_, StoreError>(())
            };
            writer.write(job).await
        })
    };
    tokio::task::spawn_blocking(move || is_inside.recv().unwrap()).await.unwrap();
    assert!(writer.read(notes).await.unwrap().is_empty());
    go.send(()).unwrap();
    slow.await.unwrap().unwrap();
    assert_eq!(writer.read(notes).await.unwrap(), ["not yet"]);
}

#[tokio::test]
async fn a_caller_who_left_before_the_job_began_is_not_written_for() {
    let (_dir, path) = place();
    let writer = open(&path);
    let lock = held(&path);
    let left = async {
        tokio::select! {
            biased;
            _ = writer.write(insert("left")) => panic!("the lock is held"),
            () = std::future::ready(()) => {}
        }
    };
    left.await;
    lock.unlock().unwrap();
    writer.write(insert("stayed")).await.unwrap();
    assert_eq!(writer.read(notes).await.unwrap(), ["stayed"]);
}

#[tokio::test]
async fn a_reader_that_panics_is_an_error_and_no_lost_place() {
    let (_dir, path) = place();
    let writer = open(&path);
    for _ in 0..9 {
        let seen = writer.read::<(), StoreError>(|_| panic!("in a reader")).await;
        assert!(matches!(seen, Err(StoreError::Unavailable(_))));
    }
    assert!(writer.read(notes).await.unwrap().is_empty());
}

#[test]
fn attack_31_nobody_else_may_read_the_files() {
    let (_dir, path) = place();
    let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode() & 0o777;
    drop(open(&path));
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    let all = ["", "-wal", "-shm", ".lock"].map(|end| beside(&path, end));
    let writer = open(&path);
    all.iter().for_each(|p| assert_eq!(mode(p), 0o600, "{}", p.display()));
    all.iter().for_each(|p| fs::set_permissions(p, fs::Permissions::from_mode(0o644)).unwrap());
    let again = open(&path);
    all.iter().for_each(|p| assert_eq!(mode(p), 0o600, "{}", p.display()));
    drop((writer, again));
}

/// What a child process of the next test does; on its own it does nothing.
#[tokio::test]
async fn count_up_in_the_database_that_the_environment_names() {
    if let Some(path) = std::env::var_os("COUNT_UP_IN") {
        count_up(&open(Path::new(&path))).await;
    }
}

async fn count_up(writer: &Writer) {
    for _ in 0..50 {
        let job = |db: &Db| {
            let n = db.one("SELECT n FROM count", [], |row| row.get::<_, i64>(0))?.unwrap();
            db.run("UPDATE count SET n = ?1", params![n + 1])
        };
        writer.write(job).await.unwrap();
    }
}

#[tokio::test]
async fn attack_18_processes_and_handles_on_one_file_lose_no_write() {
    let (_dir, path) = place();
    let name = "writer::tests::count_up_in_the_database_that_the_environment_names";
    let child = || {
        std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name])
            .env("COUNT_UP_IN", &path)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    let children: Vec<_> = (0..3).map(|_| child()).collect();
    let (one, two) = (open(&path), open(&path));
    tokio::join!(count_up(&one), count_up(&two), count_up(&one));
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let n = one.read(|db| db.one("SELECT n FROM count", [], |row| row.get::<_, i64>(0))).await;
    assert_eq!(n, Ok(Some(300)));
}

/// Prints the price of a write; `--nocapture` shows it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_share_the_price_of_a_sync() {
    let (_dir, path) = place();
    let writer = open(&path);
    for callers in [1, 64] {
        let started = std::time::Instant::now();
        let each = 3200 / callers / 4;
        let all = (0..callers).map(|_| {
            let writer = writer.clone();
            tokio::spawn(async move {
                for _ in 0..each {
                    writer.write(insert("x".repeat(1500))).await.unwrap();
                }
            })
        });
        for caller in all.collect::<Vec<_>>() {
            caller.await.unwrap();
        }
        let rate = f64::from(callers * each) / started.elapsed().as_secs_f64();
        println!("{callers} callers: {rate:.0} durable writes each second");
    }
}

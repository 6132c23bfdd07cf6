use super::*;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const FIRST: Schema =
    Schema { application_id: 7, log_pages: 1_000, steps: &["CREATE TABLE a (x INTEGER) STRICT"] };
const SECOND: Schema = Schema {
    application_id: 7,
    log_pages: 1_000,
    steps: &["CREATE TABLE a (x INTEGER) STRICT", "CREATE TABLE b (x INTEGER) STRICT"],
};
const BROKEN: Schema = Schema { steps: &["CREATE TABLE a (x INTEGER) STRICT; no sql"], ..FIRST };
const OTHER: Schema = Schema { application_id: 8, ..FIRST };

fn place() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("test.db");
    fs::write(&path, "").unwrap();
    (dir, path)
}

fn refusal(path: &Path, schema: &Schema) -> String {
    match Db::writer(path, schema) {
        Err(StoreError::Corrupt(why) | StoreError::Later(why)) => why,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("opened"),
    }
}

#[test]
fn a_later_version_takes_only_the_missing_steps() {
    let (_dir, path) = place();
    let db = Db::writer(&path, &FIRST).unwrap();
    db.run("INSERT INTO a VALUES (1)", []).unwrap();
    drop(db);
    let db = Db::writer(&path, &SECOND).unwrap();
    assert_eq!(db.number("SELECT x FROM a", []).unwrap(), 1);
    assert_eq!(db.number("SELECT count(*) FROM b", []).unwrap(), 0);
    drop(db);
    assert!(refusal(&path, &FIRST).contains("version 2 is newer than 1"));
}

#[test]
fn a_step_that_fails_leaves_nothing_behind() {
    let (_dir, path) = place();
    assert!(Db::writer(&path, &BROKEN).is_err());
    Db::writer(&path, &FIRST).unwrap();
}

#[test]
fn a_file_of_another_kind_is_refused() {
    let (_dir, path) = place();
    drop(Db::writer(&path, &FIRST).unwrap());
    assert!(refusal(&path, &OTHER).contains("another kind"));
    let foreign = path.with_file_name("foreign.db");
    fs::write(&foreign, "").unwrap();
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE a (x)").unwrap();
    assert!(refusal(&foreign, &FIRST).contains("another kind"));
}

#[test]
fn what_is_no_database_is_corrupt() {
    let (_dir, path) = place();
    fs::write(&path, "not a database, but long enough to look at ".repeat(200)).unwrap();
    assert!(refusal(&path, &FIRST).contains("test.db"));
    // Every truncation and every damaged byte of the header is an error or harmless.
    fs::write(&path, "").unwrap();
    drop(Db::writer(&path, &FIRST).unwrap());
    let whole = fs::read(&path).unwrap();
    for at in 0..100 {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xFF;
        fs::write(&path, &bytes).unwrap();
        let _ = Db::writer(&path, &FIRST);
        fs::write(&path, &whole[..whole.len() - 1 - at * 80]).unwrap();
        let _ = Db::writer(&path, &FIRST);
    }
}

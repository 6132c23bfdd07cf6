//! Whether a database still is what its steps made of it. Who can write the file can leave rows out
//! of an index, or add a trigger or a view, and no row is another for that.

use crate::db::Db;
use crate::schema::Schema;
use countersign_core::json::clip;
use countersign_store::error::StoreError;

/// A table, index, trigger or view: its kind, name, table and SQL.
type Part = (String, String, String, Option<String>);

/// The first thing that is not as the steps up to the file's own version made it, or that SQLite
/// finds wrong, in one line.
pub(crate) fn unsound(schema: &Schema, db: &Db) -> Result<Option<String>, StoreError> {
    if let Some(strange) = strange(schema, db)? {
        return Ok(Some(strange));
    }
    match second(db)? {
        None => damage(db),
        second => Ok(second),
    }
}

/// The first thing that is not as the steps up to the file's own version made it, in one line.
pub(crate) fn strange(schema: &Schema, db: &Db) -> Result<Option<String>, StoreError> {
    let version = db.number("PRAGMA user_version", [])?;
    let mut missing = parts(&schema.as_of(version)?)?;
    if let Some(lie) = belied(schema, db)? {
        return Ok(Some(lie));
    }
    for part in parts(db)? {
        let Some(at) = missing.iter().position(|made| *made == part) else {
            return Ok(Some(format!(
                "the {} `{}` is not the ledger's",
                clip(&part.0),
                clip(&part.1)
            )));
        };
        missing.swap_remove(at);
    }
    let gone = |(kind, name, ..): &Part| format!("the {kind} `{name}` is gone");
    Ok(missing.first().map(gone))
}

/// That the file says of itself that it is of an earlier version than it is, in one line.
pub(crate) fn belied(schema: &Schema, db: &Db) -> Result<Option<String>, StoreError> {
    let (version, newest) = (db.number("PRAGMA user_version", [])?, schema.newest());
    let lies = version < newest && parts(db)? == parts(&schema.as_of(newest)?)?;
    let of = "its tables are those of version";
    Ok(lies.then(|| format!("it says that it is of version {version}, and {of} {newest}")))
}

/// What stands in the schema, what nobody expects first. Statistics of SQLite's own change no answer.
fn parts(db: &Db) -> Result<Vec<Part>, StoreError> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema
        WHERE NOT (type = 'table' AND name IN ('sqlite_stat1', 'sqlite_stat4'))
        ORDER BY type DESC, name";
    db.all(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
}

/// A row beside the one that a table may have, or in its place. A connection that only reads leaves
/// this to nobody: it looks at no `CHECK`.
fn second(db: &Db) -> Result<Option<String>, StoreError> {
    let sql = "SELECT part.name FROM sqlite_schema AS part, pragma_table_info(part.name) AS col
        WHERE part.type = 'table' AND col.name = 'only' ORDER BY part.name";
    for table in db.all(sql, [], |row| row.get::<_, String>(0))? {
        // INVARIANT: the table is one that our own steps made.
        if db.number(&format!("SELECT count(*) FROM {table} WHERE only <> 1"), [])? > 0 {
            return Ok(Some(format!("the table `{table}` has a row that is not its only one")));
        }
    }
    Ok(None)
}

/// Every page, and every row in every index that it belongs to.
fn damage(db: &Db) -> Result<Option<String>, StoreError> {
    let said = db.one("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0))?;
    let said = said.unwrap_or_default();
    let words = || format!("the database is damaged: {}", clip(&said.replace('\n', " ")));
    Ok((said != "ok").then(words))
}

//! What somebody does who can write the file of a database, and is not the program.

use std::path::Path;

/// Runs statements in a database, past everything that the program would heed.
///
/// # Errors
/// Where it cannot be opened or a statement fails.
pub fn edit(path: &Path, statements: &str) -> Result<(), rusqlite::Error> {
    let db = rusqlite::Connection::open(path)?;
    db.pragma_update(None, "foreign_keys", false)?;
    db.execute_batch(statements)
}

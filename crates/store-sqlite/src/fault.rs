//! What SQLite's errors mean for a caller, and for everyone who shares the transaction.

use countersign_store::error::StoreError;
use rusqlite::{Error, ErrorCode};
use std::fmt::Display;
use std::path::Path;

/// How far an error reaches.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Reach {
    /// The one statement; everything around it is sound.
    Statement,
    /// The transaction, which SQLite may have ended: a full disk, no memory.
    Group,
    /// The connection: what was written before may not be there.
    Connection,
}

/// How far `error` reaches. An error that is not listed ends the transaction.
pub(crate) fn reach(error: &Error) -> Reach {
    use ErrorCode::{
        CannotOpen, ConstraintViolation, DatabaseCorrupt, DiskFull, FileLockingProtocolFailed,
        NotADatabase, SystemIoFailure, TooBig, TypeMismatch, Unknown,
    };
    match error.sqlite_error_code() {
        // The binding's own refusals: a missing row, a value of another type.
        None => Reach::Statement,
        Some(ConstraintViolation | TooBig | TypeMismatch | Unknown) => Reach::Statement,
        Some(
            SystemIoFailure
            | DatabaseCorrupt
            | NotADatabase
            | CannotOpen
            | FileLockingProtocolFailed,
        ) => Reach::Connection,
        Some(DiskFull | _) => Reach::Group,
    }
}

/// `error` of the database at `path`, in a caller's words.
pub(crate) fn told(path: &Path, error: &Error) -> StoreError {
    let corrupt = match error {
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => true,
        other => matches!(
            other.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        ),
    };
    if corrupt { damaged(path, error) } else { unavailable(path, error) }
}

/// The database at `path` holds what this product does not write.
pub(crate) fn damaged(path: &Path, why: impl Display) -> StoreError {
    StoreError::Corrupt(format!("`{}`: {why}", path.display()))
}

/// The database at `path` says that a later version wrote it.
pub(crate) fn later(path: &Path, why: impl Display) -> StoreError {
    StoreError::Later(format!("`{}`: {why}", path.display()))
}

/// The database at `path` does not answer.
pub(crate) fn unavailable(path: &Path, why: impl Display) -> StoreError {
    StoreError::Unavailable(format!("`{}`: {why}", path.display()))
}

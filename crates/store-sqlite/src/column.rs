//! How values of the domain stand in a column, and how they come back: strictly.
//!
//! A column that does not read back is damage, and becomes `StoreError::Corrupt`.

use countersign_core::encoding::Hash;
use countersign_core::json::{self, JsonError};
use countersign_core::time::{Instant, Timestamp};
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The longest JSON text in a column: the largest object that the product knows.
const LIMIT: usize = json::limit::RECEIPT;

/// A value as canonical JSON.
pub(crate) struct Json<T>(pub(crate) T);

/// A word of a fixed list, as it stands on the wire.
pub(crate) struct Word<T>(pub(crate) T);

/// Milliseconds since the Unix epoch.
pub(crate) struct At(pub(crate) Instant);

/// A timestamp as its own text.
pub(crate) struct Stamp(pub(crate) Timestamp);

/// The 32 bytes of a hash.
pub(crate) struct Digest(pub(crate) Hash);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let bytes = json::canonical(&self.0).map_err(refused)?;
        // What could not be read back is not written.
        if bytes.len() > LIMIT {
            return Err(refused(JsonError::TooLarge { size: bytes.len(), limit: LIMIT }));
        }
        String::from_utf8(bytes).map(ToSqlOutput::from).map_err(refused)
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_str()?.as_bytes();
        json::read(bytes, LIMIT).map(Self).map_err(FromSqlError::other)
    }
}

impl<T: Serialize> ToSql for Word<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match json::value_of(&self.0).map_err(refused)? {
            Value::String(word) => Ok(word.into()),
            _ => Err(refused(JsonError::Shape("not a word".into()))),
        }
    }
}

impl<T: DeserializeOwned> FromSql for Word<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let word = Value::String(value.as_str()?.to_owned());
        json::typed(word).map(Self).map_err(FromSqlError::other)
    }
}

impl ToSql for At {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.0.into())
    }
}

impl FromSql for At {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Instant).map(Self)
    }
}

impl ToSql for Stamp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_str().into())
    }
}

impl FromSql for Stamp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let unreadable = || FromSqlError::other(JsonError::Shape("not a timestamp".into()));
        Timestamp::parse(value.as_str()?).map(Self).ok_or_else(unreadable)
    }
}

impl ToSql for Digest {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.0.as_slice().into())
    }
}

impl FromSql for Digest {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?.try_into().map_err(FromSqlError::other)?;
        Ok(Self(Hash(bytes)))
    }
}

/// How many rows, as SQLite counts them.
pub(crate) fn rows(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn refused(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}

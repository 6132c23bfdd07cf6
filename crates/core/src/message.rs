//! What every object of the protocol has in common: one text in, the same bytes out.

use crate::json::{self, JsonError};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// An object with exactly one form: what is read is written again to the same canonical bytes.
pub trait Message: Serialize + DeserializeOwned {
    /// The most bytes that are read.
    const LIMIT: usize;

    /// Reads the object strictly.
    ///
    /// # Errors
    /// Every case of [`JsonError`]; `Shape` where the text is another object or a second form of
    /// this one.
    fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        Self::from_value(&json::parse(bytes, Self::LIMIT)?)
    }

    /// The same from a value that was read strictly.
    ///
    /// # Errors
    /// `Shape`, as [`Message::parse`].
    fn from_value(value: &Value) -> Result<Self, JsonError> {
        exact(value)
    }

    /// The canonical bytes.
    ///
    /// # Errors
    /// Where a free member has no canonical form.
    fn canonical_bytes(&self) -> Result<Vec<u8>, JsonError> {
        json::canonical(self)
    }
}

/// Reads `T`, and refuses every value that `T` would not write again.
///
/// serde is generous: a `null` is read as an absent member, a list as a structure, `{"deny": null}`
/// as a word, and beside a flattened part unknown members go unseen. Each would be a second form of
/// one object, which another reader may take for something else.
///
/// # Errors
/// `Shape`.
pub fn exact<T: Serialize + DeserializeOwned>(value: &Value) -> Result<T, JsonError> {
    let read: T = json::typed_ref(value)?;
    let written = json::value_of(&read)?;
    if written == *value { Ok(read) } else { Err(JsonError::Shape(difference(value, &written))) }
}

/// Names the first member that would be lost or changed.
fn difference(given: &Value, written: &Value) -> String {
    let (Some(given), Some(written)) = (given.as_object(), written.as_object()) else {
        return "another form of an object than its own".into();
    };
    let lost = given.iter().find(|(name, value)| written.get(*name) != Some(value));
    let name = lost.map_or("", |(name, _)| name);
    json::clip(&format!("member `{name}` is unknown, empty or in a second form"))
}

/// A text of at least one character.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(transparent)]
pub struct Filled(String);

impl Filled {
    /// The text, unless it is empty.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Option<Self> {
        Some(text.into()).filter(|text| !text.is_empty()).map(Self)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Filled {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        filled(d).map(Self)
    }
}

/// Reads a text of at least one character, for members that are plain strings in Rust.
///
/// # Errors
/// Where the text is empty.
pub fn filled<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    let text = String::deserialize(d)?;
    if text.is_empty() {
        Err(D::Error::custom("expected a text that is not empty"))
    } else {
        Ok(text)
    }
}

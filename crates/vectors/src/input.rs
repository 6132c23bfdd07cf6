//! Members of a vector. What is missing makes the vector damaged, and panics nowhere.

use countersign_core::encoding::{Fixed, unbase64};
use countersign_core::time::Instant;
use serde_json::Value;
use std::fmt::Display;

/// Why a vector cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("damaged vector: {0}")]
pub struct Damaged(String);

impl Damaged {
    pub(crate) fn new(why: &impl Display) -> Self {
        Self(why.to_string())
    }
}

/// One vector, or an object inside it.
pub(crate) struct Input<'a>(pub(crate) &'a Value);

impl<'a> Input<'a> {
    pub(crate) fn member(&self, name: &str) -> Result<&'a Value, Damaged> {
        self.0.get(name).ok_or_else(|| Damaged(format!("no member `{name}`")))
    }

    pub(crate) fn text(&self, name: &str) -> Result<&'a str, Damaged> {
        self.member(name)?.as_str().ok_or_else(|| Damaged(format!("`{name}` is no text")))
    }

    pub(crate) fn list(&self, name: &str) -> Result<&'a [Value], Damaged> {
        let list = self.member(name)?.as_array().map(Vec::as_slice);
        list.ok_or_else(|| Damaged(format!("`{name}` is no list")))
    }

    pub(crate) fn integer(&self, name: &str) -> Result<i64, Damaged> {
        self.member(name)?.as_i64().ok_or_else(|| Damaged(format!("`{name}` is no integer")))
    }

    /// Milliseconds since the epoch.
    pub(crate) fn now(&self) -> Result<Instant, Damaged> {
        self.integer("now").map(Instant)
    }

    /// Base64url.
    pub(crate) fn blob(&self, name: &str) -> Result<Vec<u8>, Damaged> {
        unbase64(self.text(name)?).ok_or_else(|| Damaged(format!("`{name}` is no base64url")))
    }

    pub(crate) fn fixed<const N: usize>(&self, name: &str) -> Result<[u8; N], Damaged> {
        let fixed = Fixed::from_text(self.text(name)?);
        fixed.map(|f| f.0).ok_or_else(|| Damaged(format!("`{name}` is not {N} bytes")))
    }

    /// A text that is given as `text`, as `hex` where it is no UTF-8, or as `repeat` where it is
    /// long.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, Damaged> {
        if self.0.get("hex").is_some() {
            return hex::decode(self.text("hex")?).map_err(|e| Damaged::new(&e));
        }
        if self.0.get("repeat").is_none() {
            return self.text("text").map(|text| text.as_bytes().to_vec());
        }
        let repeat = Input(self.member("repeat")?);
        let times = usize::try_from(repeat.integer("times")?).map_err(|e| Damaged::new(&e))?;
        let middle = repeat.text("text")?.repeat(times);
        Ok(format!("{}{middle}{}", repeat.text("before")?, repeat.text("after")?).into_bytes())
    }
}

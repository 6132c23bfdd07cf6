//! The canonical writer: RFC 8785 into one buffer, without a tree in between.
//!
//! Members are written once, as they come. Where an object ends whose members came in another
//! order than they must stand in, the order is kept beside the text and nothing is moved: whoever
//! takes the bytes takes them piece by piece. What the reader refuses is refused here too, of
//! values that we built ourselves.

mod pieces;
mod serializer;
mod text;

use super::{JsonError, MAX_DEPTH, MAX_SAFE, clip};
use pieces::Order;
use serde::Serialize;
use serde::ser::Error as _;
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use std::ops::Range;

/// What was written, in the order in which it came and the order in which it stands.
pub(super) struct Canonical {
    out: Vec<u8>,
    order: Order,
}

impl Canonical {
    /// Writes `value`; of an object all but its member `omit`, where one is named.
    pub(super) fn of(
        value: &(impl Serialize + ?Sized),
        omit: Option<&'static str>,
    ) -> Result<Self, JsonError> {
        let mut writer = Writer { omit, ..Writer::default() };
        value.serialize(&mut writer)?;
        Ok(Self { out: writer.out, order: writer.order })
    }

    /// Writes `value` as a member of an object: one level less is left for what is in it.
    pub(super) fn of_member(value: &(impl Serialize + ?Sized)) -> Result<Self, JsonError> {
        let mut writer = Writer { depth: 1, ..Writer::default() };
        value.serialize(&mut writer)?;
        Ok(Self { out: writer.out, order: writer.order })
    }

    /// Whether the bytes are `text`.
    pub(super) fn is(&self, text: &[u8]) -> bool {
        let mut rest = (self.out.len() == text.len()).then_some(text);
        self.order.walk(&self.out, &mut |piece| {
            rest = rest.and_then(|rest| rest.strip_prefix(piece));
        });
        rest.is_some_and(<[u8]>::is_empty)
    }

    /// The bytes, behind `prefix`.
    pub(super) fn behind(self, prefix: &[u8]) -> Vec<u8> {
        if prefix.is_empty() && self.order.is_as_written() {
            return self.out;
        }
        let mut bytes = Vec::with_capacity(prefix.len() + self.out.len());
        bytes.extend_from_slice(prefix);
        self.order.walk(&self.out, &mut |piece| bytes.extend_from_slice(piece));
        bytes
    }

    /// The hash of the bytes, which never stand in one place for it.
    pub(super) fn sha256(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        self.order.walk(&self.out, &mut |piece| hash.update(piece));
        hash.finalize().into()
    }
}

#[derive(Default)]
struct Writer {
    out: Vec<u8>,
    order: Order,
    /// The members that are written, of all objects that are open, innermost last.
    members: Vec<Member>,
    /// Their keys without escapes, one after the other.
    keys: Vec<u8>,
    depth: usize,
    omit: Option<&'static str>,
}

/// One member of an object that is open.
struct Member {
    /// In `keys`.
    key: Range<usize>,
    /// Key, colon and value, in `out`.
    text: Range<usize>,
}

impl Writer {
    fn open(&mut self, bracket: u8) -> Result<(), JsonError> {
        if self.depth >= MAX_DEPTH {
            return Err(JsonError::TooDeep);
        }
        self.depth += 1;
        self.out.push(bracket);
        Ok(())
    }

    fn close(&mut self, bracket: u8) {
        self.depth -= 1;
        self.out.push(bracket);
    }

    /// An object with one member, as an enum's variant is.
    fn open_variant(&mut self, variant: &str) -> Result<(), JsonError> {
        self.open(b'{')?;
        self.text(variant);
        self.out.push(b':');
        Ok(())
    }

    fn text(&mut self, text: &str) {
        text::write(&mut self.out, text);
    }

    fn whole(&mut self, number: impl std::fmt::Display, magnitude: u64) -> Result<(), JsonError> {
        if magnitude > MAX_SAFE {
            return Err(JsonError::Number(number.to_string()));
        }
        write!(self.out, "{number}").map_err(JsonError::custom)
    }

    fn array(&mut self, end: &'static [u8]) -> Result<Array<'_>, JsonError> {
        self.open(b'[')?;
        Ok(Array { writer: self, is_first: true, end })
    }

    fn object(&mut self, end: &'static [u8]) -> Result<Object<'_>, JsonError> {
        self.open(b'{')?;
        let (start, first, keys) = (self.out.len(), self.members.len(), self.keys.len());
        Ok(Object { writer: self, start, first, keys, begun: start, end })
    }
}

/// An array that is open.
struct Array<'a> {
    writer: &'a mut Writer,
    is_first: bool,
    end: &'static [u8],
}

impl Array<'_> {
    fn item(&mut self, item: &(impl Serialize + ?Sized)) -> Result<(), JsonError> {
        if !std::mem::take(&mut self.is_first) {
            self.writer.out.push(b',');
        }
        item.serialize(&mut *self.writer)
    }

    fn finish(self) -> Result<(), JsonError> {
        self.end.iter().for_each(|bracket| self.writer.close(*bracket));
        Ok(())
    }
}

/// An object that is open.
struct Object<'a> {
    writer: &'a mut Writer,
    /// Where its text begins.
    start: usize,
    /// Its first member.
    first: usize,
    /// Where its keys begin.
    keys: usize,
    /// Where the text of the newest member begins.
    begun: usize,
    end: &'static [u8],
}

impl Object<'_> {
    /// Writes a key, and keeps it without escapes.
    fn key(&mut self, key: &(impl Serialize + ?Sized)) -> Result<(), JsonError> {
        let writer = &mut *self.writer;
        if writer.members.len() > self.first {
            writer.out.push(b',');
        }
        self.begun = writer.out.len();
        key.serialize(&mut *writer)?;
        let written = writer.out.get(self.begun..).unwrap_or_default();
        match written {
            [b'"', inner @ .., b'"'] if !inner.contains(&b'\\') => {
                writer.keys.extend_from_slice(inner);
            }
            [b'"', ..] => {
                let plain: String = serde_json::from_slice(written).map_err(JsonError::custom)?;
                writer.keys.extend_from_slice(plain.as_bytes());
            }
            _ => return Err(JsonError::Shape("a key is text".into())),
        }
        writer.out.push(b':');
        Ok(())
    }

    fn value(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), JsonError> {
        let begun = self.writer.members.last().filter(|_| self.writer.members.len() > self.first);
        let key = begun.map_or(self.keys, |before| before.key.end)..self.writer.keys.len();
        value.serialize(&mut *self.writer)?;
        let Writer { out, order, members, keys, depth, omit } = &mut *self.writer;
        let omitted = omit.filter(|_| *depth == 1).map(str::as_bytes);
        if omitted.is_some() && keys.get(key.clone()) == omitted {
            let comma = usize::from(members.len() > self.first);
            order.forget_from(self.begun);
            out.truncate(self.begun - comma);
            keys.truncate(key.start);
            return Ok(());
        }
        members.push(Member { key, text: self.begun..out.len() });
        Ok(())
    }

    fn finish(self) -> Result<(), JsonError> {
        let Writer { out, order, members, keys, .. } = &mut *self.writer;
        let own = members.get_mut(self.first..).unwrap_or_default();
        let key = |member: &Member| keys.get(member.key.clone()).unwrap_or_default();
        if !own.is_sorted_by(|a, b| key(a) < key(b)) {
            own.sort_unstable_by(|a, b| key(a).cmp(key(b)));
            if let Some([twice, _]) = own.array_windows().find(|[a, b]| key(a) == key(b)) {
                return Err(JsonError::DuplicateKey(quoted(key(twice))));
            }
            order.change(self.start..out.len(), own.iter().map(|member| member.text.clone()));
        }
        check_order(own.iter().map(key))?;
        members.truncate(self.first);
        keys.truncate(self.keys);
        self.end.iter().for_each(|bracket| self.writer.close(*bracket));
        Ok(())
    }
}

fn quoted(key: &[u8]) -> String {
    clip(&String::from_utf8_lossy(key))
}

/// HARP sorts by code point, RFC 8785 by UTF-16 unit: refuses the objects where that differs.
/// `keys` are UTF-8 in order of their code points.
pub(super) fn check_order<'a>(
    keys: impl Iterator<Item = &'a [u8]> + Clone,
) -> Result<(), JsonError> {
    // The orders differ only at characters from U+E000 on, which begin with this byte or a higher.
    if keys.clone().all(|key| key.iter().all(|byte| *byte < 0xee)) {
        return Ok(());
    }
    let units = |key: &[u8]| String::from_utf8_lossy(key).encode_utf16().collect::<Vec<u16>>();
    let mut before = Vec::new();
    for key in keys {
        let now = units(key);
        if before > now {
            return Err(JsonError::KeyOrder(quoted(key)));
        }
        before = now;
    }
    Ok(())
}

impl serde::ser::Error for JsonError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::Shape(clip(&message.to_string()))
    }
}

#[cfg(test)]
mod tests;

//! The text of a receipt: its canonical form, in which the content stands as it is hashed.
//!
//! So a receipt is written and read with one look at its content: the bytes that are hashed are
//! those of the text.

use super::check::Verdict;
use super::validity::Moment;
use super::{Content, Receipt, ReceiptSignature, ReceiptType};
use crate::encoding::Hash;
use crate::json::{self, JsonError, limit};
use crate::keys::{KeyError, SecretKeys};
use crate::trust::TrustStore;
use serde::Serialize;

/// What stands before the content. Its name is the first of the four.
const OPENS: &[u8] = b"{\"content\":";

/// What stands after it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Seal<'a> {
    content_hash: &'a Hash,
    signatures: &'a [ReceiptSignature],
    #[serde(rename = "type")]
    kind: ReceiptType,
}

impl Seal<'_> {
    /// From the comma behind the content to the end.
    fn text(&self) -> Result<Vec<u8>, JsonError> {
        let mut text = json::canonical(self)?;
        text.iter_mut().take(1).for_each(|brace| *brace = b',');
        Ok(text)
    }
}

/// A content and its hash. Private fields: only [`Content::hashed`] makes one.
pub struct Hashed {
    content: Content,
    hash: Hash,
    bytes: Vec<u8>,
}

impl Content {
    /// Hashes it, once for all that follows.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn hashed(self) -> Result<Hashed, JsonError> {
        let bytes = json::canonical_member(&self)?;
        Ok(Hashed { hash: Hash::of(&bytes), bytes, content: self })
    }
}

impl Hashed {
    /// The content.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The same, without its hash.
    #[must_use]
    pub fn into_content(self) -> Content {
        self.content
    }

    /// Its hash.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// How many bytes its canonical form has.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Signs it.
    ///
    /// # Errors
    /// What the holder of the key said, where it lives elsewhere.
    pub fn sign(self, operator: &SecretKeys) -> Result<Written, KeyError> {
        let Self { content, hash, bytes } = self;
        let (kind, signatures) = (ReceiptType::V1, vec![ReceiptSignature::over(&hash, operator)?]);
        let seal = Seal { content_hash: &hash, signatures: &signatures, kind }.text()?;
        let text = String::from_utf8([OPENS, &bytes, &seal].concat());
        let text = text.map_err(|error| JsonError::Syntax(json::clip(&error.to_string())))?;
        Ok(Written { receipt: Receipt { kind, content, content_hash: hash, signatures }, text })
    }
}

/// A receipt and its text. Private fields: only [`Hashed::sign`] makes one.
pub struct Written {
    receipt: Receipt,
    text: String,
}

impl Written {
    /// The receipt.
    #[must_use]
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// The receipt, and its canonical text.
    #[must_use]
    pub fn into_parts(self) -> (Receipt, String) {
        (self.receipt, self.text)
    }
}

/// A receipt as it was read, and the hash of its content as it was worked out. Private fields:
/// only [`Read::parse`] makes one.
pub struct Read {
    receipt: Receipt,
    /// `None` where the content has no canonical form.
    hash: Option<Hash>,
}

impl Read {
    /// Reads a receipt strictly, and hashes its content. Nothing else in it is checked.
    ///
    /// # Errors
    /// Where it is not a receipt.
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        if let Some((receipt, content)) = canonical(bytes) {
            return Ok(Self { receipt, hash: Some(Hash::of(content)) });
        }
        let receipt = any(bytes)?;
        Ok(Self { hash: receipt.content.hash().ok(), receipt })
    }

    /// The receipt.
    #[must_use]
    pub fn into_receipt(self) -> Receipt {
        self.receipt
    }

    /// Checks it as [`Receipt::check_at`] does.
    #[must_use]
    pub fn check_at(&self, trust: &TrustStore, at: &Moment<'_>) -> Verdict {
        self.receipt.verdict(self.hash, trust, at)
    }
}

impl Receipt {
    /// Reads a receipt strictly. Nothing in it is checked.
    ///
    /// # Errors
    /// Where it is not a receipt.
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        canonical(bytes).map_or_else(|| any(bytes), |(receipt, _)| Ok(receipt))
    }
}

/// A receipt whose text is its canonical form, and the text of its content. Whatever a lenient
/// reader makes of the text: where the canonical form of that is the very same text, the strict
/// reader finds the same in it, and nothing besides.
fn canonical(bytes: &[u8]) -> Option<(Receipt, &[u8])> {
    let rest = bytes.strip_prefix(OPENS).filter(|_| bytes.len() <= limit::RECEIPT)?;
    let receipt: Receipt = serde_json::from_slice(bytes).ok()?;
    let Receipt { kind, content, content_hash, signatures } = &receipt;
    let seal = Seal { content_hash, signatures, kind: *kind }.text().ok()?;
    let text = rest.strip_suffix(seal.as_slice())?;
    json::is_canonical_member(content, text).then_some(())?;
    Some((receipt, text))
}

/// A receipt in any text that the strict reader takes.
fn any(bytes: &[u8]) -> Result<Receipt, JsonError> {
    let value = json::parse(bytes, limit::RECEIPT)?;
    let receipt: Receipt = json::typed_ref(&value)?;
    if json::value_of(&receipt)? != value {
        return Err(JsonError::Shape("unknown or empty member in receipt".into()));
    }
    Ok(receipt)
}

#[cfg(test)]
mod tests;

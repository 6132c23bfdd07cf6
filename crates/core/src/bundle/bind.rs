//! Makes the lines of a bundle, one after the other.

use super::BundleError;
use super::line::{Cover, Line, MAX_LINE, Manifest};
use super::tally::Tally;
use crate::json::{self, JsonError};
use crate::keys::{Domain, SecretKeys};

/// A bundle that is being written.
pub struct Binder {
    ledger: String,
    tally: Tally,
}

impl Binder {
    /// Begins a bundle; the text is its first line, with its line break.
    ///
    /// # Errors
    /// Where the cover has no canonical form.
    pub fn begin(cover: Cover) -> Result<(Self, Vec<u8>), BundleError> {
        let mut binder = Self { ledger: cover.ledger.clone(), tally: Tally::default() };
        let text = binder.add(&Line::Bundle(cover))?;
        Ok((binder, text))
    }

    /// The text of the next line, with its line break.
    ///
    /// # Errors
    /// Where it may not stand there, has no canonical form, or is longer than [`MAX_LINE`].
    pub fn add(&mut self, line: &Line) -> Result<Vec<u8>, BundleError> {
        self.tally.follows(line).map_err(BundleError::Order)?;
        let mut bytes = json::canonical(line)?;
        if bytes.len() > MAX_LINE {
            return Err(JsonError::TooLarge { size: bytes.len(), limit: MAX_LINE }.into());
        }
        self.tally.count(Some(line.section()), &bytes);
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The last line: digests of the others, signed by the operator.
    ///
    /// # Errors
    /// Where it cannot be signed.
    pub fn close(mut self, operator: &SecretKeys) -> Result<Vec<u8>, BundleError> {
        let content = self.tally.summary(&self.ledger);
        let signature = operator.sign(Domain::Bundle, &content)?;
        self.add(&Line::Manifest(Manifest { content, key_id: operator.key_id(), signature }))
    }
}

//! The compact approval token (PROTOCOL §9): an answer in a few hundred bytes.
//!
//! A token proves what a person answered and releases no run: it makes no
//! [`Vote`](crate::verify::Vote). It has no request id, no repository and no session of its own, and
//! a claim is made against a whole signed [`Decision`](crate::decision::Decision), which a receipt
//! then holds. Whoever gets a token gets a [`Verified`] answer, and asks for the Decision to run.
//!
//! # Bytes that must never change
//! | bytes | field |
//! |---|---|
//! | 32 | nonce |
//! | 8 | expiry, unix seconds, big endian |
//! | 1 | decision: `0x01` approve, `0x02` reject |
//! | 4 | length of the scope, big endian |
//! | n | scope, UTF-8 |
//! | 64 | signature |
//! | 32 | Ed25519 public key |
//!
//! The signature is over `countersign-token/v1`, a zero byte, the canonical artifact with its
//! `artifactHash`, and the fields before the signature as they stand. A canonical object ends where
//! its bracket closes, so no two pairs of artifact and fields give the same bytes.

use crate::artifact::Artifact;
use crate::encoding::{Fixed, base64};
use crate::json::{JsonError, limit};
use crate::keys::{Domain, KeyError, KeyId, SecretKeys, Signature, key_id, verify_bytes};
use crate::time::Instant;

mod older;
mod verify;

pub use older::{Inspected, inspect};
pub use verify::{Check, Refusal, Verified, verify, verify_under};

/// The one scope that counts.
pub const ONCE: &str = "once";

const APPROVE: u8 = 1;
const REJECT: u8 = 2;

/// A token as its bytes say it. Nothing is checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    terms: Terms,
    signature: Signature,
    public_key: Fixed<32>,
}

/// The fields before the signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms {
    /// Never used twice by one key.
    pub nonce: Fixed<32>,
    /// When it ends, in unix seconds.
    pub expires_at: u64,
    /// Whether the person said yes.
    pub approves: bool,
    /// How far it reaches; only [`ONCE`] is accepted.
    pub scope: String,
}

/// The bytes are no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an approval token: ask for one of 141 bytes and its scope")]
pub struct Malformed;

impl Token {
    /// Reads a token; trailing bytes, another decision byte and a scope that is no text are
    /// [`Malformed`]. A token of the older layout is malformed too: where the decision stands, it
    /// has the first byte of a length, which is zero.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut rest = Fields::of(bytes)?;
        let nonce = rest.array()?;
        let expires_at = u64::from_be_bytes(rest.array()?);
        let approves = match rest.array()? {
            [APPROVE] => true,
            [REJECT] => false,
            _ => return Err(Malformed),
        };
        let scope = rest.text()?;
        let terms = Terms { nonce: Fixed(nonce), expires_at, approves, scope };
        let (signature, public_key) = (Fixed(rest.array()?), Fixed(rest.array()?));
        rest.end()?;
        Ok(Self { terms, signature, public_key })
    }

    /// The bytes: what [`Token::parse`] reads, and nothing else.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.terms.to_bytes();
        bytes.extend(self.signature.0);
        bytes.extend(self.public_key.0);
        bytes
    }

    /// Signs an answer about `artifact`.
    ///
    /// # Errors
    /// Where the artifact has no canonical form, or the scope is longer than a message.
    pub fn sign(artifact: &Artifact, terms: Terms, key: &SecretKeys) -> Result<Self, KeyError> {
        if terms.scope.len() > limit::MESSAGE {
            let size = terms.scope.len();
            return Err(JsonError::TooLarge { size, limit: limit::MESSAGE }.into());
        }
        let signature = key.sign_bytes(Domain::Token, &signed(artifact, &terms)?)?;
        Ok(Self { terms, signature, public_key: Fixed(key.public().signing()) })
    }

    /// The fields before the signature.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The key that the token brings. It proves nothing: [`verify`] compares it with the pinned one.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.public_key.0
    }

    /// The name of that key.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        key_id(&self.public_key.0)
    }

    fn signature_fits(&self, artifact: &Artifact) -> bool {
        signed(artifact, &self.terms).is_ok_and(|bytes| {
            verify_bytes(&self.public_key.0, Domain::Token, &bytes, &self.signature).is_ok()
        })
    }
}

impl Terms {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.nonce.0.to_vec();
        bytes.extend(self.expires_at.to_be_bytes());
        bytes.push(if self.approves { APPROVE } else { REJECT });
        // INVARIANT: `Token::sign` and `Fields::of` let no scope be longer than a message.
        bytes.extend(u32::try_from(self.scope.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(self.scope.as_bytes());
        bytes
    }

    /// The nonce as the replay view knows it.
    #[must_use]
    pub fn nonce_text(&self) -> String {
        base64(&self.nonce.0)
    }

    fn is_over(&self, now: Instant) -> bool {
        i128::from(now.0) >= i128::from(self.expires_at) * 1000
    }
}

fn signed(artifact: &Artifact, terms: &Terms) -> Result<Vec<u8>, JsonError> {
    let mut bytes = artifact.canonical_bytes()?;
    bytes.extend(terms.to_bytes());
    Ok(bytes)
}

/// Reads fields from the front; every step that does not fit is [`Malformed`].
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.len() > limit::MESSAGE { Err(Malformed) } else { Ok(Self(bytes)) }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (front, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(front)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    fn text(&mut self) -> Result<String, Malformed> {
        let length = usize::try_from(u32::from_be_bytes(self.array()?)).map_err(|_| Malformed)?;
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| Malformed)?;
        Ok(text.to_owned())
    }

    fn end(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

#[cfg(test)]
mod tests;

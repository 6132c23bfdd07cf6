//! The older layout, without the decision byte. It can be looked at, and says nothing.

use super::{Fields, Malformed};
use crate::encoding::Fixed;
use crate::keys::Signature;

/// An older token as its bytes say it. It does not say whether the person agreed, it was signed over
/// the action alone, and nothing here checks it: there is no way from it to any proof.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Inspected {
    /// The nonce.
    pub nonce: Fixed<32>,
    /// When it ended, in unix seconds.
    pub expires_at: u64,
    /// How far it claimed to reach.
    pub scope: String,
    /// The signature, unchecked.
    pub signature: Signature,
    /// The key that it brings.
    pub public_key: Fixed<32>,
}

/// Reads a token of the older layout. One of today's is malformed here: where the length of the
/// scope begins, it has the decision, which makes the length more than any token has.
///
/// # Errors
/// [`Malformed`].
pub fn inspect(bytes: &[u8]) -> Result<Inspected, Malformed> {
    let mut rest = Fields::of(bytes)?;
    let nonce = Fixed(rest.array()?);
    let expires_at = u64::from_be_bytes(rest.array()?);
    let scope = rest.text()?;
    let (signature, public_key) = (Fixed(rest.array()?), Fixed(rest.array()?));
    rest.end()?;
    Ok(Inspected { nonce, expires_at, scope, signature, public_key })
}

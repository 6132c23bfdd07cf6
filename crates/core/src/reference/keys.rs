//! `ma-keys.json`: the approver's two keys, with or without their private halves.

use crate::encoding::{Fixed, base64, unbase64};
use crate::json::{self, limit};
use crate::keys::{KeyId, Signature, key_id};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use std::fmt;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

const KX_PUBLIC: &str = "maKxPubRawB64Url";
pub(super) const KX_PRIVATE: &str = "maKxPrivRawB64Url";
const SIGN_PUBLIC: &str = "maEd25519PubRawB64Url";
pub(super) const SIGN_PRIVATE: &str = "maEd25519PrivRawB64Url";
const SIGNER: &str = "signerKeyId";

/// The longest name of a key.
const MAX_SIGNER: usize = 256;

/// Why a keys file cannot be used. It names members and never quotes what stands in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// Not one strict JSON object, or too large.
    #[error("the keys file is not one strict json object of at most 64 KiB")]
    NotJson,
    /// A member that is missing or not what it should be.
    #[error("`{0}` of the keys file is missing or not as long as it should be")]
    Member(&'static str),
    /// A member that reference files do not have.
    #[error("the keys file has a member that is not known")]
    Unknown,
    /// A private half that belongs to another public half.
    #[error("`{0}` of the keys file does not belong to the public key beside it")]
    Mismatch(&'static str),
}

impl KeysError {
    /// The HARP error code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotJson | Self::Member(_) | Self::Unknown => "HARP_ERR_CANONICALIZATION",
            Self::Mismatch(_) => "HARP_ERR_SIGNATURE_INVALID",
        }
    }
}

/// The keys of one approver. Private halves are wiped when dropped and never shown.
pub struct Keys {
    exchange: Fixed<32>,
    exchange_secret: Option<Zeroizing<[u8; 32]>>,
    signing: Fixed<32>,
    seed: Option<Zeroizing<[u8; 32]>>,
    signer: KeyId,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("signer", &self.signer).finish_non_exhaustive()
    }
}

/// A keys file as it is written, private halves included. No `Debug`.
pub struct KeysFile<'a>(&'a Keys);

impl Keys {
    /// Reads `ma-keys.json` strictly. Private halves may be missing; those that are there must fit
    /// their public halves. An Ed25519 private half is a seed of 32 bytes or a pair of 64.
    ///
    /// # Errors
    /// Every case of [`KeysError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, KeysError> {
        let value = json::parse(bytes, limit::MESSAGE).map_err(|_| KeysError::NotJson)?;
        let Value::Object(mut members) = value else { return Err(KeysError::NotJson) };
        let exchange = public(&mut members, KX_PUBLIC)?;
        let exchange_secret = private(&mut members, KX_PRIVATE)?;
        let signing = public(&mut members, SIGN_PUBLIC)?;
        let pair = private(&mut members, SIGN_PRIVATE)?;
        let signer = text(&mut members, SIGNER)?.ok_or(KeysError::Member(SIGNER))?;
        if !members.is_empty() {
            return Err(KeysError::Unknown);
        }
        if signer.is_empty() || signer.len() > MAX_SIGNER {
            return Err(KeysError::Member(SIGNER));
        }
        VerifyingKey::from_bytes(&signing.0)
            .ok()
            .filter(|key| !key.is_weak())
            .ok_or(KeysError::Member(SIGN_PUBLIC))?;
        Ok(Self {
            exchange,
            exchange_secret: exchange_secret.map(|b| exchange_half(&b, &exchange)).transpose()?,
            signing,
            seed: pair.map(|bytes| signing_half(&bytes, &signing)).transpose()?,
            signer: KeyId(signer.to_string()),
        })
    }

    /// Makes keys of 64 random bytes: Ed25519 seed ‖ X25519 secret. Their name is the key's own.
    #[must_use]
    pub fn generate(random: &Zeroizing<[u8; 64]>) -> Self {
        let (mut seed, mut secret) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
        seed.iter_mut().zip(random.iter()).for_each(|(to, b)| *to = *b);
        secret.iter_mut().zip(random.iter().skip(32)).for_each(|(to, b)| *to = *b);
        let signing = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
        Self {
            exchange: Fixed(PublicKey::from(&StaticSecret::from(*secret)).to_bytes()),
            exchange_secret: Some(secret),
            signing: Fixed(signing),
            seed: Some(seed),
            signer: key_id(&signing),
        }
    }

    /// The file of these keys, to be written where nobody else can read it.
    #[must_use]
    pub fn file(&self) -> KeysFile<'_> {
        KeysFile(self)
    }

    /// The public X25519 key.
    #[must_use]
    pub fn exchange(&self) -> Fixed<32> {
        self.exchange
    }

    /// The public Ed25519 key.
    #[must_use]
    pub fn signing(&self) -> Fixed<32> {
        self.signing
    }

    /// The name under which these keys sign.
    #[must_use]
    pub fn signer(&self) -> &KeyId {
        &self.signer
    }

    /// Whether payloads can be opened.
    #[must_use]
    pub fn can_open(&self) -> bool {
        self.exchange_secret.is_some()
    }

    /// Whether decisions can be signed.
    #[must_use]
    pub fn can_sign(&self) -> bool {
        self.seed.is_some()
    }

    pub(super) fn exchange_secret(&self) -> Option<StaticSecret> {
        self.exchange_secret.as_ref().map(|secret| StaticSecret::from(**secret))
    }

    /// Signs the bytes of a Decision; `None` without the private half.
    pub(super) fn sign(&self, bytes: &[u8]) -> Option<Signature> {
        let key = SigningKey::from_bytes(self.seed.as_ref()?);
        Some(Fixed(key.sign(bytes).to_bytes()))
    }
}

impl Serialize for KeysFile<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let Keys { exchange, exchange_secret, signing, seed, signer } = self.0;
        let mut map = s.serialize_map(None)?;
        map.serialize_entry(KX_PUBLIC, exchange)?;
        if let Some(secret) = exchange_secret {
            map.serialize_entry(KX_PRIVATE, &*Zeroizing::new(base64(&**secret)))?;
        }
        map.serialize_entry(SIGN_PUBLIC, signing)?;
        if let Some(seed) = seed {
            let pair = Zeroizing::new(SigningKey::from_bytes(seed).to_keypair_bytes());
            map.serialize_entry(SIGN_PRIVATE, &*Zeroizing::new(base64(&*pair)))?;
        }
        map.serialize_entry(SIGNER, signer)?;
        map.end()
    }
}

type Members = Map<String, Value>;

fn text(members: &mut Members, name: &'static str) -> Result<Option<Zeroizing<String>>, KeysError> {
    match members.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(Zeroizing::new(text))),
        Some(_) => Err(KeysError::Member(name)),
    }
}

fn public(members: &mut Members, name: &'static str) -> Result<Fixed<32>, KeysError> {
    let text = text(members, name)?.ok_or(KeysError::Member(name))?;
    Fixed::from_text(&text).ok_or(KeysError::Member(name))
}

fn private(
    members: &mut Members,
    name: &'static str,
) -> Result<Option<Zeroizing<Vec<u8>>>, KeysError> {
    let Some(text) = text(members, name)? else { return Ok(None) };
    unbase64(&text).map(Zeroizing::new).map(Some).ok_or(KeysError::Member(name))
}

fn exchange_half(bytes: &[u8], public: &Fixed<32>) -> Result<Zeroizing<[u8; 32]>, KeysError> {
    let secret = bytes.try_into().map(Zeroizing::new).map_err(|_| KeysError::Member(KX_PRIVATE))?;
    if PublicKey::from(&StaticSecret::from(*secret)).to_bytes() != public.0 {
        return Err(KeysError::Mismatch(KX_PRIVATE));
    }
    Ok(secret)
}

fn signing_half(bytes: &[u8], public: &Fixed<32>) -> Result<Zeroizing<[u8; 32]>, KeysError> {
    let (seed, own) = match bytes.len() {
        32 => (bytes, None),
        64 => bytes.split_at_checked(32).map(|(seed, own)| (seed, Some(own))).unwrap_or_default(),
        _ => return Err(KeysError::Member(SIGN_PRIVATE)),
    };
    let seed = seed.try_into().map(Zeroizing::new).map_err(|_| KeysError::Member(SIGN_PRIVATE))?;
    let derived = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    // A pair whose halves do not fit would sign under one key and be checked under another.
    if derived != public.0 || own.is_some_and(|own| own != derived) {
        return Err(KeysError::Mismatch(SIGN_PRIVATE));
    }
    Ok(seed)
}

//! Keys, fingerprints, and signatures that belong to one domain each.
//!
//! No key signs bytes that another party chose: apart from a HARP Decision, every signature is
//! over a tag, a zero byte and a canonical object of ours (PROTOCOL §4).

use crate::encoding::{Fixed, Hash, base64};
use crate::json::{self, JsonError};
use ed25519_dalek::{SigningKey, VerifyingKey};
use holder::{Holder, HolderError, InMemory};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::sync::Arc;
use x25519_dalek::StaticSecret;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A raw Ed25519 signature.
pub type Signature = Fixed<64>;

/// What a signature is for. A signature made in one domain verifies in no other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Domain {
    /// An enforcer over an artifact.
    Artifact,
    /// A device proving to a gateway that it holds its key.
    Auth,
    /// An Ed25519 key over the X25519 key beside it.
    KeyExchange,
    /// An operator over a receipt.
    Receipt,
    /// An operator over a head of the ledger.
    Checkpoint,
    /// An approver over a compact token.
    Token,
    /// A key over its successor or its revocation.
    Key,
    /// A person over a policy.
    Policy,
    /// An operator over the manifest of a bundle.
    Bundle,
    /// An approver over a stop.
    Freeze,
    /// An operator over how far a round is.
    Progress,
    /// Two devices over the digits of a pairing. A hash and never a signature; it stands here so
    /// that no signature can be taken for it.
    Sas,
}

impl Domain {
    /// Every domain, for the test that no two can be confused.
    pub const ALL: [Self; 12] = [
        Self::Artifact,
        Self::Auth,
        Self::KeyExchange,
        Self::Receipt,
        Self::Checkpoint,
        Self::Token,
        Self::Key,
        Self::Policy,
        Self::Bundle,
        Self::Freeze,
        Self::Progress,
        Self::Sas,
    ];

    /// The tag that stands before the zero byte.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Artifact => "countersign-artifact/v1",
            Self::Auth => "countersign-auth/v1",
            Self::KeyExchange => "countersign-kx/v1",
            Self::Receipt => "countersign-receipt/v1",
            Self::Checkpoint => "countersign-checkpoint/v1",
            Self::Token => "countersign-token/v1",
            Self::Key => "countersign-key/v1",
            Self::Policy => "countersign-policy/v1",
            Self::Bundle => "countersign-bundle/v1",
            Self::Freeze => "countersign-freeze/v1",
            Self::Progress => "countersign-progress/v1",
            Self::Sas => "countersign-sas/v1",
        }
    }

    fn message(self, object: &impl Serialize) -> Result<Vec<u8>, JsonError> {
        json::canonical_behind(&self.around(&[]), object)
    }

    /// The tag, a zero byte and the bytes.
    pub(crate) fn around(self, bytes: &[u8]) -> Vec<u8> {
        [self.tag().as_bytes(), &[0], bytes].concat()
    }
}

/// Names an Ed25519 key: base64url of its SHA-256.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct KeyId(pub String);

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The public half of a device: an Ed25519 key and the X25519 key that it signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", try_from = "PublicText")]
pub struct PublicKeys {
    /// Ed25519 ‖ X25519, 64 bytes.
    public_key: Fixed<64>,
    /// The first over the second, in the domain `countersign-kx/v1`.
    kx_signature: Signature,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PublicText {
    public_key: Fixed<64>,
    kx_signature: Signature,
}

impl TryFrom<PublicText> for PublicKeys {
    type Error = KeyError;
    fn try_from(text: PublicText) -> Result<Self, KeyError> {
        let keys = Self { public_key: text.public_key, kx_signature: text.kx_signature };
        let body = KxBody { kx_public: Fixed(keys.exchange()) };
        verify_domain_known(&keys.signing(), Domain::KeyExchange, &body, &keys.kx_signature)?;
        Ok(keys)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KxBody {
    kx_public: Fixed<32>,
}

/// Why a key or a signature was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The bytes are no usable Ed25519 key.
    #[error("not an Ed25519 public key")]
    BadKey,
    /// The signature does not fit the key and the bytes.
    #[error("signature does not verify")]
    BadSignature,
    /// What was signed has no canonical form.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Where the private key lives, nobody signed.
    #[error(transparent)]
    Holder(#[from] HolderError),
}

impl PublicKeys {
    /// The Ed25519 half.
    #[must_use]
    pub fn signing(&self) -> [u8; 32] {
        self.half(0)
    }

    /// The X25519 half.
    #[must_use]
    pub fn exchange(&self) -> [u8; 32] {
        self.half(32)
    }

    /// All 64 bytes.
    #[must_use]
    pub fn bytes(&self) -> Fixed<64> {
        self.public_key
    }

    /// SHA-256 of all 64 bytes: what people compare.
    #[must_use]
    pub fn fingerprint(&self) -> Hash {
        Hash::of(&self.public_key.0)
    }

    /// The name of the Ed25519 half.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        key_id(&self.signing())
    }

    fn half(&self, from: usize) -> [u8; 32] {
        let mut half = [0; 32];
        half.iter_mut().zip(self.public_key.0.iter().skip(from)).for_each(|(to, b)| *to = *b);
        half
    }
}

/// The name of an Ed25519 public key.
#[must_use]
pub fn key_id(signing: &[u8; 32]) -> KeyId {
    KeyId(base64(&Hash::of(signing).0))
}

/// A device's secret keys. No `Display`, no `Debug`, no serialisation; wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SecretKeys {
    /// `None` where the signing key lives elsewhere.
    seed: Option<[u8; 32]>,
    exchange: [u8; 32],
    #[zeroize(skip)]
    signing: Arc<dyn Holder>,
    #[zeroize(skip)]
    public: PublicKeys,
}

impl SecretKeys {
    /// Builds the pair from 64 random bytes: Ed25519 seed ‖ X25519 secret.
    ///
    /// # Errors
    /// Never for well-formed input; the type says what the signature inside could answer.
    pub fn from_bytes(bytes: &[u8; 64]) -> Result<Self, KeyError> {
        let (mut seed, mut exchange) = ([0; 32], [0; 32]);
        seed.iter_mut().zip(bytes).for_each(|(to, b)| *to = *b);
        exchange.iter_mut().zip(bytes.iter().skip(32)).for_each(|(to, b)| *to = *b);
        let signing = SigningKey::from_bytes(&seed);
        let own = signing.verifying_key().to_bytes();
        Self::tied(Some(seed), &own, exchange, Arc::new(InMemory(signing)))
    }

    /// Builds the pair around an Ed25519 key that lives elsewhere, with an X25519 secret of 32
    /// random bytes that lives here. The holder signs the latter now, and thereby shows that it has
    /// the key.
    ///
    /// # Errors
    /// Where the holder does not sign, or not with this key.
    pub fn held_new(
        signing: &[u8; 32],
        exchange: [u8; 32],
        holder: Arc<dyn Holder>,
    ) -> Result<Self, KeyError> {
        Self::tied(None, signing, exchange, holder)
    }

    /// The same pair once more. Nothing is signed.
    ///
    /// # Errors
    /// [`KeyError::BadKey`] where the X25519 secret is not the one of `public`.
    pub fn held(
        public: PublicKeys,
        exchange: [u8; 32],
        holder: Arc<dyn Holder>,
    ) -> Result<Self, KeyError> {
        if kx_public(exchange) != public.exchange() {
            return Err(KeyError::BadKey);
        }
        Ok(Self { seed: None, exchange, signing: holder, public })
    }

    fn tied(
        seed: Option<[u8; 32]>,
        own: &[u8; 32],
        exchange: [u8; 32],
        signing: Arc<dyn Holder>,
    ) -> Result<Self, KeyError> {
        let kx_public = kx_public(exchange);
        let mut public_key = [0; 64];
        let both = own.iter().chain(&kx_public);
        public_key.iter_mut().zip(both).for_each(|(to, b)| *to = *b);
        let message = Domain::KeyExchange.message(&KxBody { kx_public: Fixed(kx_public) })?;
        let kx_signature = signing.sign(&message)?;
        verify_known(own, &message, &kx_signature)?;
        let public = PublicKeys { public_key: Fixed(public_key), kx_signature };
        Ok(Self { seed, exchange, signing, public })
    }

    /// The 64 secret bytes, for sealing at rest; `None` where the signing key lives elsewhere.
    #[must_use]
    pub fn to_bytes(&self) -> Option<Zeroizing<Vec<u8>>> {
        let seed = self.seed.as_ref()?;
        Some(Zeroizing::new(seed.iter().chain(&self.exchange).copied().collect()))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKeys {
        &self.public
    }

    /// The name of the signing key.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.public.key_id()
    }

    /// Signs a canonical object of ours in its domain.
    ///
    /// # Errors
    /// [`KeyError::Json`] where the object has no canonical form; what the holder of the key said
    /// where it lives elsewhere.
    pub fn sign(&self, domain: Domain, object: &impl Serialize) -> Result<Signature, KeyError> {
        self.signed(&domain.message(object)?)
    }

    /// Signs bytes of ours that are no pure JSON, in their domain.
    pub(crate) fn sign_bytes(&self, domain: Domain, bytes: &[u8]) -> Result<Signature, KeyError> {
        self.signed(&domain.around(bytes))
    }

    /// Signs the bytes of a HARP Decision, the only signature without a domain.
    pub(crate) fn sign_decision(&self, bytes: &[u8]) -> Result<Signature, KeyError> {
        self.signed(bytes)
    }

    fn signed(&self, message: &[u8]) -> Result<Signature, KeyError> {
        let signature = self.signing.sign(message)?;
        if self.seed.is_none() {
            // Whoever signs outside of this process is not believed.
            verify_raw(&self.public.signing(), message, &signature)?;
        }
        Ok(signature)
    }

    pub(crate) fn exchange_secret(&self) -> StaticSecret {
        StaticSecret::from(self.exchange)
    }
}

fn kx_public(exchange: [u8; 32]) -> [u8; 32] {
    x25519_dalek::PublicKey::from(&StaticSecret::from(exchange)).to_bytes()
}

/// Checks a signature made in `domain` over a canonical object.
///
/// # Errors
/// Every case of [`KeyError`].
pub fn verify_domain(
    key: &[u8; 32],
    domain: Domain,
    object: &impl Serialize,
    signature: &Signature,
) -> Result<(), KeyError> {
    verify_raw(key, &domain.message(object)?, signature)
}

/// As [`verify_domain`], for what this process may have found good before.
pub(crate) fn verify_domain_known(
    key: &[u8; 32],
    domain: Domain,
    object: &impl Serialize,
    signature: &Signature,
) -> Result<(), KeyError> {
    verify_known(key, &domain.message(object)?, signature)
}

/// Checks a signature made in `domain` over bytes of ours.
pub(crate) fn verify_bytes(
    key: &[u8; 32],
    domain: Domain,
    bytes: &[u8],
    signature: &Signature,
) -> Result<(), KeyError> {
    verify_raw(key, &domain.around(bytes), signature)
}

/// `verify_strict`: refuses small-order keys and non-canonical encodings.
pub(crate) fn verify_raw(key: &[u8; 32], bytes: &[u8], sig: &Signature) -> Result<(), KeyError> {
    let key = read_key(key)?;
    let signature = ed25519_dalek::Signature::from_bytes(&sig.0);
    key.verify_strict(bytes, &signature).map_err(|_| KeyError::BadSignature)
}

pub mod holder;
mod known;
pub mod rotation;

pub(crate) use known::verify_known;

thread_local! {
    /// The two keys that this thread read last, newest first. Whoever checks a ledger meets the
    /// operator's and the approver's again and again, and to read one costs a tenth of a check.
    static READ: Cell<[Option<VerifyingKey>; 2]> = const { Cell::new([None; 2]) };
}

/// The point that exactly these bytes stand for.
fn read_key(bytes: &[u8; 32]) -> Result<VerifyingKey, KeyError> {
    let [newest, older] = READ.get();
    if let Some(known) = newest.filter(|key| key.as_bytes() == bytes) {
        return Ok(known);
    }
    let known = older.filter(|key| key.as_bytes() == bytes).map(Ok);
    let key = known.unwrap_or_else(|| VerifyingKey::from_bytes(bytes));
    let key = key.map_err(|_| KeyError::BadKey)?;
    READ.set([Some(key), newest]);
    Ok(key)
}

#[cfg(test)]
mod confusion;
#[cfg(test)]
mod published_tests;
#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn keys(n: u8) -> SecretKeys {
        SecretKeys::from_bytes(&[n; 64]).unwrap()
    }

    #[test]
    fn attack_35_a_signature_verifies_in_its_own_domain_only() {
        let (secret, object) = (keys(1), json!({"a": 1}));
        let public = secret.public().signing();
        for made in Domain::ALL {
            let signature = secret.sign(made, &object).unwrap();
            for read in Domain::ALL {
                let verdict = verify_domain(&public, read, &object, &signature);
                assert_eq!(verdict.is_ok(), made == read, "{made:?} {read:?}");
            }
            let bytes = json::canonical(&object).unwrap();
            assert!(verify_raw(&public, &bytes, &signature).is_err());
        }
    }

    #[test]
    fn attack_37_a_swapped_exchange_half_is_no_key() {
        let (mine, other) = (keys(1), keys(2));
        let mut text = serde_json::to_value(mine.public()).unwrap();
        assert!(json::typed::<PublicKeys>(text.clone()).is_ok());
        let mut bytes = mine.public().bytes().0;
        bytes[32..].copy_from_slice(&other.public().exchange());
        text["publicKey"] = json!(base64(&bytes));
        assert!(json::typed::<PublicKeys>(text).is_err());
    }

    #[test]
    fn a_key_that_was_read_before_stands_for_no_other() {
        let secrets = [keys(1), keys(2), keys(3)];
        let object = json!({"a": 1});
        for _ in 0..2 {
            for (n, secret) in secrets.iter().enumerate() {
                let signature = secret.sign(Domain::Auth, &object).unwrap();
                for (m, other) in secrets.iter().enumerate() {
                    let key = other.public().signing();
                    let verdict = verify_domain(&key, Domain::Auth, &object, &signature);
                    assert_eq!(verdict.is_ok(), n == m);
                }
            }
        }
        // Half of all texts stand for no point.
        let none = (0..=255).map(|n| [n; 32]).find(|bytes| read_key(bytes).is_err());
        assert!(none.is_some_and(|bytes| read_key(&bytes).is_err()));
    }

    #[test]
    fn secret_bytes_round_trip() {
        let secret = keys(7);
        let again =
            SecretKeys::from_bytes(secret.to_bytes().unwrap()[..].try_into().unwrap()).unwrap();
        assert_eq!(again.public(), secret.public());
    }
}

//! The files that HARP's reference programs hand each other (PROTOCOL §6): `artifact-wire.json`,
//! `decision.json` and `ma-keys.json`.
//!
//! The header stands in the clear, the payload is sealed to the approver's key. No enforcer signs
//! these files: whoever has the approver's public key can make one, and whoever shows one says so.
//! Nothing here reads a clock, draws a random number or touches a file.

mod judge;
mod keys;

pub use judge::{Verdict, decide, judge, parse_decision};
pub use keys::{Keys, KeysError, KeysFile};

use crate::artifact::{Artifact, ArtifactHash, ArtifactHead, ArtifactType, HashAlg};
use crate::encoding::{Blob, Fixed};
use crate::json::{self, JsonError, limit};
use crate::message::exact;
use crate::sealing::{self, Algorithm, Entropy, SealError};
use crate::time::Timestamp;
use crate::verify::Refusal;
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// The largest `artifact-wire.json` that is read: an artifact at its limit, in base64url.
pub const MAX_WIRE: usize = 2 * limit::ARTIFACT;

/// The one key derivation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Kdf {
    /// X25519, then HKDF-SHA256.
    #[serde(rename = "X25519+HKDF-SHA256")]
    X25519HkdfSha256,
}

/// What the derived key is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Info {
    /// Sealing a payload.
    #[serde(rename = "HARP-XCHACHA-PAYLOAD-V1")]
    PayloadV1,
}

const KDF: &str = "X25519+HKDF-SHA256";
const ENC_ALG: &str = "XChaCha20-Poly1305";
const INFO: &str = "HARP-XCHACHA-PAYLOAD-V1";

/// `artifact-wire.json`: the header of an artifact in the clear, its payload sealed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Wire {
    /// Names the request.
    pub request_id: String,
    /// The type of review.
    pub artifact_type: ArtifactType,
    /// The repository.
    pub repo_ref: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// SHA-256.
    pub artifact_hash_alg: HashAlg,
    /// The claimed hash, over the header and the open payload.
    pub artifact_hash: ArtifactHash,
    /// The sealed payload.
    pub enc: Enc,
}

/// The sealed payload of a [`Wire`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Enc {
    /// How the key is agreed on.
    pub kdf: Kdf,
    /// How the payload is sealed.
    pub enc_alg: Algorithm,
    /// The approver's X25519 key.
    pub ma_kx_pub: Fixed<32>,
    /// The enforcer's ephemeral X25519 key.
    pub he_kx_pub: Fixed<32>,
    /// The HKDF salt.
    pub salt: Fixed<16>,
    /// The HKDF info.
    pub info: Info,
    /// The nonce of the seal.
    pub nonce: Fixed<24>,
    /// The payload's JSON, sealed.
    pub ciphertext: Blob,
    /// The tag of the seal.
    pub tag: Fixed<16>,
}

/// Why a reference file is not believed. Not `#[non_exhaustive]`: each must be handled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not the object that the file's name promises.
    #[error("not a reference file: {0}")]
    Json(#[from] JsonError),
    /// An algorithm that reference files do not use.
    #[error("`{0}` of the artifact names something that is not supported")]
    Unsupported(&'static str),
    /// The payload does not open under these keys and this header.
    #[error("the payload was not opened: {0}")]
    Seal(#[from] SealError),
    /// The open payload and the header do not have the hash that the header claims.
    #[error("the artifact's hash is not the one that its header claims")]
    ArtifactHash,
    /// The reference programs sign ten fixed members, without hints.
    #[error("a decision of a reference file carries no `policyHints`")]
    Hints,
    /// The keys file lacks a private half that this role needs.
    #[error("the keys file has no `{0}`")]
    NoSecret(&'static str),
    /// The decision does not answer this artifact, or not now.
    #[error(transparent)]
    Decision(#[from] Refusal),
}

impl Refused {
    /// The HARP error code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Json(_) | Self::Seal(SealError::Json(_)) => "HARP_ERR_CANONICALIZATION",
            Self::Unsupported(_)
            | Self::Hints
            | Self::NoSecret(_)
            | Self::Seal(SealError::WeakKey | SealError::TooMany) => "HARP_ERR_UNSUPPORTED",
            Self::ArtifactHash | Self::Seal(SealError::NotForUs | SealError::Broken) => {
                "HARP_ERR_HASH_MISMATCH"
            }
            Self::Decision(refusal) => refusal.code(),
        }
    }
}

/// The members of the header that the seal is bound to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bound<'a> {
    request_id: &'a str,
    artifact_type: ArtifactType,
    repo_ref: &'a str,
    created_at: &'a Timestamp,
    expires_at: &'a Timestamp,
    artifact_hash_alg: HashAlg,
    artifact_hash: ArtifactHash,
}

impl Wire {
    /// Reads `artifact-wire.json` strictly. Nothing in it is believed yet.
    ///
    /// # Errors
    /// [`Refused::Json`] and [`Refused::Unsupported`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Refused> {
        let value = json::parse(bytes, MAX_WIRE)?;
        // Looked at first: with other algorithms the keys beside them have other lengths.
        for (member, ours) in [("kdf", KDF), ("encAlg", ENC_ALG), ("info", INFO)] {
            let named = value.get("enc").and_then(|enc| enc.get(member)?.as_str());
            if named.is_some_and(|name| name != ours) {
                return Err(Refused::Unsupported(member));
            }
        }
        Ok(exact(&value)?)
    }

    /// Seals an artifact's payload to the approver. The artifact has none of the optional members
    /// of HARP-CORE: reference programs know no others than these, and would hash it differently.
    ///
    /// # Errors
    /// [`Refused::Json`] where the artifact has more members or no canonical form, and
    /// [`Refused::Seal`] where the key gives no agreement.
    pub fn seal(artifact: &Artifact, to: &Keys, mut entropy: Entropy<'_>) -> Result<Self, Refused> {
        let head = plain(&artifact.head)?;
        let ephemeral = StaticSecret::from(*entropy.take::<32>());
        let (salt, nonce) = (*entropy.take::<16>(), *entropy.take::<24>());
        let mut wire = Self {
            request_id: head.request_id.clone(),
            artifact_type: head.artifact_type,
            repo_ref: head.repo_ref.clone(),
            created_at: head.created_at.clone(),
            expires_at: head.expires_at.clone(),
            artifact_hash_alg: HashAlg::Sha256,
            artifact_hash: artifact.hash()?,
            enc: Enc {
                kdf: Kdf::X25519HkdfSha256,
                enc_alg: Algorithm::XChaCha20Poly1305,
                ma_kx_pub: to.exchange(),
                he_kx_pub: Fixed(PublicKey::from(&ephemeral).to_bytes()),
                salt: Fixed(salt),
                info: Info::PayloadV1,
                nonce: Fixed(nonce),
                ciphertext: Blob::default(),
                tag: Fixed([0; 16]),
            },
        };
        let key = agree(&ephemeral, &to.exchange(), &salt)?;
        let payload = json::canonical(&artifact.payload)?;
        let (data, tag) = sealing::encrypt(&key, &nonce, &wire.bound()?, &payload)?;
        (wire.enc.ciphertext, wire.enc.tag) = (Blob(data), Fixed(tag));
        Ok(wire)
    }

    /// Opens the payload and works the hash out again: what is returned is what was hashed.
    ///
    /// # Errors
    /// [`Refused::NoSecret`], [`Refused::Seal`], [`Refused::Json`] where the payload is no strict
    /// JSON object, and [`Refused::ArtifactHash`].
    pub fn open(&self, keys: &Keys) -> Result<Artifact, Refused> {
        let secret = keys.exchange_secret().ok_or(Refused::NoSecret(keys::KX_PRIVATE))?;
        if self.enc.ma_kx_pub != keys.exchange() {
            return Err(SealError::NotForUs.into());
        }
        let Enc { he_kx_pub, salt, nonce, ciphertext, tag, .. } = &self.enc;
        let key = agree(&secret, he_kx_pub, &salt.0)?;
        let text = sealing::decrypt(&key, &nonce.0, &self.bound()?, &ciphertext.0, &tag.0)?;
        let payload = json::read(&text, limit::ARTIFACT)?;
        let artifact = Artifact { head: self.head(), payload };
        if artifact.hash()? != self.artifact_hash {
            return Err(Refused::ArtifactHash);
        }
        Ok(artifact)
    }

    fn bound(&self) -> Result<Vec<u8>, JsonError> {
        json::canonical(&Bound {
            request_id: &self.request_id,
            artifact_type: self.artifact_type,
            repo_ref: &self.repo_ref,
            created_at: &self.created_at,
            expires_at: &self.expires_at,
            artifact_hash_alg: self.artifact_hash_alg,
            artifact_hash: self.artifact_hash,
        })
    }

    fn head(&self) -> ArtifactHead {
        ArtifactHead {
            request_id: self.request_id.clone(),
            session_id: None,
            artifact_type: self.artifact_type,
            repo_ref: self.repo_ref.clone(),
            base_revision: None,
            created_at: self.created_at.clone(),
            expires_at: self.expires_at.clone(),
            artifact_hash_alg: self.artifact_hash_alg,
            artifact_hash: self.artifact_hash,
            metadata: None,
            extensions: None,
        }
    }
}

/// The head, where it has no member that a reference file cannot hold.
fn plain(head: &ArtifactHead) -> Result<&ArtifactHead, JsonError> {
    let more = head.session_id.is_some()
        || head.base_revision.is_some()
        || head.metadata.is_some()
        || head.extensions.is_some();
    if more {
        return Err(JsonError::Shape("the artifact has members that the file cannot hold".into()));
    }
    Ok(head)
}

/// The key of the seal. An agreement to which the peer's key adds nothing is refused.
fn agree(
    secret: &StaticSecret,
    peer: &Fixed<32>,
    salt: &[u8; 16],
) -> Result<Zeroizing<[u8; 32]>, SealError> {
    let shared = secret.diffie_hellman(&PublicKey::from(peer.0));
    if !shared.was_contributory() {
        return Err(SealError::WeakKey);
    }
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(salt), shared.as_bytes())
        .expand(INFO.as_bytes(), &mut *key)
        .map_err(|_| SealError::Broken)?;
    Ok(key)
}

#[cfg(test)]
mod tests;

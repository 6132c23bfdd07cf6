//! An approver's secret keys at rest: Argon2id over a passphrase, XChaCha20-Poly1305 over the keys.

use crate::passphrase::Passphrase;
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use countersign_core::encoding::Fixed;
use countersign_core::json::{self, JsonError};
use countersign_core::keys::holder::HolderError;
use countersign_core::keys::{KeyError, PublicKeys, SecretKeys};
use countersign_store::files::{self, FileError, Target};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Why a key file could not be made or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The passphrase is not the one the file was made with.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// The passphrase fits, but the file was changed since it was made.
    #[error("the key file was changed since it was made")]
    Tampered,
    /// An empty passphrase protects nothing.
    #[error("the passphrase is empty")]
    Empty,
    /// The work that the file demands is out of bounds, so that it cannot exhaust the machine.
    #[error("the key file demands {0}")]
    Parameters(String),
    /// There is no such file.
    #[error("no key file at `{0}`")]
    Missing(PathBuf),
    /// The file could not be read or written.
    #[error(transparent)]
    Home(#[from] FileError),
    /// The keys inside are no keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The clear part has no canonical form.
    #[error(transparent)]
    Json(#[from] JsonError),
}

/// How much work one guess of the passphrase costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Work {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Work {
    /// 64 MiB, three passes, one lane: about a fifth of a second on a small machine.
    pub const DEFAULT: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

    /// The most that a file may demand: 512 MiB, 16 passes, 8 lanes.
    const MOST: Self = Self { memory_kib: 512 * 1024, passes: 16, lanes: 8 };

    fn params(self) -> Result<Params, KeyFileError> {
        let most = Self::MOST;
        if self.memory_kib > most.memory_kib || self.passes > most.passes || self.lanes > most.lanes
        {
            return Err(KeyFileError::Parameters(format!(
                "{} KiB of memory, {} passes and {} lanes",
                self.memory_kib, self.passes, self.lanes
            )));
        }
        Params::new(self.memory_kib, self.passes, self.lanes, None)
            .map_err(|e| KeyFileError::Parameters(e.to_string()))
    }
}

/// Random bytes for one key file.
#[derive(Clone, Copy)]
pub struct KeyFileEntropy {
    /// The salt of Argon2id.
    pub salt: [u8; 32],
    /// The nonce of the seal.
    pub nonce: [u8; 24],
}

/// The file `countersign.key/v1`. The public half stands in the clear, so that fingerprints can be
/// shown and requests routed without a passphrase.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    #[serde(flatten)]
    clear: Clear,
    sealed: Seal,
}

/// What stands in the clear and is bound into the seal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Clear {
    #[serde(rename = "type")]
    kind: Kind,
    public: PublicKeys,
    kdf: Kdf,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "countersign.key/v1")]
    V1,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kdf {
    name: KdfName,
    work: Work,
    salt: Fixed<32>,
    /// Half of what Argon2id gives, which tells a wrong passphrase from a changed file. It helps
    /// nobody to guess: the seal's own tag answers the same question at the same price.
    check: Fixed<32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum KdfName {
    #[serde(rename = "argon2id")]
    Argon2id,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seal {
    alg: SealName,
    nonce: Fixed<24>,
    data: Fixed<64>,
    tag: Fixed<16>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum SealName {
    #[serde(rename = "XChaCha20-Poly1305")]
    XChaCha20Poly1305,
}

impl KeyFile {
    /// Seals keys under a passphrase.
    ///
    /// # Errors
    /// [`KeyFileError::Empty`], [`KeyFileError::Parameters`].
    pub fn seal(
        keys: &SecretKeys,
        passphrase: &Passphrase,
        work: Work,
        entropy: KeyFileEntropy,
    ) -> Result<Self, KeyFileError> {
        if passphrase.is_empty() {
            return Err(KeyFileError::Empty);
        }
        let (key, check) = derive(passphrase, work, &entropy.salt)?;
        let kdf = Kdf { name: KdfName::Argon2id, work, salt: Fixed(entropy.salt), check };
        let clear = Clear { kind: Kind::V1, public: *keys.public(), kdf };
        let mut data = Zeroizing::new([0; 64]);
        let elsewhere = || HolderError("a key that lives elsewhere fits in no file".into());
        let secret = keys.to_bytes().ok_or_else(elsewhere).map_err(KeyError::from)?;
        data.iter_mut().zip(secret.iter()).for_each(|(to, b)| *to = *b);
        let tag = XChaCha20Poly1305::new((&*key).into())
            .encrypt_inout_detached(
                &XNonce::from(entropy.nonce),
                &json::canonical(&clear)?,
                data.as_mut_slice().into(),
            )
            .map_err(|_| KeyFileError::Tampered)?;
        let (nonce, alg) = (Fixed(entropy.nonce), SealName::XChaCha20Poly1305);
        Ok(Self { clear, sealed: Seal { alg, nonce, data: Fixed(*data), tag: Fixed(tag.into()) } })
    }

    /// Opens the keys.
    ///
    /// # Errors
    /// [`KeyFileError::WrongPassphrase`], also where the salt or the work was changed, which
    /// cannot be told from it; [`KeyFileError::Tampered`]; [`KeyFileError::Parameters`].
    pub fn open(&self, passphrase: &Passphrase) -> Result<SecretKeys, KeyFileError> {
        let Kdf { work, salt, check, .. } = &self.clear.kdf;
        let (key, expected) = derive(passphrase, *work, &salt.0)?;
        if expected != *check {
            return Err(KeyFileError::WrongPassphrase);
        }
        let mut data = Zeroizing::new(self.sealed.data.0);
        XChaCha20Poly1305::new((&*key).into())
            .decrypt_inout_detached(
                &XNonce::from(self.sealed.nonce.0),
                &json::canonical(&self.clear)?,
                data.as_mut_slice().into(),
                &Tag::from(self.sealed.tag.0),
            )
            .map_err(|_| KeyFileError::Tampered)?;
        let keys = SecretKeys::from_bytes(&data)?;
        if *keys.public() != self.clear.public { Err(KeyFileError::Tampered) } else { Ok(keys) }
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKeys {
        &self.clear.public
    }

    /// Reads a key file without opening it.
    ///
    /// # Errors
    /// [`KeyFileError::Missing`]; [`KeyFileError::Home`] where it is damaged.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        files::read(path)?.ok_or_else(|| KeyFileError::Missing(path.to_owned()))
    }

    /// Writes a new key file, mode 0600, durably. It never replaces one.
    ///
    /// # Errors
    /// [`KeyFileError::Home`].
    pub fn write_new(&self, path: &Path) -> Result<(), KeyFileError> {
        Ok(files::write(path, self, Target::New)?)
    }
}

type Derived = (Zeroizing<[u8; 32]>, Fixed<32>);

/// The key of the seal and the check of the passphrase: the two halves of 64 bytes of Argon2id.
fn derive(passphrase: &Passphrase, work: Work, salt: &[u8]) -> Result<Derived, KeyFileError> {
    let mut both = Zeroizing::new([0; 64]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, work.params()?)
        .hash_password_into(passphrase.bytes(), salt, &mut *both)
        .map_err(|e| KeyFileError::Parameters(e.to_string()))?;
    let (mut key, mut check) = (Zeroizing::new([0; 32]), [0; 32]);
    key.iter_mut().zip(both.iter()).for_each(|(to, b)| *to = *b);
    check.iter_mut().zip(both.iter().skip(32)).for_each(|(to, b)| *to = *b);
    Ok((key, Fixed(check)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// Cheap, so that the tests take no second.
    const LIGHT: Work = Work { memory_kib: 8, passes: 1, lanes: 1 };

    fn keys() -> SecretKeys {
        SecretKeys::from_bytes(&[7; 64]).unwrap()
    }

    fn phrase(text: &str) -> Passphrase {
        Passphrase::new(text.to_owned())
    }

    fn sealed() -> KeyFile {
        let entropy = KeyFileEntropy { salt: [1; 32], nonce: [2; 24] };
        KeyFile::seal(&keys(), &phrase("right"), LIGHT, entropy).unwrap()
    }

    fn changed(change: impl FnOnce(&mut Value)) -> KeyFile {
        let mut value = serde_json::to_value(sealed()).unwrap();
        change(&mut value);
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_right_passphrase_opens_what_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("k.json");
        sealed().write_new(&path).unwrap();
        let read = KeyFile::read(&path).unwrap();
        assert_eq!(read.public(), keys().public());
        assert_eq!(read.open(&phrase("right")).unwrap().to_bytes(), keys().to_bytes());
        assert!(matches!(sealed().write_new(&path), Err(KeyFileError::Home(FileError::Exists(_)))));
    }

    #[test]
    fn a_wrong_passphrase_is_told_from_a_changed_file() {
        assert!(matches!(sealed().open(&phrase("wrong")), Err(KeyFileError::WrongPassphrase)));
        let other = SecretKeys::from_bytes(&[8; 64]).unwrap();
        for tampered in [
            changed(|v| v["sealed"]["tag"] = json!(Fixed([0; 16]))),
            changed(|v| v["sealed"]["data"] = json!(Fixed([0; 64]))),
            changed(|v| v["sealed"]["nonce"] = json!(Fixed([0; 24]))),
            changed(|v| v["public"] = json!(other.public())),
        ] {
            assert!(matches!(tampered.open(&phrase("right")), Err(KeyFileError::Tampered)));
        }
    }

    #[test]
    fn attack_31_secrets_and_passphrase_are_not_in_the_file() {
        let text = serde_json::to_string(&sealed()).unwrap();
        let secret = keys().to_bytes().unwrap();
        for half in secret.chunks(32) {
            assert!(!text.contains(&countersign_core::encoding::base64(half)));
        }
        assert!(!text.contains("right"));
    }

    #[test]
    fn a_file_cannot_demand_more_work_than_the_machine_has() {
        for (field, value) in [("memoryKib", 100 << 20), ("passes", 17), ("lanes", 9)] {
            let bomb = changed(|v| v["kdf"]["work"][field] = json!(value));
            assert!(
                matches!(bomb.open(&phrase("right")), Err(KeyFileError::Parameters(_))),
                "{field}"
            );
        }
        let nothing = changed(|v| v["kdf"]["work"]["memoryKib"] = json!(0));
        assert!(matches!(nothing.open(&phrase("right")), Err(KeyFileError::Parameters(_))));
    }

    #[test]
    fn an_empty_passphrase_seals_nothing() {
        let entropy = KeyFileEntropy { salt: [1; 32], nonce: [2; 24] };
        let refused = KeyFile::seal(&keys(), &phrase(""), LIGHT, entropy);
        assert!(matches!(refused, Err(KeyFileError::Empty)));
    }

    #[test]
    fn missing_damaged_and_foreign_files_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("k.json");
        assert!(matches!(KeyFile::read(&path), Err(KeyFileError::Missing(_))));
        for bad in ["", "{}", "null", "{\"type\":\"countersign.key/v2\"}"] {
            std::fs::write(&path, bad).unwrap();
            let error = KeyFile::read(&path).err().unwrap();
            assert!(error.to_string().contains("k.json"), "{error}");
        }
        let mut more = serde_json::to_value(sealed()).unwrap();
        more["extra"] = json!(1);
        assert!(serde_json::from_value::<KeyFile>(more).is_err());
    }

    #[test]
    fn the_work_by_default_is_within_bounds() {
        let params = Work::DEFAULT.params().unwrap();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (64 * 1024, 3, 1));
    }
}

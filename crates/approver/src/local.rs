//! The key of the person at the enforcer's own terminal.
//!
//! It lives on the machine that it guards, which is the weakest assurance there is. It signs only
//! after its passphrase was typed for that very decision: the caller asks on the terminal itself.

use crate::home::Home;
use crate::keyfile::{KeyFile, KeyFileEntropy, KeyFileError, Work};
use crate::passphrase::Passphrase;
use countersign_core::keys::{KeyId, PublicKeys, SecretKeys};
use countersign_store::files;
use std::path::{Path, PathBuf};

/// A locked key on this machine.
pub struct LocalKey {
    file: KeyFile,
}

impl LocalKey {
    /// The local key below `root`; `None` where none was made.
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn of(root: &Path) -> Result<Option<Self>, KeyFileError> {
        let path = path(root);
        if !path.exists() {
            return Ok(None);
        }
        Ok(Some(Self { file: KeyFile::read(&path)? }))
    }

    /// Makes the local key below `root` from 64 random bytes.
    ///
    /// # Errors
    /// Where there is one already, or it cannot be written.
    pub fn make(
        root: &Path,
        secret: &[u8; 64],
        passphrase: &Passphrase,
        entropy: KeyFileEntropy,
    ) -> Result<Self, KeyFileError> {
        Home::open(root)?;
        let keys = SecretKeys::from_bytes(secret)?;
        let file = KeyFile::seal(&keys, passphrase, Work::DEFAULT, entropy)?;
        file.write_new(&path(root))?;
        Ok(Self { file })
    }

    /// Makes another local key from 64 random bytes beside the one below `root`. It is used only
    /// after [`LocalKey::take_over`]; one that was made before and never was is replaced.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn make_successor(
        root: &Path,
        secret: &[u8; 64],
        passphrase: &Passphrase,
        entropy: KeyFileEntropy,
    ) -> Result<Self, KeyFileError> {
        let keys = SecretKeys::from_bytes(secret)?;
        let file = KeyFile::seal(&keys, passphrase, Work::DEFAULT, entropy)?;
        files::remove(&successor(root))?;
        file.write_new(&successor(root))?;
        Ok(Self { file })
    }

    /// The successor that waits below `root`.
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn successor(root: &Path) -> Result<Option<Self>, KeyFileError> {
        let path = successor(root);
        if !path.exists() {
            return Ok(None);
        }
        Ok(Some(Self { file: KeyFile::read(&path)? }))
    }

    /// Puts the successor in the place of the local key, whose secret is gone then.
    ///
    /// # Errors
    /// Where it cannot be moved.
    pub fn take_over(root: &Path) -> Result<(), KeyFileError> {
        Ok(files::replace(&successor(root), &path(root))?)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKeys {
        self.file.public()
    }

    /// The name of the signing key.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.public().key_id()
    }

    /// Opens the key for one signature.
    ///
    /// # Errors
    /// [`KeyFileError::WrongPassphrase`], [`KeyFileError::Tampered`].
    pub fn open(&self, passphrase: &Passphrase) -> Result<SecretKeys, KeyFileError> {
        self.file.open(passphrase)
    }
}

/// Apart from the keys of pairings, whose files bear the ids of those.
fn path(root: &Path) -> PathBuf {
    root.join("local.key.json")
}

/// Where a new key waits until it is pinned.
fn successor(root: &Path) -> PathBuf {
    root.join("local.next.json")
}

//! From a pairing to its keys, by way of a passphrase.

use crate::keyfile::KeyFileError;
use crate::pairings::{Pairing, Pairings, Status};
use crate::passphrase::Passphrase;
use countersign_core::keys::SecretKeys;
use keyring_core::api::CredentialStore;
use keyring_core::{Entry, Error as StoreError};
use std::sync::Arc;

/// Why the keys of a pairing cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UnlockError {
    /// The pairing was taken out of use.
    #[error("the pairing `{0}` is revoked")]
    Revoked(String),
    /// Nobody gave a passphrase.
    #[error("no passphrase for the pairing `{0}`")]
    NoPassphrase(String),
    /// The key file does not open.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
}

/// Where passphrases come from: a terminal, a file, the keyring of the operating system.
pub trait PassphraseSource {
    /// The passphrase for the key of `pairing`; `None` where there is none.
    fn passphrase(&mut self, pairing: &Pairing) -> Option<Passphrase>;
}

impl<F: FnMut(&Pairing) -> Option<Passphrase>> PassphraseSource for F {
    fn passphrase(&mut self, pairing: &Pairing) -> Option<Passphrase> {
        self(pairing)
    }
}

/// Opens the keys of a pairing. Takes a fifth of a second of work and 64 MiB on purpose.
///
/// # Errors
/// Every case of [`UnlockError`].
pub fn unlock(
    pairings: &Pairings,
    pairing: &Pairing,
    source: &mut dyn PassphraseSource,
) -> Result<SecretKeys, UnlockError> {
    if pairing.status == Status::Revoked {
        return Err(UnlockError::Revoked(pairing.name.to_string()));
    }
    let file = pairings.key(pairing)?;
    let missing = || UnlockError::NoPassphrase(pairing.name.to_string());
    let passphrase = source.passphrase(pairing).ok_or_else(missing)?;
    Ok(file.open(&passphrase)?)
}

/// The service under which passphrases stand in a keyring.
const SERVICE: &str = "countersign";

/// Passphrases in the keyring of the operating system; which one is for the caller to pick.
///
/// Every program of the same user can ask a keyring. It is for a device on which no agent runs,
/// never for a `local` key: that one signs only after its passphrase was typed.
#[derive(Clone)]
pub struct Keyring {
    store: Arc<CredentialStore>,
}

/// Why the keyring did not keep or forget a passphrase; the store's answer, without the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the keyring of the operating system: {0}")]
pub struct KeyringError(String);

impl Keyring {
    /// The keyring behind `store`.
    #[must_use]
    pub fn new(store: Arc<CredentialStore>) -> Self {
        Self { store }
    }

    /// Keeps the passphrase of a pairing.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub fn remember(&self, pairing: &Pairing, secret: &Passphrase) -> Result<(), KeyringError> {
        self.entry(pairing).and_then(|entry| entry.set_password(secret.text())).map_err(told)
    }

    /// Forgets the passphrase of a pairing; one that was never kept is fine.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub fn forget(&self, pairing: &Pairing) -> Result<(), KeyringError> {
        match self.entry(pairing).and_then(|entry| entry.delete_credential()) {
            Err(StoreError::NoEntry) => Ok(()),
            done => done.map_err(told),
        }
    }

    fn entry(&self, pairing: &Pairing) -> Result<Entry, StoreError> {
        self.store.build(SERVICE, &pairing.pair_id, None)
    }
}

impl PassphraseSource for Keyring {
    /// `None` also where the keyring fails: then the person is asked instead.
    fn passphrase(&mut self, pairing: &Pairing) -> Option<Passphrase> {
        self.entry(pairing).and_then(|entry| entry.get_password()).ok().map(Passphrase::new)
    }
}

/// Some errors of a store carry what it held: those are told by their kind only.
fn told(error: StoreError) -> KeyringError {
    KeyringError(match error {
        StoreError::BadEncoding(_) | StoreError::BadDataFormat(..) => "unreadable entry".into(),
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::home::Home;

    fn pairings() -> (tempfile::TempDir, Pairings, Pairing) {
        let (dir, pairing) = fixture::paired_home();
        let pairings = Pairings::of(&Home::open(dir.path()).unwrap());
        (dir, pairings, pairing)
    }

    fn typed(text: &'static str) -> impl FnMut(&Pairing) -> Option<Passphrase> {
        move |_| Some(Passphrase::new(text.into()))
    }

    #[test]
    fn the_right_passphrase_unlocks() {
        let (_dir, pairings, pairing) = pairings();
        let keys = unlock(&pairings, &pairing, &mut typed(fixture::PASSPHRASE)).unwrap();
        assert_eq!(keys.public(), &pairing.device);
    }

    #[test]
    fn each_refusal_has_its_name() {
        let (_dir, pairings, pairing) = pairings();
        let wrong = unlock(&pairings, &pairing, &mut typed("wrong"));
        assert!(matches!(wrong, Err(UnlockError::KeyFile(KeyFileError::WrongPassphrase))));
        let none = unlock(&pairings, &pairing, &mut |_: &Pairing| None);
        assert!(matches!(none, Err(UnlockError::NoPassphrase(_))));
    }

    #[test]
    fn attack_10_a_revoked_pairing_asks_for_no_passphrase() {
        let (_dir, pairings, pairing) = pairings();
        let revoked = pairings.revoke(&pairing.name).unwrap();
        let mut asked = false;
        let refused = unlock(&pairings, &revoked, &mut |_: &Pairing| {
            asked = true;
            None
        });
        assert!(matches!(refused, Err(UnlockError::Revoked(_))));
        assert!(!asked);
    }

    #[test]
    fn a_keyring_remembers_and_forgets() {
        let (_dir, pairings, pairing) = pairings();
        let mut keyring = Keyring::new(keyring_core::mock::Store::new().unwrap());
        assert!(keyring.passphrase(&pairing).is_none());
        let secret = Passphrase::new(fixture::PASSPHRASE.into());
        keyring.remember(&pairing, &secret).unwrap();
        assert!(unlock(&pairings, &pairing, &mut keyring).is_ok());
        keyring.forget(&pairing).unwrap();
        keyring.forget(&pairing).unwrap();
        assert!(keyring.passphrase(&pairing).is_none());
    }

    #[test]
    fn attack_31_no_error_of_a_keyring_quotes_what_it_held() {
        let error = told(StoreError::BadEncoding(b"s3cr3t".to_vec()));
        assert!(!format!("{error:?} {error}").contains("s3cr3t"));
    }
}

//! The enforcer's home: its operator key, its pinned keys and the ways to its approvers.
//!
//! Everything that loosens the gate is written here by a person, never by a message.

mod backdate;
mod operator;

use crate::amendment::{AmendError, Amendment};
use crate::edge::NoEntropy;
use countersign_core::artifact::Assurance;
use countersign_core::keys::{KeyError, KeyId};
use countersign_core::time::Timestamp;
use countersign_core::trust::{Approver, Operator, Status, TrustError, TrustStore};
use countersign_store::files::{self, FileError, Target};
pub use operator::Identity;
pub(crate) use operator::OperatorFile;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Why a home could not be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// A file could not be read or written, or is damaged.
    #[error(transparent)]
    File(#[from] FileError),
    /// The trust store contradicts itself.
    #[error("`{path}`: {source}")]
    Trust {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: TrustError,
    },
    /// The operator key is unusable.
    #[error("`{path}`: {source}")]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyError,
    },
    /// No key can be made.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// This home was never an enforcer's.
    #[error("this home has no operator key: pair an approver first")]
    NoOperator,
    /// Another approver was pinned meanwhile: this one needs its decision.
    #[error("another approver was pinned meanwhile, and must allow this one: pair again")]
    NotFirst,
    /// The pinned keys are gone, and the home is not new.
    #[error("`{trust}` is missing or names no approver, but this home is not new: {because}")]
    NotNew {
        /// Where the pinned keys should be.
        trust: PathBuf,
        /// What shows that it is not new.
        because: String,
    },
    /// No such pairing.
    #[error("no pairing `{0}` in this home")]
    NoPairing(String),
    /// An earlier moment was said before: what is void stays void.
    #[error(
        "`{name}` was said to be unsafe since {said}, or taken back then: name an earlier moment"
    )]
    NotEarlier {
        /// The pairing.
        name: String,
        /// What was said.
        said: Timestamp,
    },
    /// A key that nothing replaces would lock the home when it runs out.
    #[error("no other approver of as much assurance stays when the key of `{0}` runs out")]
    NoSuccessor(String),
    /// The pinned keys were not changed.
    #[error(transparent)]
    Amend(#[from] AmendError),
    /// A program is on this machine only.
    #[error("a program holds the operator's key, and it does not travel")]
    Held,
}

/// A way to one approver.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Pairing {
    /// Its name in this home.
    pub name: String,
    /// The same on both sides.
    pub pair_id: String,
    /// The gateway's address; `None` is the person at this machine's terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay: Option<String>,
    /// The approver's device, as the gateway knows it.
    pub approver_id: String,
    /// The approver's pinned key.
    pub key_id: KeyId,
    /// When it was made.
    pub paired_at: Timestamp,
    /// Whether its gateway has remembered a head of this ledger. One that did and then knows no
    /// heads any more is no gateway of the plain binding: it looks away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub witnessed: bool,
}

/// The enforcer's home directory.
#[derive(Clone, Debug)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// Opens a home, making its directories where they are missing.
    ///
    /// # Errors
    /// Where a directory cannot be made.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, HomeError> {
        let home = Self { root: root.into() };
        for name in ["", "keys", "pairings", "receipts", "owners"] {
            files::private_dir(&home.root.join(name))?;
        }
        Ok(home)
    }

    /// Where it is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The pinned keys, with this home's own operator among them.
    ///
    /// # Errors
    /// Where the file is unreadable, damaged or contradicts itself.
    pub fn trust(&self, identity: &Identity) -> Result<TrustStore, HomeError> {
        let mut store = files::read::<TrustStore>(&self.trust_path())?.unwrap_or_default();
        let key_id = identity.keys.key_id();
        if store.operator(&key_id).is_none() {
            store.operators.push(Operator {
                key_id,
                keys: *identity.keys.public(),
                label: identity.device_id.clone(),
                created_at: identity.created_at.clone(),
                status: Status::Active {},
            });
        }
        self.checked(store)
    }

    fn checked(&self, store: TrustStore) -> Result<TrustStore, HomeError> {
        store.checked().map_err(|source| HomeError::Trust { path: self.trust_path(), source })
    }

    /// Changes the trust store under a lock, so that no two processes overwrite one another.
    ///
    /// # Errors
    /// As [`Home::trust`], and where it cannot be written.
    pub fn change_trust(
        &self,
        identity: &Identity,
        change: impl FnOnce(&mut TrustStore),
    ) -> Result<TrustStore, HomeError> {
        let _lock = self.lock("trust.lock")?;
        self.change_trust_locked(identity, change)
    }

    fn change_trust_locked(
        &self,
        identity: &Identity,
        change: impl FnOnce(&mut TrustStore),
    ) -> Result<TrustStore, HomeError> {
        let mut store = self.trust(identity)?;
        change(&mut store);
        let store = self.checked(store)?;
        files::write(&self.trust_path(), &store, Target::Replace)?;
        Ok(store)
    }

    /// Pins an approver and remembers the way to it.
    ///
    /// # Errors
    /// Where the name is taken or cannot be one, or something cannot be written.
    pub fn pin(
        &self,
        identity: &Identity,
        approver: Approver,
        pairing: &Pairing,
        bootstrap: bool,
    ) -> Result<(), HomeError> {
        let path = self.free_name(&pairing.name)?;
        files::write(&path, pairing, Target::New)?;
        // The key counts last: one that counts has a way to it, by which it can be taken back.
        let mut late = false;
        let pinned = self.change_trust(identity, |store| {
            // Of two first pairings at once, the second is no bootstrap any more.
            late = bootstrap && !store.approvers.is_empty();
            if !late {
                store.approvers.push(approver);
            }
        });
        if pinned.is_err() || late {
            files::remove(&path)?;
        }
        pinned.and(if late { Err(HomeError::NotFirst) } else { Ok(()) })
    }

    /// Changes records of the trust store, all or none, and the way to a successor.
    ///
    /// # Errors
    /// Where a record changed meanwhile, or something cannot be written.
    pub fn amend(
        &self,
        identity: &Identity,
        amendment: &Amendment,
        bootstrap: bool,
    ) -> Result<(), HomeError> {
        let _lock = self.lock("trust.lock")?;
        let mut store = self.trust(identity)?;
        if bootstrap && !store.approvers.is_empty() {
            return Err(HomeError::NotFirst);
        }
        amendment.apply(&mut store)?;
        let store = self.checked(store)?;
        files::write(&self.trust_path(), &store, Target::Replace)?;
        if let Some(pairing) = amendment.pairing() {
            let path = pairing_path(&self.root.join("pairings"), &pairing.name)?;
            // One that was taken back meanwhile does not come back.
            if path.exists() {
                files::write(&path, pairing, Target::Replace)?;
            }
        }
        Ok(())
    }

    /// Where a pairing of this name would stand.
    ///
    /// # Errors
    /// Where the name is taken or cannot be one.
    pub fn free_name(&self, name: &str) -> Result<PathBuf, HomeError> {
        let path = pairing_path(&self.root.join("pairings"), name)?;
        if path.exists() { Err(FileError::Exists(path).into()) } else { Ok(path) }
    }

    /// Every pairing, by name.
    ///
    /// # Errors
    /// Where one is unreadable or damaged.
    pub fn pairings(&self) -> Result<Vec<Pairing>, HomeError> {
        pairings_in(&self.root.join("pairings"))
    }

    /// Remembers that the gateway of a pairing witnessed the ledger.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn mark_witnessed(&self, name: &str) -> Result<(), HomeError> {
        // Under the lock, so that a pairing that is taken back meanwhile does not come back.
        let _lock = self.lock("trust.lock")?;
        let path = pairing_path(&self.root.join("pairings"), name)?;
        match files::read::<Pairing>(&path)? {
            Some(pairing) if !pairing.witnessed => {
                let witnessed = Pairing { witnessed: true, ..pairing };
                Ok(files::write(&path, &witnessed, Target::Replace)?)
            }
            _ => Ok(()),
        }
    }

    /// Lets a key run out: it counts until then, and no longer than was said before.
    ///
    /// # Errors
    /// Where there is no such pairing, no other key stays that is of as much assurance, or
    /// something cannot be written.
    pub fn retire(
        &self,
        identity: &Identity,
        name: &str,
        until: &Timestamp,
    ) -> Result<Pairing, HomeError> {
        let path = pairing_path(&self.root.join("pairings"), name)?;
        let _lock = self.lock("trust.lock")?;
        let pairing: Pairing =
            files::read(&path)?.ok_or_else(|| HomeError::NoPairing(name.to_owned()))?;
        let mut followed = false;
        self.change_trust_locked(identity, |store| followed = retired(store, &pairing, until))?;
        if followed { Ok(pairing) } else { Err(HomeError::NoSuccessor(name.to_owned())) }
    }

    /// Takes the keys of a pairing back at once, those that it was rotated from and to as well, and
    /// says which. `since` is from when on others may have had them. The way to them is left for
    /// [`Home::forget`].
    ///
    /// # Errors
    /// Where there is no such pairing, or something cannot be written.
    pub fn revoke(
        &self,
        identity: &Identity,
        name: &str,
        at: &Timestamp,
        since: Option<&Timestamp>,
    ) -> Result<(Pairing, Vec<KeyId>), HomeError> {
        let path = pairing_path(&self.root.join("pairings"), name)?;
        let _lock = self.lock("trust.lock")?;
        let pairing: Pairing =
            files::read(&path)?.ok_or_else(|| HomeError::NoPairing(name.to_owned()))?;
        let mut keys = Vec::new();
        self.change_trust_locked(identity, |store| {
            let of = |a: &&mut Approver| a.key_id == pairing.key_id || a.pair_id == pairing.pair_id;
            let compromised_since = since.cloned();
            let status = Status::Revoked { at: at.clone(), compromised_since };
            for approver in store.approvers.iter_mut().filter(of) {
                approver.status = status.clone();
                keys.push(approver.key_id.clone());
            }
        })?;
        Ok((pairing, keys))
    }

    /// Forgets the way to keys that were taken back.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub fn forget(&self, name: &str) -> Result<(), HomeError> {
        let _lock = self.lock("trust.lock")?;
        Ok(files::remove(&pairing_path(&self.root.join("pairings"), name)?)?)
    }

    /// Where the ledger is.
    #[must_use]
    pub fn ledger_path(&self) -> PathBuf {
        self.root.join("ledger.db")
    }

    /// Where a receipt's copy stands.
    #[must_use]
    pub fn receipt_path(&self, seq: u64) -> PathBuf {
        self.root.join("receipts").join(format!("{seq:010}.json"))
    }

    /// The newest head that this home remembers outside its ledger.
    #[must_use]
    pub fn head_path(&self) -> PathBuf {
        self.root.join("head.json")
    }

    /// Where the values are that policies hide.
    #[must_use]
    pub fn disclosures(&self) -> PathBuf {
        self.root.join("disclosures")
    }

    pub(crate) fn owners(&self) -> PathBuf {
        self.root.join("owners")
    }

    pub(crate) fn lock(&self, name: &str) -> Result<std::fs::File, HomeError> {
        let path = self.root.join(name);
        let failed = |source| FileError::Io { doing: "lock", path: path.clone(), source };
        let file = files::lock_file(&path)?;
        file.lock().map_err(failed)?;
        Ok(file)
    }

    pub(crate) fn trust_path(&self) -> PathBuf {
        self.root.join("trust.json")
    }
}

/// Every pairing in a directory, by name.
///
/// # Errors
/// Where the directory or a record in it is unreadable or damaged.
pub fn pairings_in(dir: &Path) -> Result<Vec<Pairing>, HomeError> {
    let mut found = Vec::new();
    for name in files::names(dir)? {
        found.extend(files::read(&pairing_path(dir, &name)?)?);
    }
    Ok(found)
}

/// Marks the key of `pairing` as replaced, where another takes over.
fn retired(store: &mut TrustStore, pairing: &Pairing, until: &Timestamp) -> bool {
    let Some(old) = store.approver(&pairing.key_id).cloned() else { return false };
    let takes_over = |a: &Approver| {
        a.key_id != old.key_id && a.reach() >= old.reach() && a.status == Status::Active {}
    };
    let sooner = match &old.status {
        Status::Active {} => true,
        Status::Rotated { until: before } => until.instant() < before.instant(),
        Status::Revoked { .. } => return false,
    };
    if !store.approvers.iter().any(takes_over) {
        return false;
    }
    let same = store.approvers.iter_mut().filter(|a| sooner && a.key_id == old.key_id);
    same.for_each(|a| a.status = Status::Rotated { until: until.clone() });
    true
}

fn pairing_path(dir: &Path, name: &str) -> Result<PathBuf, HomeError> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    let good = (1..=64).contains(&name.len()) && name.bytes().all(plain) && !name.starts_with('.');
    if !good {
        let rule = "use 1 to 64 of a-z, 0-9, `.`, `_` and `-`";
        let name = countersign_core::display::visible(name, false);
        return Err(FileError::BadName { name, rule }.into());
    }
    Ok(dir.join(format!("{name}.json")))
}

/// Makes the record of a pinned approver out of what a pairing brought.
#[must_use]
pub fn approver(
    pairing: &Pairing,
    keys: countersign_core::keys::PublicKeys,
    roles: Vec<String>,
    assurance: Assurance,
) -> Approver {
    Approver {
        key_id: keys.key_id(),
        keys,
        device_id: pairing.approver_id.clone(),
        person: pairing.name.clone(),
        label: pairing.name.clone(),
        roles,
        assurance,
        passkey: None,
        created_at: pairing.paired_at.clone(),
        status: Status::Active {},
        pair_id: pairing.pair_id.clone(),
    }
}

//! The ways to approvers, each in a file of its own.

use super::{Home, HomeError};
use countersign_core::artifact::Assurance;
use countersign_core::keys::{KeyId, PublicKeys};
use countersign_core::time::Timestamp;
use countersign_core::trust::{Approver, Status};
use countersign_store::files::{self, FileError, Target};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

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

impl Home {
    /// Where a pairing of this name would stand.
    ///
    /// # Errors
    /// Where the name is taken or cannot be one.
    pub fn free_name(&self, name: &str) -> Result<PathBuf, HomeError> {
        let path = self.pairing_path(name)?;
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
        let path = self.pairing_path(name)?;
        match files::read::<Pairing>(&path)? {
            Some(pairing) if !pairing.witnessed => {
                let witnessed = Pairing { witnessed: true, ..pairing };
                Ok(files::write(&path, &witnessed, Target::Replace)?)
            }
            _ => Ok(()),
        }
    }

    /// Forgets the way to keys that were taken back.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub fn forget(&self, name: &str) -> Result<(), HomeError> {
        let _lock = self.lock("trust.lock")?;
        Ok(files::remove(&self.pairing_path(name)?)?)
    }

    /// A pairing that must be there.
    pub(super) fn pairing(&self, name: &str) -> Result<Pairing, HomeError> {
        let found = files::read(&self.pairing_path(name)?)?;
        found.ok_or_else(|| HomeError::NoPairing(name.to_owned()))
    }

    pub(super) fn pairing_path(&self, name: &str) -> Result<PathBuf, HomeError> {
        pairing_path(&self.root.join("pairings"), name)
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
    keys: PublicKeys,
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
        past: Vec::new(),
    }
}

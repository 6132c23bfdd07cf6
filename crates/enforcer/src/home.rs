//! The enforcer's home: its operator key, its pinned keys and the ways to its approvers.
//!
//! Everything that loosens the gate is written here by a person, never by a message.
//!
//! # Rooms
//! * `operator`: the operator's key. `trust`: the pinned keys. `pairings`: the ways to approvers.
//! * `ends`: keys that run out or are taken back. `backdate`: what is learned of them later.
//! * `error`: why a home cannot be used.

mod backdate;
mod ends;
mod error;
mod operator;
mod pairings;
mod trust;

use countersign_store::files::{self, FileError};
use std::path::{Path, PathBuf};

pub use error::HomeError;
pub use operator::Identity;
pub(crate) use operator::OperatorFile;
pub use pairings::{Pairing, approver, pairings_in};

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

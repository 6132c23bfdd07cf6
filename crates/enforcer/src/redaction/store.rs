//! The hidden values of calls: `disclosures/HASH.json` in the home, of mode 0600.
//!
//! One file for each call and not for each receipt: equal calls have equal commitments, so their
//! values are the same ones. They are not sealed once more: the key would be the ledger's secret,
//! which lies in the same home, and whoever reads one file there reads the other.

use crate::home::Home;
use countersign_core::action::ActionHash;
use countersign_core::redact::Disclosure;
use countersign_core::time::Timestamp;
use countersign_store::files::{self, FileError, Target};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The hidden values of one call.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Kept {
    #[serde(rename = "type")]
    kind: KeptType,
    action_hash: ActionHash,
    kept_at: Timestamp,
    values: Vec<Disclosure>,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
enum KeptType {
    #[serde(rename = "countersign.disclosures/v1")]
    V1,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("action_hash", &self.action_hash).finish_non_exhaustive()
    }
}

impl Kept {
    pub(super) fn new(
        action_hash: ActionHash,
        kept_at: Timestamp,
        values: Vec<Disclosure>,
    ) -> Self {
        Self { kind: KeptType::V1, action_hash, kept_at, values }
    }

    /// The call, as it is recorded.
    #[must_use]
    pub fn action_hash(&self) -> ActionHash {
        self.action_hash
    }

    /// When the call was made last.
    #[must_use]
    pub fn kept_at(&self) -> &Timestamp {
        &self.kept_at
    }

    /// The values, each with its place and its salt.
    #[must_use]
    pub fn values(&self) -> &[Disclosure] {
        &self.values
    }

    pub(super) fn write(&self, home: &Home) -> Result<(), FileError> {
        files::private_dir(&home.disclosures())?;
        files::write(&path(home, self.action_hash), self, Target::Replace)
    }

    pub(super) fn read(home: &Home, hash: ActionHash) -> Result<Option<Self>, FileError> {
        let path = path(home, hash);
        match files::read::<Self>(&path)? {
            Some(kept) if kept.action_hash != hash => {
                Err(FileError::Corrupt { path, why: "it is about another call".into() })
            }
            kept => Ok(kept),
        }
    }

    pub(super) fn remove(&self, home: &Home) -> Result<(), FileError> {
        files::remove(&path(home, self.action_hash))
    }

    /// Of every call of which something is kept.
    pub(super) fn all(home: &Home) -> Result<Vec<Self>, FileError> {
        let dir = home.disclosures();
        if !dir.exists() {
            return Ok(Vec::new());
        }
        let mut all = Vec::new();
        for name in files::names(&dir)? {
            all.extend(files::read::<Self>(&dir.join(format!("{name}.json")))?);
        }
        Ok(all)
    }
}

fn path(home: &Home, hash: ActionHash) -> PathBuf {
    home.disclosures().join(format!("{hash}.json"))
}

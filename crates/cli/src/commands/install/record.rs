//! What was changed for a host, kept in the home, so that it can be taken back to the byte.

use super::change::{Change, Found};
use super::place::{Place, Scope, shown};
use crate::failure::{Exit, Failure};
use countersign_core::encoding::Hash;
use countersign_core::time::Timestamp;
use countersign_hosts::Host;
use countersign_store::files::{self, Target};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

/// An installed hook.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Record {
    #[serde(rename = "type")]
    kind: Kind,
    pub(crate) host: String,
    pub(crate) scope: Scope,
    /// The file of hooks, as the host names it.
    pub(crate) file: PathBuf,
    /// What became of it.
    pub(crate) settings: Kept,
    /// What became of the file in which Codex remembers whom it trusts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trust: Option<Trust>,
    pub(crate) when: Timestamp,
    /// The installed line.
    pub(crate) command: String,
    /// SHA-256 of the program that it starts.
    pub(crate) binary_sha256: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "countersign.installed/v1")]
    V1,
}

/// A changed file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Kept {
    /// What it was, where it was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sha256_before: Option<String>,
    pub(crate) sha256_after: String,
    /// The directories that were made for it, from above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) made_dirs: Vec<PathBuf>,
}

/// What Codex was told to trust.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Trust {
    pub(crate) file: PathBuf,
    pub(crate) key: String,
    pub(crate) hash: String,
    pub(crate) kept: Kept,
}

impl Record {
    pub(crate) fn new(place: &Place, settings: Kept, trust: Option<Trust>, line: Line) -> Self {
        Self {
            kind: Kind::V1,
            host: place.host.name().into(),
            scope: place.scope,
            file: place.named.clone(),
            settings,
            trust,
            when: line.when,
            command: line.command,
            binary_sha256: line.binary_sha256,
        }
    }
}

/// What the host runs from now on.
pub(crate) struct Line {
    pub(crate) command: String,
    pub(crate) binary_sha256: String,
    pub(crate) when: Timestamp,
}

impl Kept {
    /// What is kept of a change. Where the file is still as an earlier installation left it, that
    /// one's memory of what was before goes on; `clean` is what is there now without anything of ours.
    pub(crate) fn of(change: &Change, earlier: Option<&Self>, clean: Option<String>) -> Self {
        let now = change.found.text.as_deref().map(sha256);
        let same = earlier.filter(|e| now.as_ref() == Some(&e.sha256_after));
        let before = match same {
            Some(earlier) => earlier.before.clone(),
            None => clean,
        };
        Self {
            sha256_before: before.as_deref().map(sha256),
            before,
            sha256_after: sha256(change.after.as_deref().unwrap_or_default()),
            made_dirs: earlier.map(|e| e.made_dirs.clone()).unwrap_or_default(),
        }
    }

    /// The change that brings back what was before, where the file is as it was left.
    pub(crate) fn back(&self, found: &Found) -> Option<Change> {
        let now = found.text.as_deref().map(sha256)?;
        let back = || Change { found: found.clone(), after: self.before.clone(), mode: 0o644 };
        (now == self.sha256_after).then(back)
    }
}

/// The records of a home.
pub(crate) struct Records {
    dir: PathBuf,
}

impl Records {
    pub(crate) fn of(root: &Path) -> Self {
        Self { dir: root.join("hosts") }
    }

    pub(crate) fn read(&self, place: &Place) -> Result<Option<Record>, Failure> {
        Self::one(&self.path(place))
    }

    /// One that is no regular file is not opened: a pipe would be waited for without end.
    fn one(path: &Path) -> Result<Option<Record>, Failure> {
        match std::fs::metadata(path) {
            Ok(meta) if !meta.is_file() => {
                let message = format!("`{}` is no regular file", shown(path));
                Err(Failure::new(Exit::Failed, "home", message).hint("move it away"))
            }
            _ => Ok(files::read(path)?),
        }
    }

    pub(crate) fn write(&self, place: &Place, record: &Record) -> Result<(), Failure> {
        files::private_dir(&self.dir)?;
        Ok(files::write(&self.path(place), record, Target::Replace)?)
    }

    pub(crate) fn forget(&self, place: &Place) -> Result<(), Failure> {
        if !self.dir.is_dir() {
            return Ok(());
        }
        files::remove(&self.path(place))?;
        // The directory goes with its last record.
        let _ = std::fs::remove_dir(&self.dir);
        Ok(())
    }

    /// The files of this host in which hooks are remembered.
    pub(crate) fn files(&self, host: Host) -> Result<Vec<PathBuf>, Failure> {
        if !self.dir.is_dir() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for name in files::names(&self.dir)? {
            // One that cannot be read names no file, and `doctor` names it.
            let record = Self::one(&self.dir.join(format!("{name}.json"))).unwrap_or_default();
            found.extend(record.filter(|r| r.host == host.name()).map(|r| r.file));
        }
        Ok(found)
    }

    /// One for each file of hooks.
    pub(crate) fn path(&self, place: &Place) -> PathBuf {
        let whole = sha256(&place.named.to_string_lossy());
        let short = whole.get(..16).unwrap_or(&whole);
        self.dir.join(format!("{}-{short}.json", place.host.name()))
    }
}

/// SHA-256 as hexadecimal digits.
pub(crate) fn sha256(text: &str) -> String {
    digits(text.as_bytes())
}

/// The same of bytes.
pub(crate) fn digits(bytes: &[u8]) -> String {
    Hash(Sha256::digest(bytes).into()).to_string()
}

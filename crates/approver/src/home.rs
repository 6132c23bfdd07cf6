//! The approver's home: which file is where.

use countersign_store::files::{self, FileError};
use std::path::{Path, PathBuf};

/// A directory of one person on one device. Directories are 0700, files 0600.
#[derive(Clone, Debug)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// Opens the home and makes its directories where they are missing.
    ///
    /// # Errors
    /// [`FileError::Io`], also on a read-only disk.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, FileError> {
        let home = Self { root: root.into() };
        let rooms = [home.pairings(), home.keys(), home.history(), home.asked(), home.told()];
        for dir in [home.root.clone()].into_iter().chain(rooms) {
            files::private_dir(&dir)?;
        }
        Ok(home)
    }

    /// Where the home is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn pairings(&self) -> PathBuf {
        self.root.join("pairings")
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    pub(crate) fn asked(&self) -> PathBuf {
        self.root.join("asked")
    }

    pub(crate) fn history(&self) -> PathBuf {
        self.root.join("history")
    }

    pub(crate) fn told(&self) -> PathBuf {
        self.root.join("told")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn attack_31_every_directory_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(dir.path().join("home")).unwrap();
        let root = home.root().to_owned();
        let rooms = [home.keys(), home.pairings(), home.history(), home.asked(), home.told()];
        for dir in [root].into_iter().chain(rooms) {
            let mode = std::fs::metadata(&dir).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{}", dir.display());
        }
    }

    #[test]
    fn a_file_is_no_home() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert!(Home::open(dir.path().join("file")).is_err());
    }
}

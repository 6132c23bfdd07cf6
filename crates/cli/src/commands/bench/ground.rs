//! Where everything that is measured lies, for as long as it is measured.

use super::failed;
use crate::failure::Failure;
use countersign_enforcer::Edge;
use countersign_store::files;
use std::path::{Path, PathBuf};

/// How a file system that lies in memory calls itself.
const TMPFS: u64 = 0x0102_1994;

/// A directory that goes with its value.
pub(super) struct Ground {
    root: PathBuf,
}

impl Ground {
    /// Makes it on the disk that `TMPDIR` names, or else on the home's own.
    pub(super) fn make(home: &Path) -> Result<Self, Failure> {
        let named = std::env::var_os("TMPDIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        let beside = || home.parent().filter(|dir| dir.is_dir()).map(Path::to_owned);
        let dir = named.or_else(beside).unwrap_or_else(std::env::temp_dir);
        let root = dir.join(format!(".countersign-bench-{}", Edge::system().id().map_err(failed)?));
        files::private_dir(&root)?;
        Ok(Self { root })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Whether syncing costs nothing here.
    pub(super) fn is_in_memory(&self) -> bool {
        // The type of the field differs between machines.
        rustix::fs::statfs(&self.root).is_ok_and(|fs| u64::try_from(fs.f_type) == Ok(TMPFS))
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        // Whoever measures has its figures; what stays is a directory that says whose it is.
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

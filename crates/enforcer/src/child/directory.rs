//! The working directory, held open from the review to the run.

use super::call::PrepareError;
use rustix::fs::{Mode, OFlags, fstat, open};
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

/// A directory that cannot be swapped: it is entered through its descriptor, and only while its
/// path still leads to it.
pub(super) struct Directory {
    path: String,
    held: OwnedFd,
}

impl Directory {
    /// Opens `path`, which must be absolute; symbolic links are resolved once, here.
    pub(super) fn hold(path: &Path) -> Result<Self, PrepareError> {
        let refuse = |source| PrepareError::Cwd { path: path.display().to_string(), source };
        if !path.is_absolute() {
            return Err(refuse(io::Error::other("must be absolute")));
        }
        let real = path.canonicalize().map_err(refuse)?;
        let held = open_directory(&real).map_err(refuse)?;
        let path =
            real.to_str().ok_or_else(|| PrepareError::NotUtf8(real.display().to_string()))?;
        Ok(Self { path: path.to_owned(), held })
    }

    /// The real path.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The path that leads to the held directory, whatever became of its name.
    pub(super) fn entry(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.held.as_raw_fd()))
    }

    /// Whether the real path still leads to the directory that is held.
    pub(super) fn is_in_place(&self) -> bool {
        let same = || -> io::Result<bool> {
            let (held, there) =
                (fstat(&self.held)?, fstat(open_directory(Path::new(&self.path))?)?);
            Ok((held.st_dev, held.st_ino) == (there.st_dev, there.st_ino))
        };
        same().unwrap_or(false)
    }
}

fn open_directory(path: &Path) -> io::Result<OwnedFd> {
    Ok(open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_relative_or_absent_directory_is_refused() {
        for path in ["relative", "/absent/for/certain"] {
            assert!(matches!(Directory::hold(Path::new(path)), Err(PrepareError::Cwd { .. })));
        }
    }

    #[test]
    fn attack_01_a_directory_that_was_swapped_is_noticed() {
        let home = tempfile::tempdir().unwrap();
        let (work, aside) = (home.path().join("work"), home.path().join("aside"));
        fs::create_dir(&work).unwrap();
        let held = Directory::hold(&work).unwrap();
        assert!(held.is_in_place());
        fs::rename(&work, &aside).unwrap();
        assert!(!held.is_in_place());
        std::os::unix::fs::symlink(&aside, &work).unwrap();
        assert!(held.is_in_place());
        fs::remove_file(&work).unwrap();
        fs::create_dir(&work).unwrap();
        assert!(!held.is_in_place());
    }
}

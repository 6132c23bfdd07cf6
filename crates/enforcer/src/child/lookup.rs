//! Finding a program by its name, as the child's own environment would.

use super::call::PrepareError;
use rustix::fs::{Access, access};
use std::path::{Path, PathBuf};

/// A program that was found.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    /// The absolute path, symbolic links kept.
    pub(super) path: PathBuf,
    /// The text that the system would be given to execute; scripts see it as their own name.
    pub(super) spoken: String,
}

/// Where a call looks for programs.
pub(super) struct Places<'a> {
    /// The working directory: relative paths start there.
    pub(super) cwd: &'a Path,
    /// The child's `PATH`.
    pub(super) path: Option<&'a str>,
}

impl Places<'_> {
    /// Finds `name`; a name without a slash only in the absolute directories of `PATH`.
    pub(super) fn find(&self, name: &str) -> Result<Found, PrepareError> {
        if name.contains('/') {
            let found = Found { path: self.absolute(name), spoken: name.to_owned() };
            return executable(&found.path).map(|()| found);
        }
        let mut refusal = PrepareError::NotFound(name.to_owned());
        for directory in self.directories().filter(|d| d.starts_with('/')) {
            let spoken = format!("{}/{name}", directory.trim_end_matches('/'));
            let path = self.absolute(&spoken);
            match executable(&path) {
                Ok(()) => return Ok(Found { path, spoken }),
                Err(PrepareError::NotFound(_)) => {}
                Err(other) => refusal = other,
            }
        }
        Err(refusal)
    }

    /// The absolute form of a path; `..` stays, since it means something behind a symbolic link.
    pub(super) fn absolute(&self, path: &str) -> PathBuf {
        self.cwd.join(path).components().collect()
    }

    /// Entries of `PATH` that are never searched: what they mean depends on where one stands.
    pub(super) fn skipped(&self) -> Vec<&str> {
        self.directories().filter(|d| !d.starts_with('/')).collect()
    }

    fn directories(&self) -> impl Iterator<Item = &str> {
        self.path.into_iter().flat_map(|path| path.split(':'))
    }
}

fn executable(path: &Path) -> Result<(), PrepareError> {
    let metadata = path.metadata().map_err(|e| PrepareError::io(path, e))?;
    match metadata.is_file() && access(path, Access::EXEC_OK).is_ok() {
        true => Ok(()),
        false => Err(PrepareError::NotExecutable(path.display().to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    fn put(path: &Path, mode: u32) {
        fs::write(path, "x").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_first_executable_on_the_path_is_found() {
        let home = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|name| home.path().join(name));
        [&a, &b].into_iter().for_each(|d| fs::create_dir(d).unwrap());
        put(&a.join("tool"), 0o644);
        put(&b.join("tool"), 0o755);
        let path = format!("{}:{}", a.display(), b.display());
        let places = Places { cwd: home.path(), path: Some(&path) };
        assert_eq!(places.find("tool").unwrap().path, b.join("tool"));
        assert!(matches!(places.find("none"), Err(PrepareError::NotFound(_))));
        fs::remove_file(b.join("tool")).unwrap();
        assert!(matches!(places.find("tool"), Err(PrepareError::NotExecutable(_))));
        assert!(matches!(places.find("./a"), Err(PrepareError::NotExecutable(_))));
    }

    #[test]
    fn attack_38_an_entry_of_the_path_that_is_not_absolute_is_never_searched() {
        let home = tempfile::tempdir().unwrap();
        put(&home.path().join("tool"), 0o755);
        for path in ["", ".", ":", "/absent::.", "sub"] {
            let places = Places { cwd: home.path(), path: Some(path) };
            assert!(matches!(places.find("tool"), Err(PrepareError::NotFound(_))), "{path}");
            assert!(!places.skipped().is_empty(), "{path}");
        }
        let places = Places { cwd: home.path(), path: None };
        assert!(places.find("tool").is_err());
        assert_eq!(places.find("./tool").unwrap().path, home.path().join("tool"));
    }
}

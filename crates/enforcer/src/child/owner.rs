//! Whether a user could write a file, or make its path lead to another one.
//!
//! Modes decide, read strictly: a group or the world that may write counts as the user. Access
//! lists show in the group's bits. A directory on the way counts like the file, since whoever
//! writes it can replace what is in it, or mount over it.

use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

/// As many symbolic links as the kernel follows.
const MAX_LINKS: usize = 40;

/// Whether `user` could change what is found at `path`, which must be absolute.
pub(super) fn could_write(user: u32, path: &Path) -> io::Result<bool> {
    Ok(user == 0 || any_on_the_way(path, |metadata| is_loose(user, metadata))?)
}

/// Whether the file, or a directory that is passed on the way to it, is `loose`.
fn any_on_the_way(path: &Path, loose: impl Fn(&Metadata) -> bool) -> io::Result<bool> {
    let mut here = PathBuf::from("/");
    let mut ahead = steps(path);
    let mut links = 0;
    while let Some(step) = ahead.pop() {
        if loose(&here.metadata()?) {
            return Ok(true);
        }
        match take(&mut here, &step)? {
            None => {}
            Some(_) if links == MAX_LINKS => return Err(io::Error::other("too many links")),
            Some(target) => {
                links += 1;
                ahead.extend(steps(&target));
            }
        }
    }
    Ok(loose(&here.metadata()?))
}

/// Takes one step; a symbolic link is not entered but returned.
fn take(here: &mut PathBuf, step: &OsStr) -> io::Result<Option<PathBuf>> {
    if step == ".." {
        here.pop();
        return Ok(None);
    }
    let next = here.join(step);
    if !next.symlink_metadata()?.is_symlink() {
        *here = next;
        return Ok(None);
    }
    let target = next.read_link()?;
    if target.is_absolute() {
        *here = PathBuf::from("/");
    }
    Ok(Some(target))
}

/// The steps of a path, the first one last.
fn steps(path: &Path) -> Vec<OsString> {
    let step = |part: Component<'_>| match part {
        Component::Normal(_) | Component::ParentDir => Some(part.as_os_str().to_owned()),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    };
    let mut steps: Vec<OsString> = path.components().filter_map(step).collect();
    steps.reverse();
    steps
}

fn is_loose(user: u32, metadata: &Metadata) -> bool {
    metadata.uid() == user || metadata.mode() & 0o022 != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// Nobody owns anything.
    const NOBODY: u32 = 65534;

    #[test]
    fn root_could_write_everything_and_nobody_could_not_write_the_system() {
        assert!(could_write(0, Path::new("/bin/sh")).unwrap());
        assert!(!could_write(NOBODY, Path::new("/bin/sh")).unwrap());
        assert!(!could_write(NOBODY, Path::new("/usr/bin/../bin/env")).unwrap());
        assert!(could_write(NOBODY, Path::new("/absent")).is_err());
    }

    #[test]
    fn a_link_in_a_place_that_anybody_may_write_counts() {
        let home = tempfile::tempdir().unwrap();
        let link = home.path().join("sh");
        symlink("/bin/sh", &link).unwrap();
        let owner = home.path().metadata().unwrap().uid();
        assert!(could_write(owner, &link).unwrap());
        // The temporary directory itself is open to all.
        assert!(could_write(NOBODY, &link).unwrap());
    }

    #[test]
    fn every_directory_and_link_on_the_way_is_asked() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().canonicalize().unwrap();
        let [real, link, file] = ["real", "link", "real/file"].map(|name| home.join(name));
        std::fs::create_dir(&real).unwrap();
        std::fs::write(&file, "x").unwrap();
        symlink("../link/../real/./file", real.join("back")).unwrap();
        symlink(&real, &link).unwrap();
        let passes = |path: &Path, what: &Path| {
            let wanted = what.metadata().unwrap().ino();
            any_on_the_way(path, |metadata| metadata.ino() == wanted).unwrap()
        };
        for through in [Path::new("/"), &home, &real, &file] {
            assert!(passes(&link.join("back"), through), "{}", through.display());
        }
        assert!(!passes(&home, &file));
    }

    #[test]
    fn links_in_a_circle_end() {
        let home = tempfile::tempdir().unwrap();
        let (a, b) = (home.path().join("a"), home.path().join("b"));
        symlink(&a, &b).unwrap();
        symlink(&b, &a).unwrap();
        assert!(any_on_the_way(&a, |_| false).is_err());
    }
}

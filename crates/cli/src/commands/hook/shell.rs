//! The shell that the host will give the line to.

use countersign_core::action::PinnedFile;
use countersign_core::encoding::Hash;
use sha2::{Digest as _, Sha256};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// Where a shell is looked for that nothing names.
const USUAL: [&str; 4] = ["/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash", "/bin/sh"];

/// Finds and pins the shell, as the host finds it: the one that its environment names, which is
/// this process's too, else the usual one. A shell that the policy cannot read asks, so that a
/// wrong name only ever tightens.
///
/// # Errors
/// Where there is none, or it cannot be read.
pub(super) fn pinned(named: Option<OsString>) -> io::Result<PinnedFile> {
    let path = found(named.map(PathBuf::from))
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no shell was found"))?;
    let text = path.to_str().map(str::to_owned);
    let text = text.ok_or_else(|| io::Error::other("the shell's path is no text"))?;
    let digest = Sha256::digest(std::fs::read(&path)?);
    Ok(PinnedFile { path: text, sha256: Hash(digest.into()) })
}

fn found(named: Option<PathBuf>) -> Option<PathBuf> {
    let usual = || USUAL.iter().map(PathBuf::from).find(|path| path.is_file());
    named.filter(|path| path.is_absolute() && path.is_file() && is_shell(path)).or_else(usual)
}

/// The kinds of shell that hosts use; for any other they take the usual one.
fn is_shell(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.contains("bash") || name.contains("zsh")
}

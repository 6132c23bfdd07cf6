//! The shell that the host will give the line to.

use countersign_core::action::PinnedFile;
use countersign_core::encoding::Hash;
use sha2::{Digest as _, Sha256};
use std::ffi::OsString;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Bytes that are read and hashed at once.
const PIECE: usize = 64 * 1024;

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
    Ok(PinnedFile { path: text, sha256: Hash(digest(&path)?) })
}

/// Piece by piece: the whole file in memory would cost more than the hashing.
fn digest(path: &Path) -> io::Result<[u8; 32]> {
    let (mut file, mut hasher) = (std::fs::File::open(path)?, Sha256::new());
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hasher.finalize().into()),
            read => hasher.update(piece.get(..read).unwrap_or_default()),
        }
    }
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

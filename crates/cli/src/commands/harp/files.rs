//! Reading and writing the files of the three roles. Whoever wrote them is not trusted.

use super::Here;
use crate::failure::{Exit, Failure};
use countersign_core::reference::{Keys, KeysError, MAX_WIRE, Refused, Wire};
use countersign_enforcer::Edge;
use countersign_store::files::{self, FileError, Links, Target};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Which keys a role works with.
#[derive(clap::Args)]
pub(crate) struct KeysArgs {
    /// The approver's keys, such as ma-keys.json
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,

    /// Make the keys file where it is missing, readable by nobody else
    #[arg(long)]
    init: bool,
}

impl KeysArgs {
    /// The keys, made where that was asked for.
    pub(crate) fn open(&self, here: &Here<'_>) -> Result<Keys, Failure> {
        if self.init && !self.keys.try_exists().map_err(|e| unreadable(&self.keys, &e))? {
            self.make(here)?;
        }
        keys(here, &self.keys)
    }

    /// Demands that what is written replaces none of the files that are read: keys would be lost.
    pub(crate) fn stay_apart(&self, out: &Path, others: &[&Path]) -> Result<(), Failure> {
        let place = |path: &Path| path.symlink_metadata().ok().map(|m| (m.dev(), m.ino()));
        let Some(written) = place(out) else { return Ok(()) };
        let mut read = std::iter::once(self.keys.as_path()).chain(others.iter().copied());
        let Some(lost) = read.find(|read| place(read) == Some(written)) else { return Ok(()) };
        let message = format!("`{}` would be written over, and is read here", lost.display());
        Err(Failure::new(Exit::Usage, "usage", message).hint("name another file with --out"))
    }

    fn make(&self, here: &Here<'_>) -> Result<(), Failure> {
        let random = Zeroizing::new(Edge::system().random()?);
        match files::write(&self.keys, &Keys::generate(&random).file(), Target::New) {
            // Another process was first; its keys are as good.
            Ok(()) | Err(FileError::Exists(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let path = self.keys.display();
        here.output.progress(&format!("made keys in `{path}`: whoever reads them can approve"));
        Ok(())
    }
}

/// Reads a keys file.
pub(crate) fn keys(here: &Here<'_>, path: &Path) -> Result<Keys, Failure> {
    let (bytes, mode) = read(path, countersign_core::json::limit::MESSAGE)?;
    let keys = Keys::parse(&bytes)?;
    let shared = if mode & 0o022 != 0 {
        Some("written")
    } else if mode & 0o044 != 0 && (keys.can_open() || keys.can_sign()) {
        Some("read")
    } else {
        None
    };
    if let Some(how) = shared {
        let path = path.display();
        let line = format!("warning: `{path}` can be {how} by other users: chmod 600 it");
        here.output.progress(&line);
    }
    Ok(keys)
}

/// Reads an `artifact-wire.json`.
pub(crate) fn wire(path: &Path) -> Result<Wire, Failure> {
    Ok(Wire::parse(&read(path, MAX_WIRE)?.0)?)
}

/// Reads a plain file up to one byte past `limit`, and its mode. A link, a device, a pipe and a
/// directory are refused: they could hang, or lead elsewhere.
pub(crate) fn read(path: &Path, limit: usize) -> Result<(Zeroizing<Vec<u8>>, u32), Failure> {
    let failed = |e: io::Error| unreadable(path, &e);
    let file = files::open(path, Links::Refused).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok((bytes, meta.mode()))
}

/// Not a plain file.
pub(crate) fn odd(path: &Path) -> Failure {
    let message = format!("`{}` is not a plain file", path.display());
    Failure::new(Exit::Failed, "file", message).hint("name the file itself, not a link or a pipe")
}

/// What the system would not let us read.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    if files::is_odd(error) {
        return odd(path);
    }
    let message = format!("cannot read `{}`: {error}", path.display());
    Failure::new(Exit::Failed, "file", message).hint("is that the right path?")
}

/// Replaces a file whole.
pub(crate) fn write(path: &Path, object: &impl serde::Serialize) -> Result<(), Failure> {
    files::write(path, object, Target::Replace).map_err(|error| {
        Failure::new(Exit::Failed, "file", error.to_string()).hint("nothing was written")
    })
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::new(Exit::Verification, refused.code(), refused.to_string())
            .hint("nothing was believed, signed or run")
    }
}

impl From<KeysError> for Failure {
    fn from(error: KeysError) -> Self {
        Self::new(Exit::Verification, error.code(), error.to_string())
            .hint("restore the keys file, or make another with --init")
    }
}

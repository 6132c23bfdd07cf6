//! One file of a call, tied to its content.

use super::owner;
use super::shebang::HEAD;
use countersign_core::encoding::Hash;
use countersign_core::receipt::Binding;
use countersign_store::files::{self, Links};
use memchr::memmem;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// A binary with one of these finds things beside itself, and would not in a copy.
const BINARY_PLACE: [&str; 2] = ["/proc/self/exe", "$ORIGIN"];

/// Read at a time.
const CHUNK: usize = 1 << 18;

/// A file by its place and its content, and how a run is tied to both.
#[derive(Clone, Debug)]
pub(super) struct Pin {
    /// The absolute path as it is used, symbolic links kept.
    pub(super) path: PathBuf,
    /// SHA-256 of the content.
    pub(super) sha256: Hash,
    /// How the run is tied to it.
    pub(super) binding: Binding,
}

/// A file that was opened to be pinned.
pub(super) struct Subject {
    path: PathBuf,
    file: File,
    /// Its first bytes, as many as the kernel looks at.
    pub(super) head: Vec<u8>,
    /// Its size in bytes.
    pub(super) size: u64,
}

/// Whether a copy in memory would run as the file itself does.
#[derive(Clone, Copy)]
pub(super) enum Sealing {
    /// A binary: unless it looks at its own place, or its file gives it privileges.
    Binary,
    /// A script: unless it has one of these texts.
    Unless(&'static [&'static str]),
    /// A file that is pinned and not run.
    Always,
    /// Never.
    Never,
}

/// Opens a regular file for reading. A device or a pipe is refused before it can block.
pub(super) fn open_regular(path: &Path) -> io::Result<File> {
    files::open(path, Links::Followed)
}

impl Subject {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = open_regular(path)?;
        let mut head = vec![0; HEAD];
        let read = read_full(&file, &mut head, 0)?;
        head.truncate(read);
        let size = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, head, size })
    }

    /// Pins the content against `user`, who may be able to write it.
    pub(super) fn pin(self, user: u32, sealing: Sealing) -> io::Result<Pin> {
        let writable = owner::could_write(user, &self.path)?;
        let mut texts = Texts::new(match sealing {
            Sealing::Binary if writable => &BINARY_PLACE,
            Sealing::Unless(texts) if writable => texts,
            _ => &[],
        });
        let sha256 = digest(&self.file, |chunk| {
            texts.feed(chunk);
            Ok(())
        })?;
        let binding = match sealing {
            _ if !writable => Binding::Descriptor,
            Sealing::Never => Binding::Rehashed,
            Sealing::Binary if is_privileged(&self.file)? => Binding::Rehashed,
            _ if texts.found => Binding::Rehashed,
            _ => Binding::Sealed,
        };
        Ok(Pin { path: self.path, sha256, binding })
    }
}

/// SHA-256 of a whole file, read from its start whatever its position, each chunk shown to `see`.
pub(super) fn digest(
    file: &File,
    mut see: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<Hash> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; CHUNK];
    let mut offset = 0;
    loop {
        let read = read_full(file, &mut buffer, offset)?;
        let chunk = buffer.get(..read).unwrap_or_default();
        if chunk.is_empty() {
            return Ok(Hash(hasher.finalize().into()));
        }
        hasher.update(chunk);
        see(chunk)?;
        offset += read as u64;
    }
}

/// Fills `buffer` from `offset`, less only at the end of the file.
fn read_full(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

/// Whether the file lends whoever runs it another user or capabilities; a copy would not.
fn is_privileged(file: &File) -> io::Result<bool> {
    let mut nothing: [u8; 64] = [0; 64];
    let capable = rustix::fs::fgetxattr(file, "security.capability", &mut nothing).is_ok();
    Ok(capable || file.metadata()?.mode() & 0o6000 != 0)
}

/// Looks for texts in a stream, also across the borders of its chunks.
struct Texts {
    finders: Vec<memmem::Finder<'static>>,
    keep: usize,
    window: Vec<u8>,
    found: bool,
}

impl Texts {
    fn new(texts: &'static [&'static str]) -> Self {
        let keep = texts.iter().map(|t| t.len()).max().unwrap_or_default().saturating_sub(1);
        let finders = texts.iter().map(|t| memmem::Finder::new(*t)).collect();
        Self { finders, keep, window: Vec::new(), found: false }
    }

    fn feed(&mut self, chunk: &[u8]) {
        if self.found || self.finders.is_empty() {
            return;
        }
        let old = self.window.len().saturating_sub(self.keep);
        self.window.drain(..old);
        self.window.extend_from_slice(chunk);
        self.found = self.finders.iter().any(|finder| finder.find(&self.window).is_some());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_across_two_chunks_is_found() {
        let mut texts = Texts::new(&["$ORIGIN", "x"]);
        texts.feed(b"....$OR");
        texts.feed(b"I");
        assert!(!texts.found);
        texts.feed(b"GIN....");
        assert!(texts.found);
    }

    #[test]
    fn a_digest_is_that_of_the_whole_file() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        let content = vec![7; CHUNK * 2 + 5];
        std::fs::write(&path, &content).unwrap();
        let mut seen = 0;
        let count = |chunk: &[u8]| {
            seen += chunk.len();
            Ok(())
        };
        let file = open_regular(&path).unwrap();
        assert_eq!(digest(&file, count).unwrap(), Hash::of(&content));
        assert_eq!(seen, content.len());
    }

    #[test]
    fn only_regular_files_are_opened() {
        for path in ["/dev/null", "/tmp", "/absent"] {
            assert!(open_regular(Path::new(path)).is_err(), "{path}");
        }
    }

    #[test]
    fn a_binary_that_looks_at_its_own_place_is_not_sealed() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("binary");
        let binding = |content: &[u8], sealing| {
            std::fs::write(&path, content).unwrap();
            Subject::open(&path).unwrap().pin(0, sealing).unwrap().binding
        };
        assert_eq!(binding(b"\x7fELF", Sealing::Binary), Binding::Sealed);
        assert_eq!(binding(b"\x7fELF $ORIGIN/lib", Sealing::Binary), Binding::Rehashed);
        assert_eq!(binding(b"\x7fELF /proc/self/exe", Sealing::Binary), Binding::Rehashed);
        assert_eq!(binding(b"#!x\n$0", Sealing::Unless(&["$0"])), Binding::Rehashed);
        assert_eq!(binding(b"#!x\n", Sealing::Unless(&["$0"])), Binding::Sealed);
        assert_eq!(binding(b"#!x\n", Sealing::Never), Binding::Rehashed);
    }

    #[test]
    fn a_file_that_lends_privileges_is_not_sealed() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("setuid");
        std::fs::write(&path, b"\x7fELF").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o4755)).unwrap();
        let pin = Subject::open(&path).unwrap().pin(0, Sealing::Binary).unwrap();
        assert_eq!(pin.binding, Binding::Rehashed);
    }
}

//! What a person types to use a key, for as short a time as possible.

use countersign_store::files::FileError;
use std::io::Read as _;
use std::path::Path;
use zeroize::Zeroizing;

/// Longer ones are refused: a wrong file was named.
const MAX_LEN: usize = 4096;

/// A passphrase. No `Debug`, no `Display`, no serialisation; every copy is wiped when dropped.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes a passphrase over.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Reads the first line of a file, for scripts. Never from argv or the environment itself,
    /// where other processes can read along.
    ///
    /// # Errors
    /// Where the file cannot be read, is not UTF-8, or is longer than 4096 bytes.
    pub fn from_file(path: &Path) -> Result<Self, FileError> {
        let io = |doing| move |source| FileError::Io { doing, path: path.to_owned(), source };
        let file = std::fs::File::open(path).map_err(io("open"))?;
        let mut text = Zeroizing::new(String::with_capacity(MAX_LEN + 1));
        file.take(MAX_LEN as u64 + 1).read_to_string(&mut text).map_err(io("read"))?;
        if text.len() > MAX_LEN {
            let why = format!("a passphrase has at most {MAX_LEN} bytes");
            return Err(FileError::Corrupt { path: path.to_owned(), why });
        }
        Ok(Self::new(text.lines().next().unwrap_or_default().to_owned()))
    }

    /// Whether nothing was typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gives_its_first_line_without_the_line_break() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p");
        for text in ["correct horse", "correct horse\n", "correct horse\r\nsecond"] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(Passphrase::from_file(&path).unwrap().bytes(), b"correct horse");
        }
    }

    #[test]
    fn a_wrong_file_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p");
        assert!(matches!(Passphrase::from_file(&path), Err(FileError::Io { .. })));
        std::fs::write(&path, "x".repeat(MAX_LEN + 1)).unwrap();
        assert!(matches!(Passphrase::from_file(&path), Err(FileError::Corrupt { .. })));
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(Passphrase::from_file(&path).is_err());
    }
}

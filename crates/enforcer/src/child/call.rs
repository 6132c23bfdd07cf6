//! What somebody wants to run, before it is pinned.

use countersign_core::json::JsonError;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

/// What somebody wants to run, before it is pinned.
///
/// No `Debug`: the standard input may be secret.
#[derive(Clone, Default)]
pub struct Call {
    /// The whole argument vector, the program's name first.
    pub argv: Vec<String>,
    /// The absolute working directory.
    pub cwd: PathBuf,
    /// Names of variables that the child gets besides the short list that every child gets.
    pub add_env: Vec<String>,
    /// The bytes on standard input. Without them it is empty.
    pub stdin: Option<Vec<u8>>,
    /// A declared verb.
    pub verb: Option<String>,
}

/// Why a call cannot be pinned. Nothing that cannot be pinned is ever asked about or run.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// There is no program to run.
    #[error("no command given")]
    Empty,
    /// An action is text; bytes that are none could be shown as something else.
    #[error("`{0}` is not utf-8")]
    NotUtf8(String),
    /// No program could be given such a text.
    #[error("a zero byte in {0}")]
    Nul(&'static str),
    /// The working directory is relative, absent or closed to us.
    #[error("working directory `{path}`: {source}")]
    Cwd {
        /// The directory as given.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A variable was asked for that the caller does not have.
    #[error("variable `{0}` is not set")]
    VariableNotSet(String),
    /// What would be written down is not the call that was pinned.
    #[error("what is shown of the call is another call")]
    AnotherCall,
    /// Only letters, digits, `_`, `.` and `-` make a name, and `_sd` is ours.
    #[error("`{0}` cannot name a variable")]
    VariableName(String),
    /// There is no such program, interpreter or script. Shells say 127.
    #[error("`{0}` not found")]
    NotFound(String),
    /// It is there and is no program. Shells say 126.
    #[error("`{0}` is not executable")]
    NotExecutable(String),
    /// A first line that names no interpreter, or too long a chain of them.
    #[error("`{path}` has an interpreter line that cannot be followed: {reason}")]
    Interpreter {
        /// The script.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file could not be read, so it cannot be pinned.
    #[error("`{path}`: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The action has no canonical form.
    #[error("the call has no canonical form: {0}")]
    Canonical(#[from] JsonError),
}

impl PrepareError {
    pub(super) fn io(path: &std::path::Path, source: io::Error) -> Self {
        let path = path.display().to_string();
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::NotFound(path),
            _ => Self::Io { path, source },
        }
    }
}

/// The argument vector as text.
///
/// # Errors
/// `NotUtf8` with the first word that is no text.
pub fn utf8_argv(words: impl IntoIterator<Item = OsString>) -> Result<Vec<String>, PrepareError> {
    let text = |word: OsString| {
        word.into_string().map_err(|w| PrepareError::NotUtf8(w.to_string_lossy().into_owned()))
    };
    words.into_iter().map(text).collect()
}

impl Call {
    /// Refuses what no program can be given.
    pub(super) fn check(&self) -> Result<(), PrepareError> {
        if self.argv.first().is_none_or(String::is_empty) {
            return Err(PrepareError::Empty);
        }
        if self.argv.iter().any(|word| word.contains('\0')) {
            return Err(PrepareError::Nul("the command line"));
        }
        Ok(())
    }
}

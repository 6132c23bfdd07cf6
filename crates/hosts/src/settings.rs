//! A host's file of hooks, with our entry in it and without.
//!
//! What is not ours stays as it is to the byte: comments, order, spaces, other hooks.

use crate::Host;

/// Our entry in a host's file of hooks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The whole shell line that the host runs.
    pub command: String,
    /// How long the host waits for it, in seconds.
    pub timeout: u32,
    /// Whether the host is told to refuse where the hook fails (`onFailure: "block"`).
    pub closes: bool,
}

/// Why a file of hooks cannot be changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadSettings {
    /// It cannot be read as the host reads it.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A part that must hold hooks holds something else.
    #[error("`{path}` is {found}, not {wanted}")]
    Shape {
        /// The part: `hooks.PreToolUse`.
        path: String,
        /// What it is.
        found: String,
        /// What it should be.
        wanted: String,
    },
}

/// The text with exactly this entry of ours: added, or put in place of an older one. The text
/// itself where nothing changes. `None` is a file that is not there.
///
/// # Errors
/// Where the host could not read the text, or its hooks are no hooks.
pub fn with(host: Host, text: Option<&str>, entry: &Entry) -> Result<String, BadSettings> {
    let _ = (host, entry);
    Ok(text.unwrap_or_default().to_owned())
}

/// The text without any entry of ours.
///
/// # Errors
/// As [`with`].
pub fn without(host: Host, text: &str) -> Result<String, BadSettings> {
    let _ = host;
    Ok(text.to_owned())
}

/// The entries of ours that a text holds.
///
/// # Errors
/// As [`with`].
pub fn entries(host: Host, text: &str) -> Result<Vec<Entry>, BadSettings> {
    let _ = (host, text);
    Ok(Vec::new())
}

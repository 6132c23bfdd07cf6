//! Patterns for names, hosts and paths. They are anchored at both ends and run in linear time.

mod glob;
mod host;
mod regex;

pub use self::regex::Regex;
pub use glob::Glob;
pub use host::HostPattern;

/// Why a text is no pattern.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadPattern(pub String);

/// The longest pattern, in bytes: what nobody can read is no policy.
const MAX_BYTES: usize = 4096;

fn readable(text: &str, what: &str) -> Result<(), BadPattern> {
    if text.is_empty() {
        return Err(BadPattern(format!("{what} is not empty")));
    }
    if text.len() > MAX_BYTES {
        return Err(BadPattern(format!("{what} is at most {MAX_BYTES} bytes long")));
    }
    if text.chars().any(char::is_control) {
        return Err(BadPattern(format!("{what} holds no control characters")));
    }
    Ok(())
}

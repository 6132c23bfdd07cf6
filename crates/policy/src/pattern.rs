//! Patterns for names, hosts and paths. They are anchored at both ends and run in linear time.

/// A pattern for names of tools, servers and people: `*` stands for any run of characters, `?` for
/// one, everything else for itself. The whole name must fit.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Glob(String);

/// A pattern for hosts, label by label: `*` alone is any host or none, `*.stripe.com` any host
/// below `stripe.com` (and not it), anything else exactly that host.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct HostPattern(String);

/// A regular expression without look-around or back-references: it matches in linear time. It
/// matches anywhere in a text unless it is anchored.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Regex(String);

/// Why a text is no pattern.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadPattern(pub String);

impl Glob {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Where it is empty.
    pub fn new(text: &str) -> Result<Self, BadPattern> {
        if text.is_empty() {
            return Err(BadPattern("a pattern is not empty".into()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl HostPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Where it is no host, `*`, or `*.` before a host.
    pub fn new(text: &str) -> Result<Self, BadPattern> {
        if text.is_empty() {
            return Err(BadPattern("a host is not empty".into()));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The pattern as written, in small letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Regex {
    /// Compiles an expression.
    ///
    /// # Errors
    /// Where it cannot be compiled, or would be too large.
    pub fn new(text: &str) -> Result<Self, BadPattern> {
        if text.is_empty() {
            return Err(BadPattern("an expression is not empty".into()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The expression as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

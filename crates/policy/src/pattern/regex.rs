//! Regular expressions that run in linear time, whatever the text.

use super::{BadPattern, readable};
use std::hash::{Hash, Hasher};

/// A regular expression without look-around or back-references: it matches in linear time. It
/// matches anywhere in a text unless it is anchored.
#[derive(Clone, Debug)]
pub struct Regex {
    text: String,
    program: regex::Regex,
}

/// The largest compiled expression, in bytes.
const MAX_PROGRAM: usize = 1 << 20;

/// The deepest nesting of groups.
const MAX_NESTING: u32 = 64;

impl Regex {
    /// Compiles an expression.
    ///
    /// # Errors
    /// Where it cannot be compiled, or would be too large.
    pub fn new(text: &str) -> Result<Self, BadPattern> {
        readable(text, "an expression")?;
        Ok(Self { text: text.to_owned(), program: compile(text)? })
    }

    /// The expression as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it matches somewhere in this text.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        self.program.is_match(text)
    }
}

pub(super) fn compile(text: &str) -> Result<regex::Regex, BadPattern> {
    regex::RegexBuilder::new(text)
        .size_limit(MAX_PROGRAM)
        .dfa_size_limit(MAX_PROGRAM)
        .nest_limit(MAX_NESTING)
        .build()
        .map_err(|e| BadPattern(in_one_line(&e)))
}

/// The library points at the place with a picture of several lines; its last line says what it is.
fn in_one_line(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => {
            "the expression is too large when compiled: repeat less".into()
        }
        error => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or("it cannot be read");
            let why = last.trim().strip_prefix("error: ").unwrap_or(last.trim());
            format!("the expression cannot be compiled: {why}")
        }
    }
}

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Regex {}

impl Hash for Regex {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_linear_or_too_large_is_refused_in_one_line() {
        for bad in ["", "(", "a**{", r"(a)\1", "(?=a)", "(x{1000}){1000}", &"(".repeat(100)] {
            let why = Regex::new(bad).unwrap_err().0;
            assert!(!why.contains('\n') && !why.is_empty(), "{why}");
        }
    }

    #[test]
    fn an_expression_matches_anywhere_unless_anchored() {
        let fits = |e: &str, text: &str| Regex::new(e).unwrap().fits(text);
        assert!(fits("^/etc/.*|^/sys/.*", "/etc/passwd") && fits("tc", "/etc"));
        assert!(!fits("^/etc/.*|^/sys/.*", "/home/etc/x"));
    }

    #[test]
    fn what_blows_up_elsewhere_takes_no_time_here() {
        assert!(!Regex::new("^(a+)+$").unwrap().fits(&format!("{}b", "a".repeat(100_000))));
    }
}

//! What a check says.

use serde::Serialize;

/// How a check ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// There was nothing to look at.
    Skipped,
    /// It works, and protects less than it could.
    Warn,
    /// It does not work or does not protect; so does a check that could not be made.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Check {
    /// Its name: `home`, `hook codex`.
    #[serde(rename = "check")]
    pub(super) name: String,
    /// How it ended.
    pub(super) state: State,
    /// What was found, in one line.
    pub(super) found: String,
    /// What mends it, in one line: a command to paste where one does, else a sentence.
    pub(super) fix: Option<String>,
}

impl Check {
    pub(super) fn ok(name: &str, found: impl Into<String>) -> Self {
        Self { name: name.to_owned(), state: State::Ok, found: found.into(), fix: None }
    }

    pub(super) fn skipped(name: &str, found: impl Into<String>) -> Self {
        Self { state: State::Skipped, ..Self::ok(name, found) }
    }

    pub(super) fn warn(name: &str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: State::Warn, fix: Some(fix.into()), ..Self::ok(name, found) }
    }

    pub(super) fn fail(name: &str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: State::Fail, fix: Some(fix.into()), ..Self::ok(name, found) }
    }
}

/// Whether nothing failed. Warnings do not fail.
pub(super) fn all_well(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.state != State::Fail)
}

/// A path as one word of a shell's line.
pub(crate) fn quoted(path: &std::path::Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn warnings_do_not_fail_and_failures_do() {
        let mut checks =
            vec![Check::ok("a", ""), Check::warn("b", "", ""), Check::skipped("c", "")];
        assert!(all_well(&checks));
        checks.push(Check::fail("d", "", ""));
        assert!(!all_well(&checks));
    }

    #[test]
    fn a_path_is_one_word_of_a_line_to_paste() {
        assert_eq!(quoted(Path::new("/a/b-c.d")), "/a/b-c.d");
        assert_eq!(quoted(Path::new("/a b/$(x)")), "'/a b/$(x)'");
        assert_eq!(quoted(Path::new("/it's")), r"'/it'\''s'");
    }
}

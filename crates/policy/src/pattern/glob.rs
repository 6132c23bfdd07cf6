//! Globs. Most are a name, the beginning of one, or the end of one; those cost one comparison.

use super::{BadPattern, readable};
use std::hash::{Hash, Hasher};

/// A pattern for names of tools, servers and people: `*` stands for any run of characters, `?` for
/// one, everything else for itself. The whole name must fit.
#[derive(Clone, Debug)]
pub struct Glob {
    text: String,
    shape: Shape,
}

/// What is compared.
#[derive(Clone, Debug)]
enum Shape {
    /// No star: the name itself.
    Whole,
    /// Runs between stars, at least two: the first begins, the last ends, the others lie between.
    Runs(Vec<String>),
    /// With `?`.
    Any(regex::Regex),
}

impl Glob {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Where it is empty, too long, or holds control characters.
    pub fn new(text: &str) -> Result<Self, BadPattern> {
        readable(text, "a pattern")?;
        let shape = if text.contains('?') {
            Shape::Any(expression(text)?)
        } else if text.contains('*') {
            Shape::Runs(text.split('*').map(str::to_owned).collect())
        } else {
            Shape::Whole
        };
        Ok(Self { text: text.to_owned(), shape })
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole name fits.
    #[must_use]
    pub fn fits(&self, name: &str) -> bool {
        match &self.shape {
            Shape::Whole => self.text == name,
            Shape::Runs(runs) => fits_runs(runs, name),
            Shape::Any(expression) => expression.is_match(name),
        }
    }

    /// What every name that fits begins with.
    pub(crate) fn beginning(&self) -> &str {
        self.text.split(['*', '?']).next().unwrap_or_default()
    }

    /// The one name that fits, where there is only one.
    pub(crate) fn literal(&self) -> Option<&str> {
        matches!(self.shape, Shape::Whole).then_some(&*self.text)
    }
}

/// The leftmost place of each run leaves most to the next, so nothing is tried twice.
fn fits_runs(runs: &[String], name: &str) -> bool {
    let [first, middle @ .., last] = runs else { return false };
    let Some(mut rest) = name.strip_prefix(first.as_str()) else { return false };
    for run in middle.iter().filter(|run| !run.is_empty()) {
        let Some((_, after)) = rest.split_once(run.as_str()) else { return false };
        rest = after;
    }
    rest.ends_with(last.as_str())
}

fn expression(text: &str) -> Result<regex::Regex, BadPattern> {
    let mut whole = String::from(r"(?s)\A");
    for c in text.chars() {
        match c {
            '*' => whole.push_str(".*"),
            '?' => whole.push('.'),
            c => whole.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    whole.push_str(r"\z");
    super::regex::compile(&whole)
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Glob {}

impl Hash for Glob {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, name: &str) -> bool {
        Glob::new(pattern).unwrap().fits(name)
    }

    #[test]
    fn the_whole_name_must_fit() {
        for (pattern, name) in [
            ("git", "git"),
            ("*", ""),
            ("*", "anything"),
            ("git_*", "git_"),
            ("*_file", "read_file"),
            ("a*b*c", "abc"),
            ("a*b*c", "axxbyyc"),
            ("a*bc*c", "abcbc"),
            ("/srv/*.toml", "/srv/a/b.toml"),
            ("?it", "git"),
            ("?it", "\u{fc}it"),
            ("a*?c", "abc"),
            ("a.c", "a.c"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("git", "git2"),
            ("git", "agit"),
            ("git_*", "legit_x"),
            ("*_file", "read_files"),
            ("a*a", "a"),
            ("ab*ba", "aba"),
            ("a*b*c", "acb"),
            ("?it", "it"),
            ("?it", "ggit"),
            ("a.c?", "abcd"),
            ("/srv/*", "x/srv/a"),
            ("git", "GIT"),
        ] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn a_pattern_is_a_readable_text() {
        for bad in ["", "a\nb", "\u{7}", &"x".repeat(5000)] {
            assert!(Glob::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn many_stars_over_a_long_name_are_no_matter() {
        let name = "a".repeat(1 << 20);
        assert!(fits(&"a*".repeat(500), &name));
        assert!(!fits(&format!("{}b", "a*".repeat(500)), &name));
    }
}

//! Arguments taken for options and the rest. Options are found generously: where it is a matter of
//! danger, an abbreviation counts as the option.

use crate::classify::shell::{UNKNOWN, Word};

/// How many options may stand in one word.
const LETTERS: usize = 24;

/// What the arguments of a program are taken for.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// Each option as written, without its value, and the value.
    pub(super) given: Vec<(String, Option<Word>)>,
    /// Everything else.
    pub(super) rest: Vec<Word>,
    /// Whether an argument may be an option that is not known.
    pub(super) doubtful: bool,
}

/// Takes arguments apart. `valued` names the options whose value may be the next argument: `-o`,
/// `--output`.
pub(super) fn options(args: &[Word], valued: &[&str]) -> Options {
    let mut found = Options::default();
    let mut words = args.iter();
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        if text == "--" {
            found.rest.extend(words.cloned());
            break;
        }
        if word.starts_unknown() {
            found.doubtful = true;
        }
        if text.len() < 2 || !text.starts_with('-') {
            found.rest.push(word.clone());
        } else if text.starts_with("--") {
            let (name, value) = split(text);
            let value =
                value.or_else(|| valued.contains(&name).then(|| words.next().cloned()).flatten());
            found.given.push((name.to_owned(), value));
        } else {
            found.short(text, valued, &mut words);
        }
    }
    found
}

fn split(text: &str) -> (&str, Option<Word>) {
    text.split_once('=').map_or((text, None), |(name, value)| (name, Some(Word::literal(value))))
}

impl Options {
    /// `-abc`, `-ofile`, `-o file`, and words with one dash (`-exec`).
    fn short<'w>(
        &mut self,
        text: &str,
        valued: &[&str],
        words: &mut impl Iterator<Item = &'w Word>,
    ) {
        self.doubtful |= text.contains(UNKNOWN);
        if text.len() > 2 {
            let (name, value) = split(text);
            self.given.push((name.to_owned(), value));
        }
        let mut letters = text.get(1..).unwrap_or_default().chars();
        while let Some(letter) = letters.next() {
            if letters.as_str().len() + LETTERS < text.len() {
                self.doubtful = true;
                return;
            }
            let name = format!("-{letter}");
            if valued.contains(&name.as_str()) {
                let value = letters.as_str();
                let value = (!value.is_empty())
                    .then(|| Word::literal(value.strip_prefix('=').unwrap_or(value)));
                self.given.push((name, value.or_else(|| words.next().cloned())));
                return;
            }
            self.given.push((name, None));
        }
    }

    /// Whether any of these is there, or what a program may take for it.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.given.iter().any(|(given, _)| names.iter().any(|name| means(given, name)))
    }

    /// The values of these.
    pub(super) fn values<'o>(&'o self, names: &'o [&str]) -> impl Iterator<Item = &'o Word> {
        let fits = move |given: &str| names.iter().any(|name| means(given, name));
        self.given
            .iter()
            .filter(move |(given, _)| fits(given))
            .filter_map(|(_, value)| value.as_ref())
    }

    /// Whether there is no option besides these.
    pub(super) fn only(&self, names: &[&str]) -> bool {
        let harmless = |given: &String| names.contains(&given.as_str());
        let single = |given: &String| {
            let letters = given.strip_prefix('-').filter(|_| !given.starts_with("--"));
            letters.is_some_and(|letters| {
                letters.chars().all(|c| names.contains(&format!("-{c}").as_str()))
            })
        };
        !self.doubtful && self.given.iter().all(|(given, _)| harmless(given) || single(given))
    }

    /// The argument at this place among those that are no options, where it is known.
    pub(super) fn at(&self, index: usize) -> Option<&str> {
        self.rest.get(index).and_then(Word::known)
    }
}

/// Whether a program would take `given` for the option `name`: long ones may be shortened.
fn means(given: &str, name: &str) -> bool {
    given == name || name.starts_with("--") && given.len() > 3 && name.starts_with(given)
}

/// The arguments behind the options of a wrapper: what it starts. `None` where an option is not
/// known, so that nobody can say where they end.
pub(super) fn wrapped<'w>(args: &'w [Word], plain: &[&str], valued: &[&str]) -> Option<&'w [Word]> {
    let mut rest = args;
    while let Some((word, after)) = rest.split_first() {
        let text = word.text.as_str();
        if text == "--" {
            return Some(after);
        }
        if text.is_empty() || word.starts_unknown() {
            return None;
        }
        if !text.starts_with('-') || text == "-" {
            return Some(rest);
        }
        let long = text.split('=').next().unwrap_or(text);
        let joined = text.starts_with("--") && text.contains('=');
        rest = if plain.contains(&text)
            || joined && (valued.contains(&long) || plain.contains(&long))
        {
            after
        } else if valued.contains(&text) || cluster(text, plain, valued)? {
            after.get(1..)?
        } else {
            after
        };
    }
    Some(rest)
}

/// Whether the last of several short options takes the next argument; `None` where one is unknown.
fn cluster(text: &str, plain: &[&str], valued: &[&str]) -> Option<bool> {
    if text.starts_with("--") {
        return None;
    }
    let mut letters = text.get(1..).unwrap_or_default().chars();
    while let Some(letter) = letters.next() {
        let name = format!("-{letter}");
        if valued.contains(&name.as_str()) {
            return Some(letters.as_str().is_empty());
        }
        if !plain.contains(&name.as_str()) {
            return None;
        }
    }
    Some(false)
}

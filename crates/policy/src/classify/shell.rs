//! A shell line taken apart: every simple command that any path through it could run, flat.
//!
//! A grammar of our own, after POSIX 2.10 with the additions of bash: one pass, linear in time, no
//! deeper than [`MAX_DEPTH`]. Two parsers of others were measured first. tree-sitter-bash reads 200
//! characters in 29 µs, but took 3 s for 64 KiB of `<<a` and lines, and ran out of 8 GB for 64 KiB
//! of `a|`. brush-parser takes 26 µs, but 10,000 times `{ ` overflow its stack and end the process.
//! And both accept far more than we could vouch for. Here the order of things is the other way
//! round: a form that is not written down below makes the line unreadable, which a person is asked
//! about. So does a form that shells read differently. Control
//! structures need not balance, since every command counts whatever the way to it: where a shell
//! would refuse a line, nothing runs. What must be right is where words, quotes, substitutions and
//! here-documents begin and end.
//!
//! # Words
//! A word's text is what the shell would make of it, as far as that can be known: [`UNKNOWN`]
//! stands for any text, [`GLOB`] for any text without `/`. No line that holds control characters
//! is read, so neither can be forged.

mod compound;
mod expand;
mod list;
mod redirect;
mod word;

pub(super) use list::{is_name, is_reserved};
use std::borrow::Cow;

/// Any text, of any length, perhaps several words.
pub(super) const UNKNOWN: char = '\0';
/// Any text without `/`: a pattern that the shell matches against names of files.
pub(super) const GLOB: char = '\u{1}';
/// How deep groups and substitutions may nest.
const MAX_DEPTH: u32 = 24;
/// How many simple commands one line may hold.
const MAX_COMMANDS: usize = 100;
/// How many words one line may hold, and what is within it.
const MAX_WORDS: u32 = 1_200;
/// The longest line that is read, in bytes.
pub(super) const MAX_LINE: usize = 64 * 1024;

/// One word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// What the shell makes of it.
    pub(super) text: String,
}

/// What a redirection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Redirect {
    /// Reads a file as the standard input.
    Read,
    /// Reads a file for another descriptor.
    ReadAside,
    /// Writes or opens for writing.
    Write,
    /// A here-document or here-string; the word is its text.
    Text,
    /// The same for another descriptor.
    TextAside,
}

impl Redirect {
    /// Whether it is what the program reads.
    pub(super) fn is_input(self) -> bool {
        matches!(self, Self::Read | Self::Text)
    }
}

/// One simple command: a program with its arguments, or assignments, or redirections alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Simple {
    /// As written.
    pub(super) raw: String,
    /// `NAME=value` before the program.
    pub(super) assignments: Vec<(String, Word)>,
    /// The program and its arguments.
    pub(super) words: Vec<Word>,
    /// Files and texts.
    pub(super) redirects: Vec<(Redirect, Word)>,
    /// The command whose output it reads, as an index, where that is a simple one.
    pub(super) piped_from: Option<usize>,
}

/// What a line holds.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// Every command, in the order in which they are written; substitutions come before what they
    /// stand in.
    pub(super) commands: Vec<Simple>,
    /// What makes it doubtful, though it can be read.
    pub(super) doubts: Vec<&'static str>,
    /// Whether a quoted text holds what would be a substitution.
    pub(super) code: bool,
    /// Why it could not be read to its end.
    pub(super) broken: Option<&'static str>,
}

/// What the shell knows beforehand.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// What `~` and `$HOME` stand for.
    pub(super) home: Option<&'a str>,
    /// What `$PWD` stands for.
    pub(super) cwd: Option<&'a str>,
    /// Whether the shell is one that has the forms of bash. Others read `[[ a || b ]]` as two
    /// commands.
    pub(super) bash: bool,
}

/// Why the rest of a line cannot be read.
type Step<T = ()> = Result<T, &'static str>;

/// Takes a line apart. Never fails: what cannot be read is said in [`Script::broken`].
pub(super) fn parse(line: &str, known: Known<'_>) -> Script {
    if line.len() > MAX_LINE {
        return broken("it is too long to be read");
    }
    if line.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return broken("it holds control characters, or parts that nobody knows");
    }
    if line.chars().any(turns) {
        return broken("it holds signs that show its text in another order");
    }
    let script = Script::default();
    let mut parser = Parser {
        rest: line,
        known,
        script,
        pending: Vec::new(),
        depth: 0,
        words: 0,
        code: false,
        computes: false,
    };
    if let Err(why) = parser.whole() {
        parser.script.broken = Some(why);
    } else if parser.code && parser.computes {
        parser.script.broken =
            Some("it computes, and holds text that runs when it is computed with");
    }
    parser.script.code = parser.code;
    parser.script
}

/// Whether a sign decides in which direction the text around it is shown, so that a person reads
/// another line than the shell.
fn turns(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn broken(why: &'static str) -> Script {
    Script { broken: Some(why), ..Script::default() }
}

struct Parser<'a> {
    rest: &'a str,
    known: Known<'a>,
    script: Script,
    pending: Vec<HereDoc>,
    depth: u32,
    words: u32,
    /// Whether a quoted text holds what would be a substitution.
    code: bool,
    /// Whether something is computed with variables.
    computes: bool,
}

/// A here-document whose text begins after the next newline.
struct HereDoc {
    /// The command and its redirection that the text belongs to.
    command: usize,
    redirect: usize,
    delimiter: String,
    quoted: bool,
    strip_tabs: bool,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn second(&self) -> Option<char> {
        self.rest.chars().nth(1)
    }

    fn bump(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next();
        self.rest = chars.as_str();
        c
    }

    fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn doubt(&mut self, why: &'static str) {
        if !self.script.doubts.contains(&why) {
            self.script.doubts.push(why);
        }
    }

    fn computes(&mut self) {
        self.computes = true;
        self.doubt("it computes with variables, whose text may hold commands");
    }

    /// Runs `inner` one level deeper.
    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Step<T>) -> Step<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("it is nested too deep to be read");
        }
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// Reads another text with the same knowledge, and counts what it holds as part of this one.
    fn apart<T>(&mut self, text: &str, inner: impl FnOnce(&mut Parser<'_>) -> Step<T>) -> Step<T> {
        let script = std::mem::take(&mut self.script);
        let (known, depth, words) = (self.known, self.depth, self.words);
        let mut parser = Parser {
            rest: text,
            known,
            script,
            pending: Vec::new(),
            depth,
            words,
            code: false,
            computes: false,
        };
        let result = parser.deeper(inner);
        self.words = parser.words;
        self.code |= parser.code;
        self.computes |= parser.computes;
        self.script = parser.script;
        result
    }
}

/// What a person is shown of a text with unknown parts.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    if text.contains([UNKNOWN, GLOB]) {
        Cow::Owned(text.replace(UNKNOWN, "…").replace(GLOB, "*"))
    } else {
        Cow::Borrowed(text)
    }
}

impl Word {
    /// A word that is exactly this text.
    pub(super) fn literal(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// Its text, where all of it is known.
    pub(super) fn known(&self) -> Option<&str> {
        (!self.text.contains([UNKNOWN, GLOB])).then_some(self.text.as_str())
    }

    /// Whether it could be an option, or anything else.
    pub(super) fn starts_unknown(&self) -> bool {
        self.text.starts_with([UNKNOWN, GLOB])
    }
}

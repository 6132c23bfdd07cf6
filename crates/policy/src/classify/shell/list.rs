//! Lists of commands and simple commands.

use super::{HereDoc, MAX_COMMANDS, Parser, Simple, Step, Word};
use crate::classify::report::clip;

/// Where a list ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// With the text.
    End,
    /// At `)`, which is left.
    Paren,
    /// At `;;` and its kin, or `esac`, which are left.
    Case,
}

/// Words that only say which command runs when; every command counts, so they say nothing.
const PREFIXES: [&str; 10] =
    ["if", "then", "elif", "else", "while", "until", "do", "{", "!", "time"];
/// Words that end a compound command: redirections may follow, and nothing else.
const ENDS: [&str; 4] = ["fi", "done", "}", "esac"];
/// Words with which a compound command begins whose head holds words.
const HEADS: [&str; 6] = ["for", "select", "case", "[[", "function", "coproc"];

impl Parser<'_> {
    pub(super) fn whole(&mut self) -> Step {
        self.list(Until::End)?;
        if self.pending.is_empty() { Ok(()) } else { Err("a here-document does not end") }
    }

    pub(super) fn list(&mut self, until: Until) -> Step {
        let mut piped = None;
        loop {
            self.blank_lines()?;
            match self.peek() {
                None if until == Until::End => return Ok(()),
                None => return Err("a bracket or a substitution does not end"),
                Some(')') if until == Until::Paren => return Ok(()),
                Some(';') if until == Until::Case && self.rest.starts_with(";;") => return Ok(()),
                Some(';') if until == Until::Case && self.rest.starts_with(";&") => return Ok(()),
                _ => {}
            }
            if until == Until::Case && self.at_word("esac") {
                return Ok(());
            }
            let rest = self.rest.len();
            let simple = self.command(piped)?;
            self.blanks();
            let nothing = rest == self.rest.len();
            let only = simple.then(|| self.script.commands.len().checked_sub(1)).flatten();
            piped = if self.separator()? { only } else { None };
            if nothing {
                return Err("a sign stands where a command does");
            }
        }
    }

    /// Reads what stands between two commands; says whether it was a pipe.
    fn separator(&mut self) -> Step<bool> {
        for joined in ["&&", "||"] {
            if self.eat(joined) {
                return Ok(false);
            }
        }
        if self.eat("|&") || self.eat("|") {
            return Ok(true);
        }
        if self.rest.starts_with(";;") || self.rest.starts_with(";&") {
            return Ok(false);
        }
        if self.eat(";") || self.eat("&") {
            return Ok(false);
        }
        Ok(false)
    }

    /// One command, after any reserved words. Says whether it is a simple one.
    fn command(&mut self, piped: Option<usize>) -> Step<bool> {
        loop {
            self.blank_lines()?;
            let word = self.reserved();
            if !PREFIXES.contains(&word) {
                break;
            }
            self.eat(word);
            if word == "time" {
                self.blanks();
                let _option = self.at_word("-p") && self.eat("-p");
            }
        }
        if self.rest.starts_with("((") {
            return Err("arithmetic stands where a command does");
        }
        if self.eat("(") {
            self.deeper(|p| p.list(Until::Paren))?;
            self.eat(")");
            return self.only_redirects().map(|()| false);
        }
        let word = self.reserved();
        if ENDS.contains(&word) {
            self.eat(word);
            return self.only_redirects().map(|()| false);
        }
        if self.compound()? {
            return Ok(false);
        }
        self.simple(piped)
    }

    /// Redirections after a compound command.
    pub(super) fn only_redirects(&mut self) -> Step {
        let found = self.simple(None)?;
        let last = self.script.commands.last().filter(|_| found);
        if last.is_some_and(|last| !last.words.is_empty() || !last.assignments.is_empty()) {
            return Err("a word follows the end of a compound command");
        }
        Ok(())
    }

    /// A simple command. Says whether there was one.
    fn simple(&mut self, piped: Option<usize>) -> Step<bool> {
        let start = self.rest;
        let mut simple = Simple { piped_from: piped, ..Simple::default() };
        let mut documents = Vec::new();
        loop {
            self.blanks();
            match self.peek() {
                None | Some('\n' | ';' | '|' | ')' | '#') => break,
                Some('&') if self.second() != Some('>') => break,
                Some('(') => {
                    self.function(&simple)?;
                    return Ok(false);
                }
                _ => {}
            }
            if self.redirect(&mut simple, &mut documents)? {
                continue;
            }
            self.argument(&mut simple)?;
        }
        let length = start.len().saturating_sub(self.rest.len());
        simple.raw = clip(start.get(..length).unwrap_or_default().trim()).to_owned();
        self.keep(simple, documents)
    }

    fn keep(&mut self, simple: Simple, documents: Vec<HereDoc>) -> Step<bool> {
        let empty = simple.words.is_empty() && simple.assignments.is_empty();
        if empty && simple.redirects.is_empty() {
            return Ok(false);
        }
        if self.script.commands.len() >= MAX_COMMANDS {
            return Err("it holds too many commands to be read");
        }
        let command = self.script.commands.len();
        self.pending.extend(documents.into_iter().map(|document| HereDoc { command, ..document }));
        self.script.commands.push(simple);
        Ok(true)
    }

    /// `name()`: a function, whose body is read as the commands that follow.
    fn function(&mut self, simple: &Simple) -> Step {
        if simple.words.len() != 1 || !simple.assignments.is_empty() {
            return Err("a bracket stands where none can");
        }
        self.eat("(");
        self.blanks();
        if !self.eat(")") {
            return Err("a bracket stands where none can");
        }
        self.doubt("it defines a function, which may stand for the name of a program");
        Ok(())
    }

    fn argument(&mut self, simple: &mut Simple) -> Step {
        let start = self.rest;
        let word = self.word()?;
        let length = start.len().saturating_sub(self.rest.len());
        let raw = start.get(..length).unwrap_or_default();
        if raw.is_empty() {
            return Err("a character stands where none can");
        }
        let braced = raw.strip_prefix('{').and_then(|raw| raw.strip_suffix('}'));
        if braced.is_some_and(is_name) && self.rest.starts_with(['<', '>']) {
            return Err("which descriptor it redirects is not known");
        }
        if simple.words.is_empty()
            && let Some((name, value)) = self.assignment(raw, &word)?
        {
            simple.assignments.push((name, value));
            return Ok(());
        }
        simple.words.push(word);
        Ok(())
    }

    /// `NAME=value`, `NAME+=value`, `NAME[…]=value`, `NAME=(…)`.
    fn assignment(&mut self, raw: &str, word: &Word) -> Step<Option<(String, Word)>> {
        let Some((left, _)) = raw.split_once('=') else { return Ok(None) };
        let left = left.strip_suffix('+').unwrap_or(left);
        let (name, subscript) = left.split_once('[').map_or((left, None), |(n, s)| (n, Some(s)));
        if !is_name(name) {
            return Ok(None);
        }
        if subscript.is_some() {
            self.doubt("it computes a subscript");
        }
        let mut value = word.text.split_once('=').map_or("", |(_, value)| value).to_owned();
        if raw.ends_with('=') && self.eat("(") {
            self.array()?;
            value = super::UNKNOWN.to_string();
        }
        Ok(Some((name.to_owned(), Word::literal(value))))
    }

    fn array(&mut self) -> Step {
        loop {
            self.blank_lines()?;
            if self.eat(")") {
                return Ok(());
            }
            let before = self.rest.len();
            self.word()?;
            if before == self.rest.len() {
                return Err("a list of values does not end");
            }
        }
    }

    /// Blanks, and lines that go on behind a backslash.
    pub(super) fn blanks(&mut self) {
        while self.eat(" ") || self.eat("\t") || self.eat("\\\n") {}
    }

    /// Blanks, comments and newlines, with the here-documents behind them.
    pub(super) fn blank_lines(&mut self) -> Step {
        loop {
            self.blanks();
            if self.peek() == Some('#') {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.rest = self.rest.get(end..).unwrap_or_default();
            }
            if !self.eat("\n") {
                return Ok(());
            }
            self.documents()?;
        }
    }

    /// The word that stands here, where it is short enough to be a reserved one.
    pub(super) fn reserved(&self) -> &'static str {
        let ends = |b: u8| b" \t\n;|&()<>".contains(&b);
        let length = self.rest.bytes().take(9).position(ends).unwrap_or(self.rest.len());
        let word = self.rest.get(..length.min(9)).unwrap_or_default();
        let all = PREFIXES.iter().chain(&ENDS).chain(&HEADS);
        all.copied().find(|known| *known == word).unwrap_or_default()
    }

    /// Whether this reserved word stands here, and ends here.
    pub(super) fn at_word(&self, word: &str) -> bool {
        let Some(after) = self.rest.strip_prefix(word) else { return false };
        let ends = |c| matches!(c, ' ' | '\t' | '\n' | ';' | '|' | '&' | '(' | ')' | '<' | '>');
        after.chars().next().is_none_or(ends)
    }
}

/// Whether a shell would take this for a word of its own, so that no program is meant.
pub(in crate::classify) fn is_reserved(word: &str) -> bool {
    let mut all = PREFIXES.iter().chain(&ENDS).chain(&HEADS);
    !matches!(word, "time" | "[[") && all.any(|known| *known == word)
}

/// Whether this is the name of a variable.
pub(in crate::classify) fn is_name(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    text.bytes().all(letter) && text.bytes().next().is_some_and(|b| !b.is_ascii_digit())
}

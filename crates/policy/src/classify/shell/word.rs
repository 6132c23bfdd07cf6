//! Words: quotes, escapes and expansions.

use super::list::{Until, is_name};
use super::{GLOB, Parser, Step, UNKNOWN, Word};

/// How far the end of a pattern like `[a-z]` is looked for, in bytes.
const BRACKET: usize = 32;

/// A word as it grows.
#[derive(Default)]
struct Growing {
    text: String,
    /// From here on nothing is known.
    unknown_from: Option<usize>,
}

impl Growing {
    fn unknown(&mut self) {
        self.text.push(UNKNOWN);
    }

    fn lost(&mut self) {
        self.unknown_from.get_or_insert(self.text.len());
    }

    fn finish(mut self) -> Word {
        if let Some(length) = self.unknown_from {
            self.text.truncate(length);
            self.text.push(UNKNOWN);
        }
        Word { text: self.text }
    }
}

impl Parser<'_> {
    /// A word; empty where none stands here.
    pub(super) fn word(&mut self) -> Step<Word> {
        self.words += 1;
        if self.words > super::MAX_WORDS {
            return Err("it holds too many words to be read");
        }
        let mut word = Growing::default();
        let mut first = true;
        while let Some(c) = self.peek() {
            if matches!(c, ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')') {
                break;
            }
            if matches!(c, '<' | '>') {
                if self.second() != Some('(') || !first {
                    break;
                }
                self.process(&mut word)?;
                first = false;
                continue;
            }
            self.piece(c, &mut word, first)?;
            first = false;
        }
        Ok(word.finish())
    }

    fn piece(&mut self, c: char, word: &mut Growing, first: bool) -> Step {
        match c {
            '\'' => self.single(word),
            '"' => {
                self.bump();
                self.double(word)
            }
            '\\' => {
                self.bump();
                match self.bump() {
                    Some('\n') => {}
                    Some(next) => word.text.push(next),
                    None => return Err("it ends in a backslash"),
                }
                Ok(())
            }
            '$' => self.dollar(word, false),
            '`' => self.backticks(word, false),
            '~' if first || word.text.ends_with(['=', ':']) => {
                self.tilde(word);
                Ok(())
            }
            _ => {
                self.plain(c, word);
                Ok(())
            }
        }
    }

    fn plain(&mut self, c: char, word: &mut Growing) {
        match c {
            '*' | '?' => {
                self.bump();
                word.text.push(GLOB);
            }
            '[' => self.bracket(word),
            '{' => {
                self.bump();
                // `{}` and `{` alone are words; anything else may expand to several.
                if self.peek().is_none_or(|next| matches!(next, '}' | ' ' | '\t' | '\n' | ';')) {
                    word.text.push(c);
                } else {
                    word.lost();
                }
            }
            _ => {
                self.bump();
                word.text.push(c);
            }
        }
    }

    /// `[a-z]` matches names of files; `[` alone is a program.
    fn bracket(&mut self, word: &mut Growing) {
        self.bump();
        if word.text.is_empty() && self.peek().is_none_or(|c| c.is_ascii_whitespace()) {
            word.text.push('[');
            return;
        }
        if word.unknown_from.is_some() {
            return;
        }
        let near = self.rest.bytes().take(BRACKET).position(|b| b == b']');
        let inside = near.and_then(|end| self.rest.get(..end));
        let plain =
            |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'!' | b'^' | b'_' | b'.');
        match inside {
            Some(inside) if !inside.is_empty() && inside.bytes().all(plain) => {
                self.rest = self.rest.get(inside.len() + 1..).unwrap_or_default();
                word.text.push(GLOB);
            }
            _ => word.lost(),
        }
    }

    fn tilde(&mut self, word: &mut Growing) {
        self.bump();
        let ends = |b: u8| b"/: \t\n;&|()<>\"'$`\\=".contains(&b);
        let length = self.rest.bytes().take(BRACKET).position(ends).unwrap_or(self.rest.len());
        let user = self.rest.get(..length).unwrap_or_default();
        match (user.is_empty(), self.known.home) {
            (true, Some(home)) => word.text.push_str(home),
            // Another person's home, or an earlier directory.
            _ => word.text.push(UNKNOWN),
        }
        if !user.is_empty() && is_plain(user) {
            self.rest = self.rest.get(user.len()..).unwrap_or_default();
        }
    }

    fn single(&mut self, word: &mut Growing) -> Step {
        self.bump();
        let Some((text, rest)) = self.rest.split_once('\'') else {
            return Err("a quote does not end");
        };
        word.text.push_str(text);
        self.rest = rest;
        Ok(())
    }

    /// The inside of double quotes and the closing one.
    fn double(&mut self, word: &mut Growing) -> Step {
        loop {
            match self.peek() {
                None => return Err("a quote does not end"),
                Some('"') => {
                    self.bump();
                    return Ok(());
                }
                Some('\\') => self.escaped(word),
                Some('$') => self.dollar(word, true)?,
                Some('`') => self.backticks(word, true)?,
                Some(c) => {
                    self.bump();
                    word.text.push(c);
                }
            }
        }
    }

    /// Within double quotes a backslash keeps its place before most characters.
    fn escaped(&mut self, word: &mut Growing) {
        self.bump();
        match self.peek() {
            Some(c @ ('$' | '`' | '"' | '\\')) => word.text.push(c),
            Some('\n') => {}
            _ => {
                word.text.push('\\');
                return;
            }
        }
        self.bump();
    }

    /// The text of a here-document, in which only `$`, back-ticks and backslashes mean something.
    pub(super) fn expanded(&mut self, body: &str) -> Step<String> {
        self.apart(body, |parser| {
            let mut word = Growing::default();
            while let Some(c) = parser.peek() {
                match c {
                    '\\' => parser.escaped(&mut word),
                    '$' => parser.dollar(&mut word, true)?,
                    '`' => parser.backticks(&mut word, true)?,
                    _ => {
                        parser.bump();
                        word.text.push(c);
                    }
                }
            }
            Ok(word.finish().text)
        })
    }

    /// `$…`. Within double quotes `$'` is no quote.
    fn dollar(&mut self, word: &mut Growing, double: bool) -> Step {
        self.bump();
        match self.peek() {
            Some('(') if self.second() == Some('(') => self.arithmetic(word),
            Some('(') => {
                self.bump();
                self.substitution()?;
                word.unknown();
                Ok(())
            }
            Some('{') => self.parameter(word),
            Some('[') => Err("it computes in an old form"),
            Some('\'') if !double => self.ansi(word),
            Some('"') if !double => {
                self.bump();
                let mut inside = Growing::default();
                self.double(&mut inside)?;
                word.unknown();
                Ok(())
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let end = self.rest.find(|c| !letter(c)).unwrap_or(self.rest.len());
                let (name, rest) = self.rest.split_at_checked(end).unwrap_or_default();
                self.rest = rest;
                self.variable(name, word);
                Ok(())
            }
            Some(c) if c.is_ascii_digit() || "@*#?$!-".contains(c) => {
                self.bump();
                word.unknown();
                Ok(())
            }
            _ => {
                word.text.push('$');
                Ok(())
            }
        }
    }

    fn variable(&mut self, name: &str, word: &mut Growing) {
        let known = match name {
            "HOME" => self.known.home,
            "PWD" => self.known.cwd,
            _ => None,
        };
        match known {
            Some(text) => word.text.push_str(text),
            None => word.unknown(),
        }
        if is_secret(name) {
            self.doubt("it reads a variable whose name speaks of a secret");
        }
    }

    /// The commands of `$(…)`, `<(…)` and `>(…)`, behind the opening bracket.
    fn substitution(&mut self) -> Step {
        if !self.pending.is_empty() {
            return Err("a here-document begins before a substitution and ends after it");
        }
        self.deeper(|p| p.list(Until::Paren))?;
        self.eat(")");
        if self.pending.is_empty() { Ok(()) } else { Err("a here-document does not end") }
    }

    fn process(&mut self, word: &mut Growing) -> Step {
        self.bump();
        self.bump();
        self.substitution()?;
        word.text.push_str("/dev/fd/");
        word.unknown();
        Ok(())
    }

    fn backticks(&mut self, word: &mut Growing, double: bool) -> Step {
        self.bump();
        let mut inside = String::new();
        loop {
            match self.bump() {
                None => return Err("a substitution does not end"),
                Some('`') => break,
                Some('\\') => match self.bump() {
                    Some(c @ ('`' | '\\' | '$')) => inside.push(c),
                    Some('"') if double => inside.push('"'),
                    Some(c) => inside.extend(['\\', c]),
                    None => return Err("a substitution does not end"),
                },
                Some(c) => inside.push(c),
            }
        }
        if !self.pending.is_empty() {
            return Err("a here-document begins before a substitution and ends after it");
        }
        self.apart(&inside, |parser| parser.whole())?;
        word.unknown();
        Ok(())
    }

    /// `$((…))`, as far as it is digits, operators and names.
    fn arithmetic(&mut self, word: &mut Growing) -> Step {
        self.bump();
        self.bump();
        let (mut open, mut names) = (0_u32, false);
        loop {
            match self.bump() {
                Some('(') => open += 1,
                Some(')') if open > 0 => open -= 1,
                Some(')') if self.eat(")") => break,
                Some(c) if c.is_ascii_alphabetic() || c == '_' => names = true,
                Some('$') if self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') => {
                    names = true;
                }
                Some(c) if c.is_ascii_digit() || " \t+-*/%<>=!&|^~?:,".contains(c) => {}
                _ => return Err("it computes in a way that may run commands"),
            }
        }
        if names {
            self.doubt("it computes with variables, whose text may hold commands");
        }
        word.unknown();
        Ok(())
    }

    /// `${…}`, as far as it runs nothing.
    fn parameter(&mut self, word: &mut Growing) -> Step {
        self.bump();
        let Some((inside, rest)) = self.rest.split_once('}') else {
            return Err("an expansion does not end");
        };
        self.rest = rest;
        if is_name(inside) {
            self.variable(inside, word);
            return Ok(());
        }
        let body = inside.strip_prefix('#').unwrap_or(inside);
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || "@*?#$!-".contains(c);
        let indirect = inside.starts_with('!');
        let end = body.find(|c| !letter(c)).unwrap_or(body.len());
        let (name, operation) = body.split_at_checked(end).unwrap_or_default();
        let operation =
            ["[@]", "[*]"].iter().find_map(|all| operation.strip_prefix(all)).unwrap_or(operation);
        let odd = |c: char| "'\"\\`(){}<>[@\n".contains(c);
        let assigns = operation.starts_with('=') || operation.starts_with(":=");
        if indirect || name.contains('@') && name != "@" || operation.contains(odd) || assigns {
            return Err("an expansion may run or change something");
        }
        if operation.contains('$') || operation.starts_with(':') && !operation.starts_with(":-") {
            self.doubt("it expands a variable in a way that may compute");
        }
        if is_secret(name) {
            self.doubt("it reads a variable whose name speaks of a secret");
        }
        word.unknown();
        Ok(())
    }

    /// `$'…'`: only its plainest escapes are followed.
    fn ansi(&mut self, word: &mut Growing) -> Step {
        self.bump();
        loop {
            match self.bump() {
                None => return Err("a quote does not end"),
                Some('\'') => return Ok(()),
                Some('\\') => match self.bump() {
                    Some(c @ ('\\' | '\'' | '"')) => word.text.push(c),
                    Some('n') => word.text.push('\n'),
                    Some('t') => word.text.push('\t'),
                    None => return Err("a quote does not end"),
                    Some(_) => word.lost(),
                },
                Some(c) => word.text.push(c),
            }
        }
    }
}

fn is_plain(user: &str) -> bool {
    user.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'+'))
}

/// Whether the name of a variable speaks of a secret.
fn is_secret(name: &str) -> bool {
    let words = [
        "SECRET",
        "TOKEN",
        "PASSWORD",
        "PASSWD",
        "API_KEY",
        "APIKEY",
        "PRIVATE",
        "CREDENTIAL",
        "ACCESS_KEY",
    ];
    let name = name.to_ascii_uppercase();
    words.iter().any(|word| name.contains(word))
}

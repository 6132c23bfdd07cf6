//! Expansions: substitutions, arithmetic, parameters, `$'…'`.

use super::list::{Until, is_name};
use super::word::Growing;
use super::{Parser, Step};

impl Parser<'_> {
    /// The commands of `$(…)`, `<(…)` and `>(…)`, behind the opening bracket.
    pub(super) fn substitution(&mut self) -> Step {
        if !self.pending.is_empty() {
            return Err("a here-document begins before a substitution and ends after it");
        }
        self.deeper(|p| p.list(Until::Paren))?;
        self.eat(")");
        if self.pending.is_empty() { Ok(()) } else { Err("a here-document does not end") }
    }

    pub(super) fn process(&mut self, word: &mut Growing) -> Step {
        self.bump();
        self.bump();
        self.substitution()?;
        word.text.push_str("/dev/fd/");
        word.unknown();
        Ok(())
    }

    pub(super) fn backticks(&mut self, word: &mut Growing, double: bool) -> Step {
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
    pub(super) fn arithmetic(&mut self, word: &mut Growing) -> Step {
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
            self.computes();
        }
        word.unknown();
        Ok(())
    }

    /// `${…}`, as far as it runs nothing.
    pub(super) fn parameter(&mut self, word: &mut Growing) -> Step {
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
    pub(super) fn ansi(&mut self, word: &mut Growing) -> Step {
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

/// Whether the name of a variable speaks of a secret.
pub(super) fn is_secret(name: &str) -> bool {
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

//! The compound commands whose heads hold words: `for`, `case`, `[[`, `function`.

use super::list::{Until, is_name};
use super::{Parser, Simple, Step, Word};

impl Parser<'_> {
    /// Reads the head of a compound command, if one stands here; `case` whole.
    pub(super) fn compound(&mut self) -> Step<bool> {
        let word = self.reserved();
        let read = match word {
            "for" | "select" => Self::each as fn(&mut Self) -> Step,
            "case" => Self::case,
            "[[" => Self::test,
            "function" => Self::named_function,
            "coproc" => |_: &mut Self| Err("it runs a coprocess"),
            _ => return Ok(false),
        };
        self.eat(word);
        read(self).map(|()| true)
    }

    /// `for NAME [in WORDS]`; `do` follows as a word that says nothing.
    fn each(&mut self) -> Step {
        self.blanks();
        let name = self.word()?.text;
        if !is_name(&name) {
            return Err("a loop is not over a variable");
        }
        let values = Word::literal(super::UNKNOWN.to_string());
        let raw = format!("for {name}");
        let assignments = vec![(name, values)];
        self.script.commands.push(Simple { raw, assignments, ..Simple::default() });
        self.blank_lines()?;
        if !self.at_word("in") {
            return Ok(());
        }
        self.eat("in");
        self.words_until_end()
    }

    fn words_until_end(&mut self) -> Step {
        loop {
            self.blanks();
            if self.peek().is_none_or(|c| matches!(c, ';' | '\n' | '#')) {
                return Ok(());
            }
            let before = self.rest.len();
            self.word()?;
            if before == self.rest.len() {
                return Err("the words of a loop cannot be read");
            }
        }
    }

    fn case(&mut self) -> Step {
        self.blanks();
        self.word()?;
        self.blank_lines()?;
        if !self.at_word("in") {
            return Err("a `case` has no `in`");
        }
        self.eat("in");
        loop {
            self.blank_lines()?;
            if self.at_word("esac") {
                self.eat("esac");
                return self.only_redirects();
            }
            self.patterns()?;
            self.deeper(|p| p.list(Until::Case))?;
            let _ends = self.eat(";;&") || self.eat(";;") || self.eat(";&");
        }
    }

    fn patterns(&mut self) -> Step {
        self.eat("(");
        loop {
            self.blanks();
            let before = self.rest.len();
            self.word()?;
            self.blanks();
            if self.eat(")") {
                return Ok(());
            }
            if !self.eat("|") || before == self.rest.len() {
                return Err("a pattern of a `case` cannot be read");
            }
        }
    }

    /// `[[ … ]]`: reads nothing but files' properties, unless it computes.
    fn test(&mut self) -> Step {
        let mut numbers = false;
        loop {
            self.blanks();
            if self.eat("\n") && !self.pending.is_empty() {
                return Err("a here-document begins within a test");
            }
            self.blanks();
            if self.at_word("]]") {
                self.eat("]]");
                break;
            }
            match self.peek() {
                None => return Err("a test does not end"),
                Some('#') => return Err("a test holds a comment"),
                Some('&' | '|' | '(' | ')' | '<' | '>' | ';') => {
                    self.bump();
                    continue;
                }
                _ => {}
            }
            let word = self.word()?;
            let computes = ["-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-v", "-t", "-R"];
            numbers |= computes.contains(&word.text.as_str());
        }
        if numbers {
            self.doubt("it computes with variables, whose text may hold commands");
        }
        let words = vec![Word::literal("[["), Word::literal("]]")];
        self.script.commands.push(Simple { raw: "[[ … ]]".into(), words, ..Simple::default() });
        Ok(())
    }

    fn named_function(&mut self) -> Step {
        self.blanks();
        self.word()?;
        self.blanks();
        if self.eat("(") {
            self.blanks();
            if !self.eat(")") {
                return Err("a bracket stands where none can");
            }
        }
        self.doubt("it defines a function, which may stand for the name of a program");
        Ok(())
    }
}

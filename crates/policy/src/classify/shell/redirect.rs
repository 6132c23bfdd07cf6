//! Redirections and here-documents: what a program reads, and which files it opens.

use super::{HereDoc, Parser, Redirect, Simple, Step, Word};

impl Parser<'_> {
    /// A redirection, if one stands here.
    pub(super) fn redirect(
        &mut self,
        simple: &mut Simple,
        documents: &mut Vec<HereDoc>,
    ) -> Step<bool> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let after = self.rest.get(digits..).unwrap_or_default();
        if after.starts_with("<(") || after.starts_with(">(") {
            return Ok(false);
        }
        if !(after.starts_with(['<', '>']) || digits == 0 && after.starts_with("&>")) {
            return Ok(false);
        }
        let number = self.rest.get(..digits).unwrap_or_default();
        let input =
            if digits == 0 { after.starts_with('<') } else { number.bytes().all(|b| b == b'0') };
        self.rest = after;
        self.redirected(simple, documents, input)?;
        Ok(true)
    }

    /// The redirection behind its descriptor; `input` where that is the standard input.
    fn redirected(
        &mut self,
        simple: &mut Simple,
        documents: &mut Vec<HereDoc>,
        input: bool,
    ) -> Step {
        let text = if input { Redirect::Text } else { Redirect::TextAside };
        let read = if input { Redirect::Read } else { Redirect::ReadAside };
        if self.eat("<<<") {
            return self.target(simple, text);
        }
        if self.eat("<<-") {
            documents.push(self.here_document(simple, text, true)?);
        } else if self.eat("<<") {
            documents.push(self.here_document(simple, text, false)?);
        } else if self.eat("<&") {
            self.duplicate(simple, Redirect::Read, input)?;
        } else if self.eat(">&") {
            self.duplicate(simple, Redirect::Write, input)?;
        } else if ["<>", "&>>", "&>", ">>", ">|", ">"].iter().any(|sign| self.eat(sign)) {
            self.target(simple, Redirect::Write)?;
            let word = simple.redirects.last().map(|(_, word)| word.clone());
            simple.redirects.extend(word.filter(|_| input).map(|word| (Redirect::Read, word)));
        } else if self.eat("<") {
            self.target(simple, read)?;
        }
        Ok(())
    }

    fn target(&mut self, simple: &mut Simple, redirect: Redirect) -> Step {
        self.blanks();
        let before = self.rest.len();
        if self.peek() == Some('!') {
            return Err("shells differ in where this writes");
        }
        let word = self.word()?;
        if before == self.rest.len() {
            return Err("a redirection names nothing");
        }
        simple.redirects.push((redirect, word));
        Ok(())
    }

    /// `2>&1`, `<&-`: another descriptor; anything else is a file.
    fn duplicate(&mut self, simple: &mut Simple, redirect: Redirect, input: bool) -> Step {
        self.target(simple, redirect)?;
        let is_descriptor = |text: &str| {
            let digits = text.strip_suffix('-').unwrap_or(text);
            text == "-" || (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
        };
        if simple.redirects.last().is_some_and(|(_, word)| is_descriptor(&word.text)) {
            simple.redirects.pop();
            simple.redirects.push((Redirect::Write, Word::literal("/dev/null")));
            // What that one is nobody knows: of a terminal all three are the same.
            let typed = input.then(|| (Redirect::Read, Word::literal("/dev/stdin")));
            simple.redirects.extend(typed);
        }
        Ok(())
    }

    fn here_document(
        &mut self,
        simple: &mut Simple,
        kind: Redirect,
        strip_tabs: bool,
    ) -> Step<HereDoc> {
        self.blanks();
        let quote = self.peek().filter(|c| matches!(c, '\'' | '"' | '\\'));
        if quote.is_some() {
            self.bump();
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let length = self.rest.find(|c| !plain(c)).unwrap_or(self.rest.len());
        let (delimiter, rest) = self.rest.split_at_checked(length).unwrap_or_default();
        self.rest = rest;
        let closed = match quote {
            Some(quote @ ('\'' | '"')) => self.bump() == Some(quote),
            _ => true,
        };
        let ends = self
            .peek()
            .is_none_or(|c| matches!(c, ' ' | '\t' | '\n' | ';' | '|' | '&' | '>' | '<' | ')'));
        if delimiter.is_empty() || !closed || !ends {
            return Err("the end of a here-document is unclear");
        }
        simple.redirects.push((kind, Word::default()));
        let redirect = simple.redirects.len().saturating_sub(1);
        let delimiter = delimiter.to_owned();
        Ok(HereDoc { command: 0, redirect, delimiter, quoted: quote.is_some(), strip_tabs })
    }

    /// Reads the texts that begin after this newline.
    pub(super) fn documents(&mut self) -> Step {
        for document in std::mem::take(&mut self.pending) {
            let body = self.body(&document)?;
            let text = if document.quoted { body } else { self.expanded(&body)? };
            let command = self.script.commands.get_mut(document.command);
            let redirect = command.and_then(|simple| simple.redirects.get_mut(document.redirect));
            if let Some((_, word)) = redirect {
                word.text = text;
            }
        }
        Ok(())
    }

    fn body(&mut self, document: &HereDoc) -> Step<String> {
        let mut body = String::new();
        loop {
            let Some((line, rest)) = self
                .rest
                .split_once('\n')
                .or_else(|| (!self.rest.is_empty()).then_some((self.rest, "")))
            else {
                return Err("a here-document does not end");
            };
            self.rest = rest;
            let line = if document.strip_tabs { line.trim_start_matches('\t') } else { line };
            if line == document.delimiter {
                return Ok(body);
            }
            if !document.quoted && line.ends_with('\\') {
                return Err("a here-document joins lines");
            }
            body.push_str(line);
            body.push('\n');
        }
    }
}

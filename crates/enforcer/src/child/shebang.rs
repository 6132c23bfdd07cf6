//! The first line of a script, read as the kernel reads it.
//!
//! The interpreter is run by us, explicitly: left to the kernel, it would be opened by path a
//! second time, and the script with it.

use super::call::PrepareError;
use std::path::Path;

/// How much of a file the kernel looks at.
pub(super) const HEAD: usize = 256;

/// A line `#!interpreter argument`.
#[derive(Debug, PartialEq)]
pub(super) struct Shebang {
    /// The interpreter as written.
    pub(super) interpreter: String,
    /// All that follows it, as one word.
    pub(super) argument: Option<String>,
}

/// What a file is, by its first bytes.
#[derive(Debug, PartialEq)]
pub(super) enum Head {
    /// A program that the kernel loads itself.
    Binary,
    /// A script with its interpreter line.
    Script(Shebang),
    /// Nothing that the kernel would run.
    Other,
}

/// Reads the first [`HEAD`] bytes of the file at `path`.
pub(super) fn read(path: &Path, head: &[u8]) -> Result<Head, PrepareError> {
    if head.starts_with(b"\x7fELF") {
        return Ok(Head::Binary);
    }
    let Some(line) = head.strip_prefix(b"#!") else { return Ok(Head::Other) };
    let refuse = |reason| PrepareError::Interpreter { path: path.display().to_string(), reason };
    // A file shorter than the kernel's buffer may end without a line break.
    let line = match line.iter().position(|b| *b == b'\n' || *b == 0) {
        Some(end) => line.get(..end).unwrap_or_default(),
        None if head.len() < HEAD => line,
        None => return Err(refuse("the line is longer than the kernel reads")),
    };
    let line = std::str::from_utf8(line).map_err(|_| refuse("the line is not utf-8"))?;
    let line = line.trim_matches([' ', '\t']);
    let (interpreter, argument) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    if interpreter.is_empty() {
        return Err(refuse("no interpreter is named"));
    }
    let argument = argument.trim_start_matches([' ', '\t']);
    let argument = (!argument.is_empty()).then(|| argument.to_owned());
    Ok(Head::Script(Shebang { interpreter: interpreter.to_owned(), argument }))
}

impl Shebang {
    /// Where the line goes through `env`: the words that `env` would execute.
    ///
    /// `None` for every other interpreter, and for lines that only `env` itself can make out.
    pub(super) fn through_env(&self) -> Option<Vec<String>> {
        if Path::new(&self.interpreter).file_name()? != "env" {
            return None;
        }
        let argument = self.argument.as_deref()?;
        let words: Vec<String> = match argument.strip_prefix("-S") {
            Some(line) if line.contains(['\'', '"', '\\', '$', '#']) => return None,
            Some(line) => line.split_ascii_whitespace().map(str::to_owned).collect(),
            None => vec![argument.to_owned()],
        };
        let name = words.first()?;
        (!name.starts_with('-') && !name.contains('=')).then_some(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Result<Head, PrepareError> {
        read(Path::new("/s"), text.as_bytes())
    }

    fn shebang(text: &str) -> Shebang {
        match line(text) {
            Ok(Head::Script(it)) => it,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_line_is_one_interpreter_and_at_most_one_argument() {
        let it = shebang("#! /bin/sh \t-e -x \nrest");
        assert_eq!((it.interpreter.as_str(), it.argument.as_deref()), ("/bin/sh", Some("-e -x")));
        assert_eq!(shebang("#!/bin/sh").argument, None);
        assert_eq!(shebang("#!/bin/sh\r\n").interpreter, "/bin/sh\r");
        assert_eq!(line("\x7fELF\x02").unwrap(), Head::Binary);
        assert_eq!(line("echo hi\n").unwrap(), Head::Other);
        assert_eq!(line("").unwrap(), Head::Other);
    }

    #[test]
    fn a_line_that_the_kernel_would_cut_or_refuse_is_refused() {
        for text in ["#!\n", "#!   \n", &format!("#!/{}", "a".repeat(HEAD))[..HEAD]] {
            assert!(matches!(line(text), Err(PrepareError::Interpreter { .. })), "{text}");
        }
    }

    #[test]
    fn env_is_looked_through() {
        let words = |text: &str| shebang(text).through_env();
        assert_eq!(words("#!/usr/bin/env node\n").unwrap(), ["node"]);
        assert_eq!(words("#!/usr/bin/env -S python3 -u\n").unwrap(), ["python3", "-u"]);
        assert_eq!(words("#!/usr/bin/env python3 -u\n").unwrap(), ["python3 -u"]);
        assert_eq!(words("#!/usr/bin/env -S A=1 node\n"), None);
        assert_eq!(words("#!/usr/bin/env -S node \"a b\"\n"), None);
        assert_eq!(words("#!/usr/bin/env -i\n"), None);
        assert_eq!(words("#!/bin/sh env\n"), None);
    }
}

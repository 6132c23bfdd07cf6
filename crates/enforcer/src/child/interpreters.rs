//! Programs that run a script named among their arguments, and which argument that is.
//!
//! An interpreter that is not known here still has its own file pinned; what it reads is then
//! named in the review as not pinned.

mod families;

use families::FAMILIES;
use std::path::Path;

/// How one family of interpreters reads its command line.
pub(super) struct Dialect {
    /// Names, without a version at their end.
    names: &'static [&'static str],
    /// Short options that bring the code along in the next argument: there is no script.
    code: &'static str,
    /// The same, as whole words.
    code_words: &'static [&'static str],
    /// Short options with a value: the rest of the word, or else the next one.
    value: &'static str,
    /// Short options whose value can only be the rest of the word.
    attached: &'static str,
    /// Whole words whose value is the next one.
    value_words: &'static [&'static str],
    /// Short options that name a module, searched for by the interpreter.
    module: &'static str,
    /// Short options that make it read standard input.
    stdin: &'static str,
    /// Words that may stand before the script.
    commands: &'static [&'static str],
    /// `-` ends the options and does not mean standard input.
    dash_ends: bool,
    /// The script is the file of exactly that name: if it is absent, there is nothing to run.
    pub(super) exact: bool,
    /// Texts by which a script finds its own place. One that has none of them runs the same from
    /// a copy in memory; `None` where the interpreter itself needs the place.
    pub(super) place: Option<&'static [&'static str]>,
}

/// What an interpreter would run.
#[derive(Debug, PartialEq)]
pub(super) enum Operand {
    /// The script with this index in the argument vector.
    Script(usize),
    /// Code among the arguments.
    Code,
    /// A module that the interpreter searches for.
    Module,
    /// What comes in on standard input, if anything does.
    Stdin,
}

/// The family of the program at `path`: by the name it was called by, else by its real name.
pub(super) fn family(path: &Path) -> Option<&'static Dialect> {
    let named = |path: &Path| {
        let name = path.file_name()?.to_str()?;
        let bare =
            name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').trim_end_matches('-');
        FAMILIES.iter().find(|family| family.names.contains(&bare))
    };
    named(path).or_else(|| named(&path.canonicalize().ok()?))
}

/// What one option says about the words that follow it.
enum Step {
    Flag,
    SkipNext,
    End(Operand),
}

impl Dialect {
    /// What the interpreter would run, given its whole argument vector.
    pub(super) fn operand(&self, argv: &[String]) -> Operand {
        let mut words = argv.iter().enumerate().skip(1);
        let mut commands = true;
        while let Some((index, word)) = words.next() {
            match self.step(word) {
                _ if word == "--" || (word == "-" && self.dash_ends) => {
                    return words.next().map_or(Operand::Stdin, |(i, _)| Operand::Script(i));
                }
                _ if word == "-" => return Operand::Stdin,
                Some(Step::End(operand)) => return operand,
                Some(Step::SkipNext) => drop(words.next()),
                Some(Step::Flag) => {}
                None if commands && self.commands.contains(&word.as_str()) => commands = false,
                None => return Operand::Script(index),
            }
        }
        Operand::Stdin
    }

    /// Reads one word; `None` is no option.
    fn step(&self, word: &str) -> Option<Step> {
        let lower = word.to_ascii_lowercase();
        let has = |list: &[&str]| list.contains(&word) || list.contains(&lower.as_str());
        if has(self.code_words) {
            return Some(Step::End(Operand::Code));
        }
        if has(self.value_words) {
            return Some(Step::SkipNext);
        }
        match word.strip_prefix('-').or_else(|| word.strip_prefix('+').filter(|_| self.dash_ends)) {
            Some(long) if long.starts_with('-') => Some(Step::Flag),
            Some(letters) => Some(self.cluster(letters)),
            None => None,
        }
    }

    /// Reads the letters of one word such as `-euo`.
    fn cluster(&self, letters: &str) -> Step {
        for (at, letter) in letters.char_indices() {
            let rest = letters.get(at + letter.len_utf8()..).unwrap_or_default();
            match letter {
                c if self.code.contains(c) => return Step::End(Operand::Code),
                c if self.module.contains(c) => return Step::End(Operand::Module),
                c if self.stdin.contains(c) => return Step::End(Operand::Stdin),
                c if self.value.contains(c) && rest.is_empty() => return Step::SkipNext,
                c if self.value.contains(c) || self.attached.contains(c) => return Step::Flag,
                _ => {}
            }
        }
        Step::Flag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operand(line: &str) -> Operand {
        let argv: Vec<String> = line.split(' ').map(str::to_owned).collect();
        family(Path::new(&argv[0])).expect("a known interpreter").operand(&argv)
    }

    #[test]
    fn the_script_is_found_behind_the_options() {
        for (line, index) in [
            ("sh deploy.sh", 1),
            ("bash -eu deploy.sh x", 2),
            ("bash -eo pipefail deploy.sh", 3),
            ("/bin/bash +o posix -O extglob -- deploy.sh", 6),
            ("sh - deploy.sh", 2),
            ("zsh -oshwordsplit deploy.sh", 2),
            ("python3.11 -u -W ignore -Xdev x.py -c", 5),
            ("perl -w -I lib -MFoo x.pl", 5),
            ("perl -i.bak -0777 x.pl", 3),
            ("node --require ./a.js --no-warnings x.js", 4),
            ("deno run --allow-all x.ts", 3),
            ("bun run x.ts", 2),
            ("bun x.ts", 1),
            ("ruby -Ilib -r json x.rb", 4),
            ("php -d a=b -f x.php", 4),
            ("lua5.4 -e 1 x.lua", 3),
            ("Rscript --vanilla x.R", 2),
            ("pwsh -NoProfile -ExecutionPolicy Bypass -File x.ps1", 5),
        ] {
            assert_eq!(operand(line), Operand::Script(index), "{line}");
        }
    }

    #[test]
    fn code_modules_and_standard_input_are_no_scripts() {
        for line in [
            "sh -c ls x",
            "bash -euxc ls",
            "python3 -Bc 1",
            "perl -lane 1",
            "node -p 1",
            "ruby -ne 1",
            "php -r 1;",
            "bun -e 1",
            "pwsh -Command ls",
            "Rscript -e 1",
        ] {
            assert_eq!(operand(line), Operand::Code, "{line}");
        }
        assert_eq!(operand("python3 -m http.server"), Operand::Module);
        for line in ["sh", "sh -s a", "python3 -", "bash --", "lua -e 1", "node"] {
            assert_eq!(operand(line), Operand::Stdin, "{line}");
        }
    }

    #[test]
    fn versions_and_links_do_not_hide_an_interpreter() {
        for name in ["python3.11", "perl5.36.0", "lua5.4", "ruby3.1", "/usr/bin/bash", "php-8.2"] {
            assert!(family(Path::new(name)).is_some(), "{name}");
        }
        assert!(family(Path::new("/usr/bin/ls")).is_none());
        let home = tempfile::tempdir().unwrap();
        let link = home.path().join("innocent");
        std::os::unix::fs::symlink("/bin/sh", &link).unwrap();
        assert!(family(&link).is_some());
    }
}

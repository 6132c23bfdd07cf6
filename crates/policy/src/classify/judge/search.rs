//! `find` and its kin, `sed` and `awk`: searches with a language of their own.

use super::args::options;
use super::interpreters::foreign;
use super::{Call, Input, Judge};
use crate::classify::path::Use;
use crate::classify::shell::{UNKNOWN, Word};
use countersign_core::artifact::Risk;

/// Knows searches.
pub(super) fn judge(judge: &mut Judge<'_>, call: &Call<'_>) -> bool {
    match call.name {
        "find" | "gfind" => find(judge, call),
        "fd" | "fdfind" => fd(judge, call),
        "sed" | "gsed" => sed(judge, call),
        "awk" | "gawk" | "mawk" | "nawk" => awk(judge, call),
        _ => return false,
    }
    true
}

fn find(judge: &mut Judge<'_>, call: &Call<'_>) {
    let elsewhere = Word::literal(UNKNOWN.to_string());
    let starts = starts(judge, call, &elsewhere);
    let mut known = true;
    let mut words = call.args.iter().enumerate();
    while let Some((at, word)) = words.next() {
        match word.text.as_str() {
            "-exec" | "-execdir" | "-ok" | "-okdir" => {
                let rest = call.args.get(at + 1..).unwrap_or_default();
                let length = rest
                    .iter()
                    .position(|word| matches!(word.text.as_str(), ";" | "+"))
                    .unwrap_or(rest.len());
                let command: Vec<Word> =
                    rest.iter().take(length).map(|word| found(word, &starts)).collect();
                judge.words(&command, call.raw, &Input::Unknown);
                known &= length < rest.len();
                words.nth(length);
            }
            "-delete" if starts.is_empty() => judge.opened(".", Use::Delete),
            "-delete" => starts.iter().for_each(|word| judge.opened(&word.text, Use::Delete)),
            "-fprint" | "-fls" | "-fprintf" | "-fprint0" => {
                let target = call.args.get(at + 1).map_or("\0", |word| word.text.as_str());
                judge.opened(target, Use::Write);
            }
            _ if word.starts_unknown() => known = false,
            _ => {}
        }
    }
    if known {
        judge.report.find(call.raw, "it looks for files", "file_read", Risk::Low);
    } else {
        judge.report.find(
            call.raw,
            "what it does with files is not known",
            "shell_exec",
            Risk::High,
        );
    }
}

/// Where a search begins: behind the options that come first, or as a file says.
fn starts<'c>(judge: &mut Judge<'_>, call: &'c Call<'_>, elsewhere: &'c Word) -> Vec<&'c Word> {
    let first = |word: &Word| {
        matches!(word.text.as_str(), "-H" | "-L" | "-P" | "-E" | "-X" | "-x" | "-s" | "-d" | "--")
            || word.text.starts_with("-O")
            || word.text.starts_with("-D")
            || word.text == "-f"
    };
    let mut rest = call.args;
    while let Some((word, after)) = rest.split_first().filter(|(word, _)| first(word)) {
        rest = if word.text == "-D" { after.get(1..).unwrap_or_default() } else { after };
    }
    let mut starts: Vec<&Word> =
        rest.iter().take_while(|word| !word.text.starts_with(['-', '(', '!'])).collect();
    for (at, _) in call.args.iter().enumerate().filter(|(_, w)| w.text == "-files0-from") {
        let list = call.args.get(at + 1).map_or("\0", |word| word.text.as_str());
        judge.opened(list, Use::Read);
        starts.push(elsewhere);
    }
    starts
}

/// What `{}` stands for: something below where the search begins.
fn found(word: &Word, starts: &[&Word]) -> Word {
    let start = match starts {
        [one] if one.known().is_some_and(|text| text != "/") => format!("{}/\u{1}", one.text),
        [] => "./\u{1}".to_owned(),
        _ => UNKNOWN.to_string(),
    };
    Word::literal(word.text.replace("{}", &start))
}

fn fd(judge: &mut Judge<'_>, call: &Call<'_>) {
    let starts = ["-x", "-X", "--exec", "--exec-batch"];
    let at =
        call.args.iter().position(|word| starts.iter().any(|name| word.text.starts_with(name)));
    let command = at.and_then(|at| call.args.get(at + 1..));
    match command {
        Some(rest) => {
            let mut words: Vec<Word> =
                rest.iter().map(|word| Word::literal(word.text.replace('{', "\0"))).collect();
            words.push(Word::literal(UNKNOWN.to_string()));
            judge.words(&words, call.raw, &Input::Unknown);
        }
        None if call.args.iter().any(|word| {
            word.starts_unknown()
                || word.text.starts_with('-') && word.text.to_ascii_lowercase().contains('x')
        }) =>
        {
            judge.report.find(
                call.raw,
                "what it does with files is not known",
                "shell_exec",
                Risk::High,
            );
        }
        None => judge.report.find(call.raw, "it looks for files", "file_read", Risk::Low),
    }
}

fn sed(judge: &mut Judge<'_>, call: &Call<'_>) {
    let given = options(call.args, &["-e", "-f", "-l", "--expression", "--file", "--line-length"]);
    let scripts: Vec<&Word> = given.values(&["-e", "--expression"]).collect();
    let (scripts, files) = if scripts.is_empty() && !given.has(&["-f", "--file"]) {
        (given.rest.iter().take(1).collect(), given.rest.get(1..).unwrap_or_default())
    } else {
        (scripts, given.rest.as_slice())
    };
    let plain = scripts.iter().all(|word| word.known().is_some_and(|text| only_edits(text, 0)));
    if !plain || given.doubtful || given.has(&["-f", "--file"]) {
        judge.report.unknown(call.raw, "its script may run programs or write files", "shell_exec");
        if scripts.iter().any(|word| word.known().is_none()) {
            judge.report.unreadable(call.raw, "its script is not known");
        }
        scripts.iter().for_each(|word| foreign_paths(judge, &word.text));
    }
    let writes = given.has(&["-i", "--in-place"])
        || call.args.iter().any(|word| {
            word.text.starts_with("-") && !word.text.starts_with("--") && word.text.contains('i')
        });
    let usage = if writes { Use::Write } else { Use::Read };
    files.iter().for_each(|word| judge.opened(&word.text, usage));
    judge.report.find(call.raw, "it edits a stream", "file_read", Risk::Low);
}

/// The words of a script that may be files it writes.
fn foreign_paths(judge: &mut Judge<'_>, script: &str) {
    for part in script.split([' ', ';', '\n']).filter(|part| part.contains(['/', '.'])).take(32) {
        if part.starts_with(['/', '.', '~']) {
            judge.opened(part, Use::Write);
        }
    }
}

/// Whether a script of `sed` holds nothing but `p`, `d`, `q`, `=`, … and `s` without `e` and `w`.
/// `from` is where it is read from; what is read is always shorter, so this ends.
fn only_edits(script: &str, from: usize) -> bool {
    let mut rest = script.get(from..).unwrap_or_default();
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', ';', '{', '}']);
        if rest.is_empty() {
            return true;
        }
        let Some(after) = address(rest) else { return false };
        let mut chars = after.chars();
        rest = match chars.next() {
            Some(
                'p' | 'd' | 'q' | '=' | 'n' | 'N' | 'g' | 'G' | 'h' | 'H' | 'x' | 'D' | 'P' | 'l',
            ) => {
                let after = chars.as_str();
                if !after.is_empty() && !after.starts_with([' ', ';', '\n', '}']) {
                    return false;
                }
                after
            }
            Some('s' | 'y') => match substitution(chars.as_str()) {
                Some(after) => after,
                None => return false,
            },
            _ => return false,
        };
    }
}

fn address(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || "$,~+! ".contains(c));
        match rest.strip_prefix('/') {
            Some(pattern) => rest = delimited(pattern, '/')?,
            None => return Some(rest),
        }
    }
}

fn substitution(text: &str) -> Option<&str> {
    let mut chars = text.chars();
    let delimiter = chars.next().filter(|c| !c.is_alphanumeric() && !"\\\n ".contains(*c))?;
    let rest = delimited(delimited(chars.as_str(), delimiter)?, delimiter)?;
    let flags = rest.trim_start_matches(|c: char| c.is_ascii_digit() || "gpiI".contains(c));
    (flags.is_empty() || flags.starts_with([' ', ';', '\n', '}'])).then_some(flags)
}

/// What stands behind the next delimiter. A bracket may hold it, so no script with one is read
/// where that would matter.
fn delimited(text: &str, delimiter: char) -> Option<&str> {
    let mut chars = text.chars();
    let mut bracket = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                chars.next()?;
            }
            '[' => bracket = true,
            ']' => bracket = false,
            c if c == delimiter && bracket => return None,
            c if c == delimiter => return Some(chars.as_str()),
            _ => {}
        }
    }
    None
}

fn awk(judge: &mut Judge<'_>, call: &Call<'_>) {
    let given = options(
        call.args,
        &["-F", "-v", "-f", "-i", "-l", "-E", "--file", "--include", "--load", "--source", "-e"],
    );
    let program = given.rest.first();
    let text = program.map_or("\0", |word| word.text.as_str());
    let loads = given.doubtful || !given.only(&["-F", "-v"]);
    let dangerous =
        ["system", "|", ">", "getline", "@", "ENVIRON", "ARGV", "\0", "\u{1}", "close", "printf >"];
    if loads || dangerous.iter().any(|word| text.contains(word)) {
        judge.report.unknown(call.raw, "its program may run programs or write files", "shell_exec");
        if ["system", "|", "@", "\0", "\u{1}"].iter().any(|word| text.contains(word)) || loads {
            judge.report.unreadable(call.raw, "it runs what its program makes up");
        }
        foreign(judge, text);
    }
    given.rest.iter().skip(1).for_each(|word| judge.opened(&word.text, Use::Read));
    judge.report.find(call.raw, "it computes over lines", "file_read", Risk::Low);
}

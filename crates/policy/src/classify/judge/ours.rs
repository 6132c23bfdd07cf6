//! Our own commands: whoever asks must not answer, and must not take the gate away.

use super::{Call, Judge};
use crate::classify::path::Use;
use crate::classify::shell::Word;
use crate::pattern::Regex;
use countersign_core::artifact::Risk;

/// What a person types to call us.
const NAME: &str = "countersign";
const READS: [&str; 10] = [
    "status",
    "list",
    "inbox",
    "show",
    "history",
    "receipt",
    "completions",
    "man",
    "help",
    "doctor",
];
/// Verbs that answer, or that loosen the gate, and that few other programs have.
const DECIDES: [&str; 10] =
    ["approve", "deny", "pair", "revoke", "thaw", "unfreeze", "trust", "gateway", "harp", "policy"];
/// Options of `run` that say how to ask and whom, with a value.
const ASKS: [&str; 6] = ["--to", "--ttl", "--env", "--description", "--reasoning", "--session"];
/// Lines under which programs of ours may run.
const RUNNING: [&str; 4] = [
    NAME,
    "/usr/local/bin/countersign gateway",
    "/usr/local/bin/countersign hook claude-code --home /home/ann/.countersign --timeout 600",
    "/usr/local/bin/countersign hook codex --home /home/ann/.countersign --timeout 600",
];

/// Knows our own commands.
pub(super) fn judge(judge: &mut Judge<'_>, call: &Call<'_>) -> bool {
    if call.name == "cargo" {
        built(judge, call);
        return false;
    }
    if !call.name.eq_ignore_ascii_case(NAME) {
        return false;
    }
    let words: Vec<&str> = call.args.iter().map(|word| word.text.as_str()).collect();
    let known = call.args.iter().all(|word| word.known().is_some());
    if known && reads(&words) {
        judge.report.find(call.raw, "it shows what the gate holds", "file_read", Risk::Low);
    } else if known && words.first() == Some(&"run") && asks(judge, &words) {
        let why = "it asks the gate, which judges by itself what it is asked for";
        judge.report.find(call.raw, why, "tool_call", Risk::Low);
    } else {
        judge.report.protected(
            call.raw,
            "it answers for a person, or changes what holds the gate",
            "account_change.gate",
        );
    }
    true
}

fn reads(words: &[&str]) -> bool {
    let verb = match words {
        [] | ["--help" | "--version" | "-h" | "-V"] => true,
        ["policy", "explain" | "check" | "status" | "test" | "simulate", ..] => true,
        [first, ..] => READS.contains(first),
    };
    // Of another home nobody knows what it would show, or that it is one of ours.
    let harmless = |word: &&str| {
        !["--out", "--exp", "--home", "--fix"].iter().any(|start| word.starts_with(start))
            && *word != "-o"
    };
    verb && words.iter().take_while(|word| **word != "--").all(harmless)
}

/// Whether `run` is asked for in a way in which the gate of this home is asked.
fn asks(judge: &mut Judge<'_>, words: &[&str]) -> bool {
    let Some(at) = words.iter().position(|word| *word == "--") else { return false };
    let mut options = words.get(1..at).unwrap_or_default().iter();
    while let Some(word) = options.next() {
        let (name, value) = word.split_once('=').map_or((*word, None), |(n, v)| (n, Some(v)));
        let takes = ASKS.contains(&name) || matches!(name, "--stdin" | "--report");
        let value = value.or_else(|| takes.then(|| options.next().copied()).flatten());
        match (name, value) {
            ("--json", None) => {}
            ("--stdin", Some(path)) => judge.opened(path, Use::Read),
            ("--report", Some(path)) => judge.opened(path, Use::Write),
            (name, Some(_)) if ASKS.contains(&name) => {}
            _ => return false,
        }
    }
    words.len() > at + 1
}

/// `cargo run …`: a program of ours, straight from where it was built.
fn built(judge: &mut Judge<'_>, call: &Call<'_>) {
    let verb = |word: &Word| matches!(word.text.as_str(), "run" | "r");
    let Some(at) = call.args.iter().position(verb) else { return };
    let rest = call.args.get(at + 1..).unwrap_or_default();
    let ours = call.args.iter().any(|word| word.text.to_ascii_lowercase().contains(NAME));
    let dashes = rest.iter().position(|word| word.text == "--").map(|at| at + 1);
    let first = rest.iter().position(|word| DECIDES.contains(&word.text.as_str()));
    let told = rest.get(dashes.or(first).unwrap_or(rest.len())..).unwrap_or_default();
    let words: Vec<&str> = told.iter().map(|word| word.text.as_str()).collect();
    let decides = words.first().is_some_and(|word| DECIDES.contains(word)) && !reads(&words);
    if decides || ours && !reads(&words) {
        let why = "it answers for a person, or changes what holds the gate";
        judge.report.protected(call.raw, why, "account_change.gate");
    }
}

impl Judge<'_> {
    /// Programs that are ended: none of ours.
    pub(super) fn ended(&mut self, call: &Call<'_>) {
        let why = "it ends processes, and those of the gate may be among them";
        let named: Vec<&Word> =
            call.args.iter().filter(|word| !word.text.starts_with('-')).collect();
        let any = |test: fn(&str) -> bool| named.iter().any(|word| test(&word.text));
        let flag = |flags: &[&str]| call.args.iter().any(|w| flags.contains(&w.text.as_str()));
        let ours = match call.name {
            "kill" => {
                flag(&["-1"]) && named.is_empty()
                    || call.args.iter().skip(1).any(|word| word.text == "-1")
                    || self.named && call.args.iter().any(|word| word.known().is_none())
            }
            // All programs of a person, or of a terminal.
            _ if flag(&["-u", "-U", "--user", "--euid", "--uid", "-t", "-g", "-s", "-v"])
                || call.args.iter().any(|word| word.starts_unknown()) =>
            {
                true
            }
            _ => any(matches_ours),
        };
        if ours {
            self.report.protected(call.raw, why, "shell_exec");
        }
    }

    /// Whether a text speaks of us.
    pub(super) fn speaks_of_us(text: &str) -> bool {
        text.to_ascii_lowercase().contains(NAME)
    }
}

/// Whether an expression finds a program of ours among those that run.
fn matches_ours(text: &str) -> bool {
    match Regex::new(&text.to_ascii_lowercase()) {
        Ok(pattern) => RUNNING.iter().any(|line| pattern.fits(line)),
        Err(_) => true,
    }
}

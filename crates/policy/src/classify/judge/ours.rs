//! Our own commands: whoever asks must not answer.

use super::{Call, Judge};
use countersign_core::artifact::Risk;

const READS: [&str; 9] =
    ["status", "list", "inbox", "show", "history", "receipt", "completions", "man", "help"];

/// Knows our own commands.
pub(super) fn judge(judge: &mut Judge<'_>, call: &Call<'_>) -> bool {
    if !call.name.eq_ignore_ascii_case("countersign") {
        return false;
    }
    let words: Vec<&str> = call.args.iter().map(|word| word.text.as_str()).collect();
    let known = call.args.iter().all(|word| word.known().is_some());
    let reads = match words.as_slice() {
        [] | ["--help" | "--version" | "-h" | "-V"] => true,
        ["policy", "explain" | "check" | "status" | "test" | "simulate", ..] => true,
        [first, ..] => READS.contains(first),
    };
    let harmless =
        |word: &&str| !word.starts_with("--out") && !word.starts_with("--exp") && *word != "-o";
    if reads && known && words.iter().all(harmless) {
        judge.report.find(call.raw, "it shows what the gate holds", "file_read", Risk::Low);
    } else if words.first() == Some(&"run") && known {
        judge.report.find(
            call.raw,
            "it asks the gate, which judges what it is asked for",
            "shell_exec",
            Risk::Medium,
        );
        let at = words.iter().position(|word| *word == "--");
        let rest = at.and_then(|at| call.args.get(at + 1..)).unwrap_or_default();
        if rest.is_empty() {
            judge.report.protected(
                call.raw,
                "it speaks to the gate in a way that is not known",
                "shell_exec",
            );
        } else {
            judge.words(rest, call.raw, call.input);
        }
    } else {
        judge.report.protected(
            call.raw,
            "it answers for a person, or changes the gate",
            "account_change.gate",
        );
    }
    true
}

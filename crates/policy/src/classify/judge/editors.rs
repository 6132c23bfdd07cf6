//! Editors and pagers, which run lines when they are told to.

use super::{Call, Judge};
use crate::classify::path::Use;
use countersign_core::artifact::Risk;

/// Knows editors.
pub(super) fn judge(judge: &mut Judge<'_>, call: &Call<'_>) -> bool {
    match call.name {
        "vi" | "vim" | "nvim" | "view" | "ex" | "ed" | "emacs" | "emacsclient" | "nano"
        | "pico" | "micro" | "helix" | "hx" | "kak" | "code" | "joe" | "mcedit" => {
            edit(judge, call)
        }
        "less" | "more" | "most" | "man" | "info" | "pg" => page(judge, call),
        _ => return false,
    }
    true
}

fn edit(judge: &mut Judge<'_>, call: &Call<'_>) {
    let told = call.args.iter().any(|word| word.text.starts_with(['-', '+', '\0']));
    if told || call.args.is_empty() || matches!(call.name, "ex" | "ed" | "emacsclient") {
        judge.report.unreadable(call.raw, "an editor runs what it is told");
    }
    call.args
        .iter()
        .filter(|word| !word.text.starts_with(['-', '+']))
        .for_each(|word| judge.opened(&word.text, Use::Write));
    judge.report.find(
        call.raw,
        "it edits files, and runs programs when told to",
        "file_write",
        Risk::High,
    );
}

fn page(judge: &mut Judge<'_>, call: &Call<'_>) {
    let told = call.args.iter().any(|word| {
        let text = word.text.as_str();
        text.starts_with(['+', '\0'])
            || matches!(text, "-P" | "-H" | "-o" | "-O" | "-k" | "-K")
            || text.starts_with("--")
            || text.starts_with("-P")
            || text.starts_with("-H")
            || text.starts_with("-C")
    });
    if told {
        judge.report.find(
            call.raw,
            "an option of it may run programs or write files",
            "shell_exec",
            Risk::High,
        );
    }
    if !matches!(call.name, "man" | "info") {
        call.args
            .iter()
            .filter(|word| !word.text.starts_with(['-', '+']))
            .for_each(|word| judge.opened(&word.text, Use::Read));
    }
    judge.pages(call.raw);
}

/// A host may let its model type into what it started, and no hook hears of that.
impl Judge<'_> {
    /// A pager, or what starts one.
    pub(super) fn pages(&mut self, raw: &str) {
        let why = "it shows text, and runs programs when that is typed into it";
        self.report.find(raw, why, "shell_exec", Risk::Medium);
    }

    /// What reads from whoever types, and does something with it.
    pub(super) fn waits(&mut self, raw: &str) {
        let why = "it waits for input that nobody here would see";
        self.report.find(raw, why, "shell_exec", Risk::Medium);
    }
}

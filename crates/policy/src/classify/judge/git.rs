//! `git`, whose reading verbs run other programs when they are told to.

mod changes;
mod settings;

use super::args::{Options, options};
use super::{Call, Judge};
use crate::classify::path::Use;
use crate::classify::shell::Word;
use changes::{brought, listed, push, undone};
use countersign_core::artifact::Risk;

const READS: [&str; 34] = [
    "status",
    "log",
    "diff",
    "show",
    "blame",
    "annotate",
    "shortlog",
    "describe",
    "rev-parse",
    "ls-files",
    "ls-tree",
    "cat-file",
    "rev-list",
    "grep",
    "name-rev",
    "merge-base",
    "whatchanged",
    "show-ref",
    "for-each-ref",
    "count-objects",
    "diff-tree",
    "diff-index",
    "diff-files",
    "check-ignore",
    "check-attr",
    "version",
    "help",
    "cherry",
    "range-diff",
    "show-branch",
    "var",
    "verify-commit",
    "verify-tag",
    "ls-remote",
];
/// Options of reading verbs that write, or run what is configured. Shortened forms count.
const UNSAFE: [&str; 12] = [
    "--output",
    "--ext-diff",
    "--textconv",
    "--open-files-in-pager",
    "--upload-pack",
    "--exec",
    "-O",
    "--output-directory",
    "--filters",
    "--web",
    "-w",
    "--config-env",
];
/// Settings that change only how something looks.
const LOOKS: [&str; 8] = [
    "color.",
    "core.quotepath",
    "core.abbrev",
    "advice.",
    "log.",
    "column.",
    "core.pager=cat",
    "diff.renames",
];

/// Options whose value is the next argument.
const VALUED: [&str; 15] = [
    "-m",
    "-b",
    "-B",
    "-F",
    "-n",
    "-S",
    "-G",
    "-U",
    "-L",
    "--format",
    "--since",
    "--until",
    "--author",
    "--message",
    "-o",
];

/// Knows `git`.
pub(super) fn judge(judge: &mut Judge<'_>, call: &Call<'_>) -> bool {
    if call.name != "git" {
        return call.name.starts_with("git-") && {
            let verb = call.name.trim_start_matches("git-");
            settings::elsewhere(judge, call);
            verb_of(judge, call, verb, call.args);
            true
        };
    }
    if call.args.iter().any(|word| word.text.contains("::"))
        && call.args.iter().any(|word| starts_helper(&word.text))
    {
        judge.report.unreadable(call.raw, "an address that runs a program");
    }
    let mut rest = call.args;
    while let Some((word, after)) = rest.split_first() {
        let text = word.text.as_str();
        if !text.starts_with('-') {
            break;
        }
        rest = match text {
            "-c" => {
                let setting = after.first().map_or("\0", |word| word.text.as_str());
                setting_for_once(judge, call, setting);
                after.get(1..).unwrap_or_default()
            }
            "-C" => {
                match after.first().and_then(Word::known) {
                    Some(place) => judge.begins(place),
                    None => judge.cwds.push("\0".into()),
                }
                after.get(1..).unwrap_or_default()
            }
            "-p" | "--paginate" => {
                judge.pages(call.raw);
                after
            }
            "-P"
            | "--no-pager"
            | "--no-optional-locks"
            | "--literal-pathspecs"
            | "--no-replace-objects" => after,
            "--version" | "--help" | "-v" | "-h" | "--html-path" | "--man-path" | "--exec-path" => {
                judge.report.find(call.raw, "it says what it is", "file_read", Risk::Low);
                if !after.is_empty() {
                    judge.pages(call.raw);
                }
                after
            }
            _ if text.starts_with("--git-dir=")
                || text.starts_with("--work-tree=")
                || text.starts_with("--namespace=") =>
            {
                judge.report.find(
                    call.raw,
                    "it obeys the settings of another place",
                    "shell_exec",
                    Risk::High,
                );
                after
            }
            _ => {
                judge.report.unreadable(call.raw, "it may run programs from another place");
                after
            }
        };
    }
    match rest.split_first() {
        Some((verb, args)) => {
            settings::elsewhere(judge, call);
            match verb.known() {
                Some(verb) => verb_of(judge, call, verb, args),
                None => {
                    judge.report.unreadable(call.raw, "which of its verbs it runs is not known")
                }
            }
        }
        None => judge.report.find(call.raw, "it says what it is", "file_read", Risk::Low),
    }
    true
}

/// `ext::sh -c …` and the like.
fn starts_helper(text: &str) -> bool {
    let helper = text.split_once("::").map_or("", |(helper, _)| helper);
    !helper.is_empty()
        && helper.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'=')
}

fn setting_for_once(judge: &mut Judge<'_>, call: &Call<'_>, setting: &str) {
    let lower = setting.to_ascii_lowercase();
    if !LOOKS
        .iter()
        .any(|name| if name.contains('=') { lower == *name } else { lower.starts_with(name) })
    {
        judge.report.find(
            call.raw,
            "a setting for once may run a program",
            "shell_exec",
            Risk::High,
        );
    }
    if let Some((key, value)) = setting.split_once('=')
        && (value.starts_with('!')
            || ["pager", "editor", "command", "helper", "external", "fsmonitor", "hookspath"]
                .iter()
                .any(|word| key.to_ascii_lowercase().contains(word))
                && value != "cat")
    {
        judge.report.unreadable(call.raw, "a setting for once runs a program");
        judge.line(value.trim_start_matches('!'));
    }
}

fn verb_of(judge: &mut Judge<'_>, call: &Call<'_>, verb: &str, args: &[Word]) {
    let plain = ["checkout", "restore", "switch", "reset", "clean", "rm", "push"].contains(&verb);
    let valued: &[&str] = if plain { &["-b", "-B", "-o"] } else { &VALUED };
    let given = options(args, valued);
    if matches!(verb, "checkout" | "restore" | "switch" | "reset") {
        args.iter().for_each(|word| judge.guarded(&word.text));
    }
    settings::signed(judge, call, verb, &given, args);
    if READS.contains(&verb) {
        reads(judge, call, verb, &given);
        return;
    }
    match verb {
        "branch" | "tag" | "remote" | "stash" | "worktree" | "reflog" | "notes" | "submodule"
        | "bisect" => listed(judge, call, verb, &given, args),
        "config" => super::accounts::git_config(judge, call, &given),
        "push" => push(judge, call, &given),
        "commit" => {
            judge.report.find(
                call.raw,
                "it commits",
                "checkpoint.commit",
                if given.has(&["--no-verify", "-n"]) { Risk::High } else { Risk::Medium },
            );
        }
        "add" | "init" | "gc" | "mv" | "sparse-checkout" | "update-index" | "maintenance"
        | "hash-object" => {
            judge.report.find(call.raw, "it writes to the repository", "file_write", Risk::Medium);
            if verb == "init" {
                judge.opened(".", Use::Write);
            }
            if matches!(verb, "mv" | "init") {
                given.rest.iter().for_each(|word| judge.opened(&word.text, Use::Write));
            }
            if given.has(&["--prune", "--template"]) {
                judge.report.find(
                    call.raw,
                    "it throws away or brings in hooks",
                    "shell_exec",
                    Risk::High,
                );
            }
        }
        "merge" | "rebase" | "cherry-pick" | "revert" | "pull" | "fetch" | "clone" | "am"
        | "apply" => brought(judge, call, verb, &given, args),
        "checkout" | "restore" | "switch" | "reset" | "clean" | "rm" => {
            undone(judge, call, verb, &given, args)
        }
        "filter-branch" | "filter-repo" | "prune" | "update-ref" | "replace" | "prune-packed" => {
            judge.report.find(
                call.raw,
                "it rewrites or throws away history",
                "delete.history",
                Risk::Critical,
            );
            if verb == "filter-branch" {
                judge.report.unreadable(call.raw, "it runs a line for each commit");
            }
        }
        "send-email" | "archive" | "bundle" | "format-patch" | "request-pull" => {
            judge.report.find(call.raw, "it hands the repository out", "data_export", Risk::High);
            given.values(&["-o", "--output"]).for_each(|word| judge.opened(&word.text, Use::Write));
        }
        "credential" | "credential-store" | "credential-cache" => {
            judge.report.find(call.raw, "it reads or keeps passwords", "account_change", Risk::High)
        }
        "difftool" | "mergetool" | "hook" | "daemon" | "instaweb" | "web--browse" | "shell" => {
            judge.report.unreadable(call.raw, "it runs programs that settings name");
        }
        _ => judge.report.unknown(
            call.raw,
            "no verb of git that is known, so perhaps another name for a line",
            "shell_exec",
        ),
    }
}

fn reads(judge: &mut Judge<'_>, call: &Call<'_>, verb: &str, given: &Options) {
    if given.has(&UNSAFE) || given.doubtful {
        judge.report.find(
            call.raw,
            "an option of it writes files or runs programs",
            "shell_exec",
            Risk::High,
        );
    }
    given.values(&["--output", "-o"]).for_each(|word| judge.opened(&word.text, Use::Write));
    if verb == "help" || given.has(&["--help"]) {
        judge.pages(call.raw);
    }
    if verb == "ls-remote" {
        judge.report.find(call.raw, "it asks a remote", "http_request", Risk::Medium);
    }
    for word in &given.rest {
        let path = word.text.rsplit(':').next().unwrap_or_default();
        if path.contains(['.', '/']) && !path.contains('\0') {
            judge.opened(path, Use::Read);
        }
    }
    judge.report.find(call.raw, "it reads the repository", "file_read", Risk::Low);
}

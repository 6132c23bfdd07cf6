//! `git`, whose reading verbs run other programs when they are told to.

use super::args::{Options, options};
use super::{Call, Input, Judge};
use crate::classify::path::Use;
use crate::classify::shell::Word;
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

/// Knows `git`.
pub(super) fn judge(judge: &mut Judge<'_>, call: &Call<'_>) -> bool {
    if call.name != "git" {
        return call.name.starts_with("git-") && {
            let verb = call.name.trim_start_matches("git-");
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
                let place = after.first().and_then(Word::known).unwrap_or("\0").to_owned();
                judge.cwds.push(if place.starts_with('/') {
                    place
                } else {
                    format!("{}/{place}", judge.cwds.first().cloned().unwrap_or_default())
                });
                after.get(1..).unwrap_or_default()
            }
            "-p"
            | "-P"
            | "--paginate"
            | "--no-pager"
            | "--no-optional-locks"
            | "--literal-pathspecs"
            | "--no-replace-objects" => after,
            "--version" | "--help" | "-v" | "-h" | "--html-path" | "--man-path" | "--exec-path" => {
                judge.report.find(call.raw, "it says what it is", "file_read", Risk::Low);
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
        Some((verb, args)) => match verb.known() {
            Some(verb) => verb_of(judge, call, verb, args),
            None => judge.report.unreadable(call.raw, "which of its verbs it runs is not known"),
        },
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
    let given = options(
        args,
        &[
            "-m",
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
        ],
    );
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
            if verb == "mv" {
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

fn listed(judge: &mut Judge<'_>, call: &Call<'_>, verb: &str, given: &Options, args: &[Word]) {
    let first = given.at(0).unwrap_or_default();
    let removes = given.has(&["-d", "-D", "--delete", "--prune"])
        || matches!(
            first,
            "drop" | "clear" | "remove" | "rm" | "expire" | "delete" | "prune" | "deinit"
        );
    if removes {
        judge.report.find(
            call.raw,
            "it throws away a ref or what it holds",
            "delete.ref",
            Risk::High,
        );
        return;
    }
    let lists = given.only(&[
        "-a",
        "-r",
        "-v",
        "-vv",
        "-l",
        "--list",
        "--show-current",
        "--all",
        "--remotes",
        "--verbose",
        "-n",
        "--sort",
        "--format",
        "--contains",
        "--merged",
        "--no-merged",
        "--points-at",
        "--no-color",
        "--porcelain",
        "--column",
    ]);
    let asks = given.has(&["--list", "--contains", "--merged", "--no-merged", "--points-at"])
        || given.given.iter().any(|(name, _)| name == "-l") && verb == "tag";
    let reads = match verb {
        "branch" | "tag" => lists && (given.rest.is_empty() || asks),
        "remote" => lists && (given.rest.is_empty() || matches!(first, "show" | "get-url")),
        "stash" | "worktree" | "notes" => {
            matches!(first, "list" | "show") && !given.doubtful && !given.has(&UNSAFE)
        }
        "reflog" => lists && matches!(first, "" | "show" | "exists"),
        "submodule" => matches!(first, "" | "status" | "summary") && !given.doubtful,
        "bisect" => matches!(first, "log" | "view" | "visualize"),
        _ => false,
    };
    let (why, verb, risk) = match (reads, verb, first) {
        (true, ..) => ("it reads the repository", "file_read", Risk::Low),
        (_, "branch", _) if !given.has(&["-f", "-M", "--force", "-C"]) => {
            ("it makes or moves a branch", "checkpoint.branch", Risk::Medium)
        }
        (_, "tag", _) => ("it sets a tag", "checkpoint.tag", Risk::High),
        (_, "stash" | "notes", _) => ("it writes to the repository", "file_write", Risk::Medium),
        (_, "bisect", "run") => ("it runs a program again and again", "shell_exec", Risk::High),
        (_, "bisect", _) => ("it changes what is checked out", "file_write", Risk::Medium),
        (_, "worktree", "add") => ("it checks out another directory", "file_write", Risk::Medium),
        (_, "submodule", "foreach") => ("it runs a line in each part", "shell_exec", Risk::High),
        _ => ("it changes where the repository leads", "file_write", Risk::High),
    };
    judge.report.find(call.raw, why, verb, risk);
    let rest = args
        .iter()
        .position(|word| matches!(word.text.as_str(), "run" | "foreach"))
        .and_then(|at| args.get(at + 1..));
    match (first, rest) {
        ("run", Some(rest)) => judge.words(rest, call.raw, &Input::Unknown),
        ("foreach", Some(rest)) => {
            let line: Vec<&str> = rest
                .iter()
                .filter(|word| word.text != "--recursive")
                .map(|word| word.text.as_str())
                .collect();
            judge.line(&line.join(" "));
        }
        _ => {}
    }
}

fn push(judge: &mut Judge<'_>, call: &Call<'_>, given: &Options) {
    let lease = given.has(&["--force-with-lease"]) && !given.has(&["--force", "-f"])
        || given.given.iter().any(|(name, _)| name == "--force-with-lease");
    let exact = given.given.iter().any(|(name, _)| {
        matches!(
            name.as_str(),
            "-f" | "--force"
                | "--mirror"
                | "-d"
                | "--delete"
                | "--prune"
                | "--forc"
                | "--delet"
                | "--mirro"
        )
    });
    let refs = given.rest.iter().skip(1).any(|word| {
        word.text.starts_with(['+', ':', '\0'])
            || word.text.starts_with("refs/") && word.text.ends_with(':')
    });
    let forced = exact
        || refs
        || given.has(&["--mirror", "--delete", "--prune", "--force"]) && !lease
        || given.doubtful;
    judge.report.find(call.raw, "it publishes commits", "checkpoint.push", Risk::High);
    if forced || lease {
        let risk = if forced { Risk::Critical } else { Risk::High };
        judge.report.find(call.raw, "it throws away what the remote holds", "delete.ref", risk);
    }
    if given.has(&["--receive-pack", "--exec", "--no-verify"]) {
        judge.report.find(
            call.raw,
            "it runs a program, or leaves hooks out",
            "shell_exec",
            Risk::High,
        );
    }
    if given.rest.first().is_some_and(|word| word.text.contains([':', '/', '\0'])) {
        judge.report.find(
            call.raw,
            "it publishes to an address of its own",
            "data_export",
            Risk::High,
        );
    }
}

fn brought(judge: &mut Judge<'_>, call: &Call<'_>, verb: &str, given: &Options, args: &[Word]) {
    let runs = [
        "--exec",
        "-x",
        "--upload-pack",
        "-u",
        "--config",
        "-c",
        "--template",
        "--strategy",
        "-s",
        "-i",
        "--interactive",
        "--unsafe-paths",
        "--directory",
    ];
    let verb_name =
        if matches!(verb, "pull" | "fetch" | "clone") { "http_request" } else { "file_write" };
    judge.report.find(call.raw, "it brings in commits", verb_name, Risk::Medium);
    if given.has(&runs) || given.doubtful {
        judge.report.find(call.raw, "an option of it may run programs", "shell_exec", Risk::High);
    }
    for (at, word) in args.iter().enumerate() {
        let line = match word.text.as_str() {
            "-x" | "--exec" => args.get(at + 1).map(|word| word.text.as_str()),
            text => text.strip_prefix("--exec=").or_else(|| text.strip_prefix("-x")),
        };
        if let Some(line) = line.filter(|_| verb == "rebase") {
            judge.line(line);
        }
    }
    if verb == "clone" {
        given.rest.iter().skip(1).for_each(|word| judge.opened(&word.text, Use::Write));
    }
}

/// Verbs that throw uncommitted work away.
fn undone(judge: &mut Judge<'_>, call: &Call<'_>, verb: &str, given: &Options, args: &[Word]) {
    let paths = args.iter().any(|word| word.text == "--")
        || given.rest.iter().any(|word| {
            word.text.starts_with('.')
                || word.text.contains(['/', '\0', '\u{1}']) && verb == "restore"
        });
    let gone = match verb {
        "checkout" | "switch" => {
            paths
                || given.has(&["-f", "--force", "--discard-changes", "--ours", "--theirs"])
                || given.rest.len() > 1
                || given.doubtful
        }
        "restore" => !given.has(&["--staged", "-S"]) || given.has(&["--worktree", "-W"]),
        "reset" => given.has(&["--hard", "--merge", "--keep"]) || given.doubtful,
        "clean" => {
            !given.only(&["-n", "-d", "-x", "-X", "--dry-run"]) || !given.has(&["-n", "--dry-run"])
        }
        _ => true,
    };
    if gone {
        judge.report.find(
            call.raw,
            "it throws away work that is not committed",
            "delete.work",
            Risk::High,
        );
        given
            .rest
            .iter()
            .filter(|_| verb == "rm")
            .for_each(|word| judge.opened(&word.text, Use::Delete));
    } else {
        judge.report.find(call.raw, "it changes what is checked out", "file_write", Risk::Medium);
    }
}

//! Verbs of `git` that change something.

use super::UNSAFE;
use crate::classify::judge::args::Options;
use crate::classify::judge::{Call, Input, Judge};
use crate::classify::path::Use;
use crate::classify::shell::Word;
use countersign_core::artifact::Risk;

pub(super) fn listed(
    judge: &mut Judge<'_>,
    call: &Call<'_>,
    verb: &str,
    given: &Options,
    args: &[Word],
) {
    let first = given.at(0).unwrap_or_default();
    let verb_name = verb;
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
        (true, "remote", "show") if given.rest.len() > 1 => {
            ("it asks a remote", "http_request", Risk::Medium)
        }
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
    if (verb_name, first) == ("worktree", "add") {
        given.rest.iter().skip(1).for_each(|word| judge.opened(&word.text, Use::Write));
    }
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

pub(super) fn push(judge: &mut Judge<'_>, call: &Call<'_>, given: &Options) {
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
    let refs = given.rest.iter().any(|word| {
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

pub(super) fn brought(
    judge: &mut Judge<'_>,
    call: &Call<'_>,
    verb: &str,
    given: &Options,
    args: &[Word],
) {
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
    if matches!(verb, "apply" | "am") {
        judge.report.find(
            call.raw,
            "which files it changes stands in the patch",
            "file_write",
            Risk::High,
        );
    }
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
pub(super) fn undone(
    judge: &mut Judge<'_>,
    call: &Call<'_>,
    verb: &str,
    given: &Options,
    args: &[Word],
) {
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

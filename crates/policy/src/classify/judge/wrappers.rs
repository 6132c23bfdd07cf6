//! Programs that start another one: what they start counts.

mod table;

use super::args::wrapped;
use super::{Call, Input, Judge, interpreters};
use crate::classify::path::Use;
use crate::classify::shell::{UNKNOWN, Word};
use countersign_core::artifact::Risk;
use table::{WRAPPERS, Wrapper};

const OTHERS: [&str; 11] = [
    "sudo", "env", "xargs", "command", "busybox", "toybox", "watch", "flock", "script", "su",
    "runuser",
];

/// Whether a program only starts others, so that its name says little.
pub(super) fn is_wrapper(name: &str) -> bool {
    OTHERS.contains(&name) || WRAPPERS.iter().any(|wrapper| wrapper.names.contains(&name))
}

/// Knows programs that start others.
pub(super) fn judge(judge: &mut Judge<'_>, call: &Call<'_>) -> bool {
    if let Some(wrapper) = WRAPPERS.iter().find(|wrapper| wrapper.names.contains(&call.name)) {
        plain(judge, call, wrapper);
        return true;
    }
    match call.name {
        "sudo" => sudo(judge, call),
        "env" => env(judge, call),
        "xargs" => xargs(judge, call),
        "command" => command(judge, call),
        "busybox" | "toybox" => judge.words(call.args, call.raw, call.input),
        "watch" => watch(judge, call),
        "flock" => flock(judge, call),
        "su" | "runuser" | "script" => line_option(judge, call),
        "parallel" | "at" | "batch" | "entr" | "expect" | "systemd-run" | "daemonize"
        | "start-stop-daemon" | "tmux" | "screen" | "gdb" | "lldb" | "rlwrap" | "socat"
        | "crontab-run" | "run-parts" | "firejail" | "bwrap" => {
            judge
                .report
                .unreadable(call.raw, "it starts programs in a way that cannot be followed");
        }
        "sudoedit" => call.args.iter().for_each(|word| judge.opened(&word.text, Use::Write)),
        _ => return false,
    }
    true
}

fn plain(judge: &mut Judge<'_>, call: &Call<'_>, wrapper: &Wrapper) {
    let raised = ["doas", "chroot", "unshare", "nsenter", "strace", "ltrace", "fakeroot", "proot"];
    if raised.contains(&call.name) {
        judge.report.find(
            call.raw,
            "it runs a program with other rights",
            "shell_exec",
            Risk::High,
        );
    }
    let letters = |word: &&Word| word.text.starts_with('-');
    if call.name == "exec" && call.args.iter().take_while(letters).any(|w| w.text.contains('c')) {
        judge.bared(call.raw);
    }
    // `nice -10 PROGRAM`, an old form.
    let args = match call.args.split_first() {
        Some((first, rest))
            if call.name == "nice"
                && first.text.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit())
                && first.text.starts_with('-') =>
        {
            rest
        }
        _ => call.args,
    };
    match wrapped(args, wrapper.plain, wrapper.valued)
        .and_then(|rest| rest.get(wrapper.skip.min(rest.len())..))
    {
        Some([]) if call.name == "exec" || call.name == "time" => {
            judge.report.find(
                call.raw,
                "it changes only where output goes",
                "file_read",
                Risk::Low,
            );
        }
        Some([]) => {
            judge.report.unknown(call.raw, "it starts no program that it names", "shell_exec")
        }
        Some(rest) => judge.words(rest, call.raw, call.input),
        None => judge.report.unreadable(call.raw, "which program it starts is not known"),
    }
}

fn sudo(judge: &mut Judge<'_>, call: &Call<'_>) {
    const PLAIN: [&str; 18] = [
        "-A",
        "-b",
        "-B",
        "-E",
        "-H",
        "-i",
        "-K",
        "-k",
        "-l",
        "-n",
        "-N",
        "-P",
        "-S",
        "-s",
        "-v",
        "--preserve-env",
        "--login",
        "--non-interactive",
    ];
    const VALUED: [&str; 16] = [
        "-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-U", "-D", "-R", "--user", "--group",
        "--host", "--prompt", "--chdir",
    ];
    judge.report.find(call.raw, "it runs a program with other rights", "shell_exec", Risk::High);
    let edits = call
        .args
        .iter()
        .take_while(|word| word.text.starts_with('-'))
        .any(|word| matches!(word.text.as_str(), "-e" | "--edit"));
    if edits {
        call.args.iter().for_each(|word| judge.opened(&word.text, Use::Write));
        return;
    }
    match wrapped(call.args, &PLAIN, &VALUED) {
        Some(rest) => with_variables(judge, call, rest),
        None => judge.report.unreadable(call.raw, "which program it starts is not known"),
    }
}

/// `NAME=value … PROGRAM …`.
fn with_variables(judge: &mut Judge<'_>, call: &Call<'_>, words: &[Word]) {
    let mut rest = words;
    while let Some((word, after)) = rest.split_first() {
        let Some((name, _)) = word.text.split_once('=') else { break };
        judge.variable(call.raw, name, true);
        rest = after;
    }
    match rest {
        [] if call.name == "env" => judge.report.find(
            call.raw,
            "it shows all variables, which may hold secrets",
            "file_read",
            Risk::High,
        ),
        [] => judge.report.unreadable(call.raw, "it starts a shell that reads lines"),
        rest => judge.words(rest, call.raw, call.input),
    }
}

fn env(judge: &mut Judge<'_>, call: &Call<'_>) {
    let split = |word: &&Word| {
        word.text.starts_with("-S")
            || word.text.starts_with("--s")
            || word.text.starts_with("-vS")
            || word.text.starts_with("-iS")
    };
    let options = call.args.iter().take_while(|word| word.text.starts_with('-'));
    if options.clone().any(|word| split(&word)) {
        let words: Vec<&str> = call.args.iter().map(|word| word.text.as_str()).collect();
        let line = words.join(" ");
        let line = line
            .split_once("-S")
            .map_or("\0", |(_, line)| line)
            .trim_start_matches(['=', ' '])
            .to_owned();
        judge.report.find(
            call.raw,
            "it makes a line of its arguments and runs it",
            "shell_exec",
            Risk::High,
        );
        judge.line(&line);
        return;
    }
    let changes =
        options.clone().any(|word| word.text.starts_with("-C") || word.text.starts_with("--c"));
    if changes {
        judge.cwds.push("\0".into());
    }
    let given = super::args::options(call.args, &["-u", "--unset", "-C", "--chdir"]);
    let unset: Vec<String> = given.values(&["-u", "--unset"]).map(|w| w.text.clone()).collect();
    unset.iter().for_each(|name| judge.unset(call.raw, name));
    let bare = |word: &Word| {
        let text = word.text.as_str();
        text.starts_with("--i") || text == "-" || !text.starts_with("--") && text.contains('i')
    };
    if options.clone().any(bare) {
        judge.bared(call.raw);
    }
    let plain = ["-i", "-", "-0", "-v", "--ignore-environment", "--null", "--debug"];
    match wrapped(call.args, &plain, &["-u", "--unset", "-C", "--chdir"]) {
        Some(rest) => with_variables(judge, call, rest),
        None => judge.report.unreadable(call.raw, "which program it starts is not known"),
    }
}

fn xargs(judge: &mut Judge<'_>, call: &Call<'_>) {
    let plain = [
        "-0",
        "-r",
        "-t",
        "-p",
        "-x",
        "-o",
        "--null",
        "--no-run-if-empty",
        "--verbose",
        "--interactive",
        "--exit",
        "-i",
        "-l",
        "-e",
    ];
    let valued = [
        "-I",
        "-n",
        "-P",
        "-L",
        "-s",
        "-d",
        "-E",
        "-a",
        "--max-args",
        "--max-procs",
        "--delimiter",
        "--replace",
        "--arg-file",
        "--max-lines",
        "--max-chars",
    ];
    let given = super::args::options(call.args, &valued);
    let mark = given
        .values(&["-I", "--replace", "-i"])
        .next()
        .map_or("{}", |word| word.text.as_str())
        .to_owned();
    let mark = if mark.is_empty() { "{}".to_owned() } else { mark };
    // Words for a program that nobody named when the line was judged.
    let file = given.has(&["-a", "--arg-file"]);
    if !file && call.input == &Input::Typed {
        judge.waits(call.raw);
    }
    match wrapped(call.args, &plain, &valued) {
        Some(rest) => {
            let mut words: Vec<Word> = rest
                .iter()
                .map(|word| Word::literal(word.text.replace("{}", "\0").replace(&mark, "\0")))
                .collect();
            if words.is_empty() {
                words.push(Word::literal("echo"));
            }
            words.push(Word::literal(UNKNOWN.to_string()));
            judge.words(&words, call.raw, &Input::Unknown);
        }
        None => judge.report.unreadable(call.raw, "which program it starts is not known"),
    }
}

fn command(judge: &mut Judge<'_>, call: &Call<'_>) {
    let looks = call.args.first().is_some_and(|word| matches!(word.text.as_str(), "-v" | "-V"));
    if looks {
        judge.report.find(call.raw, "it looks a program up", "file_read", Risk::Low);
        return;
    }
    match wrapped(call.args, &["-p"], &[]) {
        Some(rest) => judge.words(rest, call.raw, call.input),
        None => judge.report.unreadable(call.raw, "which program it starts is not known"),
    }
}

fn watch(judge: &mut Judge<'_>, call: &Call<'_>) {
    let plain = [
        "-b",
        "-c",
        "-d",
        "-e",
        "-g",
        "-p",
        "-t",
        "-w",
        "-x",
        "--color",
        "--differences",
        "--no-title",
    ];
    let rest = wrapped(call.args, &plain, &["-n", "--interval", "-q"]);
    joined(judge, call, rest);
}

/// Words that are joined to a line for a shell.
pub(super) fn joined(judge: &mut Judge<'_>, call: &Call<'_>, rest: Option<&[Word]>) {
    match rest {
        Some(rest) if !rest.is_empty() => {
            let words: Vec<&str> = rest.iter().map(|word| word.text.as_str()).collect();
            judge.line(&words.join(" "));
        }
        _ => judge.report.unreadable(call.raw, "which line it runs is not known"),
    }
}

fn flock(judge: &mut Judge<'_>, call: &Call<'_>) {
    let plain = [
        "-s",
        "-x",
        "-e",
        "-u",
        "-n",
        "-o",
        "-F",
        "--shared",
        "--exclusive",
        "--nonblock",
        "--verbose",
    ];
    let rest = wrapped(call.args, &plain, &["-w", "-E", "--timeout"]);
    match rest.and_then(<[Word]>::split_first) {
        Some((_, [option, line, ..])) if matches!(option.text.as_str(), "-c" | "--command") => {
            judge.line(&line.text)
        }
        Some((_, rest)) if !rest.is_empty() => judge.words(rest, call.raw, call.input),
        _ => judge.report.unreadable(call.raw, "which program it starts is not known"),
    }
}

/// `su -c LINE`, `script -c LINE`.
fn line_option(judge: &mut Judge<'_>, call: &Call<'_>) {
    if call.name != "script" {
        judge.report.find(
            call.raw,
            "it runs a program with other rights",
            "shell_exec",
            Risk::High,
        );
    } else {
        judge.report.find(
            call.raw,
            "it writes down what a terminal shows",
            "file_write",
            Risk::Medium,
        );
        call.args
            .iter()
            .filter(|word| !word.text.starts_with('-') && !word.text.contains(' '))
            .for_each(|word| judge.opened(&word.text, Use::Write));
    }
    match interpreters::line_of(call.args) {
        Some(line) => judge.line(&line.text),
        None => judge.report.unreadable(call.raw, "it starts a shell that reads lines"),
    }
}

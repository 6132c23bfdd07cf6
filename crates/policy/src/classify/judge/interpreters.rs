//! Shells and interpreters of other languages.

use super::args::options;
use super::{Call, Input, Judge};
use crate::classify::path::Use;
use crate::classify::shell::Word;
use countersign_core::artifact::Risk;

const SHELLS: [&str; 14] = [
    "sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "rbash", "yash", "fish", "csh", "tcsh",
    "pwsh", "posh",
];
/// Interpreters, and their options that are followed by code.
const LANGUAGES: [(&str, &[&str]); 14] = [
    ("python", &["-c"]),
    ("pypy", &["-c"]),
    ("perl", &["-e", "-E"]),
    ("ruby", &["-e"]),
    ("node", &["-e", "-p", "--eval", "--print"]),
    ("nodejs", &["-e", "-p", "--eval", "--print"]),
    ("deno", &["eval"]),
    ("bun", &["-e", "--eval"]),
    ("php", &["-r"]),
    ("lua", &["-e"]),
    ("Rscript", &["-e"]),
    ("osascript", &["-e"]),
    ("tclsh", &[]),
    ("guile", &["-c"]),
];

/// Whether this is a shell.
pub(super) fn is_shell(name: &str) -> bool {
    SHELLS.contains(&name)
}

/// `python3.11` is `python`.
pub(super) fn without_version(name: &str) -> &str {
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    let versioned =
        ["python", "pypy", "pip", "perl", "ruby", "lua", "php", "node", "bash", "gcc", "tclsh"];
    if versioned.contains(&plain) { plain } else { name }
}

/// Knows shells and interpreters.
pub(super) fn judge(judge: &mut Judge<'_>, call: &Call<'_>) -> bool {
    if is_shell(call.name) {
        shell(judge, call);
        return true;
    }
    let language = LANGUAGES.iter().find(|(name, _)| *name == call.name);
    if let Some((_, code)) = language {
        interpreter(judge, call, code);
    }
    language.is_some()
}

/// The line behind `-c`, also at the end of several letters.
pub(super) fn line_of(args: &[Word]) -> Option<&Word> {
    let is_c = |word: &Word| {
        word.text == "--command"
            || word.text.starts_with('-')
                && !word.text.starts_with("--")
                && word.text.ends_with('c')
    };
    let at = args.iter().position(is_c)?;
    args.get(at.saturating_add(1))
}

fn shell(judge: &mut Judge<'_>, call: &Call<'_>) {
    // The `csh` of some systems takes these for letters, and reads lines.
    let asked = matches!(call.args, [only] if only.text == "--version" || only.text == "--help");
    if asked && call.name != "csh" {
        judge.report.find(call.raw, "it says what it is", "file_read", Risk::Low);
        return;
    }
    if matches!(call.name, "fish" | "csh" | "tcsh" | "pwsh") {
        judge.report.unreadable(call.raw, "it is a shell whose lines are not read here");
        return;
    }
    let outer = judge.bash;
    judge.bash = matches!(call.name, "bash" | "rbash" | "zsh" | "ksh" | "mksh");
    lines(judge, call);
    judge.bash = outer;
}

/// A line of a shell. Those that are like bash and are not bash have forms that it has not: they
/// work out numbers in any argument of `test` and `printf`, and know blocks without `then`. Of
/// theirs only plain words and the signs between commands are read.
fn read(judge: &mut Judge<'_>, call: &Call<'_>, text: &str) {
    let plain = |c: char| c.is_ascii_alphanumeric() || " _./:=,@%+-&|;\n".contains(c);
    if matches!(call.name, "zsh" | "ksh" | "mksh" | "yash") && !text.chars().all(plain) {
        let why = "it is a shell of which only plain lines are read here";
        judge.report.unreadable(call.raw, why);
    }
    judge.line(text);
}

/// The line, the script or the input of a shell.
fn lines(judge: &mut Judge<'_>, call: &Call<'_>) {
    // Options before the line or the script: `-c`, letters that change nothing, `-o NAME`.
    let mut rest = call.args;
    let mut line = false;
    while let Some((word, after)) = rest.split_first() {
        let text = word.text.as_str();
        rest = match text {
            "--" => {
                rest = after;
                break;
            }
            "-o" | "+o" | "-O" | "+O" => {
                let quiet = after.first().is_some_and(|word| {
                    matches!(word.text.as_str(), "pipefail" | "errexit" | "nounset")
                });
                if !quiet {
                    judge.report.unreadable(call.raw, "it changes how the shell reads lines");
                }
                after.get(1..).unwrap_or_default()
            }
            "--norc" | "--noprofile" | "--posix" | "--login" => after,
            _ if text.len() > 1 && text.starts_with('-') && !text.starts_with("--") => {
                let letters = text.get(1..).unwrap_or_default();
                line |= letters.contains('c');
                if letters.chars().any(|c| !"celuxvfh".contains(c)) {
                    judge.report.find(
                        call.raw,
                        "it starts a shell with settings of its own",
                        "shell_exec",
                        Risk::High,
                    );
                }
                if letters.contains(['s', 'o', 'O'])
                    || word.known().is_none()
                    || call.name == "zsh" && letters.contains('i')
                {
                    judge.report.unreadable(call.raw, "which lines the shell runs is not known");
                }
                after
            }
            _ if text.starts_with('-') || text.starts_with('+') || word.starts_unknown() => {
                judge.report.unreadable(call.raw, "which lines the shell runs is not known");
                return;
            }
            _ => break,
        };
    }
    match (line, rest.first()) {
        (true, Some(word)) => read(judge, call, &word.text),
        (false, Some(script))
            if script
                .known()
                .is_some_and(|path| !path.starts_with("/dev/") && !path.starts_with("/proc/")) =>
        {
            judge.report.unknown(call.raw, "it runs the lines of a file", "shell_exec");
            judge.report.tool(&script.text);
        }
        (false, None) if matches!(call.input, Input::Text(_)) => {
            if let Input::Text(text) = call.input {
                read(judge, call, text);
            }
        }
        _ => judge.report.unreadable(call.raw, "which lines the shell runs is not known"),
    }
}

fn interpreter(judge: &mut Judge<'_>, call: &Call<'_>, code: &[&str]) {
    if matches!(call.args, [only] if only.known().is_some_and(|text| is_asked(call.name, text))) {
        judge.report.find(call.raw, "it says what it is", "file_read", Risk::Low);
        return;
    }
    if call.name == "python"
        && let Some((_, after)) = call
            .args
            .iter()
            .position(|word| word.text == "-m")
            .and_then(|at| call.args.get(at + 1..))
            .and_then(|rest| rest.split_first())
            .filter(|(m, _)| m.text == "pip")
    {
        let pip = Call { name: "pip", args: after, raw: call.raw, input: call.input };
        super::build::judge(judge, &pip);
        return;
    }
    let given = options(call.args, code);
    let mut texts: Vec<String> = given.values(code).map(|word| word.text.clone()).collect();
    let short = |word: &&Word| word.text.starts_with('-') && !word.text.starts_with("--");
    let cluster = call.args.iter().position(|word| {
        short(&word) && code.iter().any(|c| word.text.ends_with(c.trim_start_matches('-')))
    });
    texts.extend(cluster.and_then(|at| call.args.get(at + 1)).map(|word| word.text.clone()));
    if call.name == "deno" && call.arg(0) == Some("eval") {
        texts.extend(call.args.iter().skip(1).map(|word| word.text.clone()));
    }
    if let Input::Text(text) = call.input {
        texts.push(text.clone());
    } else if call.args.is_empty() || call.args.iter().all(|word| word.text == "-") {
        judge.report.unreadable(call.raw, "it runs code that nobody knows");
    }
    call.args.iter().for_each(|word| judge.guarded(&word.text));
    judge.report.unknown(call.raw, "it runs code in another language", "shell_exec");
    texts.iter().for_each(|text| foreign(judge, text));
}

/// Whether an interpreter that is given this alone says what it is, and ends. `python -v` speaks much
/// and waits for lines; `tclsh` does so whatever begins with a dash.
fn is_asked(name: &str, option: &str) -> bool {
    match option {
        "--version" | "--help" => !matches!(name, "tclsh" | "osascript" | "php"),
        "-V" => matches!(name, "python" | "pypy" | "perl"),
        "-v" => matches!(name, "perl" | "ruby" | "node" | "nodejs" | "lua"),
        _ => false,
    }
}

/// Code in another language: nothing is known of it but the words that it holds.
pub(super) fn foreign(judge: &mut Judge<'_>, code: &str) {
    let lower = code.to_ascii_lowercase();
    let holds = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let starts = [
        "system",
        "popen",
        "subprocess",
        "spawn",
        "exec",
        "eval",
        "child_process",
        "fork",
        "import(",
        "__import__",
        "getattr",
        "compile(",
        "`",
        "require(",
        "shell",
        "kernel",
        "marshal",
        "pickle",
        "base64",
        "frombytes",
        "chr(",
    ];
    if holds(&starts) || code.contains('\0') {
        judge.report.unreadable(code, "code in another language that starts or hides something");
    }
    if holds(&[
        "rmtree",
        "unlink",
        "remove",
        "rmdir",
        "rmsync",
        "rm(",
        "rm_r",
        "rm_f",
        "delete",
        "truncate",
        "removedirs",
    ]) {
        judge.report.find(code, "code in another language that deletes", "delete", Risk::Critical);
    }
    if holds(&["http", "socket", "urllib", "requests", "fetch(", "smtp", "ftp"]) {
        judge.report.find(
            code,
            "code in another language that speaks to hosts",
            "data_export",
            Risk::High,
        );
    }
    let parts = code.split(|c: char| c.is_whitespace() || "'\"(),;`=[]{}".contains(c));
    for part in parts.filter(|part| part.contains(['/', '.']) && part.len() > 3).take(64) {
        let protected = [
            ".claude",
            ".codex",
            ".cursor",
            ".gemini",
            ".git",
            ".countersign",
            ".husky",
            ".ssh",
            "/etc",
            ".bashrc",
            ".profile",
        ];
        if part.starts_with('/') || protected.iter().any(|name| part.contains(name)) {
            judge.opened(part, Use::Write);
        }
    }
}

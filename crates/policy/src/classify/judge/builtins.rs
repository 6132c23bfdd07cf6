//! What shells do themselves, and variables that change what programs do.

mod variables;

use super::{Call, Judge};
use crate::classify::shell::{Word, is_name};
use countersign_core::artifact::Risk;

/// Variables that nothing runs or loads for.
const HARMLESS: [&str; 20] = [
    "LANG",
    "LANGUAGE",
    "TZ",
    "TERM",
    "NO_COLOR",
    "FORCE_COLOR",
    "CLICOLOR",
    "CI",
    "COLUMNS",
    "LINES",
    "RUST_LOG",
    "RUST_BACKTRACE",
    "NODE_ENV",
    "DEBUG",
    "VERBOSE",
    "GIT_PAGER_IN_USE",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
    "CARGO_TERM_COLOR",
    "DEBIAN_FRONTEND",
];
/// Variables that name what programs run, load or obey, by how they begin.
const INJECTING: [&str; 33] = [
    "LD_",
    "DYLD_",
    "BASH_ENV",
    "BASH_FUNC",
    "ENV",
    "SHELLOPTS",
    "BASHOPTS",
    "PS4",
    "PS0",
    "PROMPT_COMMAND",
    "IFS",
    "GIT_EXTERNAL",
    "GIT_SSH",
    "GIT_CONFIG",
    "GIT_EXEC",
    "GIT_PROXY",
    "GIT_ASKPASS",
    "GIT_TEMPLATE",
    "NODE_OPTIONS",
    "PYTHONSTARTUP",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONINSPECT",
    "PERL5",
    "PERLLIB",
    "RUBYOPT",
    "RUBYLIB",
    "JAVA_TOOL",
    "GCONV_PATH",
    "RUSTC_WRAPPER",
    "LESSOPEN",
    "LESSCLOSE",
    "GLIBC_",
];
/// The same for a line, where they are set on purpose.
const STEERING: [&str; 18] = [
    "PATH",
    "XDG_CONFIG_HOME",
    "HOME",
    "PWD",
    "OLDPWD",
    "CDPATH",
    "SHELL",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "MANPAGER",
    "GIT_",
    "BROWSER",
    "SSH_ASKPASS",
    "FPATH",
    "ZDOTDIR",
    "BASH_",
    "TMPDIR",
];

/// Whether a variable of this name makes programs run or load something.
pub(super) fn injects(name: &str) -> bool {
    INJECTING.iter().any(|start| {
        if *start == "ENV" || *start == "IFS" { name == *start } else { name.starts_with(start) }
    })
}

/// Whether a variable of this name tells us or a host of agents where to look: another home has
/// other approvers, and other settings have no hook.
pub(super) fn redirects(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    ["COUNTERSIGN_", "HARP_", "CLAUDE_", "CODEX_", "ANTHROPIC_CONFIG"]
        .iter()
        .any(|start| upper.starts_with(start))
}

fn steers(name: &str) -> bool {
    let whole =
        |start: &str| if start.ends_with('_') { name.starts_with(start) } else { name == start };
    injects(name) || STEERING.iter().any(|start| whole(start)) && !HARMLESS.contains(&name)
}

impl Judge<'_> {
    /// `NAME=value`, alone or before a program.
    pub(super) fn assignments(&mut self, raw: &str, assignments: &[(String, Word)], before: bool) {
        for (name, _) in assignments {
            self.variable(raw, name, before);
        }
    }

    /// A variable that is taken away.
    pub(super) fn unset(&mut self, raw: &str, name: &str) {
        if redirects(name) || !is_name(name) {
            self.variable(raw, name, true);
        } else if steers(name) {
            self.bared(raw);
        }
    }

    /// A program that is started without variables that were there, such as the one that keeps it
    /// from showing its output in a pager.
    pub(super) fn bared(&mut self, raw: &str) {
        let why = "it takes variables away that programs obey";
        self.report.find(raw, why, "shell_exec", Risk::Medium);
    }

    /// One variable that is set for a program, or for what follows in the line.
    pub(super) fn variable(&mut self, raw: &str, name: &str, before: bool) {
        let small = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        let proxy = name.to_ascii_lowercase().ends_with("_proxy");
        if proxy {
            self.report.another_host();
        }
        if redirects(name) {
            let why = "it leads the gate, or a host that it holds, to other settings";
            self.report.protected(raw, why, "shell_exec");
        } else if !is_name(name) {
            self.report.unreadable(raw, "which variable it sets is not known");
        } else if steers(name) {
            self.report.unreadable(raw, "it changes a variable that decides what programs run");
        } else if before && !HARMLESS.contains(&name) && !name.starts_with("LC_") || proxy {
            self.report.find(
                raw,
                "a variable may change what the program does",
                "shell_exec",
                Risk::High,
            );
        } else if !small && !HARMLESS.contains(&name) && !name.starts_with("LC_") {
            self.report.find(
                raw,
                "it sets a variable that programs may obey",
                "shell_exec",
                Risk::Medium,
            );
        } else {
            self.report.find(raw, "it sets a variable of the shell", "file_read", Risk::Low);
        }
    }
}

/// Knows what shells do themselves.
pub(super) fn judge(judge: &mut Judge<'_>, call: &Call<'_>) -> bool {
    match call.name {
        "cd" | "pushd" | "popd" => change(judge, call),
        "eval" => evaluated(judge, call),
        "trap" => trap(judge, call),
        "source" | "." => source(judge, call),
        "alias" | "enable" | "hash" | "fc" | "bind" | "complete" | "compgen" | "coproc"
        | "compopt" => defined(judge, call),
        "export" | "declare" | "typeset" | "local" | "readonly" => declared(judge, call),
        "read" | "mapfile" | "readarray" | "getopts" | "let" => taken(judge, call),
        "set" if variables::dumps(call) => variables::shown(judge, call),
        "unset" | "set" | "shopt" | "setopt" => settings(judge, call),
        "wait" => variables::waited(judge, call),
        "kill" | "pkill" | "killall" => {
            judge.report.find(call.raw, "it ends processes", "shell_exec", Risk::High);
            judge.ended(call);
        }
        _ => return false,
    }
    true
}

/// No program at all: a last room that knows nothing.
pub(super) fn nothing(_: &mut Judge<'_>, _: &Call<'_>) -> bool {
    false
}

fn change(judge: &mut Judge<'_>, call: &Call<'_>) {
    let to = call.args.iter().find(|word| !word.text.starts_with('-') || word.text == "-");
    let home = judge.place.user_home.clone();
    let target = match (call.name, to) {
        ("cd", None) => home,
        ("cd" | "pushd", Some(word)) => word.known().map(str::to_owned),
        _ => None,
    };
    let places: Vec<String> = match target.filter(|target| target != "-") {
        Some(target) if target.starts_with('/') => vec![target],
        Some(target) => judge.cwds.iter().map(|cwd| format!("{cwd}/{target}")).collect(),
        None => vec!["\0".into()],
    };
    for place in places {
        let full = judge.cwds.len() >= super::MAX_PLACES || place.len() > 4096;
        let place = if full { "\0".into() } else { place };
        if !judge.cwds.contains(&place) {
            judge.cwds.push(place);
        }
    }
    judge.report.find(call.raw, "it changes the directory", "file_read", Risk::Low);
}

fn evaluated(judge: &mut Judge<'_>, call: &Call<'_>) {
    let words: Vec<&str> = call.args.iter().map(|word| word.text.as_str()).collect();
    judge.report.find(
        call.raw,
        "it makes a line of its arguments and runs it",
        "shell_exec",
        Risk::High,
    );
    judge.line(&words.join(" "));
}

fn trap(judge: &mut Judge<'_>, call: &Call<'_>) {
    judge.report.find(call.raw, "it runs a line later", "shell_exec", Risk::High);
    if let Some(line) =
        call.args.iter().find(|word| !word.text.starts_with("--") && word.text != "-")
        && !line.text.is_empty()
    {
        judge.line(&line.text);
    }
}

fn source(judge: &mut Judge<'_>, call: &Call<'_>) {
    match call.arg(0) {
        Some(path) if !path.starts_with("/dev/") && !path.starts_with("/proc/") => {
            judge.report.unknown(call.raw, "it runs the lines of a file", "shell_exec");
        }
        _ => judge.report.unreadable(call.raw, "it runs lines that nobody knows"),
    }
}

fn defined(judge: &mut Judge<'_>, call: &Call<'_>) {
    let shows = call.args.is_empty()
        || call.args.iter().all(|word| matches!(word.text.as_str(), "-p" | "-l" | "-t"));
    if shows && matches!(call.name, "alias" | "hash" | "enable") {
        judge.report.find(call.raw, "it shows settings of the shell", "file_read", Risk::Low);
    } else {
        judge.report.unreadable(call.raw, "it changes what names of programs stand for");
    }
}

fn declared(judge: &mut Judge<'_>, call: &Call<'_>) {
    if variables::dumps(call) {
        variables::shown(judge, call);
    }
    // What an array is made of is computed; one that is only named holds nothing.
    let named = call.args.iter().all(|word| !word.text.contains(['=', '[', '\0']));
    for word in call.args {
        let Some(text) = word.known().or_else(|| word.text.split_once('=').map(|(name, _)| name))
        else {
            judge.report.unreadable(call.raw, "which variable it sets is not known");
            continue;
        };
        if text.starts_with(['-', '+']) {
            let plain =
                text.chars().skip(1).all(|c| "xrgp".contains(c) || named && "aA".contains(c));
            if !plain {
                judge.report.find(
                    call.raw,
                    "it changes what a variable is",
                    "shell_exec",
                    Risk::High,
                );
            }
            continue;
        }
        let name = text.split(['=', '+']).next().unwrap_or(text);
        judge.variable(call.raw, name, false);
    }
    judge.report.find(call.raw, "it sets variables", "file_read", Risk::Low);
}

fn taken(judge: &mut Judge<'_>, call: &Call<'_>) {
    if matches!(call.name, "let" | "getopts")
        || call.args.iter().any(|word| word.text.contains(['C', '[', '\0']))
    {
        judge.report.find(call.raw, "it computes or calls back", "shell_exec", Risk::High);
    }
    // `read -e` edits a line, and the editor of lines has keys that run what was typed.
    let edits = |word: &Word| word.text.starts_with('-') && word.text.contains('e');
    if call.name == "read" && call.args.iter().any(edits) {
        judge.waits(call.raw);
    }
    for word in call.args.iter().filter(|word| !word.text.starts_with('-')) {
        judge.variable(call.raw, &word.text, false);
    }
    judge.report.find(call.raw, "it reads into a variable", "file_read", Risk::Low);
}

fn settings(judge: &mut Judge<'_>, call: &Call<'_>) {
    let word = |word: &Word| {
        let text = word.text.as_str();
        let letters = text.strip_prefix(['-', '+']).filter(|rest| !rest.is_empty());
        let plain = letters.is_some_and(|rest| rest.chars().all(|c| "euxfovn".contains(c)));
        plain
            || matches!(
                text,
                "pipefail" | "errexit" | "nounset" | "noglob" | "globstar" | "nullglob" | "-s"
            )
    };
    let harmless = if call.name == "unset" {
        call.args
            .iter()
            .all(|word| word.known().is_some_and(|text| !text.contains('[') && !steers(text)))
    } else {
        call.args.iter().all(word)
    };
    if call.name == "unset" {
        let names = call.args.iter().filter(|word| redirects(&word.text));
        names.for_each(|word| judge.unset(call.raw, &word.text));
    }
    if harmless {
        judge.report.find(call.raw, "it changes settings of the shell", "file_read", Risk::Low);
    } else {
        judge.report.find(call.raw, "it changes how lines are read", "shell_exec", Risk::High);
    }
}

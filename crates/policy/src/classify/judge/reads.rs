//! Programs that only read, and the options that make them do more.

mod queries;

use super::args::options;
use super::{Call, Judge};
use crate::classify::path::Use;
use crate::classify::shell::Word;
use countersign_core::artifact::Risk;

/// Programs whose arguments name nothing that they read.
const QUIET: [&str; 37] = [
    "true", "false", ":", "echo", "pwd", "whoami", "id", "groups", "uname", "uptime", "basename",
    "dirname", "nproc", "arch", "tty", "test", "[", "[[", "sleep", "seq", "exit", "return",
    "break", "continue", "shift", "jobs", "times", "getconf", "locale", "expr", "factor", "numfmt",
    "clear", "cal", "logname", "users", "ulimit",
];
/// Programs that look at names, sizes and processes, not at what is in files.
const LOOKS: [&str; 25] = [
    "ls", "dir", "vdir", "stat", "du", "df", "realpath", "readlink", "which", "type", "whereis",
    "free", "ps", "pgrep", "lsof", "lsblk", "lscpu", "lsusb", "lspci", "who", "w", "last", "dirs",
    "tput", "file",
];
/// Programs that read the files they are given.
const READS: [&str; 48] = [
    "cat",
    "head",
    "tail",
    "wc",
    "nl",
    "tac",
    "rev",
    "cut",
    "paste",
    "join",
    "comm",
    "diff",
    "cmp",
    "grep",
    "egrep",
    "fgrep",
    "zgrep",
    "rg",
    "ag",
    "fold",
    "fmt",
    "pr",
    "expand",
    "unexpand",
    "column",
    "od",
    "hexdump",
    "strings",
    "md5sum",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "cksum",
    "b2sum",
    "base64",
    "base32",
    "jq",
    "zcat",
    "bzcat",
    "xzcat",
    "bat",
    "batcat",
    "tsort",
    "look",
    "cloc",
    "tokei",
    "nm",
    "readelf",
];
/// Options by which a reading program writes or runs something.
const UNSAFE: [(&str, &[&str]); 16] = [
    ("rg", &["--pre", "--hostname-bin", "-z", "--search-zip"]),
    ("ag", &["--pager"]),
    ("bat", &["--pager", "--config-file"]),
    ("batcat", &["--pager"]),
    ("sort", &["-o", "--output", "--compress-program", "-T"]),
    ("tree", &["-o", "--output"]),
    ("date", &["-s", "--set"]),
    ("file", &["-C", "--compile"]),
    ("xxd", &["-r"]),
    ("iconv", &["-o", "--output"]),
    ("yq", &["-i", "--inplace", "--in-place"]),
    ("diff", &["-l", "--paginate", "--to-file"]),
    ("jq", &["-f", "--from-file", "-L", "--library-path", "--rawfile", "--slurpfile", "--argfile"]),
    ("printf", &["-v"]),
    ("nm", &["--plugin"]),
    ("strings", &["--plugin"]),
];
/// Others of their kind, each with an option above.
const ALSO: [&str; 9] = ["sort", "uniq", "tree", "date", "xxd", "iconv", "yq", "printf", "tr"];
/// Programs whose first argument is what they look for.
const PATTERN_FIRST: [&str; 9] =
    ["grep", "egrep", "fgrep", "zgrep", "rg", "ag", "jq", "yq", "look"];
/// Programs that only say which version they are when asked for that alone.
const VERSIONED: [&str; 34] = [
    "cargo",
    "rustc",
    "rustup",
    "npm",
    "npx",
    "yarn",
    "pnpm",
    "go",
    "java",
    "javac",
    "gcc",
    "clang",
    "make",
    "cmake",
    "docker",
    "podman",
    "kubectl",
    "helm",
    "terraform",
    "aws",
    "gcloud",
    "az",
    "gh",
    "pip",
    "uv",
    "poetry",
    "pytest",
    "psql",
    "sqlite3",
    "mysql",
    "curl",
    "wget",
    "git",
    "tar",
];

/// Knows programs that only read.
pub(super) fn judge(judge: &mut Judge<'_>, call: &Call<'_>) -> bool {
    if VERSIONED.contains(&call.name)
        && matches!(call.args, [only] if matches!(only.text.as_str(), "--version" | "--help"))
    {
        judge.report.find(call.raw, "it says what it is", "file_read", Risk::Low);
        return true;
    }
    if !is_known(call.name)
        && !["hostname", "printenv", "umask", "help", "apropos", "whatis", "reset"]
            .contains(&call.name)
    {
        return false;
    }
    unsafe_options(judge, call);
    listed(judge, call);
    queries::judge(judge, call);
    if matches!(call.name, "bat" | "batcat") && !call.args.iter().any(|w| is_unpaged(&w.text)) {
        judge.pages(call.raw);
    }
    let code = judge.code;
    let any = |test: fn(&str) -> bool| call.args.iter().any(|word| test(&word.text));
    match call.name {
        "test" | "["
            if any(|text| matches!(text, "-v" | "-R"))
                && any(|text| text.contains(['[', '\0']) && text != "[") =>
        {
            judge.report.unreadable(call.raw, "a subscript that it looks at may run commands");
        }
        "test" | "[" if code && any(|text| text.contains('\0')) => {
            judge.report.unreadable(call.raw, "what it looks at may run commands");
        }
        "ps" if any(|text| !text.starts_with('-') && text.contains('e')) => {
            judge.report.find(
                call.raw,
                "it shows variables of programs, which may hold secrets",
                "file_read",
                Risk::High,
            );
        }
        "jq" | "yq" if any(|text| text.to_ascii_lowercase().contains("env")) => {
            judge.report.find(
                call.raw,
                "it shows variables, which may hold secrets",
                "file_read",
                Risk::High,
            );
            files(judge, call);
        }
        "hostname" if !call.args.is_empty() => {
            judge.report.find(call.raw, "it may name the machine anew", "shell_exec", Risk::High)
        }
        "printenv" => judge.report.find(
            call.raw,
            "it shows variables, which may hold secrets",
            "file_read",
            Risk::High,
        ),
        "uniq" | "xxd" => {
            let files: Vec<&Word> =
                call.args.iter().filter(|word| !word.text.starts_with('-')).collect();
            let several = files.first().is_some_and(|word| word.known().is_none());
            files.iter().take(1).for_each(|word| judge.opened(&word.text, Use::Read));
            files
                .iter()
                .skip(usize::from(!several))
                .for_each(|word| judge.opened(&word.text, Use::Write));
        }
        name if READS.contains(&name) || ["sort", "iconv", "yq", "tree"].contains(&name) => {
            files(judge, call)
        }
        _ => {}
    }
    judge.report.find(call.raw, "it only reads", "file_read", Risk::Low);
    true
}

fn is_known(name: &str) -> bool {
    QUIET.contains(&name) || LOOKS.contains(&name) || READS.contains(&name) || ALSO.contains(&name)
}

fn unsafe_options(judge: &mut Judge<'_>, call: &Call<'_>) {
    let Some((_, unsafe_ones)) = UNSAFE.iter().find(|(name, _)| *name == call.name) else { return };
    let given = options(call.args, &["-k", "-t", "-S"]);
    let writes = ["-o", "--output"];
    if given.has(unsafe_ones) || given.doubtful && call.name != "printf" {
        judge.report.find(
            call.raw,
            "an option of it may write files or run programs",
            "shell_exec",
            Risk::High,
        );
    }
    if matches!(call.name, "nm" | "strings" | "readelf")
        && call.args.iter().any(|word| word.text.starts_with('@'))
    {
        let why = "its options stand in a file, and may load code";
        judge.report.find(call.raw, why, "shell_exec", Risk::High);
    }
    if call.name == "printf" {
        let names = call.args.iter().filter(|word| super::builtins::redirects(&word.text));
        names.for_each(|word| judge.variable(call.raw, &word.text, false));
    }
    if given.has(&["--pre", "--compress-program", "--pager", "--hostname-bin"]) {
        judge.report.unreadable(call.raw, "an option of it runs a program");
    }
    if !given.has(&writes) || !unsafe_ones.contains(&"-o") {
        return;
    }
    let mut words = call.args.iter();
    while let Some(word) = words.next() {
        let long = word
            .text
            .split_once('=')
            .filter(|(name, _)| name.starts_with("--o"))
            .map(|(_, value)| value.to_owned());
        let short = (word.text.starts_with('-') && !word.text.starts_with("--"))
            .then(|| word.text.split_once('o'))
            .flatten()
            .map(|(_, value)| value.to_owned());
        match long.or(short) {
            Some(value) if value.is_empty() => {
                judge.opened(words.next().map_or("\0", |word| word.text.as_str()), Use::Write)
            }
            Some(value) => judge.opened(&value, Use::Write),
            None if word.text.starts_with("--o") => {
                judge.opened(words.next().map_or("\0", |word| word.text.as_str()), Use::Write)
            }
            None => {}
        }
    }
}

/// Whether `bat` is told to start no pager.
fn is_unpaged(option: &str) -> bool {
    matches!(option, "-P" | "-pp" | "--paging=never")
}

/// Files whose lines are shown, or name what else is read.
fn listed(judge: &mut Judge<'_>, call: &Call<'_>) {
    let given = options(call.args, &["-f", "--file", "--files-from", "--files0-from"]);
    if given.has(&["--files0-from"]) {
        let why = "which files it reads stands elsewhere";
        judge.report.find(call.raw, why, "file_read", Risk::High);
    }
    if matches!(call.name, "date" | "file") {
        let lists = given.values(&["-f", "--file", "--files-from"]);
        lists.for_each(|word| judge.opened(&word.text, Use::Read));
    }
    let (short, long): (&str, &str) = match call.name {
        "file" => ("-m", "--magic-file"),
        "du" => ("-X", "--exclude-from"),
        "date" => ("-r", "--reference"),
        _ => return,
    };
    let names = [short, long];
    let given = options(call.args, &names);
    // `file` takes several, with colons between them.
    let paths = given.values(&names).flat_map(|word| word.text.split(':'));
    paths.for_each(|path| judge.opened(path, Use::Read));
}

fn files(judge: &mut Judge<'_>, call: &Call<'_>) {
    let given = options(
        call.args,
        &[
            "-e",
            "-A",
            "-B",
            "-C",
            "-m",
            "-n",
            "-c",
            "-d",
            "-f",
            "-g",
            "-t",
            "-k",
            "-w",
            "-N",
            "-j",
            "--regexp",
            "--glob",
            "--include",
            "--exclude",
            "--max-count",
            "--lines",
            "--bytes",
            "--file",
        ],
    );
    let pattern = PATTERN_FIRST.contains(&call.name)
        && !given.has(&["-e", "--regexp", "-f", "--file", "--files"]);
    // One that is not known may be several words, and files among them.
    let skip = usize::from(pattern && given.at(0).is_some());
    for word in given.rest.iter().skip(skip) {
        judge.opened(&word.text, Use::Read);
    }
    let value = |word: &Word| {
        word.text.split_once('=').map_or(word.text.clone(), |(_, value)| value.to_owned())
    };
    for word in
        call.args.iter().filter(|word| word.text.starts_with("--") && word.text.contains('/'))
    {
        judge.opened(&value(word), Use::Read);
    }
    given.values(&["-f", "--file"]).for_each(|word| {
        if !matches!(call.name, "cut" | "grep") || word.text.contains(['/', '\0']) {
            judge.opened(&word.text, Use::Read)
        }
    });
    // What one program takes for the value of an option is a file to another.
    let names = ["-e", "-g", "--regexp", "--glob", "--include", "--exclude"];
    for (name, value) in &given.given {
        let file = value.as_ref().filter(|word| {
            !names.contains(&name.as_str()) && !word.text.bytes().all(|b| b.is_ascii_digit())
        });
        if let Some(word) = file {
            judge.opened(&word.text, Use::Read);
        }
    }
    let whole = given.rest.len() <= skip && given.has(&["-r", "-R", "--recursive"])
        || matches!(call.name, "rg" | "ag" | "tree") && given.rest.len() <= skip;
    if whole {
        judge.opened(".", Use::Read);
    }
}

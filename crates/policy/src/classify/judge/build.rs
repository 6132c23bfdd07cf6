//! Package managers and build tools: they run what the workspace, or somebody far away, wrote.
//!
//! Building and testing runs code of the workspace, as it stands there. It is medium: what the code
//! does nobody can say, but it was written in edits that were judged, and a person who must be
//! asked about every test stops reading. Running what a workspace names itself is high.

use super::args::options;
use super::{Call, Judge};
use crate::classify::shell::Word;
use countersign_core::artifact::Risk;

/// Knows package managers and build tools.
pub(super) fn judge(judge: &mut Judge<'_>, call: &Call<'_>) -> bool {
    let said = match call.name {
        "cargo" => cargo(call),
        "npm" | "yarn" | "pnpm" | "bun" => node(call),
        "pip" | "pipx" | "uv" | "poetry" | "conda" | "gem" | "bundle" | "composer" | "twine"
        | "nuget" | "dotnet" | "mix" | "cabal" | "luarocks" => packages(call),
        "apt" | "apt-get" | "dpkg" | "yum" | "dnf" | "rpm" | "apk" | "pacman" | "zypper"
        | "brew" | "snap" | "flatpak" | "nix" | "nix-env" | "port" | "apt-cache" | "apt-mark"
        | "add-apt-repository" => system(call),
        "go" => go(call),
        "make" | "gmake" | "just" | "task" | "ninja" | "rake" | "gradle" | "gradlew" | "mvn"
        | "ant" | "bazel" | "scons" | "meson" | "cmake" | "tox" | "nox" => made(call),
        "pytest" | "jest" | "vitest" | "mocha" | "phpunit" | "rspec" | "tsc" | "eslint"
        | "ruff" | "mypy" | "flake8" | "pylint" | "shellcheck" | "gcc" | "cc" | "clang" | "g++"
        | "clang++" | "rustc" | "javac" | "golangci-lint" | "pyright" | "biome" => Said::Builds,
        "npx" | "bunx" | "uvx" | "pnpx" | "corepack" | "rustup" | "nvm" | "pyenv" | "asdf"
        | "mise" | "direnv" | "pre-commit" | "husky" | "lefthook" => Said::Runs,
        _ => return false,
    };
    if first(call) == "help" && matches!(call.name, "cargo" | "npm" | "yarn" | "pnpm" | "bundle") {
        judge.pages(call.raw);
    }
    let doubtful = call.args.iter().any(Word::starts_unknown)
        || options(call.args, &[]).has(&["--config", "-Z"]);
    write(
        judge,
        call,
        if doubtful && matches!(said, Said::Reads | Said::Builds) { Said::Runs } else { said },
    );
    if call
        .args
        .iter()
        .any(|word| word.text.starts_with("--eval") || word.text == "-E" && call.name == "cmake")
    {
        judge.report.unreadable(call.raw, "an option of it runs a line");
    }
    true
}

/// What a verb of such a program does.
#[derive(Clone, Copy)]
enum Said {
    Reads,
    Edits,
    Builds,
    Runs,
    Installs,
    Removes,
    Publishes,
    Withdraws,
    SignsIn,
}

fn write(judge: &mut Judge<'_>, call: &Call<'_>, said: Said) {
    let (why, verb, risk) = match said {
        Said::Reads => ("it looks at packages", "file_read", Risk::Low),
        Said::Edits => ("it changes what the workspace is built of", "file_write", Risk::Medium),
        Said::Builds => (
            "it builds or tests, which runs code of the workspace",
            "shell_exec.build",
            Risk::Medium,
        ),
        Said::Runs => {
            ("it runs code of the workspace or of a package", "shell_exec.run", Risk::High)
        }
        Said::Installs => {
            ("it installs what others wrote, and runs it", "shell_exec.install", Risk::High)
        }
        Said::Removes => ("it removes packages or what was built", "delete", Risk::High),
        Said::Publishes => ("it publishes a package for good", "checkpoint.release", Risk::High),
        Said::Withdraws => ("it withdraws a package that others use", "delete", Risk::Critical),
        Said::SignsIn => {
            ("it changes who is signed in or may publish", "account_change", Risk::High)
        }
    };
    judge.report.find(call.raw, why, verb, risk);
}

fn first<'c>(call: &'c Call<'_>) -> &'c str {
    call.args
        .iter()
        .find(|word| !word.text.starts_with(['-', '+']))
        .map_or("", |word| word.text.as_str())
}

fn cargo(call: &Call<'_>) -> Said {
    match first(call) {
        "search" | "info" | "version" | "help" => Said::Reads,
        "add" | "fmt" | "update" | "init" | "new" | "generate-lockfile" | "vendor" | "fix" => {
            Said::Edits
        }
        // What only looks at the workspace starts the compiler that its settings name.
        "tree" | "metadata" | "locate-project" | "pkgid" | "verify-project" => Said::Builds,
        "build" | "check" | "test" | "clippy" | "doc" | "bench" | "nextest" | "rustc" | "fetch"
        | "b" | "c" | "t" => Said::Builds,
        "install" => Said::Installs,
        "clean" | "remove" | "rm" | "uninstall" => Said::Removes,
        "publish" => Said::Publishes,
        "yank" => Said::Withdraws,
        "login" | "logout" | "owner" => Said::SignsIn,
        _ => Said::Runs,
    }
}

fn node(call: &Call<'_>) -> Said {
    match first(call) {
        "ls" | "list" | "view" | "info" | "outdated" | "why" | "explain" | "search" | "ping"
        | "help" => Said::Reads,
        "audit" | "version" | "init" => Said::Edits,
        "test" | "t" | "build" => Said::Builds,
        "install" | "i" | "ci" | "add" | "update" | "upgrade" | "link" | "rebuild" | "dedupe"
        | "" => Said::Installs,
        "uninstall" | "remove" | "rm" | "prune" | "cache" => Said::Removes,
        "publish" => Said::Publishes,
        "unpublish" | "deprecate" => Said::Withdraws,
        "login" | "logout" | "adduser" | "owner" | "token" | "access" | "team" | "org"
        | "config" | "set" => Said::SignsIn,
        _ => Said::Runs,
    }
}

fn packages(call: &Call<'_>) -> Said {
    match (call.name, first(call)) {
        ("twine", "upload") | (_, "publish" | "push") => Said::Publishes,
        (_, "yank") => Said::Withdraws,
        (
            _,
            "list" | "show" | "freeze" | "check" | "search" | "outdated" | "tree" | "info"
            | "specification",
        ) => Said::Reads,
        (_, "uninstall" | "remove" | "cleanup" | "clean" | "cache") => Said::Removes,
        (_, "lock" | "init" | "new") => Said::Edits,
        (_, "test" | "build" | "compile") => Said::Builds,
        (_, "login" | "signin" | "config" | "owner") => Said::SignsIn,
        (_, "run" | "exec" | "shell") => Said::Runs,
        _ => Said::Installs,
    }
}

fn system(call: &Call<'_>) -> Said {
    let short = call.arg(0).unwrap_or_default();
    if matches!(call.name, "dpkg" | "rpm" | "pacman") {
        return match short {
            "-l" | "-L" | "-S" | "-s" | "-qa" | "-qi" | "-ql" | "-q" | "-Q" | "-Qs" | "-Qi"
            | "-Ss" => Said::Reads,
            _ if short.starts_with("-r")
                || short.starts_with("-P")
                || short.starts_with("-e")
                || short.starts_with("-R") =>
            {
                Said::Removes
            }
            _ => Said::Installs,
        };
    }
    match first(call) {
        "list" | "search" | "show" | "policy" | "info" | "depends" | "rdepends" | "outdated"
        | "deps" | "leaves" => Said::Reads,
        "remove" | "purge" | "autoremove" | "uninstall" | "erase" | "del" | "clean"
        | "autoclean" | "cleanup" | "collect-garbage" => Said::Removes,
        _ => Said::Installs,
    }
}

fn go(call: &Call<'_>) -> Said {
    let runs = call.args.iter().any(|word| {
        word.text.starts_with("-exec")
            || word.text.starts_with("--exec")
            || word.text.starts_with("-toolexec")
            || word.text.starts_with("-vettool")
            || word.text.starts_with("--toolexec")
    });
    match first(call) {
        _ if runs => Said::Runs,
        "version" | "list" | "doc" | "help" => Said::Reads,
        "build" | "test" | "vet" => Said::Builds,
        "fmt" | "mod" | "work" | "fix" => Said::Edits,
        "clean" => Said::Removes,
        "install" | "get" => Said::Installs,
        _ => Said::Runs,
    }
}

fn made(call: &Call<'_>) -> Said {
    let targets: Vec<&str> = call
        .args
        .iter()
        .filter(|word| !word.text.starts_with('-'))
        .map(|word| word.text.as_str())
        .collect();
    let builds = [
        "all", "build", "test", "tests", "check", "lint", "compile", "package", "verify", "fmt",
        "doc", "docs",
    ];
    let removes = [
        "clean",
        "distclean",
        "destroy",
        "drop",
        "reset",
        "purge",
        "wipe",
        "uninstall",
        "db-drop",
        "nuke",
    ];
    let publishes = ["deploy", "release", "publish", "ship", "push"];
    let steered = call.args.iter().any(|word| {
        word.text.contains('=')
            || word.text.starts_with("-f")
            || word.text.starts_with("-C")
            || word.text.starts_with("--f")
    });
    if targets.iter().any(|target| removes.contains(target)) {
        Said::Removes
    } else if targets.iter().any(|target| publishes.contains(target)) {
        Said::Publishes
    } else if !steered && targets.iter().all(|target| builds.contains(target)) {
        Said::Builds
    } else {
        Said::Runs
    }
}

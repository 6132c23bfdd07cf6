//! Paths: made absolute, then judged by what they lead to.
//!
//! A path is judged by its text, since nothing is read here; whoever knows where links lead says so
//! (`Place::links`), and that is judged as well. An unknown part may be any text, so it may lead
//! anywhere.

use super::shell::{GLOB, UNKNOWN};

/// What an action does with a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Use {
    /// Reads what is in it.
    Read,
    /// Writes there.
    Write,
    /// Removes it.
    Delete,
}

/// What a path leads to, from harmless to not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Area {
    /// Devices that swallow or echo: `/dev/null`.
    Nowhere,
    /// A directory for what passes: `/tmp`.
    Temporary,
    /// The workspace, below its root.
    Workspace,
    /// Anywhere else.
    Elsewhere,
    /// Some of it is unknown.
    Doubtful,
    /// The workspace as a whole, or all that is temporary.
    Root,
    /// What a program of the person's obeys or remembers: hidden files at home.
    Hidden,
    /// The operating system, a device, a whole home, or nobody knows what.
    System,
    /// What holds the gate.
    Protected,
}

/// Whether a path's component, which may hold unknown parts, could be this name. Letters are
/// compared without their case, since some file systems do, and without what some leave out.
fn could_be(component: &str, name: &str) -> bool {
    if let Some(plain) = folded(component) {
        return could_be(&plain, name);
    }
    if !component.contains([UNKNOWN, GLOB]) {
        return component.eq_ignore_ascii_case(name);
    }
    // A pattern matches a hidden name only where it begins with a dot itself.
    if component.starts_with(GLOB) && name.starts_with('.') {
        return false;
    }
    let component = component.to_ascii_lowercase();
    let name = name.to_ascii_lowercase();
    let mut parts = component.split([UNKNOWN, GLOB]);
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let last = component.rsplit([UNKNOWN, GLOB]).next().unwrap_or_default();
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    name.ends_with(last)
}

/// A component as file systems take it that leave out invisible characters and know more forms of a
/// letter; `None` where that is what is written.
fn folded(component: &str) -> Option<String> {
    if component.is_ascii() {
        return None;
    }
    let seen = |c: &char| !matches!(*c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}');
    let plain = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c,
    };
    let text: String = component.chars().filter(seen).map(plain).collect();
    (text != component).then_some(text)
}

/// The components of an absolute path, with `.` and `..` worked out. A `..` behind an unknown part
/// leaves it unknown.
pub(super) fn components<'a>(cwd: &'a str, path: &'a str) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    let base = if path.starts_with('/') || path.starts_with(UNKNOWN) { "" } else { cwd };
    for component in base.split('/').chain(path.split('/')) {
        match component {
            "" | "." => {}
            ".." if found.last().is_some_and(|last| last.contains(UNKNOWN)) => {}
            ".." => {
                found.pop();
            }
            _ => found.push(component),
        }
    }
    found
}

const AGENTS: [&str; 20] = [
    ".gitconfig",
    "managed-settings.json",
    "managed-settings.d",
    "managed-mcp.json",
    "claudecode",
    ".claude",
    ".codex",
    ".cursor",
    ".gemini",
    ".opencode",
    ".windsurf",
    ".continue",
    ".aider.conf.yml",
    ".claude.json",
    ".mcp.json",
    ".cline",
    ".clinerules",
    ".roo",
    ".countersign",
    ".husky",
];
const POLICIES: [&str; 3] = ["countersign.toml", ".countersign.toml", "countersign.yaml"];
const SYSTEM: [&str; 18] = [
    "bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "proc", "root", "run", "sbin", "sys",
    "usr", "var", "system", "library", "efi", "nix",
];

/// What these components lead to.
pub(super) fn area(
    parts: &[&str],
    home: Option<&str>,
    workspace: Option<&str>,
    own: &[String],
) -> Area {
    let area = by_place(parts, home, workspace);
    if own.iter().any(|own| meets(parts, own)) || is_protected(parts) {
        return Area::Protected;
    }
    area
}

/// Whether a path in this area leads to secrets, by its names.
pub(super) fn is_hidden(parts: &[&str], area: Area) -> bool {
    let last = parts.last().copied().unwrap_or_default();
    // All of a directory of the workspace is what a search in it reads too; and what may be
    // anything is doubtful, which is judged apart.
    let inside = matches!(area, Area::Workspace | Area::Root | Area::Temporary);
    let any = is_any(last) && (inside || last.contains(UNKNOWN));
    is_secret(if any { parts.split_last().map_or(parts, |(_, rest)| rest) } else { parts })
}

fn by_place(parts: &[&str], home: Option<&str>, workspace: Option<&str>) -> Area {
    let unknown = parts.iter().any(|part| part.contains(UNKNOWN));
    if parts.first().is_none_or(|first| first.starts_with(UNKNOWN)) {
        return Area::System;
    }
    if let Some(area) = device(parts) {
        return area;
    }
    if let Some(workspace) = workspace.and_then(|place| narrow(place, home)) {
        if contains(parts, &workspace) {
            return if parts.len() < workspace.len() { Area::System } else { Area::Root };
        }
        if let Some(rest) = parts.strip_prefix(workspace.as_slice()) {
            let all = rest.len() == 1 && rest.first().is_some_and(|part| is_any(part));
            return if all {
                Area::Root
            } else if unknown {
                Area::Doubtful
            } else {
                Area::Workspace
            };
        }
    }
    let first = parts.first().copied().unwrap_or_default();
    let second = parts.get(1).copied();
    if could_be(first, "tmp")
        || could_be(first, "var") && second.is_some_and(|s| could_be(s, "tmp"))
    {
        return if parts.len() < 2 || second.is_some_and(is_any) {
            Area::Root
        } else if unknown {
            Area::Doubtful
        } else {
            Area::Temporary
        };
    }
    if let Some(rest) = home.and_then(|home| within(parts, home)) {
        return at_home(rest, unknown);
    }
    if could_be(first, "home") || could_be(first, "users") {
        return if parts.len() <= 2 {
            Area::System
        } else {
            at_home(parts.get(2..).unwrap_or_default(), unknown)
        };
    }
    let system = SYSTEM.iter().any(|name| could_be(first, name));
    match (system || parts.len() < 2, unknown) {
        (true, _) => Area::System,
        (false, true) => Area::Doubtful,
        (false, false) => Area::Elsewhere,
    }
}

/// A workspace that is a system directory, a home or what holds one gives no leave to write there.
fn narrow<'a>(workspace: &'a str, home: Option<&str>) -> Option<Vec<&'a str>> {
    let parts = components("", workspace);
    let home = home.map(|home| components("", home)).unwrap_or_default();
    let first = parts.first()?;
    let system = parts.len() == 1 && SYSTEM.contains(first) || parts.len() < 3 && *first == "home";
    (!system && !home.starts_with(&parts)).then_some(parts)
}

fn at_home(rest: &[&str], unknown: bool) -> Area {
    match rest.first() {
        None => Area::System,
        Some(first) if is_any(first) && rest.len() == 1 => Area::System,
        Some(first) if first.starts_with('.') || first.starts_with(UNKNOWN) => Area::Hidden,
        Some(_) if unknown => Area::Doubtful,
        Some(_) => Area::Elsewhere,
    }
}

fn device(parts: &[&str]) -> Option<Area> {
    let harmless =
        ["null", "zero", "stdin", "stdout", "stderr", "tty", "random", "urandom", "full", "fd"];
    let name = parts.get(1).filter(|_| parts.first() == Some(&"dev"))?;
    harmless.contains(name).then_some(Area::Nowhere)
}

fn is_any(component: &str) -> bool {
    component.trim_start_matches('.').chars().all(|c| c == UNKNOWN || c == GLOB)
}

/// Whether `parts` is `place` or one of the directories above it.
fn contains(parts: &[&str], place: &[&str]) -> bool {
    parts.len() <= place.len() && parts.iter().zip(place).all(|(part, name)| could_be(part, name))
}

fn within<'a, 'b>(parts: &'b [&'a str], place: &str) -> Option<&'b [&'a str]> {
    let place = components("", place);
    let inside = parts.len() >= place.len()
        && parts.iter().zip(&place).all(|(part, name)| could_be(part, name));
    if inside { parts.get(place.len()..) } else { None }
}

/// Whether a path is a place of ours, below it, or could be.
fn meets(parts: &[&str], own: &str) -> bool {
    let own = components("", own);
    parts.iter().zip(&own).all(|(part, name)| could_be(part, name)) && parts.len() >= own.len()
}

/// Whether what is removed or replaced with this path holds a place of ours.
pub(super) fn holds(parts: &[&str], own: &[String]) -> bool {
    own.iter().any(|own| contains(parts, &components("", own))) || is_repository(parts)
}

/// Whether a path is a whole repository's store, hooks and settings with it.
pub(super) fn is_repository(parts: &[&str]) -> bool {
    parts
        .last()
        .is_some_and(|last| (!is_any(last) || last.starts_with('.')) && could_be(last, ".git"))
}

fn is_protected(parts: &[&str]) -> bool {
    let named = |names: &[&str], part: &&str| names.iter().any(|name| could_be(part, name));
    // A part that may be anything is doubtful, which is judged apart.
    let some = |names: &[&str], part: &&str| {
        (!is_any(part) || part.starts_with('.')) && named(names, part)
    };
    if parts.iter().any(|part| some(&AGENTS, part))
        || parts.last().is_some_and(|part| some(&POLICIES, part))
    {
        return true;
    }
    let pair = |first: &[&str], second: &[&str]| {
        parts.windows(2).any(|two| matches!(two, [a, b] if named(first, a) && named(second, b)))
    };
    let git = parts.iter().zip(parts.iter().skip(1));
    let inside = ["hooks", "config", "config.worktree"];
    let place = parts.iter().position(|part| could_be(part, ".git"));
    let deep = |names: &[&str]| {
        let below = place.and_then(|at| parts.get(at + 1..)).unwrap_or_default();
        below.iter().any(|part| ["modules", "worktrees", "info"].iter().any(|n| could_be(part, n)))
            && (below.last().is_some_and(|last| named(names, last))
                || below.iter().any(|part| could_be(part, "hooks")))
    };
    pair(&["etc"], &["claude-code", "codex", "countersign", "gitconfig"])
        || ends_with(parts, &["bin", "sbin"], &["countersign", "claude", "codex"])
        || deep(&["config", "config.worktree", "attributes"])
        || git.clone().any(|(dir, name)| (could_be(dir, ".git") || ends_in(dir, ".git")) && named(&inside, name))
        || parts.windows(2).any(|pair| matches!(pair, [a, b] if could_be(a, ".config") && named(&["countersign", "opencode", "codex", "claude", "goose", "git"], b)))
}

/// Whether the last two components are of these.
fn ends_with(parts: &[&str], directories: &[&str], names: &[&str]) -> bool {
    let is = |list: &[&str], part: &str| list.iter().any(|name| part.eq_ignore_ascii_case(name));
    matches!(parts, [.., directory, name] if is(directories, directory) && is(names, name))
}

fn ends_in(component: &str, ending: &str) -> bool {
    let at = component.len().checked_sub(ending.len());
    at.and_then(|at| component.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(ending))
}

/// Files by whose names one knows that they hold secrets.
fn is_secret(parts: &[&str]) -> bool {
    const DIRECTORIES: [&str; 20] = [
        ".ssh",
        ".aws",
        ".gnupg",
        ".azure",
        ".kube",
        ".docker",
        ".password-store",
        "keyrings",
        ".mozilla",
        "google-chrome",
        "chromium",
        "firefox",
        "gcloud",
        ".vault-token",
        ".1password",
        ".electrum",
        ".bitcoin",
        "keychains",
        "secrets",
        ".secrets",
    ];
    const NAMES: [&str; 35] = [
        ".env",
        ".env.local",
        ".env.production",
        ".envrc",
        ".netrc",
        "_netrc",
        ".npmrc",
        ".pypirc",
        ".pgpass",
        ".my.cnf",
        ".git-credentials",
        ".htpasswd",
        "shadow",
        "gshadow",
        "shadow-",
        "sudoers",
        "id_rsa",
        "id_ed25519",
        "id_ecdsa",
        "id_dsa",
        "credentials",
        "credentials.json",
        "credentials.toml",
        "secrets.yaml",
        "secrets.yml",
        "secrets.json",
        "secrets.toml",
        "token",
        "environ",
        "kcore",
        "kmem",
        "mem",
        "master.key",
        ".bash_history",
        ".zsh_history",
    ];
    const ENDINGS: [&str; 9] =
        [".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".ppk", ".asc"];
    let examples = ["server.pem", "server.key", "store.p12", "store.jks", "passwords.kdbx"];
    let last = parts.last().copied().unwrap_or_default();
    let lower = last.to_ascii_lowercase();
    let env = lower.starts_with(".env.")
        && !lower.ends_with("example")
        && !lower.ends_with("sample")
        && !lower.ends_with("template");
    parts.iter().any(|part| DIRECTORIES.iter().any(|name| could_be(part, name)))
        || NAMES.iter().any(|name| could_be(last, name))
        || ENDINGS.iter().any(|ending| lower.ends_with(ending))
        || env
        || last.contains([UNKNOWN, GLOB]) && examples.iter().any(|name| could_be(last, name))
}

//! Other agents: whoever starts one starts somebody who acts. Whether that one is held stands in
//! its settings and in how it is called, so what is not known to leave both alone is held here.

use super::{Call, Judge};
use crate::classify::change::envelope;
use crate::classify::judge::Input;
use crate::classify::shell::Word;
use countersign_core::artifact::Risk;

/// Hosts whose hook is ours.
const HELD: [&str; 2] = ["claude", "codex"];
/// Hosts that nobody holds here.
const OTHERS: [&str; 15] = [
    "gemini",
    "cursor-agent",
    "cursor",
    "opencode",
    "aider",
    "goose",
    "copilot",
    "amp",
    "cline",
    "crush",
    "qwen",
    "droid",
    "q",
    "openhands",
    "auggie",
];
/// Packages, and what they are called when they run.
const PACKAGES: [(&str, &str); 7] = [
    ("@anthropic-ai/claude-code", "claude"),
    ("@openai/codex", "codex"),
    ("@google/gemini-cli", "gemini"),
    ("@github/copilot", "copilot"),
    ("opencode-ai", "opencode"),
    ("aider-chat", "aider"),
    ("countersign", "countersign"),
];
/// Options that say what is asked and how it is answered, and nothing of what holds.
const PLAIN: [&str; 34] = [
    "-p",
    "--print",
    "-c",
    "--continue",
    "-r",
    "--resume",
    "--model",
    "-m",
    "--fallback-model",
    "--effort",
    "--output-format",
    "--input-format",
    "--verbose",
    "--include-partial-messages",
    "--session-id",
    "--max-turns",
    "--max-budget-usd",
    "--json-schema",
    "--append-system-prompt",
    "--system-prompt",
    "--disallowedTools",
    "--no-session-persistence",
    "-n",
    "--name",
    "--json",
    "-o",
    "--output-last-message",
    "--color",
    "--skip-git-repo-check",
    "--output-schema",
    "-i",
    "--image",
    "--ephemeral",
    "--strict-config",
];
/// Verbs of hosts that show something. They may start what the settings name.
const SHOWS: [&[&str]; 8] = [
    &["mcp", "list"],
    &["mcp", "get"],
    &["config", "get"],
    &["config", "list"],
    &["features", "list"],
    &["login", "status"],
    &["completion"],
    &["doctor"],
];
/// Verbs of hosts that ask an agent for something.
const WORKS: [&str; 5] = ["exec", "e", "review", "resume", "fork"];
/// Verbs of hosts that do anything else.
const VERBS: [&str; 38] = [
    "mcp",
    "config",
    "plugin",
    "plugins",
    "auth",
    "install",
    "update",
    "upgrade",
    "setup-token",
    "remote-control",
    "gateway",
    "import",
    "purge",
    "respawn",
    "stop",
    "rm",
    "attach",
    "agents",
    "logs",
    "auto-mode",
    "login",
    "logout",
    "app-server",
    "mcp-server",
    "sandbox",
    "debug",
    "apply",
    "queue",
    "archive",
    "delete",
    "unarchive",
    "migrate-rollouts",
    "migrate-nfs-db",
    "cloud",
    "exec-server",
    "features",
    "migrate-installer",
    "ultrareview",
];

/// Knows hosts of agents, and the programs that fetch one.
pub(super) fn judge(judge: &mut Judge<'_>, call: &Call<'_>) -> bool {
    if matches!(call.name, "apply_patch" | "applypatch" | "apply-patch") {
        patch(judge, call);
        return true;
    }
    if matches!(
        call.name,
        "npx" | "bunx" | "pnpx" | "uvx" | "npm" | "pnpm" | "yarn" | "bun" | "uv" | "pipx"
    ) {
        fetched(judge, call);
        return false;
    }
    if HELD.contains(&call.name) {
        held(judge, call);
    } else if OTHERS.contains(&call.name) {
        other(judge, call);
    } else {
        return false;
    }
    true
}

/// `npx PACKAGE …` runs what the package is called.
fn fetched(judge: &mut Judge<'_>, call: &Call<'_>) {
    for (at, word) in call.args.iter().enumerate() {
        let text = word.text.as_str();
        let text = text.split_once('=').map_or(text, |(_, value)| value);
        let is = |name: &str| {
            text.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
        };
        let package = PACKAGES.iter().find(|(name, _)| is(name));
        let Some((_, program)) = package.filter(|_| is_run(call, at)) else { continue };
        let rest = call.args.get(at + 1..).unwrap_or_default();
        let words: Vec<Word> = std::iter::once(Word::literal(*program))
            .chain(rest.iter().skip_while(|word| word.text == "--").cloned())
            .collect();
        judge.words(&words, call.raw, call.input);
        return;
    }
}

/// Whether what stands here is run, and not merely installed or looked up.
fn is_run(call: &Call<'_>, at: usize) -> bool {
    let before = call.args.get(..at).unwrap_or_default();
    let runs = ["exec", "x", "dlx", "run", "tool"];
    !matches!(call.name, "npm" | "pnpm" | "yarn" | "bun" | "uv" | "pipx")
        || before.iter().any(|word| runs.contains(&word.text.as_str()))
}

fn held(judge: &mut Judge<'_>, call: &Call<'_>) {
    let words: Vec<&str> = call.args.iter().map(|word| word.text.as_str()).collect();
    if matches!(words.as_slice(), ["--version" | "--help" | "-h" | "-v" | "-V" | "help"]) {
        judge.report.find(call.raw, "it says what it is", "file_read", Risk::Low);
        return;
    }
    let known = call.args.iter().all(|word| word.known().is_some());
    let shows = |verbs: &&[&str]| words.len() <= verbs.len() + 1 && words.starts_with(verbs);
    if known && SHOWS.iter().any(shows) && !words.iter().any(|word| word.starts_with('-')) {
        let why = "it shows settings of an agent, and may start what they name";
        judge.report.find(call.raw, why, "shell_exec", Risk::Medium);
        return;
    }
    judge.report.find(call.raw, "it starts an agent", "shell_exec.agent", Risk::High);
    if call.args.iter().any(|word| loosens(call.name, word)) || other_verb(&words) {
        let why = "it starts an agent past the gate, or changes what an agent obeys";
        judge.report.protected(call.raw, why, "shell_exec.agent");
    }
}

/// Whether a word may change what holds an agent.
fn loosens(host: &str, word: &Word) -> bool {
    let name = word.text.split('=').next().unwrap_or_default();
    // To Codex these are a setting, and a set of settings.
    let setting = host == "codex" && matches!(name, "-c" | "-p");
    let option = word.text.starts_with('-') && word.text.len() > 1;
    word.starts_unknown() || option && (setting || !PLAIN.contains(&name))
}

/// Whether the first word that is no option is a verb that does more than ask. `-c` is a setting
/// to one host and an earlier talk to the other.
fn other_verb(words: &[&str]) -> bool {
    let first = words.iter().find(|word| !word.starts_with('-')).copied().unwrap_or_default();
    VERBS.contains(&first) && !WORKS.contains(&first)
}

fn other(judge: &mut Judge<'_>, call: &Call<'_>) {
    if matches!(call.args, [only] if matches!(only.text.as_str(), "--version" | "--help")) {
        judge.report.find(call.raw, "it says what it is", "file_read", Risk::Low);
        return;
    }
    let why = "it starts an agent that this gate may not hold";
    judge.report.find(call.raw, why, "shell_exec.agent", Risk::High);
    let loose = ["yolo", "dangerous", "bypass", "yes-always", "skip-perm", "allow-all", "--force"];
    if call.args.iter().any(|word| loose.iter().any(|said| word.text.contains(said))) {
        judge.report.protected(call.raw, "it starts an agent past the gate", "shell_exec.agent");
    }
}

/// The patch program of agents: no looser than writing to each of its files.
fn patch(judge: &mut Judge<'_>, call: &Call<'_>) {
    let text = match (call.args, call.input) {
        ([only], _) => only.known().map(str::to_owned),
        ([], Input::Text(text)) => Some(text.clone()),
        _ => None,
    };
    match text {
        Some(text) => envelope::judge(judge, &text, |judge, path| judge.written(path)),
        None => judge.report.unreadable(call.raw, "which files it changes is not known"),
    }
}

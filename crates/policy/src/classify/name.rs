//! What names speak of: `transferFunds`, `delete-user`, `/v1/refunds`.

use super::report::cut;
use countersign_core::artifact::Risk;

/// How much of a name is read, in bytes. Whoever hands over a longer one judges its length.
pub(super) const NAME: usize = 1_024;
/// Words and what they say, most dangerous first.
const WORDS: [(&str, Risk, &[&str]); 8] = [
    (
        "delete",
        Risk::High,
        &[
            "delete",
            "del",
            "remove",
            "rm",
            "drop",
            "purge",
            "destroy",
            "erase",
            "truncate",
            "wipe",
            "unlink",
            "terminate",
            "deregister",
            "clear",
            "trash",
            "reset",
            "revert",
            "rollback",
            "uninstall",
            "kill",
            "nuke",
            "expunge",
            "shred",
            "discard",
            "prune",
            "cleanup",
            "empty",
        ],
    ),
    ("payment.refund", Risk::High, &["refund", "chargeback"]),
    (
        "payment",
        Risk::High,
        &[
            "pay",
            "payment",
            "payout",
            "transfer",
            "charge",
            "wire",
            "invoice",
            "purchase",
            "buy",
            "checkout",
            "withdraw",
            "deposit",
            "remit",
            "billing",
            "subscribe",
            "sepa",
            "ach",
            "swap",
            "stake",
            "donate",
            "tip",
            "order",
            "trade",
            "sell",
            "fund",
            "iban",
        ],
    ),
    (
        "account_change",
        Risk::High,
        &[
            "grant",
            "invite",
            "password",
            "passwd",
            "role",
            "permission",
            "revoke",
            "privilege",
            "credential",
            "token",
            "secret",
            "login",
            "logout",
            "auth",
            "authorize",
            "sudo",
            "share",
            "acl",
            "iam",
            "apikey",
            "mfa",
            "otp",
            "impersonate",
        ],
    ),
    (
        "data_export",
        Risk::High,
        &[
            "export",
            "upload",
            "send",
            "email",
            "mail",
            "post",
            "publish",
            "forward",
            "share",
            "sms",
            "tweet",
            "notify",
            "backup",
            "dump",
            "sync",
            "message",
            "webhook",
            "attach",
            "reply",
            "broadcast",
            "exfiltrate",
            "paste",
        ],
    ),
    (
        "checkpoint.deploy",
        Risk::High,
        &["deploy", "release", "migrate", "migration", "rollout", "promote", "push", "merge"],
    ),
    (
        "shell_exec",
        Risk::High,
        &[
            "bash",
            "shell",
            "exec",
            "execute",
            "run",
            "command",
            "cmd",
            "terminal",
            "eval",
            "script",
            "spawn",
            "process",
            "subprocess",
            "python",
            "invoke",
            "call",
            "launch",
            "start",
            "install",
            "sh",
            "powershell",
            "repl",
            "code",
        ],
    ),
    (
        "file_write",
        Risk::Medium,
        &[
            "write", "edit", "create", "update", "save", "set", "put", "insert", "add", "append",
            "modify", "patch", "replace", "move", "rename", "copy", "mkdir", "touch", "upsert",
            "change", "make", "new", "str", "apply", "comment", "close", "open", "assign",
            "enable", "disable",
        ],
    ),
];
const READS: [&str; 26] = [
    "read", "list", "get", "search", "find", "grep", "glob", "view", "show", "describe", "ls",
    "cat", "count", "query", "lookup", "look", "stat", "info", "status", "head", "tail", "tree",
    "diff", "log", "browse", "inspect",
];
/// Things whose change changes who may do what.
const RIGHTS: [&str; 8] = ["user", "account", "member", "owner", "key", "group", "team", "admin"];
/// Words that say nothing of what happens, in the name of a tool that reads.
const PLAIN: [&str; 40] = [
    "file",
    "files",
    "directory",
    "directories",
    "dir",
    "folder",
    "folders",
    "path",
    "paths",
    "web",
    "text",
    "content",
    "contents",
    "name",
    "names",
    "all",
    "multiple",
    "many",
    "by",
    "in",
    "of",
    "the",
    "for",
    "with",
    "with_sizes",
    "issue",
    "issues",
    "repository",
    "repo",
    "branch",
    "branches",
    "commit",
    "commits",
    "project",
    "projects",
    "page",
    "pages",
    "docs",
    "documentation",
    "sizes",
];

/// The words of a name, in small letters: split at signs, digits and capitals.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        let next_small = chars.peek().is_some_and(|next| next.is_lowercase());
        let starts =
            c.is_uppercase() && (before.is_lowercase() || before.is_uppercase() && next_small);
        if !c.is_alphabetic() || starts {
            words.push(String::new());
        }
        if c.is_alphabetic()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// What the words of a name say: verbs and how dangerous they are.
pub(super) fn verbs(name: &str) -> Vec<(&'static str, Risk)> {
    let words = words(cut(name, NAME));
    let says = |list: &[&str]| words.iter().any(|word| list.iter().any(|said| is_form(word, said)));
    let mut found: Vec<_> = WORDS
        .iter()
        .filter(|(_, _, list)| says(list))
        .map(|(verb, risk, _)| (*verb, *risk))
        .collect();
    let changes = found.iter().any(|(verb, _)| *verb == "file_write");
    if changes && says(&RIGHTS) {
        found.push(("account_change", Risk::High));
    }
    found
}

/// Whether a word is this one: as it is, or as `-s`, `-ed`, `-ing`, `-er`, `-ion`.
fn is_form(word: &str, said: &str) -> bool {
    let ending = |stem: &str, endings: &[&str]| {
        word.strip_prefix(stem).is_some_and(|rest| endings.contains(&rest))
    };
    match said.strip_suffix('e').filter(|stem| stem.len() > 2) {
        Some(stem) => ending(stem, &["e", "es", "ed", "ing", "er", "or", "ion", "ions"]),
        None if said.len() < 3 => word == said,
        None => {
            ending(said, &["", "s", "es", "ed", "ing", "er", "ment", "ments"])
                || is_doubled(word, said)
        }
    }
}

/// `dropping` is `drop`, and `dropped` too.
fn is_doubled(word: &str, said: &str) -> bool {
    let rest = word.strip_prefix(said);
    let ends = |rest: &str| {
        rest.strip_suffix("ing").or_else(|| rest.strip_suffix("ed")).map(str::to_owned)
    };
    rest.filter(|rest| rest.len() < 5)
        .and_then(ends)
        .is_some_and(|double| said.ends_with(&double) && double.len() == 1)
}

/// Whether a name says that something is only read, and nothing else.
pub(super) fn is_read(name: &str) -> bool {
    let words = words(cut(name, NAME));
    let reads = |word: &str| READS.iter().any(|said| is_form(word, said));
    words.iter().any(|word| reads(word)) && verbs(name).is_empty()
}

/// Whether each of its words is known to read or to say nothing.
pub(super) fn is_only_read(name: &str) -> bool {
    let reads = |word: &String| {
        READS.iter().any(|said| is_form(word, said)) || PLAIN.contains(&word.as_str())
    };
    is_read(name) && words(name).iter().all(reads)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_apart_into_words() {
        assert_eq!(words("transferFunds"), ["transfer", "funds"]);
        assert_eq!(
            words("HTTPDelete-user_v2/list.all"),
            ["http", "delete", "user", "v", "list", "all"]
        );
    }

    #[test]
    fn every_verb_of_a_word_is_one() {
        for (verb, _, _) in WORDS {
            assert!(crate::verb::Verb::new(verb).is_some(), "{verb}");
        }
    }

    #[test]
    fn attack_12_a_word_in_another_form_speaks_of_the_same() {
        for name in [
            "deleteUser",
            "DELETE_ALL",
            "mass-deletion",
            "remover",
            "purging",
            "payments",
            "wireTransfer",
            "refunded",
        ] {
            assert!(verbs(name).iter().any(|(_, risk)| *risk >= Risk::High), "{name}");
            assert!(!is_read(name), "{name}");
        }
    }
}

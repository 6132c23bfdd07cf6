//! The line that a host runs, read back.

use countersign_hosts::Host;
use std::path::PathBuf;

/// What an installed line names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Line {
    pub(crate) binary: PathBuf,
    pub(crate) home: Option<PathBuf>,
    /// Seconds.
    pub(crate) timeout: Option<u32>,
    /// Whether the shell refuses where the hook could not answer.
    pub(crate) closes: bool,
}

/// Reads a line of ours: `'/path/countersign' hook HOST --home '/h' --timeout N || { …; exit 2; }`.
/// `None` where it calls the hook in some other way, which is not ours to judge.
pub(crate) fn read(host: Host, command: &str) -> Option<Line> {
    let words = words(command);
    let (call, rest) = words.split_at(words.iter().position(|w| w == "||").unwrap_or(words.len()));
    let [binary, verb, name, options @ ..] = call else { return None };
    if verb != "hook" || name != host.name() {
        return None;
    }
    let option = |name: &str| {
        let at = options.iter().position(|word| word == name)?;
        options.get(at + 1)
    };
    let closes = rest
        .iter()
        .collect::<Vec<_>>()
        .windows(2)
        .any(|w| matches!(w, [e, two] if *e == "exit" && two.trim_end_matches(';') == "2"));
    Some(Line {
        binary: PathBuf::from(binary),
        home: option("--home").map(PathBuf::from),
        timeout: option("--timeout").and_then(|text| text.parse().ok()),
        closes,
    })
}

/// The words of a line; single quotes and backslashes quote as in a shell, nothing is expanded.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => word.get_or_insert_default().extend(chars.by_ref().take_while(|c| *c != '\'')),
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installed_line_names_binary_home_and_time() {
        let tail = "|| { echo 'countersign: the hook failed' >&2; exit 2; }";
        let text = format!("'/a b/countersign' hook codex --home '/it'\\''s' --timeout 600 {tail}");
        let line = read(Host::Codex, &text).unwrap();
        assert_eq!(line.binary, PathBuf::from("/a b/countersign"));
        assert_eq!(line.home, Some(PathBuf::from("/it's")));
        assert_eq!((line.timeout, line.closes), (Some(600), true));
    }

    #[test]
    fn a_line_that_opens_on_failure_or_calls_for_another_host_is_told() {
        let open = read(Host::Codex, "/c/countersign hook codex --home /h --timeout 9 || true");
        assert!(!open.unwrap().closes);
        assert!(read(Host::Codex, "/c/countersign hook claude-code --home /h").is_none());
        assert!(read(Host::Codex, "echo hi").is_none());
        assert!(read(Host::Codex, "").is_none());
    }
}

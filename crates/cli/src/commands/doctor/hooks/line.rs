//! The line that a host runs, read back.

use countersign_hosts::Host;
use countersign_hosts::settings::command_line;
use std::path::PathBuf;

/// What an installed line names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Line {
    pub(crate) binary: PathBuf,
    pub(crate) home: Option<PathBuf>,
    /// Seconds.
    pub(crate) timeout: Option<u32>,
    /// Whether it is to the byte what `install` writes for these, with the refusal where the hook
    /// could not answer: whatever else stands in a line may undo that.
    pub(crate) whole: bool,
}

/// Reads a line of ours: `'/path/countersign' hook HOST --home '/h' --timeout N || { …; exit 2; }`.
/// `None` where it calls the hook in some other way, which is not ours to judge.
pub(crate) fn read(host: Host, command: &str) -> Option<Line> {
    let words = words(command);
    let [binary, verb, name, options @ ..] = words.as_slice() else { return None };
    if verb != "hook" || name != host.name() {
        return None;
    }
    let option = |name: &str| {
        let at = options.iter().position(|word| word == name)?;
        options.get(at + 1)
    };
    let (home, timeout) = (option("--home"), option("--timeout").and_then(|t| t.parse().ok()));
    let written = home.zip(timeout).map(|(home, limit)| command_line(host, binary, home, limit));
    let whole = matches!(written, Some(Ok(line)) if line == command);
    Some(Line { binary: binary.into(), home: home.map(PathBuf::from), timeout, whole })
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
        let text = command_line(Host::Codex, "/a b/countersign", "/it's", 600).unwrap();
        let line = read(Host::Codex, &text).unwrap();
        assert_eq!(line.binary, PathBuf::from("/a b/countersign"));
        assert_eq!(line.home, Some(PathBuf::from("/it's")));
        assert_eq!((line.timeout, line.whole), (Some(600), true));
    }

    #[test]
    fn attack_46_a_line_that_was_touched_is_not_whole() {
        let text = command_line(Host::Codex, "/c/countersign", "/h", 9).unwrap();
        for (from, to) in [
            ("exit 2", "exit 0"),
            ("exit 2", "exit 0; exit 2"),
            ("||", "|| true ||"),
            ("-eq", "-ne"),
            ("[ $? -eq 2 ] || ", ""),
            (" >&2", ""),
            ("; }", "; } || true"),
            (" --home", " --version --home"),
        ] {
            let touched = text.replacen(from, to, 1);
            assert_ne!(touched, text);
            assert!(read(Host::Codex, &touched).is_none_or(|line| !line.whole), "{touched}");
        }
    }

    #[test]
    fn what_calls_for_another_host_or_nothing_is_no_line_of_ours() {
        assert!(read(Host::Codex, "/c/countersign hook claude-code --home /h").is_none());
        assert!(read(Host::Codex, "exit 0; /c/countersign hook codex --home /h").is_none());
        assert!(read(Host::Codex, "").is_none());
    }
}

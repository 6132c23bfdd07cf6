//! The line of shell that a host runs.

use crate::Host;
use std::path::PathBuf;

/// Why no line can be made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadLine {
    /// A path with a line break or another control character in it.
    #[error("the path `{0}` holds a control character, which no line of shell carries safely")]
    Control(String),
    /// A path that depends on where the host stands.
    #[error("the path `{0}` is not absolute")]
    Relative(String),
    /// A binary whose entry nobody would know as ours.
    #[error("the binary `{0}` has another name than `countersign`, by which its entry is known")]
    Name(String),
}

/// What follows the hook in its line. Where the hook refused (2), its own words stand; whatever else
/// it ended with, and where it could not be started, is a refusal with words of the line, since one
/// host takes a refusal without words for none.
const OTHERWISE: &str = "|| { [ $? -eq 2 ] || echo 'countersign: the hook failed, so nothing runs; \
    ask the user to run: countersign doctor' >&2; exit 2; }";

/// The line that a host runs before a tool: our hook, and a refusal where it could not answer.
///
/// Both paths are absolute; `timeout` is the host's limit in seconds.
///
/// # Errors
/// Where a path cannot stand in a line.
pub fn command_line(host: Host, binary: &str, home: &str, timeout: u32) -> Result<String, BadLine> {
    for path in [binary, home] {
        if path.chars().any(char::is_control) {
            let shown = countersign_core::display::visible(path, false);
            return Err(BadLine::Control(shown));
        }
        if !path.starts_with('/') {
            return Err(BadLine::Relative(countersign_core::display::visible(path, false)));
        }
    }
    let line = format!(
        "{} hook {} --home {} --timeout {timeout} {OTHERWISE}",
        quoted(binary),
        host.name(),
        quoted(home),
    );
    if !is_ours(&line) {
        return Err(BadLine::Name(countersign_core::display::visible(binary, false)));
    }
    Ok(line)
}

/// What an installed line names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The program that it starts.
    pub binary: PathBuf,
    /// The home that the hook is told.
    pub home: Option<PathBuf>,
    /// The host's limit that the hook is told, in seconds.
    pub timeout: Option<u32>,
    /// Whether it is to the byte what [`command_line`] writes for these, with the refusal where the
    /// hook could not answer: whatever else stands in a line may undo that.
    pub whole: bool,
}

impl Line {
    /// Reads back a line of ours. `None` where it calls the hook in some other way, or for another
    /// host, which is not ours to judge.
    #[must_use]
    pub fn read(host: Host, command: &str) -> Option<Self> {
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
        let written =
            home.zip(timeout).map(|(home, limit)| command_line(host, binary, home, limit));
        let whole = matches!(written, Some(Ok(line)) if line == command);
        Some(Self { binary: binary.into(), home: home.map(PathBuf::from), timeout, whole })
    }
}

/// Whether a command calls `countersign hook`, by whatever path.
#[must_use]
pub fn is_ours(command: &str) -> bool {
    let words = words(command);
    let pairs = words.iter().zip(words.iter().skip(1));
    let named = |word: &str| word.rsplit('/').next() == Some("countersign");
    pairs.into_iter().any(|(program, verb)| named(program) && verb == "hook")
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The words of a line as a shell splits them; nothing is expanded.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => word.get_or_insert_default().extend(chars.by_ref().take_while(|c| *c != '\'')),
            '"' => double(&mut chars, word.get_or_insert_default()),
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c if c.is_whitespace() || "|&;()<>".contains(c) => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn double(chars: &mut std::str::Chars<'_>, word: &mut String) {
    while let Some(c) = chars.next() {
        match c {
            '"' => return,
            '\\' => word.extend(chars.next()),
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_binary_and_home_whatever_is_in_their_paths() {
        let line =
            command_line(Host::Codex, "/a b/it's/countersign", "/h\"o$(m)`e\\", 600).unwrap();
        assert_eq!(
            words(&line)[..7],
            [
                "/a b/it's/countersign",
                "hook",
                "codex",
                "--home",
                "/h\"o$(m)`e\\",
                "--timeout",
                "600"
            ]
        );
        assert!(line.ends_with(OTHERWISE), "{line}");
    }

    #[test]
    fn a_path_that_no_line_carries_is_refused() {
        for (binary, home) in [
            ("/a\nb/countersign", "/h"),
            ("/countersign", "/h\r"),
            ("/countersign", "h"),
            ("countersign", "/h"),
            ("/usr/bin/cs", "/h"),
            ("", "/h"),
        ] {
            assert!(
                command_line(Host::ClaudeCode, binary, home, 1).is_err(),
                "{binary:?} {home:?}"
            );
        }
    }

    #[test]
    fn our_entries_are_known_by_what_they_call() {
        for ours in [
            "countersign hook codex",
            "'/x y/countersign' hook claude-code --home /h || exit 2",
            "X=1 \"/a/countersign\"  hook",
            "true;/b/countersign hook",
            "/it\\'s/countersign hook x",
        ] {
            assert!(is_ours(ours), "{ours}");
        }
        for other in [
            "",
            "countersign run -- hook",
            "'countersign hook'",
            "hook",
            "xcountersign hook",
            "countersign hooks",
            "echo countersign",
            "countersign/hook",
        ] {
            assert!(!is_ours(other), "{other}");
        }
    }

    #[test]
    fn an_installed_line_names_binary_home_and_time() {
        let text = command_line(Host::Codex, "/a b/countersign", "/it's", 600).unwrap();
        let line = Line::read(Host::Codex, &text).unwrap();
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
            assert!(Line::read(Host::Codex, &touched).is_none_or(|line| !line.whole), "{touched}");
        }
    }

    #[test]
    fn what_calls_for_another_host_or_nothing_is_no_line_of_ours() {
        assert!(Line::read(Host::Codex, "/c/countersign hook claude-code --home /h").is_none());
        assert!(Line::read(Host::Codex, "exit 0; /c/countersign hook codex --home /h").is_none());
        assert!(Line::read(Host::Codex, "").is_none());
    }
}

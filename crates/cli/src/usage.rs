//! A command line that makes no sense ends as every other failure: one line, a code, a hint.

use crate::args::Args;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use clap::error::ErrorKind;
use clap::{Error, Parser as _};
use std::ffi::OsString;
use std::process::ExitCode;

/// The arguments of this process, or how it ends instead.
pub(crate) fn parse() -> Result<Args, ExitCode> {
    Args::try_parse().map_err(|error| end(&error))
}

fn end(error: &Error) -> ExitCode {
    let json = wants_json(std::env::args_os());
    let shows_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if !error.use_stderr() || (shows_help && !json) {
        // What was asked for: the help, or the version. A closed pipe is the reader's choice.
        let _ = error.print();
        return if error.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() };
    }
    let is_empty = std::env::var_os("COUNTERSIGN_HOME").is_some_and(|home| home.is_empty());
    Output::new(json).failure(&failure(error, is_empty))
}

/// Parsing failed, so the flag is looked for where it would stand: before what belongs to a child.
fn wants_json(words: impl IntoIterator<Item = OsString>) -> bool {
    words.into_iter().take_while(|word| word != "--").any(|word| word == "--json")
}

/// What is wrong. The parser calls a home without a name a flag without a value, whoever gave it.
fn failure(error: &Error, is_home_empty: bool) -> Failure {
    use ErrorKind::{DisplayHelpOnMissingArgumentOrSubcommand, MissingSubcommand};
    if matches!(error.kind(), DisplayHelpOnMissingArgumentOrSubcommand | MissingSubcommand) {
        return Failure::new(Exit::Usage, "usage", "no command was given")
            .hint("try 'countersign --help'");
    }
    let text = error.render().to_string();
    if is_home_empty && text.contains("'--home <DIR>'") {
        return Failure::new(Exit::Usage, "usage", "the variable COUNTERSIGN_HOME is empty")
            .hint("unset it for ~/.countersign, or name a directory; see 'countersign --help'");
    }
    let mut paragraphs = text.split("\n\n").map(one_line);
    let message = paragraphs.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(&message).to_owned();
    let hints: Vec<String> = paragraphs.filter(|p| !p.is_empty()).map(lower_case).collect();
    Failure::new(Exit::Usage, "usage", message).hint(hints.join("; "))
}

fn one_line(paragraph: &str) -> String {
    let lines: Vec<&str> = paragraph.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    lines.join(" ")
}

fn lower_case(paragraph: String) -> String {
    let usual = ["tip: ", "For more information, "].iter();
    match usual.filter_map(|words| paragraph.strip_prefix(words)).next() {
        Some(rest) => rest.trim_end_matches('.').to_owned(),
        None => match paragraph.strip_prefix("Usage: ") {
            // The parser counts a home that the environment names as one that is needed.
            Some(usage) => format!("usage: {}", usage.replace(" --home <DIR>", "")),
            None => paragraph,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &[&str]) -> Failure {
        let words = ["countersign"].iter().chain(line);
        match Args::try_parse_from(words) {
            Ok(_) => panic!("{line:?} was accepted"),
            Err(error) => failure(&error, false),
        }
    }

    #[test]
    fn a_usage_error_is_one_line_with_a_hint() {
        for line in [
            &["frobnicate"][..],
            &["run"],
            &["run", "--ttl", "5d", "--", "true"],
            &["pair"],
            &["receipt"],
            &["approve"],
            &["demo", "--approve", "--deny"],
        ] {
            let refused = refused(line);
            assert_eq!((refused.exit, refused.code.as_str()), (Exit::Usage, "usage"));
            assert!(!refused.message.contains('\n') && !refused.message.is_empty(), "{line:?}");
            assert!(!refused.hint.contains('\n') && refused.hint.contains("--help"), "{line:?}");
            assert!(!refused.message.starts_with("error:"), "{}", refused.message);
        }
    }

    #[test]
    fn a_home_that_the_environment_names_is_not_said_to_be_needed() {
        let usage = "Usage: countersign run --home <DIR> -- <CMD>...".to_owned();
        assert_eq!(lower_case(usage), "usage: countersign run -- <CMD>...");
    }

    #[test]
    fn an_empty_variable_for_the_home_is_named() {
        let refused = |line: &[&str], is_home_empty| match Args::try_parse_from(line) {
            Ok(_) => panic!("{line:?} was accepted"),
            Err(error) => failure(&error, is_home_empty).message,
        };
        let empty = ["countersign", "--home", "", "status"];
        assert_eq!(refused(&empty, true), "the variable COUNTERSIGN_HOME is empty");
        assert!(refused(&empty, false).contains("--home <DIR>"));
        assert!(refused(&["countersign", "frobnicate"], true).contains("frobnicate"));
    }

    #[test]
    fn the_childs_own_flags_are_not_ours() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert!(wants_json(words("countersign run --json -- x")));
        assert!(!wants_json(words("countersign run -- x --json")));
    }
}

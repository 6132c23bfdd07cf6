//! The checks for people: aligned, one line each, and below what is wrong how to mend it.

use super::check::{Check, State};
use crate::output::{Output, wrapped};
use countersign_core::display::{counted, visible};

/// The whole text, with one line at its end that sums it up.
pub(super) fn page(output: Output, checks: &[Check]) -> String {
    let wide = checks.iter().map(|check| check.name.chars().count()).max().unwrap_or_default();
    let mut lines: Vec<String> = checks.iter().flat_map(|one| shown(output, one, wide)).collect();
    lines.push(String::new());
    lines.push(sum(checks));
    lines.join("\n")
}

fn shown(output: Output, check: &Check, wide: usize) -> Vec<String> {
    let pad = " ".repeat(wide.saturating_sub(check.name.chars().count()));
    let rest = format!("  {}{pad}  {}", check.name, visible(&check.found, false));
    let blank = " ".repeat(WORD);
    let line = wrapped(&format!("{blank}{rest}"), output.columns(), WORD + 2 + wide + 2);
    let word = painted(output, check.state);
    let mut lines = vec![format!("{word}{}", line.strip_prefix(&blank).unwrap_or(&rest))];
    if let Some(fix) = &check.fix {
        // Never broken by us, so that it can be copied.
        lines.push(format!("{blank}  fix: {}", visible(fix, false)));
    }
    lines
}

/// The columns of a state.
const WORD: usize = 7;

/// In [`WORD`] columns.
fn painted(output: Output, state: State) -> String {
    let (word, code) = match state {
        State::Ok => ("ok     ", "32"),
        State::Skipped => ("skipped", "2"),
        State::Warn => ("warn   ", "33"),
        State::Fail => ("FAIL   ", "31"),
    };
    if output.color() { format!("\x1b[{code}m{word}\x1b[0m") } else { word.to_owned() }
}

fn sum(checks: &[Check]) -> String {
    let of = |state| checks.iter().filter(|check| check.state == state).count();
    match (of(State::Fail), of(State::Warn)) {
        (0, 0) => "all is well".to_owned(),
        (0, warnings) => format!("nothing failed; {}", counted(warnings, "warning")),
        (failed, warnings) => format!("{failed} failed, {warnings} warned"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_foreign_reaches_no_terminal_raw_and_columns_stand_below_each_other() {
        let checks = [
            Check::ok("home", "fine"),
            Check::fail("hook codex", "\u{1b}[2Jgone", "countersign install codex"),
        ];
        let text = page(Output::new(true), &checks);
        assert!(!text.contains('\u{1b}'), "{text}");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "ok       home        fine");
        assert!(lines[1].starts_with("FAIL     hook codex  "), "{text}");
        assert_eq!(lines[2], "         fix: countersign install codex");
        assert_eq!(lines.last(), Some(&"1 failed, 0 warned"));
    }
}

//! `policy check`: every mistake of a policy, with its place.

use super::labels::{self, Unknown};
use super::layers::{Standing, Text};
use super::page::{Paint, paint};
use super::situation::{Situation, Who};
use crate::commands::Here;
use crate::failure::{Exit, Failure, Outcome};
use crate::output::Output;
use countersign_core::display::{counted, visible};
use countersign_policy::LayerName;
use countersign_policy::load::{Mistake, Mistakes};
use serde::Serialize;
use serde_json::json;
use std::path::PathBuf;
use unicode_width::UnicodeWidthStr as _;

/// Load a policy and show every mistake in it, with its place.
///
/// A label of an approver that is nobody's in this home is a warning here; the gate refuses what
/// asks nobody.
#[derive(clap::Args)]
#[command(after_help = "Exit 0 where everything loads, 1 where there is a mistake.\n\n\
    Examples:\n  \
    countersign policy check\n  \
    countersign policy check policy.toml\n  \
    countersign policy check --json config.yaml")]
pub(crate) struct Check {
    /// The policy's file: TOML, or YAML where it ends in .yaml or .yml [default: the policies of
    /// this place]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// What was found in one file.
#[derive(Serialize)]
struct Report {
    file: String,
    layer: LayerName,
    mistakes: Vec<Mistake>,
    warnings: Vec<Unknown>,
    rules: usize,
    tests: usize,
}

impl Check {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let texts = match &self.file {
            Some(path) => vec![Text::named(path)?],
            None => {
                let situation = Situation::of(&Who::default(), &here.root)?;
                Standing::of(here, &situation).await?.texts
            }
        };
        let mut lines = Vec::new();
        let mut reports = Vec::new();
        for text in &texts {
            reports.push(report(here, text, &mut lines)?);
        }
        let ok = reports.iter().all(|report| report.mistakes.is_empty());
        here.output.result(&lines.join("\n"), &json!({"ok": ok, "files": reports}))?;
        Ok(if ok { Exit::Ok } else { Exit::Failed })
    }
}

fn report(here: &Here<'_>, text: &Text, lines: &mut Vec<String>) -> Result<Report, Failure> {
    let mut report = Report {
        file: text.name.clone(),
        layer: text.layer,
        mistakes: Vec::new(),
        warnings: Vec::new(),
        rules: 0,
        tests: 0,
    };
    match text.load() {
        Ok(loaded) => {
            (report.rules, report.tests) = (loaded.policy.rules.len(), loaded.policy.tests.len());
            report.warnings = labels::unknown(here, &loaded)?;
            lines.extend(report.warnings.iter().map(|warning| warned(here, text, warning)));
            lines.push(match &text.missing {
                Some(missing) => {
                    let word = paint(here.output, Paint::Careful, "warning:");
                    format!("{}: {word} {}", text.name, missing.said())
                }
                None => summary(here.output, &report),
            });
        }
        Err(Mistakes(mistakes)) => {
            lines.extend(shown(here.output, text, &mistakes));
            report.mistakes = mistakes;
        }
    }
    Ok(report)
}

fn warned(here: &Here<'_>, text: &Text, warning: &Unknown) -> String {
    let word = paint(here.output, Paint::Careful, "warning:");
    match (warning.line, warning.column) {
        (Some(line), Some(column)) => {
            format!("{}:{line}:{column}: {word} {}", text.name, visible(&warning.message, true))
        }
        _ => format!("{}: {word} {}", text.name, visible(&warning.message, true)),
    }
}

fn summary(output: &Output, report: &Report) -> String {
    let mut parts = vec![counted(report.rules, "rule"), counted(report.tests, "test")];
    if !report.warnings.is_empty() {
        parts.push(counted(report.warnings.len(), "warning"));
    }
    let good = paint(output, Paint::Good, "no mistakes");
    format!("{}: {good} ({})", report.file, parts.join(", "))
}

/// Every mistake with its line and a caret, and how many there are.
pub(super) fn shown(output: &Output, text: &Text, mistakes: &[Mistake]) -> Vec<String> {
    let source = String::from_utf8_lossy(&text.bytes);
    let source: Vec<&str> = source.lines().collect();
    let mut lines = Vec::new();
    for mistake in mistakes {
        let (line, column) = (mistake.line, mistake.column);
        let message = paint(output, Paint::Strong, &visible(&mistake.message, true));
        lines.push(format!("{}:{line}:{column}: {message}", text.name));
        let written = line.checked_sub(1).and_then(|n| source.get(n));
        if let Some(written) = written.filter(|line| !line.trim().is_empty()) {
            lines.extend(excerpt(output, written, column, &mistake.text));
        }
        lines.extend(mistake.hint.as_ref().map(|hint| format!("    {}", visible(hint, true))));
    }
    lines.push(format!("{}: {}", text.name, counted(mistakes.len(), "mistake")));
    lines
}

/// The longest part of a line that is shown, in characters.
const SHOWN: usize = 72;

/// A line of the file with a caret below what is wrong; of a long one the part around it.
fn excerpt(output: &Output, written: &str, column: usize, text: &str) -> Vec<String> {
    let at = column.saturating_sub(1);
    let written: Vec<char> = written.chars().map(|c| if c == '\t' { ' ' } else { c }).collect();
    let from = if written.len() > SHOWN { at.saturating_sub(SHOWN / 2) } else { 0 };
    let part = |from: usize, to: usize| -> String {
        written.iter().skip(from).take(to.saturating_sub(from)).collect()
    };
    let clean = |text: String| visible(&text, true);
    let (before, rest) = (clean(part(from, at)), clean(part(at.max(from), from + SHOWN)));
    let (left, right) =
        (if from > 0 { "…" } else { "" }, if written.len() > from + SHOWN { "…" } else { "" });
    let wrong = visible(text.trim_end_matches('…'), true).width().clamp(1, rest.width().max(1));
    let caret = paint(output, Paint::Bad, &"^".repeat(wrong));
    let pad = " ".repeat(before.width() + left.width());
    vec![format!("    {left}{before}{rest}{right}"), format!("    {pad}{caret}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_what_is_wrong_also_in_a_long_line() {
        let output = Output::new(true);
        let shown = excerpt(&output, "\tcondtions = []", 2, "condtions");
        assert_eq!(shown, ["     condtions = []", "     ^^^^^^^^^"]);
        let long = format!("{}WRONG{}", "é".repeat(500), "x".repeat(500));
        let shown = excerpt(&output, &long, 501, "WRONG");
        let start = shown[1].width() - 5;
        let under: String = shown[0].chars().skip(start).take(5).collect();
        assert_eq!((under.as_str(), shown[0].chars().count()), ("WRONG", SHOWN + 6));
    }

    #[test]
    fn attack_06_a_line_that_misleads_is_shown_as_it_is() {
        let shown =
            excerpt(&Output::new(true), "id = \"a\u{202e}b\" # \u{1b}[2J", 6, "\"a\u{202e}b\"");
        assert_eq!(shown, ["    id = \"a\\u{202e}b\" # \\u{1b}[2J", "         ^^^^^^^^^^^^"]);
    }
}

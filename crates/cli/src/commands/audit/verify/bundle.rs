//! `audit verify FILE`: a bundle, checked with nothing but the auditor's keys.

use crate::commands::Here;
use crate::commands::receipt::explain;
use crate::failure::{Exit, Failure, Outcome};
use countersign_core::bundle::{Checker, MAX_LINE, Problem, Report};
use countersign_core::display::visible;
use countersign_core::receipt::check::Verdict;
use countersign_core::trust::TrustStore;
use countersign_enforcer::Edge;
use countersign_enforcer::policy::known;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;

/// Checks a bundle, and says what was found.
pub(super) fn run(here: &Here<'_>, file: &Path, trust: &TrustStore) -> Outcome {
    let report = check(file, trust)?;
    here.output.result(&words(&report), &report)?;
    Ok(if report.is_valid() { Exit::Ok } else { Exit::Verification })
}

/// Reads a bundle line by line. No line is longer than any may be.
fn check(path: &Path, trust: &TrustStore) -> Result<Report, Failure> {
    let failed = |e: std::io::Error| {
        let message = format!("cannot read `{}`: {e}", path.display());
        Failure::new(Exit::Failed, "file", message)
            .hint("name a file of `countersign audit bundle`")
    };
    let mut reader = BufReader::new(File::open(path).map_err(failed)?);
    let mut checker = Checker::new(trust, Edge::system().now()).knowing(known());
    let mut line = Vec::new();
    while read_line(&mut reader, &mut line).map_err(failed)? {
        if line.pop() != Some(b'\n') {
            checker.broken("the file stops in the middle of a line, or a line is too long");
            break;
        }
        if !checker.line(&line) {
            break;
        }
    }
    Ok(checker.end())
}

/// Whether there was another line, or a part of one.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
    line.clear();
    Ok(reader.take(MAX_LINE as u64 + 1).read_until(b'\n', line)? > 0)
}

fn words(report: &Report) -> String {
    if let Some(first) =
        report.problems.first().filter(|one| report.ledger.is_none() && one.line <= 1)
    {
        return format!("NOT VALID: neither a `ledger.db` nor a bundle: {}", problem(first));
    }
    let mut lines = vec![match report.problems.as_slice() {
        [] => format!("VALID: {}", about(report)),
        [first, ..] => format!("NOT VALID: {}", problem(first)),
    }];
    let mut list = |title: &str, items: &[String]| {
        if !items.is_empty() {
            lines.push(format!("\n{title}"));
            lines.extend(items.iter().map(|item| format!("  - {}", visible(item, false))));
        }
    };
    let mut problems: Vec<String> = report.problems.iter().map(problem).collect();
    if report.more > 0 {
        problems.push(format!("and {} more", report.more));
    }
    list("wrong:", &problems);
    list("checked:", &report.checked);
    list("not checked:", &report.not_checked);
    list("keys in the home that differ from yours:", &report.differences);
    lines.join("\n")
}

fn about(report: &Report) -> String {
    let ledger = visible(report.ledger.as_deref().unwrap_or_default(), false);
    let Some(range) = report.range else {
        return format!("ledger {ledger} has no receipts of that time, its operator says");
    };
    let counts = |of: &std::collections::BTreeMap<String, u64>| {
        let one = |(name, count): (&String, &u64)| format!("{count} {name}");
        of.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    format!(
        "ledger {ledger}, receipts {} to {} ({})\nevents: {}",
        range.first,
        range.last,
        counts(&report.levels),
        counts(&report.events)
    )
}

fn problem(problem: &Problem) -> String {
    let place = match (problem.line, problem.receipt) {
        (0, None) => String::new(),
        (0, Some(seq)) => format!("receipt {seq}: "),
        (line, None) => format!("line {line}: "),
        (line, Some(seq)) => format!("line {line}, receipt {seq}: "),
    };
    let because = if problem.because.is_empty() {
        String::new()
    } else {
        format!(" ({})", visible(&problem.because, false))
    };
    let what = match &problem.verdict {
        Verdict::Malformed => "not what may stand there [Malformed]".to_owned(),
        Verdict::Unsupported => "of another version [Unsupported]".to_owned(),
        Verdict::Truncated => "something was cut off [Truncated]".to_owned(),
        verdict => explain(verdict),
    };
    format!("{place}{what}{because}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_no_ledger_and_no_bundle_is_called_so() {
        let dir = tempfile::tempdir().unwrap();
        let said = |text: &str| {
            let path = dir.path().join("file");
            std::fs::write(&path, text).unwrap();
            words(&check(&path, &TrustStore::default()).unwrap())
        };
        let text = said("dear auditor\n");
        assert!(
            text.starts_with("NOT VALID: neither a `ledger.db` nor a bundle: line 1: "),
            "{text}"
        );
    }
}

//! A review as text for a terminal.

use super::{Fact, Review, so_far};
use countersign_core::artifact::Risk;
use countersign_core::progress::SoFar;
use unicode_width::UnicodeWidthChar as _;

/// A column of labels is at least so wide.
const LABEL: usize = 16;
/// And at most so wide: longer ones stand on lines of their own.
const LONGEST: usize = 36;
const INDENT: usize = 2;

/// The review as lines of at most `width` columns, where the words allow it.
///
/// Nothing is cut: what is too long goes on in the next line behind a `|`, so that no part of a
/// foreign text can stand at the beginning of a line and pose as ours.
#[must_use]
pub fn render_text(review: &Review, width: usize, color: bool) -> String {
    let mut page = Page { out: String::new(), width: width.max(40), color };
    page.headline(review);
    for warning in &review.warnings {
        page.block(&format!("  {} ", page.paint(YELLOW, "!")), 4, &warning.text);
    }
    page.section("What exactly", &review.action);
    page.section("What you grant, beside this one run", &review.granted);
    page.section("Who asks", &review.asked_by);
    page.section("On which terms", &review.terms);
    page.section("The agent says (nobody checked this)", &review.agent_says);
    page.section("Signed over", &hashes(review));
    page.out
}

/// How far the others are, as lines that go below a review.
#[must_use]
pub fn render_so_far(so_far: &SoFar, width: usize, color: bool) -> String {
    let mut page = Page { out: String::new(), width: width.max(40), color };
    let title = "So far, as the enforcer tells (no part of what is signed)";
    page.section(title, &so_far::facts(so_far));
    page.out
}

fn hashes(review: &Review) -> Vec<Fact> {
    vec![
        Fact::new("request", &review.request_id),
        Fact::new("asked at", review.created_at.as_str()),
        Fact::new("answer before", review.expires_at.as_str()),
        Fact::new("artifact", format!("sha256 {}", review.artifact_hash)),
        Fact::new("action", format!("sha256 {}", review.action_hash)),
    ]
}

const BOLD: &str = "1";
const RED: &str = "1;31";
const YELLOW: &str = "33";
const DIM: &str = "2";

struct Page {
    out: String,
    width: usize,
    color: bool,
}

impl Page {
    fn headline(&mut self, review: &Review) {
        let (risk, style) = match review.risk {
            Some(Risk::Low) => ("low risk", BOLD),
            Some(Risk::Medium) => ("medium risk", BOLD),
            Some(Risk::High) => ("HIGH RISK", RED),
            Some(Risk::Critical) => ("CRITICAL RISK", RED),
            None => ("UNKNOWN RISK", RED),
        };
        let risk = self.paint(style, risk);
        self.out.push_str(&format!("{risk}\n"));
        self.block("  > ", 4, &review.headline);
    }

    fn section(&mut self, title: &str, facts: &[Fact]) {
        if facts.is_empty() {
            return;
        }
        let title = self.paint(BOLD, title);
        self.out.push_str(&format!("\n{title}\n"));
        let wide = self.label_column(facts);
        facts.iter().for_each(|fact| self.fact(fact, wide));
    }

    /// How wide the labels of a section are: as the longest of those that can stand beside a value.
    fn label_column(&self, facts: &[Fact]) -> usize {
        let most = LONGEST.min(self.width / 2);
        let lengths = facts.iter().map(|fact| columns(&fact.label));
        lengths.filter(|length| *length <= most).max().unwrap_or(0).max(LABEL)
    }

    fn fact(&mut self, fact: &Fact, wide: usize) {
        let margin = INDENT + wide + 1;
        let (label, length) = (self.paint(DIM, &fact.label), columns(&fact.label));
        let mut lead = if length <= wide {
            format!("{:INDENT$}{label}{:pad$}", "", "", pad = wide - length + 1)
        } else {
            self.block("  - ", 4, &fact.label);
            " ".repeat(margin)
        };
        for line in &fact.lines {
            self.block(&lead, margin, line);
            lead = " ".repeat(margin);
        }
    }

    /// Writes `text` after `lead`, which fills `margin` columns; further lines begin there too,
    /// behind a mark. A line is broken after a single space where the next word has room.
    fn block(&mut self, lead: &str, margin: usize, text: &str) {
        let room = self.width.saturating_sub(margin).max(16);
        self.out.push_str(lead);
        let (mut used, mut may_break) = (0, false);
        for word in text.split_inclusive(' ') {
            let wide = columns(word.trim_end_matches(' '));
            if may_break && used + wide > room && wide <= room {
                self.goes_on(margin);
                used = 0;
            }
            for c in word.chars() {
                let columns = c.width().unwrap_or(0);
                if used + columns > room {
                    self.goes_on(margin);
                    used = 0;
                }
                self.out.push(c);
                used += columns;
            }
            // Of several spaces none may vanish at the end of a line.
            may_break = word.len() > 1 && word.ends_with(' ');
        }
        self.out.push('\n');
    }

    fn goes_on(&mut self, margin: usize) {
        self.out.push('\n');
        self.out.push_str(&format!("{:>width$} ", "|", width = margin - 1));
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.color { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

fn columns(text: &str) -> usize {
    text.chars().filter_map(|c| c.width()).sum()
}

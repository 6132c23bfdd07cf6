//! The box around the question: pure text, from a review and a width.

use countersign_approver::review::Review;
use countersign_core::artifact::Risk;
use countersign_core::display::counted;
use unicode_width::UnicodeWidthStr as _;

/// The choices, wherever they are shown. What is on no offer is no choice.
fn keys(review: &Review) -> &'static str {
    match review.always_offered() {
        true => "[a] Approve  [w] Always allow  [d] Deny  [v] View full details",
        false => "[a] Approve  [d] Deny  [v] View full details",
    }
}

/// A box that was drawn, and how to count down below it.
pub(super) struct Boxed {
    pub(super) text: String,
}

impl Boxed {
    /// Only the choices again, after the details were shown.
    pub(super) fn again(review: &Review) -> Self {
        Self { text: format!("\r\n{}\r\n", keys(review)) }
    }

    /// The line that counts down.
    pub(super) fn countdown(&self, seconds: u64) -> String {
        format!("\r\x1b[KAuto-deny in {}...", counted(seconds, "second"))
    }
}

/// Draws the question for a terminal of `columns` by `rows`.
pub(super) fn render(review: &Review, columns: usize, rows: usize) -> Boxed {
    let inner = columns.clamp(44, 100) - 4;
    let mut lines = question(review);
    lines.extend(parameters(review));
    lines.extend(notes(review));
    let text = frame(&[lines.as_slice(), &end(review, None)].concat(), inner);
    if text.lines().count() <= rows {
        return Boxed { text };
    }
    // The top has scrolled away: what it is about stands beside the choices once more.
    Boxed { text: frame(&[lines, end(review, Some(&review.headline))].concat(), inner) }
}

fn question(review: &Review) -> Vec<String> {
    vec![
        String::new(),
        format!("The agent wants to perform a {} RISK operation:", risk(review)),
        String::new(),
        format!("Tool: {}", review.headline.split(' ').next().unwrap_or_default()),
        format!("Action: {}", review.headline),
        String::new(),
    ]
}

fn parameters(review: &Review) -> Vec<String> {
    let mut lines = vec!["Parameters:".to_owned()];
    for fact in &review.action {
        match fact.lines.as_slice() {
            [one] => lines.push(format!("  {}: {one}", fact.label)),
            many => {
                lines.push(format!("  {}:", fact.label));
                lines.extend(many.iter().map(|line| format!("    {line}")));
            }
        }
    }
    lines
}

/// What a reader might miss, and the agent's own words set apart.
fn notes(review: &Review) -> Vec<String> {
    let mut lines = Vec::new();
    if !review.warnings.is_empty() {
        lines.push(String::new());
        lines.extend(review.warnings.iter().map(|warning| format!("! {}", warning.text)));
    }
    if !review.agent_says.is_empty() {
        lines.extend([String::new(), "The agent says (nobody checked this):".into()]);
        let says = review.agent_says.iter();
        lines.extend(says.map(|fact| format!("  {}: {}", fact.label, fact.lines.join(" "))));
    }
    lines
}

fn end(review: &Review, again: Option<&str>) -> Vec<String> {
    let again = again.map(|headline| format!("Action: {headline}"));
    let risk = format!("Risk: {} - {}", risk(review), meaning(review.risk));
    let rest = [risk, String::new(), keys(review).into(), String::new()];
    [String::new()].into_iter().chain(again).chain(rest).collect()
}

fn frame(lines: &[String], inner: usize) -> String {
    let bar = "─".repeat(inner + 2);
    let row = |text: &str| {
        let pad = " ".repeat(inner.saturating_sub(text.width()));
        format!("│ {text}{pad} │\r\n")
    };
    let mut out = format!("\r\n┌{bar}┐\r\n{}├{bar}┤\r\n", row("[!] APPROVAL REQUIRED"));
    for line in lines {
        wrap(line, inner).iter().for_each(|piece| out.push_str(&row(piece)));
    }
    out + &format!("└{bar}┘\r\n")
}

/// Breaks a line without losing a character; pieces after the first are set in.
fn wrap(line: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for c in line.chars() {
        let wide = c.to_string().as_str().width();
        if used + wide > width {
            pieces.push("      ".into());
            used = 6;
        }
        if let Some(last) = pieces.last_mut() {
            last.push(c);
        }
        used += wide;
    }
    pieces
}

fn risk(review: &Review) -> &'static str {
    match review.risk {
        Some(Risk::Low) => "LOW",
        Some(Risk::Medium) => "MEDIUM",
        Some(Risk::High) => "HIGH",
        Some(Risk::Critical) => "CRITICAL",
        None => "UNKNOWN",
    }
}

fn meaning(risk: Option<Risk>) -> &'static str {
    match risk {
        Some(Risk::Low) => "This operation only reads",
        Some(Risk::Medium) => "This operation can be undone",
        Some(Risk::High) | None => "This operation cannot be easily undone",
        Some(Risk::Critical) => "This operation cannot be undone",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_keeps_every_character() {
        let text = "rm -rf /a/very/long/path/that/does/not/fit/on/one/line";
        let pieces = wrap(text, 20);
        assert!(pieces.iter().all(|p| p.width() <= 20));
        let joined: String = pieces.iter().map(|p| p.trim_start_matches("      ")).collect();
        assert_eq!(joined, text);
    }

    #[test]
    fn every_row_is_as_wide_as_the_box() {
        let text = frame(&["short".into(), "\u{8a00}\u{8a9e}".repeat(30)], 40);
        let widths: Vec<usize> =
            text.lines().map(|l| l.trim_end_matches('\r').width()).filter(|w| *w > 0).collect();
        assert!(widths.iter().all(|w| *w == 44), "{widths:?}");
    }
}

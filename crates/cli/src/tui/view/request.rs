//! One request, as `show` shows it.

use super::cells::{Canvas, Look};
use crate::tui::reading::Reading;

pub(super) fn draw(reading: &Reading, canvas: &mut Canvas<'_>) {
    let top = reading.page.top;
    for (n, (y, text)) in (1..).zip(reading.page.seen()).enumerate() {
        canvas.text(0, y, text, look(text, top + n));
    }
}

/// A line of foreign text never begins at the edge of the screen: what does is ours.
fn look(line: &str, at: usize) -> Look {
    if line.starts_with("  ! ") || line.starts_with("! ") {
        return Look::Warning;
    }
    match line.starts_with(' ') || line.is_empty() {
        true => Look::Plain,
        false if at <= 2 && line.ends_with(" RISK") => Look::Danger,
        false => Look::Heading,
    }
}

//! A text that is read from its beginning to its end: its lines, and how far somebody got.

use countersign_core::display::visible;
use unicode_width::UnicodeWidthChar as _;

/// So many marks may stand on one character; more would be drawn over the lines around it.
const MARKS: usize = 3;

/// Stands before what goes on from the line above.
const GOES_ON: &str = "   | ";

/// Lines, and the place at which they are read.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Page {
    pub(super) lines: Vec<String>,
    pub(super) top: usize,
    height: usize,
    seen_end: bool,
}

impl Page {
    /// A page of a text that stands in `width` columns, of which `height` rows are seen.
    pub(super) fn new(text: &str, width: usize, height: usize) -> Self {
        let lines: Vec<String> = text.lines().flat_map(|line| fitted(line, width)).collect();
        let mut page = Self { lines, height, ..Self::default() };
        page.look();
        page
    }

    /// The same text on a screen of another size: what was read once stays read.
    pub(super) fn resized(&self, text: &str, width: usize, height: usize) -> Self {
        let mut page = Self::new(text, width, height);
        page.seen_end |= self.seen_end;
        let share = self.top.saturating_mul(page.lines.len()).checked_div(self.lines.len());
        page.show(share.unwrap_or(0));
        page
    }

    /// Whether its last line was on the screen.
    pub(super) fn is_read(&self) -> bool {
        self.seen_end
    }

    pub(super) fn show(&mut self, top: usize) {
        self.top = top.min(self.last());
        self.look();
    }

    pub(super) fn up(&mut self, lines: usize) {
        self.show(self.top.saturating_sub(lines));
    }

    pub(super) fn down(&mut self, lines: usize) {
        self.show(self.top.saturating_add(lines));
    }

    /// Rows of a step that leaves a line to read on from.
    pub(super) fn step(&self) -> usize {
        self.height.saturating_sub(1).max(1)
    }

    /// The first line that begins like this.
    pub(super) fn find(&self, start: &str) -> Option<usize> {
        self.lines.iter().position(|line| line.starts_with(start))
    }

    /// What is seen now.
    pub(super) fn seen(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().skip(self.top).take(self.height).map(String::as_str)
    }

    /// Where one is: the last line that is seen, and how many there are.
    pub(super) fn at(&self) -> (usize, usize) {
        ((self.top + self.height).min(self.lines.len()), self.lines.len())
    }

    fn last(&self) -> usize {
        self.lines.len().saturating_sub(self.height)
    }

    fn look(&mut self) {
        self.seen_end |= self.top >= self.last();
    }
}

/// The line in pieces of at most `width` columns. Nothing is left out: what cannot be drawn in a
/// cell of its own stands as an escape.
fn fitted(line: &str, width: usize) -> Vec<String> {
    let mut fit = Fit { pieces: Vec::new(), piece: String::new(), used: 0, width };
    let mut marks = 0;
    for c in line.chars() {
        let columns = c.width().unwrap_or(0);
        marks = if columns == 0 { marks + 1 } else { 0 };
        let stands_alone = columns == 0 && (fit.used == 0 || c.is_control() || marks > MARKS);
        match stands_alone {
            true => fit.put(&escape(c)),
            false => fit.put(c.encode_utf8(&mut [0; 4])),
        }
    }
    fit.pieces.push(fit.piece);
    fit.pieces
}

/// Pieces of a line, filled from the left.
struct Fit {
    pieces: Vec<String>,
    piece: String,
    used: usize,
    width: usize,
}

impl Fit {
    fn put(&mut self, text: &str) {
        let wide = text.chars().filter_map(|c| c.width()).sum::<usize>();
        if self.used + wide > self.width && self.used > GOES_ON.len() {
            self.pieces.push(std::mem::replace(&mut self.piece, GOES_ON.to_owned()));
            self.used = GOES_ON.len();
        }
        self.piece.push_str(text);
        self.used += wide;
    }
}

fn escape(c: char) -> String {
    let shown = visible(&c.to_string(), false);
    if shown.starts_with('\\') { shown } else { format!("\\u{{{:x}}}", u32::from(c)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;
    use unicode_width::UnicodeWidthStr as _;

    fn numbered(lines: usize) -> String {
        (0..lines).fold(String::new(), |mut text, n| {
            let _ = writeln!(text, "line {n}");
            text
        })
    }

    #[test]
    fn it_is_read_once_its_last_line_was_seen() {
        let mut page = Page::new(&numbered(30), 80, 10);
        assert!(!page.is_read());
        page.down(page.step());
        page.down(page.step());
        assert!(!page.is_read() && page.at() == (28, 30));
        page.down(page.step());
        assert!(page.is_read() && page.at() == (30, 30));
        page.up(1_000);
        assert!(page.is_read() && page.top == 0, "what was read stays read");
        assert!(Page::new(&numbered(10), 80, 10).is_read(), "it fits");
    }

    #[test]
    fn another_size_keeps_the_place_and_what_was_read() {
        let mut page = Page::new(&numbered(100), 80, 10);
        page.show(50);
        let wider = page.resized(&numbered(100), 120, 40);
        assert_eq!((wider.top, wider.is_read()), (50, false));
        page.show(1_000);
        assert!(page.resized(&numbered(100), 60, 5).is_read());
    }

    #[test]
    fn attack_06_no_line_is_wider_than_the_screen_and_none_loses_a_character() {
        let text = format!("{}{}", "\u{8a00}\u{8a9e}x".repeat(40), "e\u{301}".repeat(80));
        let page = Page::new(&text, 40, 10);
        assert!(page.lines.iter().all(|line| line.width() <= 40), "{:?}", page.lines);
        assert!(page.lines.iter().skip(1).all(|line| line.starts_with(GOES_ON)));
        let whole: String =
            page.lines.iter().map(|line| line.trim_start_matches(GOES_ON)).collect();
        assert_eq!(whole, text);
    }

    #[test]
    fn attack_06_a_heap_of_marks_covers_no_other_line() {
        let page = Page::new(&format!("a{}", "\u{301}".repeat(50)), 40, 10);
        let shown: String = page.lines.concat();
        assert_eq!(shown.matches('\u{301}').count(), MARKS);
        assert_eq!(shown.matches("\\u{301}").count(), 50 - MARKS);
        assert_eq!(Page::new("\u{1161}x", 40, 10).lines, ["\\u{1161}x"], "nothing to stand on");
    }
}

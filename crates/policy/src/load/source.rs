//! The text itself: whether it can be read at all, and which line and column a byte is at.

use super::node::Span;
use super::reader::Wrong;
use super::{LabelPlace, MAX_BYTES, Mistake, Mistakes};

/// How many mistakes are worth reading.
const MAX_MISTAKES: usize = 200;
/// How much of an offending text is shown, in characters.
const MAX_SHOWN: usize = 80;

/// A text that can be read.
pub(super) struct Source<'t> {
    pub(super) text: &'t str,
}

/// Goes through a text once, forwards, so that a long line costs no more than a short one.
struct Cursor<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    column: usize,
}

impl<'t> Source<'t> {
    /// The text, if it is one and no longer than a policy may be.
    pub(super) fn new(bytes: &'t [u8]) -> Result<Self, Mistakes> {
        if bytes.len() > MAX_BYTES {
            let message =
                format!("a policy is at most {MAX_BYTES} bytes, and this is {}", bytes.len());
            return Err(alone(1, 1, String::new(), message, None));
        }
        let text = std::str::from_utf8(bytes).map_err(|e| not_text(bytes, e.valid_up_to()))?;
        if text.starts_with('\u{feff}') {
            let hint = "save the file as UTF-8 without a byte order mark";
            let message = "a byte order mark before the first line";
            return Err(alone(1, 1, String::new(), message.into(), Some(hint.into())));
        }
        Ok(Self { text })
    }

    /// What stands at a place; of one without width the rest of its line.
    pub(super) fn at(&self, span: Span) -> &'t str {
        match span.end > span.start {
            true => self.text.get(span.start..span.end).unwrap_or_default(),
            false => {
                self.text.get(span.start..).unwrap_or_default().lines().next().unwrap_or_default()
            }
        }
    }

    /// Everything that is wrong, by its place.
    pub(super) fn mistakes(&self, mut wrongs: Vec<Wrong>) -> Mistakes {
        wrongs.sort();
        wrongs.dedup();
        let more = wrongs.len().saturating_sub(MAX_MISTAKES);
        let mut cursor = Cursor { text: self.text, at: 0, line: 1, column: 1 };
        let shown = wrongs.into_iter().take(MAX_MISTAKES);
        let mut all: Vec<Mistake> = shown.map(|wrong| self.mistake(&mut cursor, wrong)).collect();
        if let Some(last) = all.last().cloned().filter(|_| more > 0) {
            let message = format!("{more} more mistakes are not shown");
            all.push(Mistake { text: String::new(), message, hint: None, ..last });
        }
        if all.is_empty() {
            return alone(1, 1, String::new(), "the policy cannot be read".into(), None);
        }
        Mistakes(all)
    }

    fn mistake(&self, cursor: &mut Cursor<'_>, wrong: Wrong) -> Mistake {
        let (line, column) = cursor.place(wrong.span.start);
        let text = shown(self.at(wrong.span));
        Mistake { line, column, text, message: wrong.message, hint: wrong.hint }
    }

    /// Labels, by their places.
    pub(super) fn labels(&self, mut labels: Vec<(Span, String)>) -> Vec<LabelPlace> {
        labels.sort();
        let mut cursor = Cursor { text: self.text, at: 0, line: 1, column: 1 };
        let placed = labels.into_iter().map(|(span, label)| {
            let (line, column) = cursor.place(span.start);
            LabelPlace { line, column, label }
        });
        placed.collect()
    }
}

impl Cursor<'_> {
    /// Line and column of a byte at or after the last one that was asked for.
    fn place(&mut self, to: usize) -> (usize, usize) {
        let passed = self.text.get(self.at..to).unwrap_or_default();
        match passed.rfind('\n') {
            Some(last) => {
                self.line += passed.bytes().filter(|b| *b == b'\n').count();
                self.column = 1 + passed.get(last + 1..).unwrap_or_default().chars().count();
            }
            None => self.column += passed.chars().count(),
        }
        self.at = self.at.max(to);
        (self.line, self.column)
    }
}

/// The first line of a text, cut where it is long.
pub(super) fn shown(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim_end();
    match line.char_indices().nth(MAX_SHOWN) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line.to_owned(),
    }
}

fn not_text(bytes: &[u8], good: usize) -> Mistakes {
    let before = bytes.get(..good).map(String::from_utf8_lossy).unwrap_or_default();
    let mut cursor = Cursor { text: &before, at: 0, line: 1, column: 1 };
    let (line, column) = cursor.place(good);
    let byte = bytes.get(good).copied().unwrap_or_default();
    let message = format!("the byte 0x{byte:02x} is no UTF-8");
    alone(line, column, String::new(), message, Some("save the file as UTF-8".into()))
}

fn alone(
    line: usize,
    column: usize,
    text: String,
    message: String,
    hint: Option<String>,
) -> Mistakes {
    Mistakes(vec![Mistake { line, column, text, message, hint }])
}

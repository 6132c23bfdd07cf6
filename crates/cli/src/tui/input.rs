//! A line that is typed.

/// So many characters fit: far fewer than a reason may have bytes.
const MOST: usize = 4_000;

/// What was typed so far.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Input(String);

impl Input {
    pub(super) fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Adds a character. Control characters are no text.
    pub(super) fn push(&mut self, c: char) {
        if !c.is_control() && self.0.chars().count() < MOST {
            self.0.push(c);
        }
    }

    /// Adds text of several lines as one.
    pub(super) fn paste(&mut self, text: &str) {
        let line = text.chars().take(MOST);
        line.map(|c| if c == '\n' || c == '\r' { ' ' } else { c }).for_each(|c| self.push(c));
    }

    pub(super) fn erase(&mut self) {
        self.0.pop();
    }

    /// Whether it is this word, whatever the case.
    pub(super) fn is(&self, word: &str) -> bool {
        self.0.trim().eq_ignore_ascii_case(word)
    }
}

//! The keys, on one page.

use super::cells::{Canvas, Look};
use crate::tui::model::Model;

const KEYS: [(&str, &str); 16] = [
    ("j k, arrows", "move; in a request, scroll"),
    ("Space b, PgDn PgUp", "a page on, a page back"),
    ("g G", "the beginning, the end"),
    ("Enter", "read the request, whole"),
    ("a", "allow it once: y, the word yes or four digits, by risk"),
    ("d", "deny it, with a reason if you like"),
    ("e", "hand it to whom its rule names next"),
    ("w", "allow exactly this again, as far as that is on offer"),
    ("r", "write a reason for the answer"),
    ("i", "of a batch, choose items: Space, a allows these"),
    ("u", "take an answer back, within three seconds"),
    ("h  /", "history, and search in it"),
    ("R", "ask the gateways again"),
    ("F", "stop everything that you approve for"),
    ("q Esc", "back; in the inbox q leaves"),
    ("Ctrl-C", "leave at once; what is not signed stays so"),
];

pub(super) fn draw(model: &Model, canvas: &mut Canvas<'_>) {
    let wide = model.width() >= 64;
    for (y, (keys, text)) in (1..).zip(KEYS).take(model.height()) {
        let at = canvas.text(1, y, keys, Look::Heading);
        canvas.text(if wide { 22 } else { at + 2 }, y, text, Look::Plain);
    }
    if model.height() > KEYS.len() + 1 {
        let y = u16::try_from(KEYS.len() + 2).unwrap_or(u16::MAX);
        let text = "An answer is signed three seconds after it was given.";
        canvas.text(1, y, text, Look::Dim);
    }
}

//! The screen as cells: a pure function of what it knows.

mod bars;
mod cells;
mod help;
mod inbox;
mod lists;
mod request;
#[cfg(test)]
mod tests;

use super::model::{Model, Place, SMALLEST};
use super::reading::{Asking, Reading};
use cells::Canvas;
use ratatui_core::terminal::Frame;

/// Draws the whole screen.
pub(super) fn view(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    let mut canvas = Canvas::new(frame.buffer_mut(), area, model.color);
    if model.is_too_small() || area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        too_small(&mut canvas);
        return;
    }
    bars::title(model, &mut canvas);
    match (&model.reading, model.place) {
        _ if model.help => help::draw(model, &mut canvas),
        (Some(reading), _) => reading_body(model, reading, &mut canvas),
        (None, Place::Inbox) => inbox::draw(model, &mut canvas),
        (None, Place::History) => lists::history(model, &mut canvas),
    }
    bars::message(model, &mut canvas);
    bars::keys(model, &mut canvas);
    if let Some((x, y)) = canvas.cursor() {
        frame.set_cursor_position((x, y));
    }
}

fn reading_body(model: &Model, reading: &Reading, canvas: &mut Canvas<'_>) {
    match reading.asking {
        Asking::Next { at } => lists::next_ones(reading, at, model, canvas),
        Asking::Items { at } => lists::items(reading, at, model, canvas),
        Asking::Terms(ref terms) => lists::terms(terms, reading, model, canvas),
        _ => request::draw(reading, canvas),
    }
}

fn too_small(canvas: &mut Canvas<'_>) {
    let (columns, rows) = SMALLEST;
    let text = format!("Too small: {columns} by {rows} at least. q leaves.");
    let width = usize::from(canvas.width()).max(1);
    let words: Vec<char> = text.chars().collect();
    for (y, piece) in (0..).zip(words.chunks(width)) {
        canvas.text(0, y, &piece.iter().collect::<String>(), cells::Look::Plain);
    }
}

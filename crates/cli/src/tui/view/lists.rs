//! Lists to choose from: the past, whom to ask next, the items of a batch, how far a permission
//! reaches.

use super::cells::{Canvas, Look, cut};
use crate::tui::model::Model;
use crate::tui::page::Page;
use crate::tui::reading::Reading;
use crate::tui::terms::Terms;
use crate::tui::update::named;
use countersign_approver::always;

pub(super) fn history(model: &Model, canvas: &mut Canvas<'_>) {
    let (history, width) = (&model.history, model.width());
    if let Some(why) = &history.damage {
        let page = Page::new(&format!("The history cannot be read: {why}"), width - 2, 4);
        for (y, line) in (2..).zip(page.seen()) {
            canvas.text(1, y, line, Look::Warning);
        }
        return;
    }
    let found = history.found();
    if found.is_empty() {
        let text = if history.all().is_empty() { "Nothing yet." } else { "Nothing fits." };
        canvas.text(1, 2, text, Look::Plain);
        return;
    }
    let rows = found.iter().map(|row| {
        let when = row.when.get(..16).unwrap_or(&row.when).replacen('T', " ", 1);
        format!("{when}Z  {:<14}  {}", row.word, row.review.headline)
    });
    draw(&rows.collect::<Vec<_>>(), history.cursor(), model, 1, canvas);
}

pub(super) fn next_ones(reading: &Reading, at: usize, model: &Model, canvas: &mut Canvas<'_>) {
    canvas.text(1, 2, "Hand it on, with a signed no of your own, to:", Look::Heading);
    let rows: Vec<String> = reading.next_ones().iter().map(|name| named(name)).collect();
    draw(&rows, at, model, 4, canvas);
}

pub(super) fn items(reading: &Reading, at: usize, model: &Model, canvas: &mut Canvas<'_>) {
    canvas.text(1, 1, "Allow these items, and refuse the others:", Look::Heading);
    let chosen = reading.live.as_ref().map(|live| live.chosen.as_slice()).unwrap_or_default();
    let items = reading.items();
    let row = |(n, (item, is)): (usize, (&&str, &bool))| {
        format!("[{}] {:>3}  {item}", if *is { 'x' } else { ' ' }, n + 1)
    };
    let rows: Vec<String> = items.iter().zip(chosen).enumerate().map(row).collect();
    // The one under the cursor stands below, whole where it fits.
    let below = if model.height() > 12 { 4 } else { 0 };
    draw_within(&rows, at, model, 3..model.height() - below, canvas);
    if below == 0 {
        return;
    }
    let page = Page::new(items.get(at).unwrap_or(&""), model.width().saturating_sub(2), below);
    let y = u16::try_from(model.height() + 1 - below).unwrap_or(u16::MAX);
    for (n, line) in (0..).zip(page.seen()) {
        canvas.text(1, y.saturating_add(n), line, Look::Plain);
    }
}

/// What is chosen of an offer, and below it how far the offer goes.
pub(super) fn terms(terms: &Terms, reading: &Reading, model: &Model, canvas: &mut Canvas<'_>) {
    canvas.text(1, 1, "Allow exactly this again without asking:", Look::Heading);
    let row = |(label, chosen): (&str, String)| format!("{label:<10} {chosen}");
    let rows: Vec<String> = terms.rows().into_iter().map(row).collect();
    draw_within(&rows, terms.at(), model, 3..3 + rows.len(), canvas);
    let offer = reading.live.as_ref().and_then(|live| always::offered(&live.opened));
    let text = offer.map(|offer| format!("On offer: {}.", always::in_words(offer)));
    let y = u16::try_from(4 + rows.len()).unwrap_or(u16::MAX);
    canvas.text(1, y, &cut(&text.unwrap_or_default(), model.width() - 2), Look::Dim);
}

fn draw(rows: &[String], at: usize, model: &Model, top: usize, canvas: &mut Canvas<'_>) {
    draw_within(rows, at, model, top..model.height() + 1, canvas);
}

/// Rows between two lines of the screen, with the cursor among them.
fn draw_within(
    rows: &[String],
    at: usize,
    model: &Model,
    place: std::ops::Range<usize>,
    canvas: &mut Canvas<'_>,
) {
    let height = place.len();
    let first = at.saturating_sub(height / 2).min(rows.len().saturating_sub(height));
    for ((n, row), y) in rows.iter().enumerate().skip(first).zip(place) {
        let y = u16::try_from(y).unwrap_or(u16::MAX);
        let look = if n == at { Look::Chosen } else { Look::Plain };
        if n == at {
            canvas.fill(y, look);
            canvas.text(0, y, ">", look);
        }
        canvas.text(2, y, &cut(row, model.width().saturating_sub(3)), look);
    }
}

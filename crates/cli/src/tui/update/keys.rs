//! What a key does, by what is on the screen.

use super::{answer, asking, stopped};
use crate::tui::event::{Effect, Key};
use crate::tui::model::{Freezing, Model, Place, Row};
use crate::tui::reading::{Asking, Reading};
use countersign_core::display::visible;
use std::time::Duration;

/// A key that means yes counts only once its question was on the screen for so long: what was
/// typed before answers nothing.
pub(super) const LOOKED: Duration = Duration::from_millis(400);

pub(super) fn pressed(model: &mut Model, key: Key) -> Vec<Effect> {
    if key == Key::Interrupt {
        return leave(model);
    }
    if model.is_too_small() {
        // Nothing is answered that cannot be read.
        return if key == Key::Char('q') { quit(model) } else { Vec::new() };
    }
    if model.help {
        model.help = false;
        return Vec::new();
    }
    if model.freezing.is_some() {
        return freezing(model, key);
    }
    if key == Key::Char('u') && !is_typing(model) && !model.pending.is_empty() {
        answer::take_back(model);
        return Vec::new();
    }
    match (&model.reading, model.place) {
        (Some(_), _) => reading(model, key),
        (None, Place::Inbox) => inbox(model, key),
        (None, Place::History) => history(model, key),
    }
}

fn is_typing(model: &Model) -> bool {
    match &model.reading {
        Some(reading) => !matches!(reading.asking, Asking::Nothing),
        None => model.place == Place::History && model.history.is_searching,
    }
}

/// Leaves at once. What is not signed yet never is.
fn leave(model: &mut Model) -> Vec<Effect> {
    model.over = true;
    Vec::new()
}

fn quit(model: &mut Model) -> Vec<Effect> {
    if model.pending.is_empty() || model.leaving {
        return leave(model);
    }
    model.leaving = true;
    model.say("not signed yet: wait a moment, or q again to leave it unsigned");
    Vec::new()
}

fn inbox(model: &mut Model, key: Key) -> Vec<Effect> {
    let page = isize::try_from(model.height()).unwrap_or(1);
    match key {
        Key::Char('j') | Key::Down => model.step(1),
        Key::Char('k') | Key::Up => model.step(-1),
        Key::PageDown => model.step(page),
        Key::PageUp => model.step(-page),
        Key::Char('g') | Key::Home => model.go_first(),
        Key::Char('G') | Key::End => model.step(isize::MAX),
        Key::Enter => read(model),
        Key::Char('a' | 'd' | 'e' | 'i' | 'r' | 'w') => {
            read(model);
            if model.reading.is_some() {
                return reading(model, key);
            }
        }
        Key::Char('h') => model.place = Place::History,
        Key::Char('/') => {
            model.place = Place::History;
            model.history.is_searching = true;
        }
        Key::Char('R') => return (0..model.parties.len()).map(Effect::Refresh).collect(),
        Key::Char('F') => freeze(model),
        Key::Char('?') => model.help = true,
        Key::Char('q') => return quit(model),
        _ => {}
    }
    Vec::new()
}

/// Opens the request under the cursor.
pub(super) fn read(model: &mut Model) {
    let Some(row) = model.cursor.as_ref().and_then(|id| model.row(id)) else { return };
    match &row.entry.content {
        Err(why) => {
            let text = format!("not shown: {why}");
            model.say(text);
        }
        Ok(shown) => {
            let Row { entry, .. } = row;
            let reading = Reading::waiting(model, &entry.id, shown, entry.so_far.clone());
            model.turn_to(Some(reading));
        }
    }
}

fn history(model: &mut Model, key: Key) -> Vec<Effect> {
    let page = isize::try_from(model.height()).unwrap_or(1);
    if model.history.is_searching {
        searching(model, key);
        return Vec::new();
    }
    match key {
        Key::Char('j') | Key::Down => model.history.step(1),
        Key::Char('k') | Key::Up => model.history.step(-1),
        Key::PageDown => model.history.step(page),
        Key::PageUp => model.history.step(-page),
        Key::Char('g') | Key::Home => model.history.step(isize::MIN),
        Key::Char('G') | Key::End => model.history.step(isize::MAX),
        Key::Char('/') => model.history.is_searching = true,
        Key::Enter => read_past(model),
        Key::Char('?') => model.help = true,
        Key::Char('q' | 'h') | Key::Esc => model.place = Place::Inbox,
        _ => {}
    }
    Vec::new()
}

fn searching(model: &mut Model, key: Key) {
    let history = &mut model.history;
    match key {
        Key::Enter => history.is_searching = false,
        Key::Esc => (history.is_searching, history.search) = (false, Default::default()),
        Key::Backspace => history.search.erase(),
        Key::Char(c) => history.search.push(c),
        _ => {}
    }
    history.step(isize::MIN);
}

fn read_past(model: &mut Model) {
    let Some(row) = model.history.chosen() else { return };
    let mut notes = vec![format!("Of the past, {} at {}", row.word, row.when)];
    notes.extend(row.reason.as_ref().map(|why| format!("Your reason: {why}")));
    let review = std::sync::Arc::clone(&row.review);
    model.turn_to(Some(Reading::past(model, review, notes)));
}

fn freeze(model: &mut Model) {
    if !model.parties.is_empty() {
        model.freezing = Some(Freezing { of: None, since: model.up });
    }
}

fn freezing(model: &mut Model, key: Key) -> Vec<Effect> {
    let Some(mut freezing) = model.freezing.take() else { return Vec::new() };
    match key {
        Key::Char('y' | 'Y') if model.up.saturating_sub(freezing.since) >= LOOKED => {
            model.say("stopping");
            return stopped(model, &freezing).into_iter().map(Effect::Freeze).collect();
        }
        Key::Tab => {
            let next = freezing.of.map_or(0, |one| one + 1);
            freezing.of = (next < model.parties.len()).then_some(next);
            freezing.since = model.up;
            model.freezing = Some(freezing);
        }
        Key::Char('y' | 'Y') => model.freezing = Some(freezing),
        _ => model.say("nothing was stopped"),
    }
    Vec::new()
}

fn reading(model: &mut Model, key: Key) -> Vec<Effect> {
    let Some(reading) = &mut model.reading else { return Vec::new() };
    if reading.asking != Asking::Nothing {
        asking::pressed(model, key);
        return Vec::new();
    }
    if scrolled(reading, key) {
        return Vec::new();
    }
    match key {
        Key::Char('q') | Key::Esc => model.turn_to(None),
        Key::Char('?') => model.help = true,
        Key::Char('a') => answer::allow(model),
        Key::Char('w') => answer::always(model),
        Key::Char('d') => answer::deny(model),
        Key::Char('e') => answer::escalate(model),
        Key::Char('r') => answer::reason(model),
        Key::Char('i') | Key::Tab => answer::items(model),
        _ => {}
    }
    Vec::new()
}

/// Whether the key moved the text. While something is typed, letters do not.
pub(super) fn scrolled(reading: &mut Reading, key: Key) -> bool {
    let is_free = reading.asking == Asking::Nothing;
    let page = &mut reading.page;
    let step = page.step();
    match key {
        Key::Down => page.down(1),
        Key::Up => page.up(1),
        Key::PageDown => page.down(step),
        Key::PageUp => page.up(step),
        Key::Home => page.show(0),
        Key::End => page.show(usize::MAX),
        Key::Char('j') if is_free => page.down(1),
        Key::Char('k') if is_free => page.up(1),
        Key::Char(' ') if is_free => page.down(step),
        Key::Char('b') if is_free => page.up(step),
        Key::Char('g') if is_free => page.show(0),
        Key::Char('G') if is_free => page.show(usize::MAX),
        _ => return false,
    }
    true
}

/// A foreign name in quotes.
pub(in crate::tui) fn named(name: &str) -> String {
    format!("\"{}\"", visible(name, false).replace('"', "\\\""))
}

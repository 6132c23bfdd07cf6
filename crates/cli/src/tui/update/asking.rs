//! Keys while something is asked on the line below a request.

use super::answer::{self, given, yes};
use super::keys::{LOOKED, scrolled};
use crate::tui::event::Key;
use crate::tui::input::Input;
use crate::tui::model::{Model, Place};
use crate::tui::reading::{Asking, Live, Then};
use crate::tui::terms::Terms;
use countersign_approver::{Reply, look};

pub(super) fn pressed(model: &mut Model, key: Key) {
    let (width, height) = (model.width(), model.height());
    let Some(reading) = &mut model.reading else { return };
    if key == Key::Esc {
        reading.stop_asking(width, height);
        return;
    }
    let is_list =
        matches!(reading.asking, Asking::Next { .. } | Asking::Items { .. } | Asking::Terms(_));
    if !is_list && scrolled(reading, key) {
        return;
    }
    match reading.asking.clone() {
        Asking::Nothing => {}
        Asking::Confirm { since } => confirm(model, key, since),
        Asking::Next { at } => next(model, key, at),
        Asking::Items { at } => items(model, key, at),
        Asking::Yes(typed) => word(model, key, typed),
        Asking::Digits(typed) => digits(model, key, &typed),
        Asking::Terms(chosen) => terms(model, key, chosen),
        Asking::Always { .. } | Asking::Reason { .. } if key != Key::Enter => typing(model, key),
        Asking::Always { taken, typed } => {
            if !typed.is("always") {
                model.say("nothing was signed: only the word `always` allows it");
            } else if !reading.page.is_read() {
                model.say("read it to its end first (page down)");
            } else {
                given(model, Reply::always(taken));
            }
        }
        Asking::Reason { typed, then } => reasoned(model, &typed, then),
    }
}

/// Text that was pasted: a reason or a search may be, nothing else.
pub(super) fn pasted(model: &mut Model, text: &str) {
    match &mut model.reading {
        Some(reading) => {
            if let Asking::Reason { typed, .. } = &mut reading.asking {
                typed.paste(text);
            }
        }
        None if model.place == Place::History && model.history.is_searching => {
            model.history.search.paste(text);
        }
        None => {}
    }
}

fn confirm(model: &mut Model, key: Key, since: std::time::Duration) {
    let is_seen = model.up.saturating_sub(since) >= LOOKED;
    let word = model.reading.as_ref().is_none_or(|reading| model.takes_a_word(&reading.review));
    match key {
        // The history came after the question: one key is not enough any more.
        Key::Char('y' | 'Y') if word => {
            stop(model);
            answer::allow(model);
        }
        Key::Char('y' | 'Y') if is_seen => say_yes(model),
        Key::Char('y' | 'Y' | 'a') => {}
        _ => stop(model),
    }
}

fn stop(model: &mut Model) {
    let (width, height) = (model.width(), model.height());
    if let Some(reading) = &mut model.reading {
        reading.stop_asking(width, height);
    }
}

fn say_yes(model: &mut Model) {
    let live = model.reading.as_ref().and_then(|reading| reading.live.as_ref());
    match live.map(yes) {
        Some(Ok(reply)) => given(model, reply),
        Some(Err(why)) => model.say(why),
        None => {}
    }
}

fn word(model: &mut Model, key: Key, typed: Input) {
    match key {
        Key::Enter if typed.is("yes") => say_yes(model),
        Key::Enter => {
            stop(model);
            model.say("nothing was signed: only the word `yes` allows it");
        }
        _ => typing(model, key),
    }
}

/// At critical risk a yes takes the digits of the very call that waits.
fn digits(model: &mut Model, key: Key, typed: &Input) {
    if key != Key::Enter {
        return typing(model, key);
    }
    let live = model.reading.as_ref().and_then(|reading| reading.live.as_ref());
    if live.is_some_and(|live| look::digits_fit(&live.opened, typed.text())) {
        return say_yes(model);
    }
    stop(model);
    model.say("nothing was signed: these are not its digits. Is it the call that waits?");
}

/// How far a standing permission shall reach.
fn terms(model: &mut Model, key: Key, mut chosen: Terms) {
    match key {
        Key::Enter => return answer::rule(model, &chosen),
        Key::Char('q') => return stop(model),
        Key::Char('j') | Key::Down => chosen.step(1),
        Key::Char('k') | Key::Up => chosen.step(-1),
        Key::Char(' ') | Key::Tab => chosen.turn(),
        Key::Char(digit) => chosen.digit(digit),
        Key::Backspace => chosen.erase(),
        _ => {}
    }
    if let Some(reading) = &mut model.reading {
        reading.asking = Asking::Terms(chosen);
    }
}

/// The line that is typed takes a character, or gives one back.
fn typing(model: &mut Model, key: Key) {
    let Some(reading) = &mut model.reading else { return };
    let typed = match &mut reading.asking {
        Asking::Yes(typed) | Asking::Digits(typed) => typed,
        Asking::Always { typed, .. } | Asking::Reason { typed, .. } => typed,
        _ => return,
    };
    match key {
        Key::Char(c) => typed.push(c),
        Key::Backspace => typed.erase(),
        _ => {}
    }
}

/// A reason was entered: what it was for goes on.
fn reasoned(model: &mut Model, typed: &Input, then: Then) {
    let Some(reading) = &mut model.reading else { return };
    reading.reason = typed.text().trim().to_owned();
    let is_missing = reading.review.reason_required && reading.reason.is_empty();
    // The policy wants a reason with a yes; a no is heard without one.
    if is_missing && matches!(then, Then::Allow | Then::Always) {
        model.say("this request cannot be allowed without a reason");
        return;
    }
    stop(model);
    match then {
        Then::Keep => {}
        Then::Allow => answer::allow(model),
        Then::Always => answer::always(model),
        Then::Deny => given(model, Reply::deny(None)),
        Then::Escalate(to) => given(model, Reply::escalate(to, None)),
    }
}

fn next(model: &mut Model, key: Key, at: usize) {
    let Some(reading) = &mut model.reading else { return };
    let names = reading.next_ones();
    match moved(key, at, names.len()) {
        Some(at) => reading.asking = Asking::Next { at },
        None if key == Key::Enter => {
            let Some(name) = names.get(at).cloned() else { return };
            let typed = Input::of(&reading.reason);
            reading.asking = Asking::Reason { typed, then: Then::Escalate(name) };
        }
        None if key == Key::Char('q') => reading.asking = Asking::Nothing,
        None => {}
    }
}

fn items(model: &mut Model, key: Key, at: usize) {
    let Some(reading) = &mut model.reading else { return };
    let Some(Live { chosen, .. }) = &mut reading.live else { return };
    if let Some(at) = moved(key, at, chosen.len()) {
        reading.asking = Asking::Items { at };
        return;
    }
    match key {
        Key::Char(' ') => {
            if let Some(item) = chosen.get_mut(at) {
                *item = !*item;
            }
        }
        Key::Char('n') => chosen.fill(false),
        Key::Char('A') => chosen.fill(true),
        Key::Char('a') => {
            reading.asking = Asking::Nothing;
            answer::allow(model);
        }
        Key::Enter | Key::Tab | Key::Char('q' | 'i') => reading.asking = Asking::Nothing,
        _ => {}
    }
}

/// Where the cursor of a list of so many goes.
fn moved(key: Key, at: usize, count: usize) -> Option<usize> {
    let last = count.saturating_sub(1);
    Some(match key {
        Key::Char('j') | Key::Down => (at + 1).min(last),
        Key::Char('k') | Key::Up => at.saturating_sub(1),
        Key::Home | Key::Char('g') => 0,
        Key::End | Key::Char('G') => last,
        Key::PageDown => at.saturating_add(10).min(last),
        Key::PageUp => at.saturating_sub(10),
        _ => return None,
    })
}

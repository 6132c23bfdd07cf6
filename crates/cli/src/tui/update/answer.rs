//! The beginnings and the end of an answer: what may be asked, and when it counts as given.

use super::keys::read;
use crate::tui::input::Input;
use crate::tui::model::{Model, Pending, UNDO, in_words};
use crate::tui::reading::{Asking, Live, Reading, Then};
use crate::tui::terms::Terms;
use countersign_approver::Reply;
use countersign_approver::always::take;

/// The reading whose request can be answered now; else says why not.
fn answerable(model: &mut Model) -> Option<(&mut Reading, Live)> {
    let live = model.reading.as_ref().and_then(|reading| reading.live.clone());
    let Some(live) = live else {
        model.say("this is of the past: it is answered no more");
        return None;
    };
    if let Some(why) = model.closed(&live) {
        model.say(why.in_words());
        return None;
    }
    model.note = None;
    model.reading.as_mut().map(|reading| (reading, live))
}

/// A yes begins: read to the end where it matters, a reason where one is wanted, then one key more,
/// or a word.
pub(super) fn allow(model: &mut Model) {
    let up = model.up;
    let word = model.reading.as_ref().is_some_and(|reading| model.takes_a_word(&reading.review));
    let Some((reading, live)) = answerable(model) else { return };
    if reading.is_batch() && !live.chosen.contains(&true) {
        model.say("no item is chosen: choose some (i), or deny it (d)");
        return;
    }
    if word && !reading.page.is_read() {
        model.say("read it to its end first (space, G), then a");
    } else if lacks_reason(reading) {
        reading.asking = wants_reason(reading, Then::Allow);
    } else if reading.takes_digits() {
        reading.asking = Asking::Digits(Input::default());
    } else if word {
        reading.asking = Asking::Yes(Input::default());
    } else {
        reading.asking = Asking::Confirm { since: up };
    }
}

/// A standing permission begins: how far it shall reach is chosen first.
pub(super) fn always(model: &mut Model) {
    let Some((reading, live)) = answerable(model) else { return };
    let Some(terms) = Terms::of(&live.opened) else {
        model.say("this request offers no standing permission");
        return;
    };
    reading.asking = match lacks_reason(reading) {
        true => wants_reason(reading, Then::Always),
        false => Asking::Terms(terms),
    };
}

/// How far it shall reach was chosen: its exact rule is shown before anything is said.
pub(super) fn rule(model: &mut Model, terms: &Terms) {
    let (now, width, height) = (model.now, model.width(), model.height());
    let Some((reading, live)) = answerable(model) else { return };
    match take(&live.opened, &terms.wish(), now) {
        Ok(taken) => reading.offer(taken, width, height),
        Err(why) => model.say(why.to_string()),
    }
}

fn lacks_reason(reading: &Reading) -> bool {
    reading.review.reason_required && reading.reason.trim().is_empty()
}

fn wants_reason(reading: &Reading, then: Then) -> Asking {
    Asking::Reason { typed: Input::of(&reading.reason), then }
}

pub(super) fn deny(model: &mut Model) {
    if let Some((reading, _)) = answerable(model) {
        reading.asking = wants_reason(reading, Then::Deny);
    }
}

pub(super) fn reason(model: &mut Model) {
    if let Some((reading, _)) = answerable(model) {
        reading.asking = wants_reason(reading, Then::Keep);
    }
}

pub(super) fn escalate(model: &mut Model) {
    let Some((reading, _)) = answerable(model) else { return };
    if reading.next_ones().is_empty() {
        model.say("its rule names nobody to ask next");
    } else {
        reading.asking = Asking::Next { at: 0 };
    }
}

pub(super) fn items(model: &mut Model) {
    let Some((reading, _)) = answerable(model) else { return };
    if reading.is_batch() {
        reading.asking = Asking::Items { at: 0 };
    } else {
        model.say("this is one action, and no batch");
    }
}

/// The yes that was meant: to all of it, or to the items that are chosen.
pub(super) fn yes(live: &Live) -> Result<Reply, String> {
    if live.chosen.is_empty() {
        return Ok(Reply::allow());
    }
    let items = (0..).zip(&live.chosen).filter(|(_, is)| **is).map(|(n, _)| n).collect();
    Reply::to_items(items, live.chosen.len()).map_err(|error| error.to_string())
}

/// The answer is given. It is signed in three seconds, unless it is taken back.
pub(super) fn given(model: &mut Model, reply: Reply) {
    let Some((reading, live)) = answerable(model) else {
        let (width, height) = (model.width(), model.height());
        if let Some(reading) = &mut model.reading {
            reading.stop_asking(width, height);
        }
        return;
    };
    let reason = Some(reading.reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    let reply = Reply { reason, ..reply };
    let Live { id, opened, .. } = live;
    model.turn_to(None);
    model.leaving = false;
    model.pending.push(Pending { id, opened, reply, due: model.up + UNDO });
    model.go_next();
}

/// Takes the newest answer back, and shows its request again.
pub(super) fn take_back(model: &mut Model) {
    let Some(taken) = model.pending.pop() else { return };
    model.leaving = false;
    model.cursor = Some(taken.id);
    read(model);
    let text = format!("taken back, nothing was signed: {}", in_words(&taken.reply));
    model.say(text);
}

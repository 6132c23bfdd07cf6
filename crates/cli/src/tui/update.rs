//! What follows from what happened: the next state of the screen, and what is to be done.

mod answer;
mod asking;
mod keys;
#[cfg(test)]
mod tests;

pub(super) use keys::named;

use super::event::{Answer, Effect, Event};
use super::model::{Fate, Freezing, Link, Model};
use super::past::denials;
use countersign_core::display::visible;
use countersign_core::time::Instant;
use std::time::Duration;

/// What is done when the screen opens.
pub(super) fn start(model: &Model) -> Vec<Effect> {
    let channels = (0..model.parties.len()).map(Effect::Open);
    std::iter::once(Effect::LoadPast).chain(channels).collect()
}

/// The one way in which the screen changes.
pub(super) fn update(model: &mut Model, event: Event) -> Vec<Effect> {
    match event {
        Event::Tick { now, up } => return tick(model, now, up),
        Event::Key(key) => return keys::pressed(model, key),
        Event::Paste(text) => asking::pasted(model, &text),
        Event::Resize { columns, rows } => resize(model, columns, rows),
        Event::Listed { desk, entries } => {
            // What is listed no more may have been answered by another process of this device.
            let is_news = model.listed(desk, entries);
            return is_news.then_some(Effect::LoadPast).into_iter().collect();
        }
        Event::Arrived(entry) => model.arrived(*entry),
        Event::Link { desk, link } => return linked(model, desk, link),
        Event::Answered { id, fate } => {
            tell(model, &fate);
            if let Some(row) = model.row_mut(&id)
                && let Some(said) = &mut row.said
            {
                said.1 = fate;
            }
            return vec![Effect::LoadPast];
        }
        Event::Past(Ok(rows)) => {
            model.denials = denials(&rows);
            model.answered_before(&rows);
            model.history.load(rows);
            kept(model);
            remark(model);
        }
        Event::Past(Err(damage)) => model.history.damage = Some(damage),
        Event::Frozen { desk, sent } => frozen(model, desk, sent),
    }
    Vec::new()
}

fn tick(model: &mut Model, now: Instant, up: Duration) -> Vec<Effect> {
    (model.now, model.up) = (now, up);
    if model.note.as_ref().is_some_and(|note| up >= note.until) {
        model.note = None;
    }
    let (due, rest) =
        std::mem::take(&mut model.pending).into_iter().partition(|pending| up >= pending.due);
    model.pending = rest;
    let mut effects = Vec::new();
    for pending in due {
        model.fated(&pending, Fate::Sending);
        let super::model::Pending { id, opened, reply, .. } = pending;
        effects.push(Effect::Answer(Box::new(Answer { id, opened, reply })));
    }
    if model.pending.is_empty() {
        model.leaving = false;
    }
    effects
}

fn resize(model: &mut Model, columns: u16, rows: u16) {
    (model.columns, model.rows) = (columns, rows);
    let (width, height) = (model.width(), model.height());
    if let Some(reading) = &mut model.reading {
        reading.resize(width, height);
    }
}

fn linked(model: &mut Model, desk: usize, link: Link) -> Vec<Effect> {
    let is_back = link == Link::Live;
    let Some(party) = model.parties.get_mut(desk) else { return Vec::new() };
    party.link = link;
    // What was kept is sent with the next listing.
    let is_kept = |row: &super::model::Row| matches!(row.said, Some((_, Fate::Kept(_))));
    let kept = model.waiting.iter().any(|row| row.entry.id.desk == desk && is_kept(row));
    if is_back && kept { vec![Effect::Refresh(desk)] } else { Vec::new() }
}

fn tell(model: &mut Model, fate: &Fate) {
    match fate {
        Fate::Sending | Fate::Delivered => {}
        Fate::Kept(why) => model.announce(format!("signed and kept, sent later: {why}")),
        Fate::NotTaken(why) => model.announce(format!("not taken: {why}")),
        Fate::NotSigned(why) => model.announce(format!("nothing was signed: {why}")),
    }
}

/// What became of answers that were signed and kept, by this device's own records.
fn kept(model: &mut Model) {
    let mut arrived = false;
    for row in &mut model.waiting {
        let Some((_, fate @ Fate::Kept(_))) = &mut row.said else { continue };
        let request = visible(&row.entry.id.request, false);
        match model.history.all().iter().find(|past| past.request == request).map(|past| past.word)
        {
            None | Some("not sent" | "unanswered") => {}
            Some("not taken") => *fate = Fate::NotTaken("it came too late".to_owned()),
            Some(_) => (*fate, arrived) = (Fate::Delivered, true),
        }
    }
    if arrived {
        model.announce("an answer that was kept is sent");
    }
}

/// Says of the request that is read what the history now knows of it.
fn remark(model: &mut Model) {
    if let Some(mut reading) = model.reading.take() {
        reading.remark(model);
        model.reading = Some(reading);
    }
}

fn frozen(model: &mut Model, desk: usize, sent: Result<(), String>) {
    let name = model.parties.get(desk).map_or("", |party| party.name.as_str()).to_owned();
    match sent {
        Ok(()) => model.announce(format!("stopped {name}: nothing of it runs once it looks")),
        Err(why) => model.announce(format!("NOT stopped {name}: {why}")),
    }
}

/// Which pairings a stop is for.
fn stopped(model: &Model, freezing: &Freezing) -> Vec<usize> {
    freezing.of.map_or_else(|| (0..model.parties.len()).collect(), |one| vec![one])
}

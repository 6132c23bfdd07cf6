//! The bars around what is read: where one is, what is asked, which keys there are.

use super::cells::{Canvas, Look, columns, cut};
use crate::commands::inbox::left;
use crate::tui::input::Input;
use crate::tui::model::{Closed, Link, Model, Pending, Place, in_words};
use crate::tui::reading::{Asking, Reading, Then};
use crate::tui::update::named;
use countersign_core::artifact::Risk;
use countersign_core::display::{counted, visible};

/// The first row: where one is, and whether it is up to date.
pub(super) fn title(model: &Model, canvas: &mut Canvas<'_>) {
    canvas.fill(0, Look::Bar);
    let (here, there) = match (&model.reading, model.place) {
        _ if model.help => ("Keys".to_owned(), String::new()),
        (Some(reading), _) => (request(model, reading), place(model, reading)),
        (None, Place::Inbox) => (waits(model), links(model)),
        (None, Place::History) => (past(model), String::new()),
    };
    let width = usize::from(canvas.width());
    let there = cut(&there, width / 2);
    let room = width.saturating_sub(columns(&there) + 3);
    canvas.text(1, 0, &cut(&here, room), Look::Bar);
    let at = width.saturating_sub(columns(&there) + 1);
    canvas.text(u16::try_from(at).unwrap_or(0), 0, &there, Look::Bar);
}

fn waits(model: &Model) -> String {
    let is_known = model.parties.iter().all(|party| party.is_listed);
    match model.open_count() {
        0 if !is_known => "Inbox".to_owned(),
        0 => "Inbox: nothing waits".to_owned(),
        1 => "Inbox: 1 waits".to_owned(),
        many => format!("Inbox: {many} wait"),
    }
}

fn links(model: &Model) -> String {
    let word = |link: &Link| match link {
        Link::Opening => "opening",
        Link::Live => "live",
        Link::Away(_) => "AWAY",
    };
    let all: Vec<String> =
        model.parties.iter().map(|party| format!("{} {}", party.name, word(&party.link))).collect();
    all.join("  ")
}

fn past(model: &Model) -> String {
    let history = &model.history;
    format!("History: {} of {}", history.found().len(), history.all().len())
}

pub(super) fn risk(risk: Option<Risk>) -> &'static str {
    match risk {
        Some(Risk::Low) => "LOW",
        Some(Risk::Medium) => "MEDIUM",
        Some(Risk::High) => "HIGH",
        Some(Risk::Critical) => "CRITICAL",
        None => "UNKNOWN",
    }
}

fn request(model: &Model, reading: &Reading) -> String {
    let Some(live) = &reading.live else { return "A request of the past".to_owned() };
    let party = model.parties.get(live.id.desk).map_or("", |party| party.name.as_str());
    let end = live.opened.artifact().head.expires_at.instant();
    let left = match model.closed(live) {
        Some(Closed::Answered) => "answered".to_owned(),
        Some(Closed::Gone) => "gone".to_owned(),
        Some(Closed::Late) => "too late".to_owned(),
        Some(Closed::Pending) | None => format!("{} left", left(end, model.now)),
    };
    format!("{} RISK  {party}  {left}{}", risk(reading.review.risk), batch(&live.chosen))
}

fn batch(chosen: &[bool]) -> String {
    match chosen.len() {
        0 => String::new(),
        all => {
            let some = chosen.iter().filter(|is| **is).count();
            format!("  {some} of {}", counted(all, "item"))
        }
    }
}

fn place(model: &Model, reading: &Reading) -> String {
    let (to, all) = reading.page.at();
    if model.width() < 64 {
        // The time that is left needs the room.
        return format!("{to}/{all}{}", if reading.page.is_read() { "" } else { " .." });
    }
    let end = if reading.page.is_read() { "" } else { "  more below" };
    format!("line {to} of {all}{end}")
}

/// The row above the last: a question first, then an answer that can be taken back, then a message.
pub(super) fn message(model: &Model, canvas: &mut Canvas<'_>) {
    let y = canvas.height().saturating_sub(2);
    if let Some((lead, typed)) = model.reading.as_ref().and_then(typed) {
        return line(canvas, y, &lead, typed);
    }
    if model.reading.is_none() && model.place == Place::History && model.history.is_searching {
        return line(canvas, y, "Search: ", &model.history.search);
    }
    let (text, look) = question(model)
        .map(|text| (text, Look::Warning))
        .or_else(|| model.note.as_ref().map(|note| (note.text.clone(), Look::Warning)))
        .or_else(|| model.pending.last().map(|p| (pending(model, p), Look::Good)))
        .or_else(|| closed(model).map(|why| (why.in_words().to_owned(), Look::Warning)))
        .or_else(|| away(model).map(|text| (text, Look::Warning)))
        .or_else(|| unread(model).map(|text| (text.to_owned(), Look::Dim)))
        .unwrap_or((String::new(), Look::Plain));
    let width = usize::from(canvas.width()).saturating_sub(1);
    canvas.text(1, y, &cut(&text, width), look);
}

/// What is typed, and what for.
fn typed(reading: &Reading) -> Option<(String, &Input)> {
    Some(match &reading.asking {
        Asking::Yes(typed) => (format!("Type yes to allow {}: ", what(reading, "it")), typed),
        Asking::Digits(typed) => (format!("Four digits allow {}: ", what(reading, "it")), typed),
        Asking::Always { typed, .. } => ("Type always to allow this rule: ".to_owned(), typed),
        Asking::Reason { typed, then } => (why(then), typed),
        _ => return None,
    })
}

fn why(then: &Then) -> String {
    match then {
        Then::Keep => "Why: ".to_owned(),
        Then::Allow | Then::Always => "Why (must be given): ".to_owned(),
        Then::Deny => "Deny it. Why (may be empty): ".to_owned(),
        Then::Escalate(to) => format!("To {}. Why (may be empty): ", cut(&named(to), 20)),
    }
}

/// A line that is typed. Of a long one its end is seen.
fn line(canvas: &mut Canvas<'_>, y: u16, lead: &str, typed: &Input) {
    let at = canvas.text(1, y, lead, Look::Heading);
    let room = usize::from(canvas.width().saturating_sub(at + 1));
    let text = visible(typed.text(), false);
    let mut end = text.as_str();
    while columns(end) > room {
        let mut rest = end.chars();
        rest.next();
        end = rest.as_str();
    }
    let at = canvas.text(at, y, end, Look::Plain);
    canvas.set_cursor(at, y);
}

fn question(model: &Model) -> Option<String> {
    if let Some(freezing) = &model.freezing {
        let name = |at: usize| model.parties.get(at).map_or("", |party| party.name.as_str());
        let of = freezing.of.map_or_else(|| "all pairings".to_owned(), |at| name(at).to_owned());
        return Some(format!("STOP everything of {of}?  y stops it, any other key does not"));
    }
    let reading = model.reading.as_ref()?;
    if !matches!(reading.asking, Asking::Confirm { .. }) {
        return None;
    }
    Some(format!("Allow {} once?  y allows it, any other key does not", what(reading, "this")))
}

/// What a yes is for: all of it, or some items of a batch.
fn what(reading: &Reading, all: &str) -> String {
    let chosen = reading.live.as_ref().map(|live| live.chosen.as_slice()).unwrap_or_default();
    match chosen.iter().filter(|is| **is).count() {
        some if some < chosen.len() => format!("{some} of {}", counted(chosen.len(), "item")),
        _ => all.to_owned(),
    }
}

/// An answer that is not signed yet, with the seconds that are left.
fn pending(model: &Model, pending: &Pending) -> String {
    let left = pending.due.saturating_sub(model.up);
    let seconds = left.as_millis().div_ceil(1_000).max(1);
    format!("{}: signed in {seconds} s, u takes it back", in_words(&pending.reply))
}

/// What a yes will take, where it takes more than a key.
fn unread(model: &Model) -> Option<&'static str> {
    let reading = model.reading.as_ref().filter(|reading| reading.live.is_some())?;
    if matches!(reading.asking, Asking::Terms(_)) {
        return None;
    }
    let takes = model.takes_a_word(&reading.review);
    let text = match (takes, reading.takes_digits(), reading.page.is_read()) {
        (false, ..) => return None,
        (_, false, false) => "To allow it: read it to its end, then a and the word yes.",
        (_, false, true) => "To allow it: a and the word yes.",
        (_, true, false) => "To allow it: read it to its end, then a and its four digits.",
        (_, true, true) => "To allow it: a and the four digits that its agent's side shows.",
    };
    Some(text)
}

/// Why what is read is answered no more.
fn closed(model: &Model) -> Option<Closed> {
    model.closed(model.reading.as_ref()?.live.as_ref()?)
}

fn away(model: &Model) -> Option<String> {
    model.parties.iter().find_map(|party| match &party.link {
        Link::Away(why) => Some(format!("{}: {why}", party.name)),
        _ => None,
    })
}

/// The last row.
pub(super) fn keys(model: &Model, canvas: &mut Canvas<'_>) {
    let y = canvas.height().saturating_sub(1);
    canvas.fill(y, Look::Bar);
    let width = usize::from(canvas.width()).saturating_sub(1);
    let mut at = String::new();
    for key in offered(model) {
        let gap = if at.is_empty() { "" } else { "  " };
        if columns(&at) + gap.len() + columns(&key) > width {
            break;
        }
        at.push_str(gap);
        at.push_str(&key);
    }
    canvas.text(1, y, &at, Look::Bar);
}

/// The keys that mean something now, the most needed first.
fn offered(model: &Model) -> Vec<String> {
    let of = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    if model.help {
        return of(&["any key goes back"]);
    }
    if model.freezing.is_some() {
        return of(&["y stop", "Tab which pairing", "Esc leave it"]);
    }
    match (&model.reading, model.place) {
        (Some(reading), _) => reading_keys(model, reading),
        (None, Place::History) if model.history.is_searching => of(&["Enter done", "Esc show all"]),
        (None, Place::History) => of(&["j/k move", "Enter read", "/ search", "q inbox", "? help"]),
        (None, Place::Inbox) => of(&[
            "Enter read",
            "a allow",
            "d deny",
            "e hand on",
            "? help",
            "q leave",
            "h history",
            "F stop all",
        ]),
    }
}

fn reading_keys(model: &Model, reading: &Reading) -> Vec<String> {
    let of = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    match &reading.asking {
        Asking::Confirm { .. } => of(&["y allow", "Esc leave it", "PgUp/PgDn read"]),
        Asking::Yes(_) | Asking::Digits(_) | Asking::Always { .. } | Asking::Reason { .. } => {
            of(&["Enter done", "Esc leave it", "PgUp/PgDn read"])
        }
        Asking::Terms(_) => {
            of(&["Enter show the rule", "j/k move", "Space other", "0-9 how often", "Esc leave it"])
        }
        Asking::Next { .. } => of(&["j/k move", "Enter choose", "Esc leave it"]),
        Asking::Items { .. } => {
            of(&["Space choose", "A all", "n none", "a allow these", "Enter back"])
        }
        Asking::Nothing if closed(model) == Some(Closed::Pending) => {
            of(&["u take it back", "Space/b page", "q back", "? help"])
        }
        Asking::Nothing if reading.live.is_none() || closed(model).is_some() => {
            of(&["Space/b page", "q back", "? help"])
        }
        Asking::Nothing => {
            let mut keys = of(&["a allow", "d deny"]);
            if reading.is_batch() {
                keys.push("i items".into());
            }
            if reading.is_always_offered() {
                keys.push("w always".into());
            }
            if !reading.next_ones().is_empty() {
                keys.push("e hand on".into());
            }
            keys.extend(of(&["Space/b page", "q back", "r reason", "? help"]));
            keys
        }
    }
}

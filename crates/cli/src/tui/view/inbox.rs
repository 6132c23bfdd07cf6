//! The inbox: what waits, and below it more of the one under the cursor.

use super::bars::risk;
use super::cells::{Canvas, Look, beginning, columns, cut};
use crate::commands::inbox::left;
use crate::tui::list::{Line, danger, lines};
use crate::tui::model::{Fate, Model, Row, in_words};
use crate::tui::page::Page;
use countersign_approver::{Verdict, so_far_line};
use countersign_core::display::{counted, visible};

/// Rows of what is told about the one under the cursor, where there is room for them.
const DETAIL: usize = 6;

pub(super) fn draw(model: &Model, canvas: &mut Canvas<'_>) {
    let lines = lines(model);
    if lines.is_empty() {
        return nothing(model, canvas);
    }
    let below = if model.height() >= 3 * DETAIL { DETAIL } else { 0 };
    let height = model.height() - below;
    let first = first_line(&lines, model, height);
    for (y, line) in (1..).zip(lines.iter().skip(first).take(height)) {
        match line {
            Line::Heading(text) => {
                canvas.text(1, y, &cut(text, model.width().saturating_sub(2)), Look::Heading);
            }
            Line::Row(row) => one(model, row, y, canvas),
        }
    }
    if below > 0 {
        detail(model, 1 + height, canvas);
    }
}

fn nothing(model: &Model, canvas: &mut Canvas<'_>) {
    let is_known = model.parties.iter().all(|party| party.is_listed);
    match is_known {
        true => canvas.text(1, 2, "Nothing waits for you.", Look::Plain),
        false => canvas.text(1, 3, "Asking what waits for you.", Look::Plain),
    };
    canvas.text(1, 4, "What is asked shows up here by itself.", Look::Dim);
    let names: Vec<&str> = model.parties.iter().map(|party| party.name.as_str()).collect();
    let text = format!("You approve for: {}", names.join(", "));
    canvas.text(1, 5, &cut(&text, model.width().saturating_sub(2)), Look::Dim);
}

/// The first line that is drawn, so that the cursor and its heading are on the screen.
fn first_line(lines: &[Line<'_>], model: &Model, height: usize) -> usize {
    let is_chosen = |line: &Line<'_>| matches!(line, Line::Row(row) if Some(&row.entry.id) == model.cursor.as_ref());
    let at = lines.iter().position(is_chosen).unwrap_or(0);
    at.saturating_sub(height / 2).min(lines.len().saturating_sub(height))
}

fn one(model: &Model, row: &Row, y: u16, canvas: &mut Canvas<'_>) {
    let is_chosen = Some(&row.entry.id) == model.cursor.as_ref();
    let look = if is_chosen { Look::Chosen } else { Look::Plain };
    if is_chosen {
        canvas.fill(y, Look::Chosen);
        canvas.text(0, y, ">", look);
    }
    let (Some(review), Ok(_)) = (row.review(), &row.entry.content) else {
        let why = row.entry.content.as_ref().err().map_or("", String::as_str);
        let text = format!("{}  {why}", visible(&row.entry.id.request, false));
        canvas.text(2, y, &cut(&text, model.width().saturating_sub(3)), look);
        return;
    };
    let is_loud = danger(review.risk) >= 2 && row.is_open(model.now) && !is_chosen;
    canvas.text(2, y, risk(review.risk), if is_loud { Look::Danger } else { look });
    let end = review.expires_at.instant();
    let left = if row.is_open(model.now) { left(end, model.now) } else { String::new() };
    canvas.text(11, y, &format!("{left:>7}"), look);
    let state = state(model, row);
    let room = model.width().saturating_sub(20 + columns(&state) + 1);
    let at = canvas.text(20, y, &cut(&review.headline, room), look);
    canvas.text(at, y, &state, look);
}

/// In a word or two, what became of it.
fn state(model: &Model, row: &Row) -> String {
    if model.is_pending(&row.entry.id).is_some() {
        return "  (not signed yet)".into();
    }
    let asked_again = row.review().map_or(0, |review| model.denied(review));
    match (&row.said, row.entry.answered) {
        (Some((verdict, fate)), _) => format!("  ({}{})", verdict.word(), far(fate)),
        (None, Some(verdict)) => format!("  ({})", verdict.word()),
        (None, None) if asked_again > 0 && row.is_open(model.now) => "  (asked again)".into(),
        (None, None) => row.entry.so_far.as_ref().map_or_else(String::new, |so_far| {
            format!("  ({} of {})", so_far.allowed().len(), so_far.needed())
        }),
    }
}

fn far(fate: &Fate) -> &'static str {
    match fate {
        Fate::Sending => ", sending",
        Fate::Delivered => ", sent",
        Fate::Kept(_) => ", not sent yet",
        Fate::NotTaken(_) => ", not taken",
        Fate::NotSigned(_) => ": not signed",
    }
}

/// More of the one under the cursor: its headline whole where it fits, and how things stand.
fn detail(model: &Model, y: usize, canvas: &mut Canvas<'_>) {
    let Some(row) = model.cursor.as_ref().and_then(|id| model.row(id)) else { return };
    let width = model.width().saturating_sub(2);
    canvas.text(0, u16::try_from(y).unwrap_or(u16::MAX), &"-".repeat(model.width()), Look::Dim);
    let text = match &row.entry.content {
        Ok(shown) => shown.review.headline.clone(),
        Err(why) => format!("not shown: {why}"),
    };
    // A little more than is shown tells whether there is more: it is laid out for every picture.
    let page = Page::new(beginning(&text, width * DETAIL), width, DETAIL - 4);
    let more = if page.is_read() { "" } else { "Enter shows the rest.  " };
    let mut lines: Vec<(String, Look)> =
        page.seen().map(|line| (line.to_owned(), Look::Plain)).collect();
    lines.push((format!("{more}{}", stands(model, row)), Look::Heading));
    lines.extend(says(row).map(|text| (text, Look::Dim)));
    lines.push((format!("request {}", visible(&row.entry.id.request, false)), Look::Dim));
    lines.retain(|(text, _)| !text.is_empty());
    for (n, (text, look)) in (y + 1..y + DETAIL).zip(lines) {
        canvas.text(1, u16::try_from(n).unwrap_or(u16::MAX), &cut(&text, width), look);
    }
}

/// The beginning of what the agent says, set apart.
fn says(row: &Row) -> Option<String> {
    let said = row.review()?.agent_says.iter().find(|fact| fact.label == "description")?;
    Some(format!("The agent says: {}", said.lines.first()?))
}

fn stands(model: &Model, row: &Row) -> String {
    if let Some(waits) = model.is_pending(&row.entry.id) {
        // How long it can be taken back stands on the line below the list.
        return format!("You answered: {}. Not signed yet.", in_words(&waits.reply));
    }
    match (&row.said, row.entry.answered) {
        (Some((verdict, fate)), _) => became(*verdict, fate),
        (None, Some(verdict)) => format!("You answered: {}.", verdict.word()),
        (None, None) if row.gone => "The gateway lists it no more.".into(),
        (None, None) => {
            let denied = match row.review().map_or(0, |review| model.denied(review)) {
                0 => String::new(),
                times => format!("You said no to this call before, {}.  ", counted(times, "time")),
            };
            let told = row.entry.so_far.as_ref().map(so_far_line).unwrap_or_default();
            format!("{denied}{told}")
        }
    }
}

fn became(verdict: Verdict, fate: &Fate) -> String {
    let word = verdict.word();
    match fate {
        Fate::Sending => format!("{word}: signed and on its way"),
        Fate::Delivered => format!("{word}: signed, and the gateway has it"),
        Fate::Kept(why) => format!("{word}: signed and kept, sent later: {why}"),
        Fate::NotTaken(why) => format!("{word}: signed and not taken: {why}"),
        Fate::NotSigned(why) => format!("nothing was signed: {why}"),
    }
}

//! A host's file of hooks, with our entry in it and without.
//!
//! What is not ours stays as it is to the byte: order, spaces, other hooks. What the host would not
//! read is not changed but refused, since no hook of such a file runs, and so neither would ours.

mod edit;
mod line;
mod off;
mod proper;
mod shape;
mod spans;
mod strict;

pub use line::{BadLine, Line, command_line, is_ours};
pub use off::{VARIABLES, switches_off, variable_is_off};

use crate::{Event, Host};
use edit::{Node, Style};
use serde_json::Value;
use shape::{Document, Group, Handler, Place};
use std::ops::Range;

/// More entries of ours than anybody put there.
const MAX_OURS: usize = 64;

/// Our entry in a host's file of hooks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The whole shell line that the host runs.
    pub command: String,
    /// How long the host waits for it, in seconds; 0 where the file names no whole number.
    pub timeout: u32,
    /// Whether the host is told to refuse where the hook fails (`onFailure: "block"`).
    pub closes: bool,
}

/// Why a file of hooks cannot be changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadSettings {
    /// It cannot be read as the host reads it.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A part that must hold hooks holds something else.
    #[error("`{path}` is {found}, not {wanted}")]
    Shape {
        /// The part: `hooks.PreToolUse`.
        path: String,
        /// What it is.
        found: String,
        /// What it should be.
        wanted: String,
    },
}

/// The text with exactly this entry of ours before everything that these events tell of: added, or
/// put in place of an older one. Before the host's other events none stays, since a version that
/// does not know one may not read the file. The text itself where nothing changes. `None` is a file
/// that is not there.
///
/// # Errors
/// Where the host could not read the text, its hooks are no hooks, it switches all hooks off, or a
/// member that is known has another shape than the host takes.
pub fn with(
    host: Host,
    text: Option<&str>,
    entry: &Entry,
    events: &[Event],
) -> Result<String, BadSettings> {
    let Some(text) = text else {
        return Ok(edit::fresh(&Node::Object(vec![("hooks", hooks(entry, events))])));
    };
    let mut text = text.to_owned();
    for event in host.events(None) {
        text = match events.contains(event) {
            true => placed(host, text, *event, entry)?,
            false => cleared(host, text, Some(*event))?,
        };
    }
    // An older one of ours that was none has gone by now.
    proper::proper(host, &Document::read(host, &text)?)?;
    Ok(text)
}

/// The text with exactly this entry before one event.
fn placed(
    host: Host,
    mut text: String,
    event: Event,
    entry: &Entry,
) -> Result<String, BadSettings> {
    loop {
        let document = Document::read(host, &text)?;
        off::refused(host, &document)?;
        let ours = before(&document, event)?;
        let next = match ours.as_slice() {
            [] => return Ok(add(&document, event, entry)),
            [one] => match put(&document, *one, entry) {
                Put::Same => return Ok(text),
                Put::Done(done) => return Ok(done),
                Put::Elsewhere => take_out(&document, *one),
            },
            [.., last] => take_out(&document, *last),
        };
        text = next;
    }
}

/// The text without any entry of ours, before whatever it stands. Lists and objects that it alone
/// filled go with it. The text itself where there is none.
///
/// # Errors
/// Where the host could not read the text, or its hooks are no hooks.
pub fn without(host: Host, text: &str) -> Result<String, BadSettings> {
    cleared(host, text.to_owned(), None)
}

/// The text without ours before this event, or before any.
fn cleared(host: Host, mut text: String, event: Option<Event>) -> Result<String, BadSettings> {
    loop {
        let document = Document::read(host, &text)?;
        let ours = match event {
            Some(event) => before(&document, event)?,
            None => few(document.ours())?,
        };
        let Some(last) = ours.last() else { return Ok(text) };
        text = take_out(&document, *last);
    }
}

/// The entries of ours in a text that stand before everything that this event tells of. One that
/// stands before some tools only, under a condition, or that nobody waits for, holds nothing and is
/// none of these.
///
/// # Errors
/// As [`without`], and where a member that is known has another shape than the host takes.
pub fn entries(host: Host, text: &str, event: Event) -> Result<Vec<Entry>, BadSettings> {
    let document = Document::read(host, text)?;
    proper::proper(host, &document)?;
    let mut found = Vec::new();
    for place in before(&document, event)? {
        if let Some((_, _, group, handler)) = document.at(place)
            && group.whole
            && handler.whole()
        {
            found.push(entry_of(handler));
        }
    }
    Ok(found)
}

/// What others have before tools, in order: the commands, or of what is no command its kind. Of
/// several that edit a call, the hosts take the one that ends last, so any of them can change what
/// we allowed. Before a skill's line none can: whatever edits it, blocks it.
///
/// # Errors
/// As [`without`].
pub fn others(host: Host, text: &str) -> Result<Vec<String>, BadSettings> {
    let document = Document::read(host, text)?;
    let groups = document.event(Event::PreToolUse.name()).map(|(_, event)| &event.groups);
    let handlers = groups.into_iter().flatten().flat_map(|group| &group.handlers);
    Ok(handlers.filter(|h| !h.is_ours()).map(|h| h.shown().to_owned()).collect())
}

/// Ours before an event.
fn before(document: &Document<'_>, event: Event) -> Result<Vec<Place>, BadSettings> {
    let event = document.event(event.name()).map(|(index, _)| index);
    few(document.ours().into_iter().filter(|place| Some(place.event) == event).collect())
}

fn few(ours: Vec<Place>) -> Result<Vec<Place>, BadSettings> {
    match ours.len() {
        0..=MAX_OURS => Ok(ours),
        many => {
            let found = format!("a place for {many} entries of ours");
            Err(shape::shape("hooks", &found, "one for a few: take them out by hand"))
        }
    }
}

enum Put {
    Same,
    Done(String),
    /// It stands where it does not hold every tool, beside others.
    Elsewhere,
}

/// Puts the entry in place of the one of ours that is there.
fn put(document: &Document<'_>, place: Place, entry: &Entry) -> Put {
    let Some((_, _, group, old)) = document.at(place) else { return Put::Same };
    let style = style(document);
    if group.whole && old.whole() && is_this(old, entry) {
        Put::Same
    } else if group.whole {
        Put::Done(style.replace(document.text, &old.at, &handler(entry)))
    } else if group.handlers.len() == 1 {
        Put::Done(style.replace(document.text, &group.at, &self::group(entry)))
    } else {
        Put::Elsewhere
    }
}

fn is_this(handler: &Handler, entry: &Entry) -> bool {
    // A word for failures that is not ours is none to keep, such as `continue`.
    let closes = handler.members.get("onFailure").is_some() == entry.closes;
    closes && entry_of(handler) == *entry
}

fn entry_of(handler: &Handler) -> Entry {
    let seconds = handler.members.get("timeout").and_then(Value::as_u64);
    Entry {
        command: handler.command().unwrap_or_default().to_owned(),
        timeout: seconds.and_then(|s| u32::try_from(s).ok()).unwrap_or(0),
        closes: handler.members.get("onFailure").and_then(Value::as_str) == Some("block"),
    }
}

/// Adds the entry behind what is there, so that no other hook changes its place.
fn add(document: &Document<'_>, event: Event, entry: &Entry) -> String {
    let (text, style) = (document.text, style(document));
    let Some(parts) = &document.hooks else {
        let last = document.members.last().map(|m| &m.at);
        return style.insert(text, &document.root, last, (Some("hooks"), &hooks(entry, &[event])));
    };
    match document.event(event.name()) {
        None => {
            let last = parts.events.last().map(|e| &e.member.at);
            style.insert(text, &parts.at, last, (Some(event.name()), &groups(entry)))
        }
        Some((_, shape::Event { member, groups })) => {
            let last = groups.last().map(|g| &g.at);
            style.insert(text, &member.value, last, (None, &group(entry)))
        }
    }
}

/// Takes one handler out, and what it alone filled.
fn take_out(document: &Document<'_>, place: Place) -> String {
    let Some((hooks, event, group, _)) = document.at(place) else {
        return document.text.to_owned();
    };
    let cut = |container: &Range<usize>, parts: Vec<Range<usize>>, index| {
        edit::removed(document.text, container, &parts, index)
    };
    let Group { list, handlers, .. } = group;
    if handlers.len() > 1 {
        cut(list, handlers.iter().map(|h| h.at.clone()).collect(), place.handler)
    } else if event.groups.len() > 1 {
        let parts = event.groups.iter().map(|g| g.at.clone()).collect();
        cut(&event.member.value, parts, place.group)
    } else if hooks.events.len() > 1 {
        cut(&hooks.at, hooks.events.iter().map(|e| e.member.at.clone()).collect(), place.event)
    } else {
        let parts = document.members.iter().map(|m| m.at.clone()).collect();
        cut(&document.root, parts, hooks.index)
    }
}

fn style(document: &Document<'_>) -> Style {
    let first = document.members.first().map(|m| m.at.start);
    Style::of(document.text, &document.root, first)
}

fn hooks(entry: &Entry, events: &[Event]) -> Node {
    Node::Object(events.iter().map(|event| (event.name(), groups(entry))).collect())
}

fn groups(entry: &Entry) -> Node {
    Node::Array(vec![group(entry)])
}

fn group(entry: &Entry) -> Node {
    let handlers = Node::Array(vec![handler(entry)]);
    Node::Object(vec![("matcher", Node::text("*")), ("hooks", handlers)])
}

fn handler(entry: &Entry) -> Node {
    let mut members = vec![
        ("type", Node::text("command")),
        ("command", Node::text(&entry.command)),
        ("timeout", Node::Scalar(entry.timeout.into())),
    ];
    if entry.closes {
        members.push(("onFailure", Node::text("block")));
    }
    Node::Object(members)
}

#[cfg(test)]
mod tests;
